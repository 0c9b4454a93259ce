/** Real packets for the fabric's tests: servers and clients in namespaces, and the fabric itself on a folder of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ipaddr from "ipaddr.js";
import { Realiser } from "../../sandbox/fabric/apply.ts";
import { parseDescribe } from "../../sandbox/fabric/describe.ts";
import { desiredState } from "../../sandbox/fabric/desired.ts";
import { Kernel } from "../../sandbox/fabric/kernel.ts";
import { destroyFabric } from "../../sandbox/fabric/life.ts";
import { loadWorld } from "../../sandbox/fabric/world.ts";
import { run } from "../../sandbox/hosts/run.ts";
import { describeJson, type Json, type RegionJson } from "../unit/fabric/describe-json.ts";
import { testRegions } from "./fabric-world.ts";

/** How long a packet may take inside one machine, and how long a test waits to call it lost. */
const PATIENCE_SECONDS = 1;

export type Regions = ReturnType<typeof testRegions>;

/** The web server of the internet. */
export const PAGE = "192.0.2.80";
/** An address behind the hub that is no endpoint's. */
export const HUB_TUNNEL = "10.200.0.10";

/** The described object with an id, to be changed. */
export function find(list: readonly Json[], id: string): Json {
  const found = list.find((each) => Object.values(each).includes(id));
  if (found === undefined) {
    throw new Error(`there is no ${id}`);
  }
  return found;
}

export function withoutRules(region: RegionJson, group: string, direction: "ingress" | "egress"): void {
  region.SecurityGroupRules = region.SecurityGroupRules.filter(
    (each) => each.GroupId !== group || each.IsEgress !== (direction === "egress"),
  );
}

export function routesOf(region: RegionJson, table: string): Json[] {
  return find(region.RouteTables, table).Routes as Json[];
}

/** Asks several questions at once. */
export async function all<T extends Record<string, unknown>>(questions: {
  readonly [Name in keyof T]: Promise<T[Name]>;
}): Promise<T> {
  const names = Object.keys(questions);
  const answers = await Promise.all(Object.values(questions));
  return Object.fromEntries(names.map((name, index) => [name, answers[index]])) as T;
}

/** A client that stays connected to an echo. */
export interface Conversation {
  /** Sends a line. @returns whether it came back in time. */
  ask(line: string): Promise<boolean>;
  close(): void;
}

/** How socat names where to connect to. */
function socketTo(protocol: "TCP" | "UDP", address: string, port: number): string {
  return address.includes(":") ? `${protocol}6:[${address}]:${port}` : `${protocol}:${address}:${port}`;
}

/** An address as socat tells it, in the spelling of everybody else. */
function plain(address: string): string {
  const inner = /^\[(.+)\]$/.exec(address)?.[1];
  return inner === undefined ? address : ipaddr.parse(inner).toString();
}

