/**
 * An engine that never reads a host back, with the program's steps for one host. The numbers come from
 * components/hosts/observation.ts.
 */
import { noAgent, type AskAnswer } from "../../../components/hosts/ask-host.ts";
import { parseKeysSeen, type KeysSeen } from "../../../components/hosts/keys.ts";
import {
  applyNumber,
  firstApplyNumber,
  leadsThere,
  parseObservation,
  type Observation,
} from "../../../components/hosts/observation.ts";
import type { Document, Meeting, SimulatedHost, Wanted } from "./simulated-host.ts";

const firstDocument = ({ hub }: Wanted): Document => ({ hub, text: `first ${hub}`, paths: ["on-site"] });
const fullDocument = ({ hub, version }: Wanted, certified: string): Document => ({
  ...{ hub, certified, paths: ["tunnel", "lan"] },
  text: `full ${hub} ${version} ${certified}`,
});

/** Where an update goes wrong: at the nth command that it runs. */
export interface Fault {
  readonly at: number;
  readonly kind: "command-fails" | "killed-before" | "killed-after";
}

interface Resource {
  readonly create: string;
  readonly triggers: string;
  readonly stdout: string;
}

interface Step {
  readonly name: string;
  readonly path: string;
  readonly triggers: string;
  /** Whether a changed command is no reason to run it. */
  readonly byTriggersOnly: boolean;
  /** Whether changed triggers are none either. */
  readonly keeps?: boolean;
  readonly create: string;
  readonly run: () => string;
}

export class UpdateFailed extends Error {}

type StdoutOf = (name: string) => string;

/** What a preview knows of a meeting that is still to come. */
const unknown = '{"machine":"unknown","keys":"unknown","publicKey":"unknown"}';

/** The engine's part, with the program's steps of one host and of the hub that it has a tunnel to. */
export class SimulatedEngine {
  /** Which public key a hub has for the host. */
  readonly hubs = new Map<number, string>();
  readonly #state = new Map<string, Resource>();
  #ran = 0;

