/** What the program does with a host, over real SSH: its scripts, its agent, its questions. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseNetworkConfig } from "../../components/config/parse.ts";
import { agentFor } from "../../components/hosts/agent.ts";
import type { AskAnswer, AskRequest } from "../../components/hosts/ask-host.ts";
import { scriptCommand, type ScriptCommand } from "../../components/hosts/command.ts";
import { parseObservation, type Observation } from "../../components/hosts/observation.ts";
import { generationDocument, type GenerationDocument } from "../../components/plan/document.ts";
import type { HostPlan, NetworkPlan, PlanSymbol } from "../../components/plan/model.ts";
import { planNetwork } from "../../components/plan/plan.ts";
import { agentSocket, operatorPublicKeyFile } from "../../sandbox/hosts/keys.ts";
import { run, runOrThrow, type RunResult } from "../../sandbox/hosts/run.ts";
import { filledNetwork } from "../unit/config/stack.ts";
import { addresses, inMachine, operator, paths, root, shell } from "./hosts-bed.ts";

/** Prod, with the operator of this test, whose key is made only when a machine is. */
function planned(): NetworkPlan {
  const config = parseNetworkConfig(filledNetwork("prod"));
  const authorizedKeys = [readFileSync(operatorPublicKeyFile(paths), "utf8").trim()];
  return planNetwork({ ...config, operator: { ...config.operator, authorizedKeys } }, "prod");
}

const agent = agentFor(process.arch === "arm64" ? "arm64" : "amd64");
const upload = "/home/admin/reef-agent.upload";

/** What `reef-agent apply --json` prints. */
export interface Outcome {
  readonly generation: number;
  readonly attempt: number;
  readonly changed: boolean;
  readonly resumed?: boolean;
  readonly token?: string;
  readonly written?: readonly string[];
  readonly units?: readonly string[];
  readonly packages?: readonly string[];
}

export function hostOf(key: string): HostPlan {
  const host = planned().hosts.find((candidate) => candidate.key === key);
  if (host === undefined) throw new Error(`the plan has no ${key}`);
  return host;
}

/** A public key of nobody, the same for the same host and salt. */
export function peerKey(host: string, salt: string): string {
  return Buffer.from(`${salt}${host}`.padEnd(32, ".").slice(0, 32)).toString("base64");
}

/** The plan's document for a host, with other hosts' keys made up. */
export function documentOf(key: string, certificate: string, salt = ""): GenerationDocument {
  const host = hostOf(key);
  const resolve = (symbol: PlanSymbol): string =>
    symbol.kind === "wireguard-public-key" ? peerKey(symbol.host, salt) : certificate;
  return generationDocument({
    host,
    generation: host.generation,
    paths: [host.management, ...host.otherPaths],
    agent: { sha256: agent.sha256, source: `/var/lib/reef-agent/run-${agent.sha256}` },
    resolve,
  });
}

/**
 * Gives the machine the address at which the plan has the host, and the operator the one from which the plan lets in
 * whoever manages it.
 */
export async function stand(address: string, source: string): Promise<void> {
  await inMachine(
    "i-a",
    `ip address flush dev eth0 scope global && ip address add ${addresses["i-a"]}/24 dev eth0`,
  );
  await inMachine(
    "i-a",
    `ip address add ${address}/32 dev eth0 && ip route replace default via 192.168.77.1`,
  );
  await shell(`
    ip -n ${operator} address replace ${source}/32 dev br0
    ip -n ${operator} route replace ${address}/32 via ${addresses["i-a"]} src ${source}`);
}

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, SSH_AUTH_SOCK: agentSocket(paths) });

/** As the provider connects: pinned to one key, and so to that key's algorithm. */
function options(address: string, pin: string): string[] {
  const knownHosts = join(root, "generations-known-hosts");
  writeFileSync(knownHosts, `${address} ${pin}\n`);
  return [
    `UserKnownHostsFile=${knownHosts}`,
    `HostKeyAlgorithms=${pin.split(" ")[0] ?? ""}`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
  ].flatMap((option) => ["-o", option]);
}

/** One connection to the machine at an address. */
export class Connection {
  readonly address: string;
  readonly pin: string;

  constructor(address: string, pin: string) {
    this.address = address;
    this.pin = pin;
  }

  async send({ commandLine, stdin }: ScriptCommand): Promise<RunResult> {
    const ssh = ["ip", "netns", "exec", operator, "ssh", "-F", "none", ...options(this.address, this.pin)];
    return await run([...ssh, `admin@${this.address}`, commandLine], {
      env: environment(),
      stdin,
      timeoutSeconds: 240,
    });
  }

  async sendOrThrow(command: ScriptCommand): Promise<string> {
    const { exitCode, stdout, stderr } = await this.send(command);
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
    return stdout.trim();
  }

  async upload(): Promise<void> {
    const scp = [
      "ip",
      "netns",
      "exec",
      operator,
      "scp",
      "-q",
      "-F",
      "none",
      ...options(this.address, this.pin),
    ];
    await runOrThrow([...scp, agent.path, `admin@${this.address}:${upload}`], { env: environment() });
  }

  async apply(document: GenerationDocument, by: string, number: number): Promise<Outcome> {
    return JSON.parse(await this.sendOrThrow(this.#applyCommand(document, by, number))) as Outcome;
  }

  async tryToApply(document: GenerationDocument, by: string, number: number): Promise<RunResult> {
    return await this.send(this.#applyCommand(document, by, number));
  }

  #applyCommand(document: GenerationDocument, by: string, number: number): ScriptCommand {
    const words = ["apply", "--json", "--by", by, "--number", String(number)];
    return scriptCommand("agent", [agent.sha256, upload, ...words], `${JSON.stringify(document)}\n`);
  }

  async request(what: Readonly<Record<string, unknown>>): Promise<string> {
    return await this.sendOrThrow(
      scriptCommand("agent", ["any", upload, "csr"], `${JSON.stringify(what)}\n`),
    );
  }

  async confirm(token: string, path: string): Promise<RunResult> {
    return await this.send({ commandLine: `sudo -n reef-agent confirm ${token} --path ${path}`, stdin: "" });
  }

  /** The very program that previews run. */
  async ask(document: GenerationDocument, hostKey = this.pin): Promise<Observation> {
    const request: AskRequest = {
      host: document.host,
      routes: [{ name: "way", user: "admin", host: this.address, hostKey }],
      ...{ seconds: 10, patienceSeconds: 0, question: { document: JSON.stringify(document) } },
    };
    const program = fileURLToPath(new URL("../../components/hosts/ask-host.ts", import.meta.url));
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", program];
    const answer = await runOrThrow(["ip", "netns", "exec", operator, ...node], {
      env: environment(),
      stdin: JSON.stringify(request),
    });
    return parseObservation(document.host, JSON.stringify(JSON.parse(answer) as AskAnswer));
  }
}

/** An authority of this test's own, instead of the one in a stack's state. */
export async function makeAuthority(): Promise<string> {
  const [key, certificate] = [join(root, "ca.key"), join(root, "ca.pem")];
  const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 -subj /CN=test-CA";
  await runOrThrow(["openssl", ...made.split(" "), "-keyout", key, "-out", certificate]);
  return certificate;
}

/** Signs a request as it is, names included. */
export async function sign(request: string): Promise<string> {
  const words = ["x509", "-req", "-days", "1", "-copy_extensions", "copyall"];
  const authority = ["-CA", join(root, "ca.pem"), "-CAkey", join(root, "ca.key")];
  return await runOrThrow(["openssl", ...words, ...authority], { stdin: request });
}