/** Ends a program that was started in a process group of its own, and its children. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) {
      process.kill(-pid);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}

export class Probe {
  readonly root = mkdtempSync(join(tmpdir(), "rn-fabric-"));
  readonly kernel = new Kernel(this.root);
  readonly realiser = new Realiser(this.kernel);
  readonly #children: ChildProcess[] = [];

  /** Realises regions as the AWS service would describe them. */
  async realise(regions: Record<string, RegionJson>, realiser: Realiser = this.realiser): Promise<void> {
    await this.realiseDescribed(describeJson(regions), realiser);
  }

  /** Realises what `GET /describe` answers. */
  async realiseDescribed(json: unknown, realiser: Realiser = this.realiser): Promise<void> {
    const describe = parseDescribe(json);
    const state = desiredState(describe, loadWorld(), (role) => this.kernel.fullName(role));
    if (state.problems.length > 0) {
      throw new Error(state.problems.join("\n"));
    }
    await realiser.apply(state, new Set());
  }

  /** Realises a cloud that differs, asks, and puts the cloud back. */
  async whileChanged<T>(change: (regions: Regions) => void, ask: () => Promise<T>): Promise<T> {
    const regions = testRegions();
    change(regions);
    await this.realise(regions);
    try {
      return await ask();
    } finally {
      await this.realise(testRegions());
    }
  }

  /** Realises the test's cloud and starts servers in it. */
  async begin(): Promise<void> {
    if (process.getuid?.() !== 0) {
      throw new Error("these tests make network namespaces: run them as root");
    }
    await this.realise(testRegions());
    for (const [role, address] of [
      ["h-i-hub", HUB_TUNNEL],
      ["stranger", "192.0.2.10"],
      ["h-i-web", "10.0.1.99"],
    ] as const) {
      // Addresses that are not theirs, for the tests of source checks.
      await this.kernel.batch(role, [`address add ${address}/32 dev lo`]);
    }
    await this.serve([
      ["h-i-web", "TCP-LISTEN:80"],
      ["h-i-web", "TCP-LISTEN:81"],
      ["h-i-hub", "UDP-RECVFROM:51820"],
      ["h-i-hub", "TCP-LISTEN:8080"],
      ["h-i-api", "TCP-LISTEN:8080"],
      ["h-i-database", "TCP-LISTEN:5432"],
      ["h-i-database", "TCP-LISTEN:5433"],
      ["h-i-database", "TCP-LISTEN:9999"],
      ["h-i-east", "TCP-LISTEN:8080"],
      ["h-i-far", "TCP-LISTEN:8080"],
      ["inet", "TCP-LISTEN:80,bind=192.0.2.80"],
      ["inet", "UDP-RECVFROM:53,bind=1.1.1.1"],
      ["rslv", "UDP-RECVFROM:53,bind=169.254.169.253"],
      ["stranger", "TCP-LISTEN:80"],
      ["h-lucidia", "TCP-LISTEN:22"],
      ["h-lucidia", "TCP-LISTEN:80"],
      ["op", "TCP-LISTEN:80"],
    ]);
  }

  #spawn(role: string, argv: readonly string[], input: "pipe" | "ignore"): ChildProcess {
    const child = spawn("ip", ["netns", "exec", this.kernel.fullName(role), ...argv], {
      stdio: [input, "pipe", "ignore"],
      // A group of its own, because socat has a child for each client.
      detached: true,
    });
    this.#children.push(child);
    return child;
  }

  /** Starts servers that tell every client the address that they see it come from. */
  async serve(ends: readonly (readonly [role: string, listener: string])[]): Promise<void> {
    for (const [role, listener] of ends) {
      // A datagram has to be read, or its writer fails before the answer is sent.
      const read = listener.startsWith("UDP") ? "read -r question; " : "";
      const tell = `SYSTEM:${read}echo $SOCAT_PEERADDR`;
      this.#spawn(role, ["socat", `${listener},fork,reuseaddr`, tell], "ignore");
    }
    await this.#listening(ends);
  }

  /** Starts a server that sends back what it is sent. */
  async echo(role: string, port: number, protocol: "TCP" | "TCP6" = "TCP"): Promise<void> {
    const listener = `${protocol}-LISTEN:${port}`;
    this.#spawn(role, ["socat", `${listener},fork,reuseaddr`, "PIPE"], "ignore");
    await this.#listening([[role, listener]]);
  }

  async #listening(ends: readonly (readonly [string, string])[]): Promise<void> {
    for (const [role, listener] of ends) {
      const port = /:(\d+)/.exec(listener)?.[1] ?? "";
      for (let attempt = 0; ; attempt += 1) {
        const shown = await this.kernel.execute(role, ["ss", "-Hnltu", "sport", "=", `:${port}`]);
        if (shown.trim() !== "") {
          break;
        }
        if (attempt === 100) {
          throw new Error(`${role}: nothing listens on ${listener}`);
        }
        await sleep(50);
      }
    }
  }

  /** Connects over TCP. @returns the address that the server saw, `undefined` if there was no answer. */
  async tcp(role: string, address: string, port: number, source?: string): Promise<string | undefined> {
    const bind = source === undefined ? "" : `,bind=${source.includes(":") ? `[${source}]` : source}`;
    const target = `${socketTo("TCP", address, port)},connect-timeout=${PATIENCE_SECONDS}${bind}`;
    return await this.#answer(role, ["socat", "-u", "-T", String(PATIENCE_SECONDS), target, "-"]);
  }

  /** Sends a datagram. @returns what came back, `undefined` if nothing did. */
  async udp(role: string, address: string, port: number): Promise<string | undefined> {
    // `-t` is how long it listens after all was sent.
    const argv = ["socat", "-t", String(PATIENCE_SECONDS), "-", socketTo("UDP", address, port)];
    return await this.#answer(role, argv, "hello\n");
  }

  async #answer(role: string, argv: readonly string[], stdin = ""): Promise<string | undefined> {
    const result = await run(["ip", "netns", "exec", this.kernel.fullName(role), ...argv], { stdin });
    return result.stdout.trim() === "" ? undefined : plain(result.stdout.trim());
  }

  /** Whether a single datagram arrives, whatever becomes of an answer. */
  async arrives(from: string, source: string, to: string, address: string, port: number): Promise<boolean> {
    const receiver = this.#spawn(to, ["socat", "-u", `UDP-RECV:${port}`, "-"], "ignore");
    let heard = "";
    receiver.stdout?.on("data", (chunk: Buffer) => (heard += chunk.toString()));
    await this.#listening([[to, `UDP-RECV:${port}`]]);
    const argv = ["socat", "-u", "-", `UDP-SENDTO:${address}:${port},bind=${source}`];
    await this.#answer(from, argv, "hello\n");
    for (let attempt = 0; attempt < PATIENCE_SECONDS * 20 && heard === ""; attempt += 1) {
      await sleep(50);
    }
    endGroup(receiver.pid);
    return heard !== "";
  }

  async pings(role: string, address: string): Promise<boolean> {
    const argv = ["ping", "-n", "-c", "1", "-W", String(PATIENCE_SECONDS), address];
    return (await run(["ip", "netns", "exec", this.kernel.fullName(role), ...argv])).exitCode === 0;
  }

  converse(role: string, address: string, port: number): Conversation {
    const child = this.#spawn(role, ["socat", "-", socketTo("TCP", address, port)], "pipe");
    let heard = "";
    child.stdout?.on("data", (chunk: Buffer) => (heard += chunk.toString()));
    return {
      ask: async (line) => {
        child.stdin?.write(`${line}\n`);
        for (let attempt = 0; attempt < PATIENCE_SECONDS * 20 && !heard.includes(line); attempt += 1) {
          await sleep(50);
        }
        return heard.includes(line);
      },
      close: () => {
        endGroup(child.pid);
      },
    };
  }

  /** Ends what the tests started and removes everything. @returns what was left over, which is to be nothing. */
  async end(): Promise<string[]> {
    const living = this.#children.filter((child) => child.exitCode === null && child.signalCode === null);
    const ended = living.map(async (child) => {
      await new Promise((resolve) => child.once("exit", resolve));
    });
    for (const { pid } of this.#children) {
      endGroup(pid);
    }
    await Promise.all(ended);
    const left = await destroyFabric(this.root);
    rmSync(this.root, { recursive: true });
    return left;
  }
}
