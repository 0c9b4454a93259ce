/** The fleet: Debian machines on one Ethernet, with the operator beside them, in namespaces without a way out. */
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { hostPublicKeyFile, operatorPublicKeyFile, startAgent, stopAgent } from "../../sandbox/hosts/keys.ts";
import {
  destroyMachine,
  runningMachines,
  startMachine,
  stopAllMachines,
  type Machine,
} from "../../sandbox/hosts/machine.ts";
import { runOrThrow } from "../../sandbox/hosts/run.ts";
import { namespaceName, sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { operatorAddress, prefixLength, user, type FleetHost } from "./hosts.ts";
import { makeImage } from "./image.ts";

/** Machines that boot, or are asked past the network, at the same time. */
const batchSize = 6;

const destroyAttempts = 5;

/**
 * Does something for all, so many at a time.
 * @throws what the first failure threw, when nothing of it runs any more.
 */
export async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += batchSize) {
    const batch = items.slice(at, at + batchSize).map(work);
    await Promise.allSettled(batch);
    results.push(...(await Promise.all(batch)));
  }
  return results;
}

async function shell(script: string): Promise<void> {
  await runOrThrow(["sh", "-euc", script]);
}

export class World {
  readonly paths: SandboxPaths;
  /** The operator's network namespace, in which both sides run. */
  readonly operator: string;
  #image = "";
  #sshAgent = "";
  readonly #namespaces = new Set<string>();

  constructor() {
    this.paths = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-bench-")));
    this.operator = namespaceName("op", this.paths.root);
  }

  /** OpenSSH public key of the operator. */
  get operatorKey(): string {
    return readFileSync(operatorPublicKeyFile(this.paths), "utf8").trim();
  }

  /** The value for SSH_AUTH_SOCK. */
  get sshAgent(): string {
    return this.#sshAgent;
  }

  /** The operator's network namespace as /proc tells it. */
  get network(): string {
    return `net:[${statSync(`/run/netns/${this.operator}`).ino}]`;
  }

  async setUp(progress: (line: string) => void): Promise<void> {
    this.#image = (await makeImage(join(this.paths.root, "image"), progress)).folder;
    await shell(`
      ip netns add ${this.operator}
      ip -n ${this.operator} link set lo up
      ip -n ${this.operator} link add br0 type bridge
      ip -n ${this.operator} link set br0 up
      ip -n ${this.operator} address add ${operatorAddress}/${prefixLength} dev br0`);
    this.#sshAgent = await startAgent(this.paths);
  }

  async tearDown(): Promise<void> {
    await this.remove(runningMachines(this.paths));
    await stopAllMachines({ timeoutSeconds: 0 }, this.paths);
    await stopAgent(this.paths);
    for (const namespace of [...this.#namespaces, this.operator]) {
      await runOrThrow(["ip", "netns", "delete", namespace]).catch(() => undefined);
    }
    await rm(this.paths.root, { recursive: true, force: true });
  }

  /** Throws away what is on these machines, and boots them as new ones. */
  async reset(hosts: readonly FleetHost[], progress: (line: string) => void): Promise<void> {
    let done = 0;
    await inBatches(hosts, async (host) => {
      await this.#destroy(host);
      const { state, failedUnits } = await startMachine(await this.#machine(host), this.paths);
      // chrony's own unit, which Debian does not start in a container, counts as skipped, not as failed.
      if (state !== "running") throw new Error(`${host.name} boots with failures: ${failedUnits.join(", ")}`);
      done += 1;
      if (done % 10 === 0 || done === hosts.length) progress(`${done} of ${hosts.length} hosts have booted`);
    });
  }

  /** Powers these machines off. */
  async remove(hosts: readonly Pick<FleetHost, "name">[]): Promise<void> {
    await inBatches(hosts, async (host) => this.#destroy(host));
  }

  /** Of forty machines on two cores, some take longer to end than the sandbox waits for one. */
  async #destroy({ name }: Pick<FleetHost, "name">): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await destroyMachine(name, this.paths);
        return;
      } catch (error) {
        if (attempt === destroyAttempts) throw error;
      }
    }
  }

  async #machine({ name, hostname, address }: FleetHost): Promise<Machine> {
    const namespace = namespaceName(name, this.paths.root);
    if (!this.#namespaces.has(namespace)) {
      this.#namespaces.add(namespace);
      await shell(`
        ip netns add ${namespace}
        ip link add eth0 netns ${namespace} type veth peer name ${name} netns ${this.operator}
        ip -n ${this.operator} link set ${name} master br0 up
        ip -n ${namespace} link set lo up
        ip -n ${namespace} link set eth0 up
        ip -n ${namespace} address add ${address}/${prefixLength} dev eth0`);
    } else {
      // A table or a setting of the machine before stays in the kernel as long as the namespace does.
      await shell(`
        ip netns exec ${namespace} nft flush ruleset
        ip netns exec ${namespace} sysctl -qw net.ipv4.ip_forward=0
        ip netns exec ${namespace} sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.all.send_redirects=1`);
    }
    return {
      ...{ name, hostname, address, namespace, kind: "pi", user, prefixLength },
      ...{ gateway: operatorAddress, dns: [operatorAddress], image: this.#image },
    };
  }

  /** In OpenSSH's form, without a comment. */
  hostKey({ name }: FleetHost): string {
    return readFileSync(hostPublicKeyFile(name, this.paths), "utf8").trim().split(" ").slice(0, 2).join(" ");
  }

  /** Runs a shell script as root on a host, past its network. */
  async onHost({ name }: FleetHost, script: string): Promise<string> {
    const options = { timeoutSeconds: 60 };
    const result = await execInMachine(name, ["sh", "-euc", script], options, this.paths);
    if (result.exitCode !== 0) throw new Error(`${name}: ${result.stderr}${result.stdout}`);
    return result.stdout.trim();
  }

  /** SSH connections that each host has taken since its boot, going by its own SSH server. */
  async connections(hosts: readonly FleetHost[]): Promise<number[]> {
    const script =
      "journalctl --quiet --output=cat --unit=ssh.service | grep -c '^Accepted publickey' || true";
    return (await inBatches(hosts, async (host) => this.onHost(host, script))).map(Number);
  }
}
