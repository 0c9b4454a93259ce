/**
 * A host with an agent and keys, and an engine that never reads it back, as far as numbers and names go. The numbers
 * themselves come from components/hosts/observation.ts.
 */
import { noAgent, type AskAnswer } from "../../../components/hosts/ask-host.ts";
import {
  applyNumber,
  firstApplyNumber,
  leadsThere,
  parseObservation,
  type HostPlanReport,
  type Observation,
} from "../../../components/hosts/observation.ts";
import { parseKeysSeen, type KeysSeen } from "../../../components/hosts/keys.ts";
import { reportOf } from "./mocked-hosts.ts";

/** What the program wants of the host; equal documents are equal strings. */
export interface Wanted {
  /** Another one is another machine under the same name. */
  readonly machine: string;
  /** Where the tunnel's other end is: a host that knows another one is reached on its LAN only. */
  readonly hub: number;
  readonly version: number;
  /** Whether an operator stands on the LAN. */
  readonly onSite: boolean;
}

interface Document {
  readonly hub: number;
  readonly text: string;
  readonly paths: readonly string[];
  /** Of which key there is a certificate in it. */
  readonly certified?: string;
}

const firstDocument = ({ hub }: Wanted): Document => ({ hub, text: `first ${hub}`, paths: ["on-site"] });
const fullDocument = ({ hub, version }: Wanted, certified: string): Document => ({
  ...{ hub, certified, paths: ["tunnel", "lan"] },
  text: `full ${hub} ${version} ${certified}`,
});

interface Open {
  readonly document: Document;
  readonly token: string;
  readonly confirmed: Set<string>;
  readonly number: number;
}

/** Each has a number of its own, so that no two are the same, on whatever host. */
let made = 0;
const makeKey = (): string => `key-${++made}`;
const makeName = (): string => (++made).toString(16).padStart(16, "0");

interface Meeting {
  readonly machine: string;
  readonly keys: string;
  readonly publicKey: string;
}

/** What scripts/meet.sh and scripts/keys.sh work with. */
class SimulatedKeys {
  /** In its file; `undefined` where that is lost. */
  tunnel: string | undefined;
  /** Of the tunnel that runs. */
  running: string | undefined;
  tls: string | undefined;
  #record: { readonly name: string; readonly tunnel: string } | undefined;
  #machine: string | undefined;

  see(hasAgent: boolean): string {
    const isWhole =
      hasAgent && this.#machine !== undefined && this.tls !== undefined && this.#record?.tunnel === this.tunnel;
    return isWhole && this.#record !== undefined ? `kept ${this.#record.name}` : `lost ${makeName()}`;
  }