  /** What an update would run. Nothing runs, so what depends on it is not known and counts as changed. */
  preview(host: SimulatedHost, wanted: Wanted): string[] {
    const planned: string[] = [];
    const stdoutOf = (name: string): string =>
      name === "bootstrap" && planned.includes(name) ? unknown : this.#stdoutOf(name);
    for (const step of steps(host, wanted, this.hubs, stdoutOf)) {
      const awaitsChange =
        step.name.includes("confirm") && planned.some((name) => isConfirmedBy(name, step.name));
      if (this.#isChanged(step) || awaitsChange) planned.push(step.name);
    }
    return planned;
  }

  /** @throws UpdateFailed */
  update(host: SimulatedHost, wanted: Wanted, fault?: Fault): string[] {
    this.#ran = 0;
    const done: string[] = [];
    for (const step of steps(host, wanted, this.hubs, (name) => this.#stdoutOf(name))) {
      if (!this.#isChanged(step)) continue;
      this.#run(host, wanted, step, fault);
      done.push(step.name);
    }
    return done;
  }

  #stdoutOf(name: string): string {
    return this.#state.get(name)?.stdout ?? "{}";
  }

  #isChanged({ name, create, triggers, byTriggersOnly, keeps = false }: Step): boolean {
    const known = this.#state.get(name);
    if (known === undefined || (known.triggers !== triggers && !keeps)) return true;
    return !byTriggersOnly && known.create !== create;
  }

  #run(host: SimulatedHost, wanted: Wanted, step: Step, fault: Fault | undefined): void {
    this.#ran += 1;
    const kind = fault?.at === this.#ran ? fault.kind : undefined;
    if (kind === "killed-before") throw new UpdateFailed("killed");
    // A replacement deletes before it creates.
    if (this.#state.get(step.name)?.triggers !== step.triggers && step.name !== "bootstrap")
      this.#state.delete(step.name);
    const path = step.path === "lan" ? "tunnel" : step.path;
    if (path !== "cloud" && !host.isReachedBy(path, wanted, this.hubs))
      throw new UpdateFailed(`${step.name}: no route by ${step.path}`);
    // Of a connection that is lost early the host does not know.
    if (kind === "command-fails") throw new UpdateFailed(`${step.name}: the connection is lost`);
    let stdout: string;
    try {
      stdout = step.run();
    } catch (error) {
      throw new UpdateFailed(`${step.name}: ${String(error)}`);
    }
    if (kind === "killed-after") throw new UpdateFailed("killed");
    this.#state.set(step.name, { create: step.create, triggers: step.triggers, stdout });
  }
}

function isConfirmedBy(apply: string, confirm: string): boolean {
  return confirm.startsWith(
    apply === "first-apply" ? "first-confirm/" : apply === "apply" ? "confirm/" : "\0",
  );
}

const key = "edge-home/lucidia";

function answer(reachedBy: string | undefined, said: string): string {
  const given: AskAnswer =
    reachedBy === undefined ? { unreachable: { tunnel: "no route" } } : { reachedBy, said };
  return JSON.stringify(given);
}

/** The steps of components/hosts for a machine that is first reached on its LAN. */
function* steps(
  host: SimulatedHost,
  wanted: Wanted,
  hubs: Map<number, string>,
  stdoutOf: StdoutOf,
): Generator<Step> {
  const reached = (...paths: string[]): string | undefined =>
    paths.find((path) => host.isReachedBy(path, wanted, hubs));
  const ask = (paths: string[], document: Document): Observation => {
    const report = host.plan(document);
    return parseObservation(
      key,
      answer(reached(...paths), report === undefined ? noAgent : JSON.stringify(report)),
    );
  };
  const seen = parseKeysSeen(key, answer(reached("tunnel", "on-site"), host.keys.see(host.hasAgent)));
  yield keysStep(host, wanted, seen);
  const { machine, keys, publicKey } = JSON.parse(stdoutOf("bootstrap")) as Meeting;
  yield {
    ...{ name: "hub", path: "cloud", triggers: "", byTriggersOnly: false },
    create: `hub ${wanted.hub} with ${publicKey}`,
    run: () => {
      hubs.set(wanted.hub, publicKey);
      return "";
    },
  };
  const triggers = `${wanted.machine} ${machine}`;
  const first = firstDocument(wanted);
  const observed = ask(["tunnel", "on-site"], first);
  // Without the host's architecture there is no document to ask about.
  const isKnown = stdoutOf("bootstrap") !== unknown;
  const keeps = isKnown ? leadsThere(observed, "on-site") : seen.reachedBy === "tunnel";
  const number = firstApplyNumber(observed, "on-site");
  yield { ...uploadStep(host, "first-agent", "on-site", triggers), keeps };
  yield { ...applyStep(host, "first-apply", "on-site", first, number, `${triggers} ${number}`), keeps };
  yield { ...confirmStep(host, "first-confirm", "first-apply", "on-site", triggers, stdoutOf), keeps };
  yield uploadStep(host, "agent", "tunnel", triggers);
  yield {
    ...{ name: "request", path: "tunnel", triggers: `${triggers} ${keys}`, byTriggersOnly: false },
    create: "csr",
    run: () => host.request(),
  };
  const full = fullDocument(wanted, stdoutOf("request"));
  yield applyStep(host, "apply", "tunnel", full, applyNumber(ask(["tunnel"], full)), triggers);
  for (const path of full.paths) yield confirmStep(host, "confirm", "apply", path, triggers, stdoutOf);
}

function keysStep(host: SimulatedHost, { machine }: Wanted, { name, reachedBy }: KeysSeen): Step {
  return {
    ...{ name: "bootstrap", path: reachedBy ?? "on-site", byTriggersOnly: true },
    triggers: `${machine} ${name}`,
    keeps: reachedBy === undefined,
    create: "meet",
    run: () => JSON.stringify(host.keys.meet(name, host.hasAgent)),
  };
}

function uploadStep(host: SimulatedHost, name: string, path: string, triggers: string): Step {
  const run = (): string => {
    host.isUploaded = true;
    return "";
  };
  return { name, path, triggers, byTriggersOnly: false, create: "upload", run };
}

function applyStep(
  host: SimulatedHost,
  name: string,
  path: string,
  document: Document,
  number: number,
  triggers: string,
): Step {
  return {
    ...{ name, path, triggers, byTriggersOnly: name === "first-apply" },
    create: `apply ${name === "apply" ? document.text : ""} --by ${path} --number ${number}`,
    run: () => host.apply(document, path, number),
  };
}

function confirmStep(
  host: SimulatedHost,
  step: string,
  apply: string,
  path: string,
  triggers: string,
  stdoutOf: StdoutOf,
): Step {
  const { token = "none" } = JSON.parse(stdoutOf(apply)) as { readonly token?: string };
  return {
    ...{ name: `${step}/${path}`, path, triggers, byTriggersOnly: false },
    create: `confirm ${token} --path ${path}`,
    run: () => {
      host.confirm(token, path);
      return "";
    },
  };
}
