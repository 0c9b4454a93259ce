/** The fabric as a service: follows the simulated AWS and makes the packets agree with what it describes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Realiser } from "./apply.ts";
import { parseDescribe } from "./describe.ts";
import { desiredState } from "./desired.ts";
import type { Kernel } from "./kernel.ts";
import { Machines, type MachineDriver, type MachineStatus } from "./machines.ts";
import type { FabricState } from "./state.ts";
import { machineNamespace } from "./vpc.ts";
import type { World } from "./world.ts";

export interface FabricStatus {
  /** The revision that the kernel agrees with; -1 before the first. */
  readonly revision: number;
  /** Why the last attempt failed; absent if it did not. */
  readonly error?: string;
  /** What the describe JSON says and the fabric cannot realise. */
  readonly problems: readonly string[];
  /** How long the last attempt took. */
  readonly milliseconds: number;
  /** Full names. */
  readonly namespaces: readonly string[];
  readonly machines: readonly (MachineStatus & {
    /** Absent for machines that are on their way out. */
    readonly namespace?: string;
    readonly kind?: "instance" | "pi";
    readonly hostname?: string;
    readonly address?: string;
  })[];
}

const POLL_SECONDS = 25;
const RETRY_MILLISECONDS = 1000;

/** The simulated AWS, as far as the fabric asks it. */
export interface CloudSource {
  /** Resolves as soon as the revision is above `after`, at the latest when the time is over. */
  waitForRevision(after: number, timeoutSeconds: number): Promise<number>;
  /** The describe JSON; the fabric takes nothing about its shape on trust. */
  describe(): Promise<unknown>;
}

export interface FabricParts {
  readonly kernel: Kernel;
  readonly cloud: CloudSource;
  readonly world: World;
  readonly driver: MachineDriver;
  readonly log: (line: string) => void;
}

export class Fabric {
  readonly #parts: FabricParts;
  readonly #realiser: Realiser;
  readonly #machines: Machines;
  #state: FabricState | undefined;
  #error: string | undefined;
  #milliseconds = 0;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: FabricParts) {
    this.#parts = parts;
    this.#realiser = new Realiser(parts.kernel);
    this.#machines = new Machines(
      parts.driver,
      () => {
        // The machine's namespace can go now; a failure of that is told by the status.
        this.reconcile().catch(() => undefined);
      },
      parts.log,
    );
  }

  /**
   * Realises what AWS describes from now on; calls that come while one waits share it.
   *
   * @throws if AWS does not answer, describes what cannot be read, or the kernel refuses
   */
  async reconcile(): Promise<void> {
    this.#queued ??= (async () => {
      await this.#running?.catch(() => undefined);
      this.#running = this.#realise();
      this.#queued = undefined;
      await this.#running;
    })();
    await this.#queued;
  }

  async #realise(): Promise<void> {
    const { cloud, world, kernel, log } = this.#parts;
    const start = performance.now();
    try {
      const describe = parseDescribe(await cloud.describe());
      const state = desiredState(describe, world, (role) => kernel.fullName(role));
      // What ends must be known before its namespace loses its links, and may go only after.
      const present = new Set([...this.#machines.present()].map(machineNamespace));
      await this.#realiser.apply(state, present);
      if (state.revision !== this.#state?.revision) {
        const what = `${state.namespaces.length} namespaces, ${state.machines.length} machines`;
        log(`revision ${state.revision} realised in ${Math.round(performance.now() - start)} ms: ${what}`);
      }
      for (const problem of state.problems.filter((each) => !this.#state?.problems.includes(each))) {
        log(`cannot be realised: ${problem}`);
      }
      this.#state = state;
      this.#error = undefined;
      this.#machines.want(state.machines, state.stopped);
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#milliseconds = Math.round(performance.now() - start);
    }
  }

  /** Remembers why an attempt failed; what fails every second is logged once. */
  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason !== this.#error) {
      this.#parts.log(`failed, and tried again: ${reason}`);
    }
    this.#error = reason;
  }

  /** Follows AWS until {@link stop}; what fails is tried again every second, and told by the status meanwhile. */
  async follow(): Promise<void> {
    while (!this.#stopped) {
      try {
        const realised = this.#error === undefined ? (this.#state?.revision ?? -1) : -1;
        const revision = await this.#parts.cloud.waitForRevision(realised, POLL_SECONDS);
        // A lower one is a new AWS: its folder was emptied.
        if (revision !== realised) {
          await this.reconcile();
        }
      } catch (error) {
        this.#fail(error);
        await sleep(RETRY_MILLISECONDS);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Makes the next {@link reconcile} look at the kernel instead of trusting its memory. */
  distrust(): void {
    this.#realiser.distrust();
  }

  async machinesSettled(): Promise<void> {
    await this.#machines.settled();
  }

  status(): FabricStatus {
    const machines = new Map(this.#state?.machines.map((machine) => [machine.name, machine]));
    return {
      revision: this.#state?.revision ?? -1,
      ...(this.#error === undefined ? {} : { error: this.#error }),
      problems: this.#state?.problems ?? [],
      milliseconds: this.#milliseconds,
      namespaces: this.#state?.namespaces.map(({ role }) => this.#parts.kernel.fullName(role)) ?? [],
      machines: this.#machines.status().map((status) => {
        const machine = machines.get(status.name);
        if (machine === undefined) {
          return status;
        }
        const { namespace, kind, hostname, address } = machine;
        return { ...status, namespace, kind, hostname, address };
      }),
    };
  }
}

async function answer(fabric: Fabric, request: IncomingMessage): Promise<[number, unknown]> {
  const url = new URL(request.url ?? "/", "http://fabric");
  const call = `${request.method ?? "GET"} ${url.pathname}`;
  switch (call) {
    case "GET /health":
      return [200, { ok: true }];
    case "GET /status":
      return [200, fabric.status()];
    case "POST /reconcile": {
      if (url.searchParams.has("audit")) {
        fabric.distrust();
      }
      const done = fabric.reconcile();
      if (!url.searchParams.has("wait") && !url.searchParams.has("machines")) {
        done.catch(() => undefined); // told by the status
        return [202, fabric.status()];
      }
      await done;
      if (url.searchParams.has("machines")) {
        await fabric.machinesSettled();
      }
      return [200, fabric.status()];
    }
    default:
      return [404, { error: `there is no ${call}` }];
  }
}

/** `GET /health`, `GET /status`, `POST /reconcile[?wait][&machines][&audit]`. */
export function createFabricServer(fabric: Fabric): Server {
  return createServer((request: IncomingMessage, response: ServerResponse) => {
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    request.resume();
    answer(fabric, request).then(
      ([status, body]) => {
        send(status, body);
      },
      (error: unknown) => {
        // Why a reconciliation failed is in the log already.
        send(500, { error: error instanceof Error ? error.message : String(error) });
      },
    );
  });
}