  meet(name: string, hasAgent: boolean): Meeting {
    if (this.tunnel === undefined || this.tunnel !== this.#record?.tunnel)
      this.tunnel = this.running ?? this.tunnel ?? makeKey();
    if (this.#machine === undefined || !hasAgent) this.#machine = name;
    this.#record = { name, tunnel: this.tunnel };
    return { machine: this.#machine, keys: name, publicKey: this.#record.tunnel };
  }

  loseRecords(): void {
    this.#record = undefined;
    this.#machine = undefined;
  }
}

/** The agent's part: edge/internal/transaction has the real one. */
export class SimulatedHost {
  readonly keys = new SimulatedKeys();
  committed: { readonly number: number; readonly document: Document } | undefined;
  open: Open | undefined;
  drifted = false;
  /** Older than the program: it cannot read the document until a newer one has been applied. */
  isOld = false;
  /** Whether the program's agent lies here, for whoever applies. */
  isUploaded = false;
  #attempt = 0;
  #tokens = 0;
  /** Whether the last generation was reverted, and no apply has come since. */
  #reverted = false;
  readonly #committedTokens = new Set<string>();
  #numbers: Record<string, number> = {};

  /** How often something was changed here. */
  changes = 0;
  /** How often the small first generation took the place of a whole one. */
  stripped = 0;

  get hasAgent(): boolean {
    return this.#attempt > 0;
  }

  get #active(): Document | undefined {
    return this.open?.document ?? this.committed?.document;
  }

  isReachedBy(path: string, { hub, onSite }: Wanted, hubs: ReadonlyMap<number, string>): boolean {
    if (path === "on-site") return onSite;
    const { running } = this.keys;
    return this.#active?.hub === hub && running !== undefined && hubs.get(hub) === running;
  }

  plan(document: Document): HostPlanReport | undefined {
    if (!this.hasAgent) return undefined;
    const inOrder = !this.isOld && !this.#reverted && this.#isInOrder(document);
    return reportOf({
      ...{ attempt: this.#attempt, numbers: this.#numbers, inOrder },
      committed: { number: this.committed?.number ?? 0, digest: this.committed?.document.text ?? "" },
      ...(this.open === undefined ? {} : { open: { number: this.open.number } }),
      ...(this.isOld ? { refused: "it is newer" } : {}),
    });
  }

  #isInOrder({ text }: Document): boolean {
    return this.open === undefined && !this.#hasDrifted && this.committed?.document.text === text;
  }

  get #hasDrifted(): boolean {
    const lacksKey = this.#active?.certified !== undefined && this.keys.tls === undefined;
    return this.drifted || lacksKey || (this.#active !== undefined && this.keys.running === undefined);
  }

  loseNumbers(): void {
    this.#numbers = {};
  }

  /** What was not committed does not outlive a boot, and a tunnel without a key does not come up. */
  reboot(): void {
    this.revert();
    this.keys.running = this.#active === undefined ? undefined : this.keys.tunnel;
  }

  request(): string {
    this.keys.tls ??= makeKey();
    return this.keys.tls;
  }

  /** @throws where the agent would end with another exit code than 0. */
  apply(document: Document, by: string, number: number): string {
    if (!this.isUploaded) throw new Error("the agent's upload is missing");
    const outcome = this.#apply(document, number);
    this.#numbers = { ...this.#numbers, [by]: this.#attempt };
    return JSON.stringify(outcome);
  }

  #apply(document: Document, number: number): { readonly token?: string } {
    if (this.open !== undefined) {
      if (number <= this.#attempt) throw new Error("exit 4: one waits for its confirmation");
      if (this.open.document.text === document.text && !this.#hasDrifted) {
        this.#attempt = number;
        this.open = { ...this.open, token: this.#token(), confirmed: new Set() };
        return { token: this.open.token };
      }
      this.revert();
    }
    this.#reverted = false;
    if (this.#isInOrder(document)) {
      this.#attempt = Math.max(this.#attempt, number);
      return {};
    }
    this.#attempt = Math.max(this.#attempt + 1, number);
    const lacksKey = document.certified !== undefined && this.keys.tls === undefined;
    if (this.refuses || lacksKey || this.keys.tunnel === undefined) {
      this.refuses = false;
      throw new Error("exit 3: nothing was changed");
    }
    this.changes += 1;
    if (document.certified === undefined && this.#active?.certified !== undefined) this.stripped += 1;
    this.drifted = false;
    this.isOld = false;
    this.keys.running = this.keys.tunnel;
    this.open = { document, token: this.#token(), confirmed: new Set(), number: this.#attempt };
    return { token: this.open.token };
  }

  #token(): string {
    this.#tokens += 1;
    return `${this.#attempt}-${this.#tokens}`;
  }

  /** The next apply is refused: its number is used up as well, and what waited is reverted by then. */
  refuses = false;

  confirm(token: string, path: string): void {
    if (token === "none") {
      if (this.open !== undefined) throw new Error("exit 1: one waits for its confirmation");
      return;
    }
    if (this.#committedTokens.has(token)) return;
    if (this.open?.token !== token) throw new Error("exit 1: nothing waits for this token");
    this.open.confirmed.add(path);
    if (!this.open.document.paths.every((name) => this.open?.confirmed.has(name))) return;
    this.committed = { number: this.open.number, document: this.open.document };
    this.#committedTokens.add(token);
    this.open = undefined;
  }

  /** The time to confirm has passed. */
  revert(): void {
    this.#reverted ||= this.open !== undefined;
    this.open = undefined;
    if (this.committed === undefined) this.keys.running = undefined;
  }
}

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
  const given: AskAnswer = reachedBy === undefined ? { unreachable: { tunnel: "no route" } } : { reachedBy, said };
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
    return parseObservation(key, answer(reached(...paths), report === undefined ? noAgent : JSON.stringify(report)));
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
