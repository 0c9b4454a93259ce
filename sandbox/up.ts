/**
 * Brings a sandbox up: from nothing, from what a crash or a reboot has left, or not at all where it is up already.
 * Every step finds out for itself what is left to do.
 */
import { mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "../scripts/lib/progress.mjs";
import { EngineProgress } from "./engine-progress.ts";
import { hasPassphrase, mustRunPulumi, preparePassphrase, runPulumi, stackName } from "./engine.ts";
import { findRunningEngine } from "./engines.ts";
import { loadWorld } from "./fabric/world.ts";
import { prepareFolder } from "./folder.ts";
import type { HostImage } from "./hosts/image.ts";
import { hostPublicKeyFile, operatorPublicKeyFile, prepareKeys } from "./hosts/keys.ts";
import { prepareRepository } from "./hosts/repository.ts";
import { findInterruption, stackExists } from "./interrupted.ts";
import { holdSandbox } from "./life.ts";
import { SandboxError, settleMode } from "./mode.ts";
import { sandboxPaths, type SandboxPaths } from "./paths.ts";
import { preparePackets, waitForMachines } from "./packets.ts";
import { installPlugins, pluginTable } from "./plugins.ts";
import { prepareProject } from "./project.ts";
import { loadPullAuthority } from "./services/edge/certificates.ts";
import { loadCredentials } from "./services/cloudflare/credentials.ts";
import { loadAuthority } from "./services/edge/certificates.ts";
import { PACKAGES_HOST, PAGE_HOST } from "./services/internet/web.ts";
import { startService, type ServiceStart } from "./supervise.ts";

const services = resolve(import.meta.dirname, "services");

/** What a sandbox writes in its own folder, in GiB: layers of the hosts, state and logs. */
const spaceGibibytes = { packets: 3, paper: 0.5 };

const serviceStartSeconds = 60;
/** It is ready when packets flow, which after a reboot means all namespaces of the network made anew. */
const fabricStartSeconds = 180;

/** How long an engine that is at work already may take, in seconds. */
const engineWaitSeconds = 1200;

/** Where the sandbox's web page and packages are served. */
const webAddress = "192.0.2.80";

export interface SandboxUpOptions {
  /** Whether namespaces and machines are made; without, the control plane alone. */
  readonly packets: boolean;
  readonly progress: Progress;
  readonly paths?: SandboxPaths;
  /** Whether `pulumi up` runs at the end; true by default. */
  readonly deploy?: boolean;
  /** Cleans up after an engine that was killed, told why that is needed. */
  readonly recover?: (reason: string, paths: SandboxPaths) => Promise<void>;
}

type Parts = SandboxUpOptions & { readonly paths: SandboxPaths };

/**
 * Brings the sandbox up and deploys the stack in it. Another start of the same sandbox is waited for.
 *
 * @returns what `pulumi up` did, such as `{create: 190}`; nothing where it did not run
 * @throws {SandboxError} for what the user can mend
 */
export async function sandboxUp(options: SandboxUpOptions): Promise<Readonly<Record<string, number>>> {
  const parts = { ...options, paths: options.paths ?? sandboxPaths() };
  const { paths, packets, progress } = parts;
  prepareFolder(paths);
  requireSpace(paths, packets ? spaceGibibytes.packets : spaceGibibytes.paper);
  const release = await holdSandbox("bringing the sandbox up", progress, paths);
  try {
    settleMode({ packets }, paths);
    for (const folder of [paths.run, paths.log, paths.state, paths.pulumiHome, paths.keys, paths.rendered]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    await progress.step(
      "providers",
      (say) => installPlugins({ packets, paths, say }),
      (uses) => pluginTable(uses).join(`\n${" ".repeat(14)}`),
    );
    await prepareMachineKeys(parts);
    await startServices(parts, packets ? await preparePackets(paths, progress) : undefined);
    await prepareStack(parts);
    const changes = (parts.deploy ?? true) ? await deploy(parts) : {};
    if (packets) {
      await waitForMachines(paths, progress);
    }
    return changes;
  } finally {
    release();
  }
}

function requireSpace(paths: SandboxPaths, gibibytes: number): void {
  const { bavail, bsize } = statfsSync(paths.root);
  const free = (bavail * bsize) / 2 ** 30;
  if (free < gibibytes) {
    throw new SandboxError(
      `${paths.root} has ${free.toFixed(1)} GiB free and needs ${gibibytes}: free some space, or set ROADNET_SANDBOX_DIR to a folder on a larger disk.`,
    );
  }
}

/** Names of the machines that stand at a site and have a host key before anybody has met them. */
function siteMachines(): string[] {
  return Object.values(loadWorld().sites).flatMap(({ machines }) =>
    Object.entries(machines).flatMap(([name, { kind }]) => (kind === "pi" ? [name] : [])),
  );
}

async function prepareMachineKeys({ paths, progress }: Parts): Promise<void> {
  const names = siteMachines();
  await progress.step(
    "keys",
    async (say) => {
      say("operator's key and host keys");
      requirePassphrase(paths);
      await prepareKeys(names, paths);
      preparePassphrase(paths);
    },
    () => "",
  );
  prepareProject(
    {
      operator: readFileSync(operatorPublicKeyFile(paths), "utf8").trim(),
      hostKey: (name) => readHostKey(name, paths),
      cloudflareAccount: loadCredentials(paths).accountId,
      originPullAuthority: loadPullAuthority(paths).pem,
    },
    paths,
  );
}

/** A new one would open none of the secrets that the stack has already. */
function requirePassphrase(paths: SandboxPaths): void {
  if (stackExists(paths) && !hasPassphrase(paths)) {
    throw new SandboxError(
      `The passphrase of the stack's secrets is lost (${paths.keys}/passphrase): \`npm stop -- --purge\`, then start anew.`,
    );
  }
}

function readHostKey(name: string, paths: SandboxPaths): string {
  try {
    return readFileSync(hostPublicKeyFile(name, paths), "utf8").trim();
  } catch {
    throw new SandboxError(
      `The stack has a host ${name} that sandbox/world.yaml knows no machine for: the two must name the same machines.`,
    );
  }
}

/** Names of the sandbox's internet that are in no zone: its web, and the two by which connectors find the edge. */
function internetNames(connectors: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const regions = connectors.map((address, index): [string, string[]] => [
    `region${index + 1}.v2.argotunnel.com`,
    [address],
  ]);
  return { [PAGE_HOST]: [webAddress], [PACKAGES_HOST]: [webAddress], ...Object.fromEntries(regions) };
}

/** What runs for a sandbox of this kind, in the order in which it is started. */
export function serviceStarts(paths: SandboxPaths, image: HostImage | undefined): ServiceStart[] {
  const main = (name: string): string => join(services, name, "main.ts");
  const timeoutSeconds = serviceStartSeconds;
  if (image === undefined) {
    return [
      { name: "aws", main: main("aws"), timeoutSeconds },
      { name: "cloudflare", main: main("cloudflare"), args: ["--api", "127.0.0.1:0"], timeoutSeconds },
    ];
  }
  const { resolver, edge: place } = loadWorld().internet;
  const proxy = place.proxy.join(",");
  const names = join(paths.run, "names.json");
  writeFileSync(names, JSON.stringify(internetNames(place.connectors)));
  const dns = ["--dns", "1.1.1.1:53,8.8.8.8:53", "--edge", proxy, "--names", names];
  const api = ["--api", "192.0.2.4:80", ...dns];
  const edge = ["--proxy", proxy, "--connectors", place.connectors.join(","), "--resolver", resolver];
  const ask = ["--internet", `${resolver}:53`];
  const web = ["--packages", paths.packages, "--listen", `${webAddress}:80`];
  const fabric = join(import.meta.dirname, "fabric", "main.ts");
  return [
    { name: "aws", main: main("aws"), role: "ctl", timeoutSeconds },
    { name: "cloudflare", main: main("cloudflare"), args: api, role: "inet", timeoutSeconds },
    { name: "internet", main: main("internet"), args: web, role: "inet", timeoutSeconds },
    { name: "edge", main: main("edge"), args: edge, role: "inet", timeoutSeconds },
    { name: "resolver", main: main("resolver"), args: ask, role: "rslv", timeoutSeconds },
    { name: "fabric", main: fabric, role: "ctl", timeoutSeconds: fabricStartSeconds },
  ];
}

async function startServices({ paths, progress }: Parts, image: HostImage | undefined): Promise<void> {
  await progress.step("services", async (say) => {
    const told: string[] = [];
    if (image !== undefined) {
      say("packages of the hosts");
      await prepareRepository(image.packages, paths.packages, loadAuthority(paths).pem);
    }
    for (const start of serviceStarts(paths, image)) {
      say(`starting ${start.name}`);
      const { record, started } = await startService(start, paths);
      told.push(`${start.name} ${started ? "started" : "runs"} (process ${record.pid})`);
    }
    return told.join(", ");
  });
}

/** An engine whose starter was killed goes on alone, and ends by itself. */
async function waitForEngine(paths: SandboxPaths, say: (detail: string) => void): Promise<void> {
  const deadline = Date.now() + engineWaitSeconds * 1000;
  for (let pid = findRunningEngine(paths); pid !== undefined; pid = findRunningEngine(paths)) {
    if (Date.now() > deadline) {
      throw new SandboxError(
        `Pulumi (process ${pid}) has been at work on this stack for more than ${engineWaitSeconds} s: \`npm stop\` ends it.`,
      );
    }
    say(`waiting for Pulumi (process ${pid}), which is at work on this stack`);
    await sleep(300);
  }
}

async function prepareStack({ paths, packets, progress, recover }: Parts): Promise<void> {
  await progress.step(
    "stack",
    async (say) => {
      await waitForEngine(paths, say);
      const interruption = findInterruption(paths);
      if (interruption !== undefined) {
        if (recover === undefined) {
          throw new SandboxError(
            `The last update did not end: ${interruption}. Run \`npx roadnet recover --stack sandbox\`, then try again.`,
          );
        }
        say(`recovering: ${interruption}`);
        await recover(interruption, paths);
        return `recovered, because ${interruption}`;
      }
      if (stackExists(paths)) {
        return "";
      }
      say("pulumi stack init");
      const args = ["stack", "init", stackName, "--secrets-provider", "passphrase"];
      await mustRunPulumi(args, { paths, packets });
      return "created";
    },
    (text) => text,
  );
}

/** The engine records a failure and no id, but what the provider was making may exist. */
const providerDied =
  "\nA provider ended in mid-update: `npx roadnet recover --stack sandbox --search` finds what it had made, then try again.";

/** Runs `pulumi up`, told in short; the whole of what it prints goes to `log/pulumi.log`. */
async function deploy({ paths, packets, progress }: Parts): Promise<Readonly<Record<string, number>>> {
  const engine = new EngineProgress();
  const log = join(paths.log, "pulumi.log");
  await progress.step(
    "pulumi up",
    async (say) => {
      say("starting the program");
      const result = await runPulumi(["up", "--yes", "--skip-preview"], {
        paths,
        packets,
        onEvent: (event) => {
          engine.see(event);
          say(engine.line());
        },
      });
      const text = `${result.stdout}\n${result.stderr}`;
      if (result.exitCode !== 0 && /no space left on device/i.test(text)) {
        throw new SandboxError(
          `\`pulumi up\` failed, because the disk of ${paths.root} is full: free some space and start again, it goes on from there.`,
        );
      }
      writeFileSync(log, text, { mode: 0o600 });
      if (result.signal !== undefined) {
        throw new SandboxError(
          `\`pulumi up\` was ended from outside (${result.signal}); start again, it goes on from there.`,
        );
      }
      if (result.exitCode !== 0) {
        const tail = text.trim().split("\n").slice(-20).join("\n");
        const problems = engine.problems.length > 0 ? engine.problems.join("\n") : tail;
        const advice = /exited prematurely|error reading from server/.test(result.stdout) ? providerDied : "";
        throw new SandboxError(`\`pulumi up\` failed; the whole of it is in ${log}.\n${problems}${advice}`);
      }
    },
    () => engine.summary(),
  );
  return engine.changes;
}
