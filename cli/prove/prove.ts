/** Packets against the proof, in the sandbox that runs. */
import { askService } from "../../sandbox/ask.ts";
import { findRunningEngine } from "../../sandbox/engines.ts";
import { Kernel } from "../../sandbox/fabric/kernel.ts";
import { machineNamespace } from "../../sandbox/fabric/vpc.ts";
import { loadWorld } from "../../sandbox/fabric/world.ts";
import { runningMachines } from "../../sandbox/hosts/machine.ts";
import { requireMode, SandboxError } from "../../sandbox/mode.ts";
import { serviceSocket, type SandboxPaths } from "../../sandbox/paths.ts";
import { alone } from "../../sandbox/prove/alone.ts";
import { deviceRole, withDevices } from "../../sandbox/prove/devices.ts";
import { listeningPorts } from "../../sandbox/prove/listening.ts";
import { edges, natAddresses, placesOf, roleTitles } from "../../sandbox/prove/places.ts";
import type { ProbeNode } from "../../sandbox/prove/prober.ts";
import { AwsClient, type Description } from "../../sandbox/services/aws/client.ts";
import { askPackets, type Field } from "./conduct.ts";
import type { ProvenNetwork } from "./network.ts";
import { mentionedPorts } from "./ports.ts";
import {
  allQuestions,
  changedQuestions,
  everybody,
  type Mentioned,
  type Question,
  type Selection,
} from "./questions.ts";
import { disagreementsOf, type ProveReport } from "./report.ts";
import { operator, stranger, subjectsOf, type Ground, type Subjects } from "./subjects.ts";

/** Probes in a second, of all together: what two processor cores carry through a dozen namespaces without loss. */
const fullRate = 8000;
/** About as many probes are drawn of what has not changed. */
const sampledProbes = 4000;

export interface ProveOptions {
  readonly network: ProvenNetwork;
  /** Only what has changed since this network is asked, and a sample of the rest. */
  readonly before?: ProvenNetwork | undefined;
  readonly selection?: Selection;
  readonly seed: number;
  readonly say?: (line: string) => void;
  /** Ends it in the middle, leaving nothing behind. */
  readonly signal?: AbortSignal;
}

/** The sandbox at a moment at which packets agree with its cloud. */
export interface Scene {
  readonly kernel: Kernel;
  readonly ground: Ground;
  readonly titles: ReadonlyMap<string, string>;
  /** Of the cloud; it grows with every change. */
  readonly revision: number;
}

/** @throws {SandboxError} with exit code 2 where there is no sandbox with packets */
export function requirePackets(paths: SandboxPaths): void {
  if (!requireMode(paths).packets) {
    throw new SandboxError(
      "This sandbox was made without packets: there is nothing to compare the proof with.",
      2,
    );
  }
}

/** @throws {SandboxError} where the network is still being made, or was made in part */
async function settledScene({ plan }: ProvenNetwork, paths: SandboxPaths): Promise<Scene> {
  const engine = findRunningEngine(paths);
  if (engine !== undefined) {
    throw new SandboxError(`Pulumi (process ${engine}) is at work on this stack: ask when it has ended.`, 2);
  }
  await askService("fabric", "POST", "/reconcile?wait", undefined, paths);
  const { error } = (await askService("fabric", "GET", "/status", undefined, paths)) as { error?: string };
  if (error !== undefined) {
    throw new SandboxError(`The sandbox's packets are not as its cloud is described: ${error}`, 2);
  }
  const scene = await currentScene(paths);
  const running = new Set(runningMachines(paths).map(({ name }) => machineNamespace(name)));
  const still = plan.hosts.filter(({ key }) => {
    const place = scene.ground.places.get(key);
    return place !== undefined && !running.has(place.role);
  });
  if (still.length > 0) {
    const names = still.map(({ key }) => key).join(", ");
    throw new SandboxError(`Machines of the sandbox do not run (${names}): \`npm start\` starts them.`, 2);
  }
  return scene;
}

async function currentScene(paths: SandboxPaths): Promise<Scene> {
  return sceneOf(await new AwsClient(serviceSocket(paths, "aws")).describe(), new Kernel(paths.root));
}

export function sceneOf(description: Description, kernel: Kernel): Scene {
  const world = loadWorld();
  return {
    kernel,
    ground: { world, places: placesOf(description, world), nats: natAddresses(description) },
    titles: roleTitles(description, world),
    revision: description.revision,
  };
}

function rolesOf({ devices, askers }: Subjects, { places }: Ground): ReadonlyMap<string, string> {
  const plugged = new Map(devices.map((device) => [device.name, deviceRole(device)]));
  const outside = new Map([
    [stranger, "stranger"],
    [operator, "op"],
  ]);
  return new Map(
    askers.map(({ name }) => [name, places.get(name)?.role ?? plugged.get(name) ?? outside.get(name) ?? ""]),
  );
}

