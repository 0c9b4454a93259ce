/**
 * A host with an agent, and an engine that never reads it back, as far as numbers go. The numbers themselves come
 * from components/hosts/observation.ts.
 */
import { noAgent, type AskAnswer } from "../../../components/hosts/ask-host.ts";
import {
  applyNumber,
  firstApplyNumber,
  parseObservation,
  type HostPlanReport,
  type Observation,
} from "../../../components/hosts/observation.ts";
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
}

const firstDocument = ({ hub }: Wanted): Document => ({ hub, text: `first ${hub}`, paths: ["on-site"] });
const fullDocument = ({ hub, version }: Wanted): Document => ({
  hub,
  text: `full ${hub} ${version}`,
  paths: ["tunnel", "lan"],
});

interface Open {
  readonly document: Document;
  readonly token: string;
  readonly confirmed: Set<string>;
  readonly number: number;
}

/** The agent's part: edge/internal/transaction has the real one. */
export class SimulatedHost {
  committed: { readonly number: number; readonly document: Document } | undefined;
  open: Open | undefined;
  drifted = false;
  /** Older than the program: it cannot read the document until a newer one has been applied. */
  isOld = false;
  #attempt = 0;
  #tokens = 0;
  /** Whether the last generation was reverted, and no apply has come since. */
  #reverted = false;
  readonly #committedTokens = new Set<string>();
  #numbers: Record<string, number> = {};

  /** How often something was changed here. */
  changes = 0;

  get #active(): Document | undefined {
    return this.open?.document ?? this.committed?.document;
  }

  isReachedBy(path: string, { hub, onSite }: Wanted): boolean {
    return path === "on-site" ? onSite : this.#active?.hub === hub;
  }

  plan(document: Document): HostPlanReport | undefined {
    if (this.#attempt === 0) return undefined;
    const inOrder = !this.isOld && !this.#reverted && this.#isInOrder(document);
    return reportOf({
      ...{ attempt: this.#attempt, numbers: this.#numbers, inOrder },
      committed: { number: this.committed?.number ?? 0, digest: this.committed?.document.text ?? "" },
      ...(this.open === undefined ? {} : { open: { number: this.open.number } }),
      ...(this.isOld ? { refused: "it is newer" } : {}),
    });
  }

  #isInOrder({ text }: Document): boolean {
    return this.open === undefined && !this.drifted && this.committed?.document.text === text;
  }

  /** @throws where the agent would end with another exit code than 0. */
  apply(document: Document, by: string, number: number): string {
    const outcome = this.#apply(document, number);
    this.#numbers = { ...this.#numbers, [by]: this.#attempt };
    return JSON.stringify(outcome);
  }

  #apply(document: Document, number: number): { readonly token?: string } {
    if (this.open !== undefined) {
      if (number <= this.#attempt) throw new Error("exit 4: one waits for its confirmation");
      if (this.open.document.text === document.text && !this.drifted) {
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
    if (this.refuses) {
      this.refuses = false;
      throw new Error("exit 3: nothing was changed");
    }
    this.changes += 1;
    this.drifted = false;
    this.isOld = false;
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
  readonly create: string;
  readonly run: () => string;
}

export class UpdateFailed extends Error {}

/** The engine's part, with the program's steps of one host. */
export class SimulatedEngine {
  readonly #state = new Map<string, Resource>();
  #ran = 0;

  /** What an update would run. Nothing runs, so what depends on it is not known and counts as changed. */
  preview(host: SimulatedHost, wanted: Wanted): string[] {
    const planned: string[] = [];
    for (const stepOf of steps(host, wanted)) {
      const step = stepOf((name) => this.#state.get(name)?.stdout ?? "{}");
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
    for (const stepOf of steps(host, wanted)) {
      const step = stepOf((name) => this.#state.get(name)?.stdout ?? "{}");
      if (!this.#isChanged(step)) continue;
      this.#run(host, wanted, step, fault);
      done.push(step.name);
    }
    return done;
  }

  #isChanged({ name, create, triggers, byTriggersOnly }: Step): boolean {
    const known = this.#state.get(name);
    if (known?.triggers !== triggers) return true;
    return !byTriggersOnly && known.create !== create;
  }

  #run(host: SimulatedHost, wanted: Wanted, step: Step, fault: Fault | undefined): void {
    this.#ran += 1;
    const kind = fault?.at === this.#ran ? fault.kind : undefined;
    if (kind === "killed-before") throw new UpdateFailed("killed");
    // A replacement deletes before it creates.
    if (this.#state.get(step.name)?.triggers !== step.triggers) this.#state.delete(step.name);
    if (!host.isReachedBy(step.path === "lan" ? "tunnel" : step.path, wanted))
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

function ask(host: SimulatedHost, wanted: Wanted, paths: readonly string[], document: Document): Observation {
  const reachedBy = paths.find((path) => host.isReachedBy(path, wanted));
  const report = host.plan(document);
  const answer: AskAnswer =
    reachedBy === undefined
      ? { unreachable: Object.fromEntries(paths.map((path) => [path, "no route"])) }
      : { reachedBy, said: report === undefined ? noAgent : JSON.stringify(report) };
  return parseObservation("edge-home/lucidia", JSON.stringify(answer));
}

type StepOf = (stdoutOf: (name: string) => string) => Step;

/** The steps of components/hosts/configuration.ts for a machine that is first reached on its LAN. */
function* steps(host: SimulatedHost, wanted: Wanted): Generator<StepOf> {
  const { machine } = wanted;
  const first = firstDocument(wanted);
  const firstNumber = firstApplyNumber(ask(host, wanted, ["tunnel", "on-site"], first), "on-site");
  yield applyStep(host, "first-apply", "on-site", first, firstNumber, `${machine} ${firstNumber}`);
  yield confirmStep(host, "first-confirm", "first-apply", "on-site", machine);
  const full = fullDocument(wanted);
  yield applyStep(host, "apply", "tunnel", full, applyNumber(ask(host, wanted, ["tunnel"], full)), machine);
  for (const path of full.paths) yield confirmStep(host, "confirm", "apply", path, machine);
}

function applyStep(
  host: SimulatedHost,
  name: string,
  path: string,
  document: Document,
  number: number,
  triggers: string,
): StepOf {
  return () => ({
    ...{ name, path, triggers, byTriggersOnly: name === "first-apply" },
    create: `apply --by ${path} --number ${number}`,
    run: () => host.apply(document, path, number),
  });
}

function confirmStep(
  host: SimulatedHost,
  step: string,
  apply: string,
  path: string,
  triggers: string,
): StepOf {
  return (stdoutOf) => {
    const { token = "none" } = JSON.parse(stdoutOf(apply)) as { readonly token?: string };
    return {
      ...{ name: `${step}/${path}`, path, triggers, byTriggersOnly: false },
      create: `confirm ${token} --path ${path}`,
      run: () => {
        host.confirm(token, path);
        return "";
      },
    };
  };
}
