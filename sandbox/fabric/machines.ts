/**
 * Which machines run: brings them to what the fabric wants, a few at once and never in the way of the packets.
 *
 * A machine that failed to start or to end is tried again, three times in all; after that it waits until something
 * else is wanted of it.
 */
import type { Machine } from "../hosts/machine.ts";

/** What the fabric needs of hosts/. */
export interface MachineDriver {
  startMachine(machine: Machine): Promise<unknown>;
  stopMachine(name: string): Promise<unknown>;
  destroyMachine(name: string): Promise<unknown>;
  runningMachines(): readonly Machine[];
  /** Names of all machines that have a disk, running or not. */
  existingMachines(): readonly string[];
}

export type Goal =
  | { readonly how: "run"; readonly machine: Machine }
  /** Off, but its disk stays: a stopped instance. */
  | { readonly how: "stop" }
  /** Gone with its disk: a terminated instance. */
  | { readonly how: "destroy" };

export interface MachineStatus {
  readonly name: string;
  readonly goal: Goal["how"];
  readonly state: "waiting" | "working" | "done" | "failed";
  readonly error?: string;
}

interface Job {
  goal: Goal;
  key: string;
  state: MachineStatus["state"];
  attempts: number;
  error?: string;
}

/** Booting is mostly waiting for two cores. */
const AT_ONCE = 4;
const ATTEMPTS = 3;
const RETRY_MILLISECONDS = 5000;

export class Machines {
  readonly #driver: MachineDriver;
  readonly #jobs = new Map<string, Job>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #ended: () => void;
  readonly #log: (line: string) => void;

  /** @param ended called when a machine has ended, so that its namespace can go */
  constructor(driver: MachineDriver, ended: () => void, log: (line: string) => void) {
    this.#driver = driver;
    this.#ended = ended;
    this.#log = log;
  }

  /** States which machines are to run and which are to keep their disk; all others are to go. Does not wait. */
  want(machines: readonly Machine[], stopped: readonly string[]): void {
    const running = new Set(this.#driver.runningMachines().map((machine) => machine.name));
    const goals = new Map<string, Goal>();
    for (const name of [...running, ...this.#driver.existingMachines(), ...this.#jobs.keys()]) {
      goals.set(name, stopped.includes(name) ? { how: "stop" } : { how: "destroy" });
    }
    for (const machine of machines) {
      goals.set(machine.name, { how: "run", machine });
    }
    for (const [name, goal] of goals) {
      const key = JSON.stringify(goal);
      const job = this.#jobs.get(name);
      const died = job?.state === "done" && goal.how === "run" && !running.has(name);
      if (job?.key !== key || died) {
        const busy = this.#busy.has(name);
        this.#jobs.set(name, { goal, key, state: busy ? "working" : "waiting", attempts: 0 });
      }
    }
    this.#pump();
  }

  /** Names of machines that may still live in their namespace. */
  present(): Set<string> {
    return new Set([...this.#driver.runningMachines().map((machine) => machine.name), ...this.#busy.keys()]);
  }

  status(): MachineStatus[] {
    return [...this.#jobs].map(([name, { goal, state, error }]) => ({
      name,
      goal: goal.how,
      state,
      ...(error === undefined ? {} : { error }),
    }));
  }

  /** Resolves when nothing is being done or waits to be done. */
  async settled(): Promise<void> {
    while (this.#busy.size > 0) {
      await Promise.all(this.#busy.values());
    }
  }

  #pump(): void {
    for (const [name, job] of this.#jobs) {
      if (this.#busy.size >= AT_ONCE) {
        return;
      }
      if (job.state === "waiting" && !this.#busy.has(name)) {
        job.state = "working";
        this.#busy.set(name, this.#work(name, job));
      }
    }
  }

  async #work(name: string, job: Job): Promise<void> {
    let failure: string | undefined;
    try {
      this.#log(`${name}: ${job.goal.how}`);
      await this.#pursue(name, job.goal);
      this.#log(`${name}: ${job.goal.how} done`);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      this.#log(`${name}: ${job.goal.how} failed: ${failure}`);
    }
    this.#busy.delete(name);
    const current = this.#jobs.get(name);
    if (current !== undefined && current.key !== job.key) {
      current.state = "waiting";
    } else if (current !== undefined) {
      this.#conclude(name, current, failure);
    }
    this.#pump();
    if (job.goal.how !== "run") {
      this.#ended();
    }
  }

  async #pursue(name: string, goal: Goal): Promise<void> {
    if (goal.how === "run") {
      await this.#driver.startMachine(goal.machine);
    } else if (goal.how === "stop") {
      await this.#driver.stopMachine(name);
    } else {
      await this.#driver.destroyMachine(name);
    }
  }

  #conclude(name: string, job: Job, failure: string | undefined): void {
    if (failure === undefined) {
      job.state = "done";
      delete job.error;
      if (job.goal.how === "destroy") {
        this.#jobs.delete(name);
      }
      return;
    }
    job.attempts += 1;
    job.error = failure;
    job.state = "failed";
    if (job.attempts < ATTEMPTS) {
      setTimeout(() => {
        if (this.#jobs.get(name) === job && job.state === "failed") {
          job.state = "waiting";
          this.#pump();
        }
      }, RETRY_MILLISECONDS).unref();
    }
  }
}
