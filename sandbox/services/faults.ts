/**
 * What is to go wrong with the calls to come, in one vocabulary for every simulated cloud.
 *
 * Calls are counted from the moment at which a fault was set, and each call runs into one fault at most. A repeated
 * attempt of the same call counts as a call of its own, as it does at the platforms.
 */
import type { Log } from "./log.ts";

export const faultKinds = [
  /** The platform's refusal for too many calls, which its clients retry; nothing has happened. */
  "throttle",
  /** An error on the platform's side (500), which its clients retry. */
  "error",
  /** No answer for `seconds`, then the connection is cut. */
  "timeout",
  /** The connection is cut at once. */
  "drop",
  /** The call stands still until the faults are cleared, or `seconds` are over, and then goes on. */
  "hold",
  /** The process behind the call dies: the provider plugin at aws, the service itself at cloudflare. */
  "die",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Whether the fault comes before or after the call's change; `during` is in mid-change, before its commit. */
export const faultMoments = ["before", "during", "after"] as const;
export type FaultMoment = (typeof faultMoments)[number];

const faultStates = ["waiting", "arrived", "applied", "done"] as const;
export type FaultState = (typeof faultStates)[number];

/** Parts of a match by name; which there are is the service's own. */
export type MatchParts = Readonly<Record<string, string | undefined>>;

export interface FaultRequest<Match extends object = MatchParts> {
  readonly fault: FaultKind;
  /** Which of the matching calls to come is hit first; 1, the next, if not said. */
  readonly nth?: number;
  /** How many matching calls in a row are hit; 1 if not said. */
  readonly times?: number;
  /** `before` if not said. */
  readonly when?: FaultMoment;
  /** How long a time-out or a hold lasts at most; 60 and 300 if not said. For cloudflare's throttle, what the answer
   * asks to wait; 1 if not said. */
  readonly seconds?: number;
  /** Which calls count: a text that is part of what the service shows of a call, or parts by name. */
  readonly match?: string | Match;
}

export interface Fault extends Required<Omit<FaultRequest, "match" | "seconds">> {
  readonly id: number;
  /** Only where the fault takes time. */
  readonly seconds?: number;
  readonly match?: string | MatchParts;
  /** Matching calls since the fault was set. */
  readonly seen: number;
  /** `waiting` for its calls; `arrived` and `applied` tell where a held call stands; `done` when it is over. */
  readonly state: FaultState;
}

/** What `GET /faults` answers. */
export interface FaultList {
  readonly faults: readonly Fault[];
  /** How many calls stand still now. */
  readonly holding: number;
}

/** One call that runs into one fault. */
export interface Meeting {
  readonly fault: FaultKind;
  readonly when: FaultMoment;
  readonly seconds: number;
  /**
   * Stands still until the faults are cleared, the time is over or the caller is gone.
   *
   * @returns whether it was the caller
   */
  hold(callerGone?: Promise<void>): Promise<boolean>;
}

/** How a service tells its calls apart, and what it cannot do. */
export interface FaultRules<Call> {
  /** Names of the parts that a match can have. */
  readonly matchParts: readonly string[];
  /** Whether a call counts. `match` has no other parts than those. */
  readonly counts: (call: Call, match: string | MatchParts | undefined) => boolean;
  /** How long a throttled caller is asked to wait, in seconds; `undefined` where the platform does not say. */
  readonly throttleSeconds: number | undefined;
  /** Whether there is a moment in the middle of a change at which its process can die. */
  readonly diesDuring: boolean;
}

interface Entry {
  readonly fault: Omit<Fault, "seen" | "state">;
  seen: number;
  state: FaultState;
}

/** How long a caller can wait for a fault. */
const mostPollSeconds = 300;

/** The faults that are set. */
export class FaultPlan<Call> {
  readonly #rules: FaultRules<Call>;
  readonly #log: Log;
  #entries: Entry[] = [];
  #nextId = 1;
  readonly #releases = new Set<() => void>();
  readonly #watchers = new Set<() => void>();

  constructor(rules: FaultRules<Call>, log: Log = () => undefined) {
    this.#rules = rules;
    this.#log = log;
  }

  /** @throws {RangeError} in a sentence, for a fault that makes no sense */
  add(request: unknown): Fault {
    const entry: Entry = { fault: readFault(request, this.#nextId, this.#rules), seen: 0, state: "waiting" };
    this.#nextId += 1;
    this.#entries.push(entry);
    this.#log(`fault set: ${JSON.stringify(entry.fault)}`);
    return shown(entry);
  }

  list(): FaultList {
    return { faults: this.#entries.map(shown), holding: this.#releases.size };
  }

  /** Forgets all faults and lets every held call go on. */
  clear(): FaultList {
    if (this.#entries.length > 0) this.#log("faults cleared");
    this.#entries = [];
    for (const release of [...this.#releases]) release();
    this.#notify();
    return this.list();
  }

  /** The fault that a call runs into, if any: of several, the one that was set first. */
  meet(call: Call): Meeting | undefined {
    let met: Entry | undefined;
    for (const entry of this.#entries) {
      if (!this.#rules.counts(call, entry.fault.match)) continue;
      entry.seen += 1;
      const { nth, times } = entry.fault;
      const last = nth + times - 1;
      if (met === undefined && entry.seen >= nth && entry.seen <= last) met = entry;
      if (entry.seen >= last && entry.state === "waiting") entry.state = "done";
    }
    this.#notify();
    return met === undefined ? undefined : this.#meeting(met);
  }

  #meeting(entry: Entry): Meeting {
    const { id, fault, when, seconds = 0 } = entry.fault;
    this.#log(`a call runs into fault ${id}: ${fault} ${when} its change`);
    return {
      fault,
      when,
      seconds,
      hold: async (callerGone) => {
        entry.state = when === "after" ? "applied" : "arrived";
        const held = this.#wait(seconds, callerGone);
        this.#notify();
        const gone = await held;
        entry.state = entry.seen >= entry.fault.nth + entry.fault.times - 1 ? "done" : "waiting";
        this.#notify();
        return gone;
      },
    };
  }

  async #wait(seconds: number, callerGone: Promise<void> | undefined): Promise<boolean> {
    return await new Promise<boolean>((resolve) => {
      const end = (gone: boolean): void => {
        clearTimeout(timer);
        this.#releases.delete(release);
        resolve(gone);
      };
      const release = (): void => {
        end(false);
      };
      const timer = setTimeout(release, seconds * 1_000);
      this.#releases.add(release);
      void callerGone?.then(() => {
        end(true);
      });
    });
  }

  /** `GET /faults`, with `?state=arrived,applied&timeoutSeconds=S` once a fault is in one of the states. */
  async answer(query: URLSearchParams): Promise<FaultList> {
    const states = query.get("state")?.split(",") ?? [];
    const unknown = states.find((state) => !isOneOf(faultStates, state));
    if (unknown !== undefined) throw new RangeError(`state must be some of ${faultStates.join(", ")}`);
    const seconds = Number(query.get("timeoutSeconds") ?? 0);
    if (!Number.isFinite(seconds)) throw new RangeError("timeoutSeconds must be a number");
    return await this.#waitFor(states, Math.min(seconds, mostPollSeconds));
  }

  /** Resolves when a fault is in one of the states, at the latest when the time is over. */
  async #waitFor(states: readonly string[], timeoutSeconds: number): Promise<FaultList> {
    const reached = (): boolean => this.#entries.some(({ state }) => states.includes(state));
    if (reached() || timeoutSeconds <= 0) return this.list();
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      const look = (): void => {
        if (reached()) finish();
      };
      const timer = setTimeout(finish, timeoutSeconds * 1_000);
      this.#watchers.add(look);
    });
    return this.list();
  }

  #notify(): void {
    for (const look of [...this.#watchers]) look();
  }
}

function shown({ fault, seen, state }: Entry): Fault {
  return { ...fault, seen, state };
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}

function wholeNumber(value: unknown, name: string): number {
  if (value === undefined) return 1;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name} must be a whole number from 1 on`);
  }
  return value;
}

/** A day: what is to last longer is better made by hand. */
const mostSeconds = 86_400;

function readSeconds(
  value: unknown,
  fault: FaultKind,
  throttleSeconds: number | undefined,
): number | undefined {
  const usual = {
    timeout: 60,
    hold: 300,
    throttle: throttleSeconds,
    error: undefined,
    drop: undefined,
    die: undefined,
  };
  if (value === undefined) return usual[fault];
  if (usual[fault] === undefined) throw new RangeError(`seconds mean nothing for the fault ${fault}`);
  if (typeof value !== "number" || !(value >= 0 && value <= mostSeconds)) {
    throw new RangeError(`seconds must be a number from 0 to ${mostSeconds}`);
  }
  return value;
}

function readMatch(value: unknown, parts: readonly string[]): string | MatchParts | undefined {
  if (value === undefined || typeof value === "string") return value;
  const wrong = `match must be a text, or an object with texts for any of ${parts.join(", ")}`;
  if (typeof value !== "object" || value === null) throw new RangeError(wrong);
  for (const [name, part] of Object.entries(value)) {
    if (!parts.includes(name) || typeof part !== "string") throw new RangeError(wrong);
    if (name === "path") new RegExp(part);
  }
  return value as MatchParts;
}

function readFault<Call>(request: unknown, id: number, rules: FaultRules<Call>): Entry["fault"] {
  if (typeof request !== "object" || request === null) throw new RangeError("a fault must be an object");
  const { fault, nth, times, when = "before", seconds, match } = request as Readonly<Record<string, unknown>>;
  if (!isOneOf(faultKinds, fault)) throw new RangeError(`fault must be one of ${faultKinds.join(", ")}`);
  if (!isOneOf(faultMoments, when)) throw new RangeError(`when must be one of ${faultMoments.join(", ")}`);
  if (when === "during" && !(fault === "die" && rules.diesDuring)) {
    throw new RangeError("only cloudflare's fault die can happen during a call");
  }
  if (when === "after" && fault === "throttle") throw new RangeError("what is throttled is not done");
  const lasts = readSeconds(seconds, fault, rules.throttleSeconds);
  const matches = readMatch(match, rules.matchParts);
  return {
    id,
    fault,
    nth: wholeNumber(nth, "nth"),
    times: wholeNumber(times, "times"),
    when,
    ...(lasts === undefined ? {} : { seconds: lasts }),
    ...(matches === undefined ? {} : { match: matches }),
  };
}
