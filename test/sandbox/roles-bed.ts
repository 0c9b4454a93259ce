/**
 * A machine that gets the files and tables of planned hosts, one role after the other, and the world around it: the
 * operator's namespace holds the addresses of backends and resolvers, and whatever answers there.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { generationDocument } from "../../components/plan/document.ts";
import type { HostPlan, NetworkPlan, PlanSymbol } from "../../components/plan/model.ts";
import { run } from "../../sandbox/hosts/run.ts";
import { planOf } from "../unit/plan/subject.ts";
import { addresses, inMachine, operator, shell } from "./hosts-bed.ts";

export const plan: NetworkPlan = planOf("prod");

/** Addresses of prod's api hosts in us-west. */
export const backends = ["10.0.10.11", "10.0.10.12", "10.0.10.13"];

export function planned(key: string): HostPlan {
  const host = plan.hosts.find((candidate) => candidate.key === key);
  if (host === undefined) throw new Error(`the plan has no ${key}`);
  return host;
}

/** Stands for every symbol: no program that is asked here looks at keys and certificates of others. */
function placeholder(symbol: PlanSymbol): string {
  return symbol.kind === "public-address" ? "198.18.0.1" : Buffer.alloc(32, 7).toString("base64");
}

/** The host's table as a file for nft, which replaces the one before. */
export function tableOf(key: string): string {
  const host = planned(key);
  const { nftables } = generationDocument({
    generation: host.generation,
    host,
    paths: [],
    agent: { sha256: "", source: "" },
    resolve: placeholder,
  }) as { nftables?: { family: string; table: string; rules: string } };
  if (nftables === undefined) throw new Error(`${key} has no table`);
  const name = `${nftables.family} ${nftables.table}`;
  return `table ${name}\ndelete table ${name}\ntable ${name} {\n${nftables.rules}\n}\n`;
}

/** Writes a text to a file of the machine. */
export async function put(path: string, text: string, mode = "0644"): Promise<void> {
  const body = Buffer.from(text).toString("base64");
  await inMachine(
    "i-a",
    `mkdir -p "$(dirname ${path})"; echo ${body} | base64 -d >${path}; chmod ${mode} ${path}`,
  );
}

/**
 * Installs a planned host's packages and writes its files, its name apart, with a certificate that the machine signs
 * itself.
 */
export async function become(host: string | HostPlan): Promise<void> {
  const { generation, hostname } = typeof host === "string" ? planned(host) : host;
  await inMachine(
    "i-a",
    `apt-get -qq update && apt-get -qq -y install ${generation.packages.join(" ")}`,
    180,
  );
  for (const { path, mode, content } of generation.files) {
    const certificate = generation.certificates.find(({ certificatePath }) => certificatePath === path);
    if (certificate !== undefined) {
      const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2";
      await inMachine(
        "i-a",
        `mkdir -p "$(dirname ${path})"; openssl ${request} -subj /CN=${hostname} -keyout ${certificate.keyPath} -out ${path} 2>/dev/null`,
      );
    } else if (path !== "/etc/hosts" && path !== "/etc/hostname") {
      const text = content.map((piece) => (typeof piece === "string" ? piece : placeholder(piece))).join("");
      await put(path, text, mode);
    }
  }
  await inMachine("i-a", "systemctl daemon-reload");
}

/** Addresses that the operator's namespace and the machine get besides their own. */
export async function addAddresses(ofMachine: readonly string[], ofWorld: readonly string[]): Promise<void> {
  for (const address of ofMachine) {
    await inMachine("i-a", `ip address add ${address}/32 dev eth0`);
    await shell(`ip -n ${operator} route add ${address}/32 via ${addresses["i-a"]}`);
  }
  await inMachine("i-a", "ip route replace default via 192.168.77.1");
  for (const address of ofWorld) await shell(`ip -n ${operator} address add ${address}/32 dev br0`);
}

const worldScript = new URL("roles-world.ts", import.meta.url).pathname;
let world: ChildProcess | undefined;

/** Starts backends and a resolver in the operator's namespace. */
export async function startWorld(): Promise<void> {
  const server = spawn("ip", ["netns", "exec", operator, process.execPath, worldScript, ...backends], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  world = server;
  await new Promise((resolve) => server.stdout.once("data", resolve));
}

export async function stopWorld(): Promise<void> {
  if (world === undefined) return;
  const exited = new Promise((resolve) => world?.once("exit", resolve));
  world.kill("SIGKILL");
  await exited;
}

/** Runs a command in the operator's namespace; its output, whatever its exit code. */
export async function fromOutside(...words: readonly string[]): Promise<string> {
  const { stdout } = await run(["ip", "netns", "exec", operator, ...words], { timeoutSeconds: 30 });
  return stdout.trim();
}

/** Whether a TCP connection to the machine comes about, from an address of the operator's namespace. */
export async function connects(
  port: number,
  source = "192.168.77.1",
): Promise<"open" | "refused" | "dropped"> {
  const words = ["nc", "-z", "-v", "-w", "1", "-s", source, addresses["i-a"], String(port)];
  const { exitCode, stderr } = await run(["ip", "netns", "exec", operator, ...words]);
  if (exitCode === 0) return "open";
  return stderr.includes("refused") ? "refused" : "dropped";
}