/** What the plan, the cloud's rules and the sockets of each host mention; a site's are those of its hosts. */
async function everyMention({ plan }: ProvenNetwork, { kernel, ground }: Scene): Promise<Mentioned> {
  const planned = mentionedPorts(plan);
  const hosts = plan.hosts.map(({ key, site }) => ({ key, site, place: ground.places.get(key) }));
  const listening = await listeningPorts(
    kernel,
    hosts.flatMap(({ place }) => (place === undefined ? [] : [place.role])),
  );
  const byHost = new Map(
    hosts.map(({ key, place }) => [
      key,
      [
        ...(planned.get(key) ?? []),
        ...(place?.rulePorts ?? []),
        ...(listening.get(place?.role ?? "") ?? []).flatMap((port) => edges(port, port)),
      ],
    ]),
  );
  return (name) => {
    const own = byHost.get(name);
    if (own !== undefined) return own;
    // `device edge-home/192.168.4.0/24`, `router of edge-home`, `NAT gateway us-west/nat/a`
    const site = /^(?:device|router of|NAT gateway) ([^/]+)/.exec(name)?.[1];
    return hosts.filter((host) => host.site === site).flatMap(({ key }) => byHost.get(key) ?? []);
  };
}

function checkNames({ askers, targets }: Subjects, { from, to }: Selection): void {
  const known = new Set([...askers.map(({ name }) => name), ...targets.map(({ owner }) => owner)]);
  const wrong = [...from, ...to].find((name) => !known.has(name));
  if (wrong === undefined) return;
  throw new SandboxError(`Nobody is called ${wrong}: there are ${[...known].sort().join(", ")}.`, 2);
}

/** What is asked of the scene's packets. */
async function questionsIn(
  scene: Scene,
  subjects: Subjects,
  { network, before, selection = everybody, seed }: ProveOptions,
): Promise<Question[]> {
  const mentioned = await everyMention(network, scene);
  const all = allQuestions(network.prover, subjects, mentioned, selection);
  if (before === undefined) return all;
  const earlier = allQuestions(before.prover, earlierSubjects(before, scene.ground), mentioned, selection);
  return changedQuestions(all, earlier, { sampled: sampledProbes, seed });
}

/** Asks the packets of a scene what the network's proof says, and compares. */
export async function proveIn(scene: Scene, options: ProveOptions): Promise<ProveReport> {
  const { network, before, selection = everybody, seed, say = () => undefined, signal } = options;
  const startedAt = Date.now();
  const { kernel, ground, titles } = scene;
  const subjects = subjectsOf(network.prover, ground);
  checkNames(subjects, selection);
  const questions = await questionsIn(scene, subjects, options);
  const hosts = new Map([...ground.places].map(([title, { role }]) => [title, role]));
  const concerned = new Set(questions.flatMap(({ asker, target }) => [asker.name, target.owner]));
  const devices = subjects.devices.filter(({ name }) => concerned.has(name));
  const findings = await withDevices(kernel, ground.world, devices, async () => {
    const present = new Set(kernel.roles());
    const nodes = [...rolesOf(subjects, ground)]
      .filter(([, role]) => present.has(role))
      .map(([name, role]): ProbeNode => ({ name, namespace: kernel.fullName(role) }));
    const field: Field = { kernel, nodes, hosts, roles: kernel.roles().filter((role) => role !== "ctl") };
    return await askPackets(field, questions, { seed, rate: fullRate, say, signal });
  });
  const sum = (pick: (pair: (typeof findings.pairs)[number]) => number): number =>
    findings.pairs.reduce((total, pair) => total + pick(pair), 0);
  return {
    agrees: findings.differences.length === 0,
    seed,
    mode: before === undefined ? "all" : "changed",
    pairs: findings.pairs,
    asked: sum(({ asked }) => asked),
    passed: sum(({ passed }) => passed),
    sent: findings.sent,
    differing: findings.differences.length,
    disagreements: disagreementsOf(network.prover, findings, titles),
    milliseconds: Date.now() - startedAt,
  };
}

/**
 * Asks the sandbox that runs, as soon as its packets are as its cloud is described.
 * @throws {SandboxError} with exit code 2 where it cannot be asked, or changed meanwhile
 */
export async function prove(options: ProveOptions, paths: SandboxPaths): Promise<ProveReport> {
  requirePackets(paths);
  return await alone(paths, options.say, async () => {
    const scene = await settledScene(options.network, paths);
    try {
      return await proveIn(scene, options);
    } finally {
      // What changes the network also takes away from under it those that send: that says more than what it breaks.
      if (options.signal?.aborted !== true) await checkUnchanged(scene, paths);
    }
  });
}

/** Of an earlier network, those whom the sandbox still has: nothing else can be compared. */
function earlierSubjects({ prover }: ProvenNetwork, ground: Ground): Subjects {
  try {
    return subjectsOf(prover, ground);
  } catch (error) {
    if (error instanceof SandboxError) return { askers: [], targets: [], devices: [] };
    throw error;
  }
}

async function checkUnchanged({ revision }: Scene, paths: SandboxPaths): Promise<void> {
  const now = await new AwsClient(serviceSocket(paths, "aws")).describe();
  if (now.revision === revision) return;
  throw new SandboxError("The network changed while its packets were asked: nothing can be said of it.", 2);
}
