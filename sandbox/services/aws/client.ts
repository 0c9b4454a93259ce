/** How the rest of the sandbox talks to the simulated AWS: the command line, the fabric, and tests. */
import { request as httpRequest } from "node:http";
import { sandboxPaths, serviceSocket } from "../../paths.ts";
import type { Description } from "./describe.ts";
import type { DriftRequest } from "./drift.ts";
import type { Fault, FaultList, FaultRequest, FaultState } from "../faults.ts";
import type { AwsFaultMatch } from "./faults.ts";
import type { ProviderAnswer, ProviderRequest } from "./protocol.ts";
import type { CallRecord } from "./service.ts";

export type {
  DescribedInstance,
  DescribedSecurityGroup,
  Description,
  RegionDescription,
} from "./describe.ts";
export type { DriftRequest } from "./drift.ts";
export type { CallRecord } from "./service.ts";

/** No answer came; `sent` tells whether the service may have acted on the request. */
export class ConnectionError extends Error {
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause: unknown) {
    super(message, { cause });
    this.name = "ConnectionError";
    this.sent = sent;
  }
}

export class AwsClient {
  readonly #socket: string;

  /** @param socket the service's unix socket; that of the environment's sandbox unless told. */
  constructor(socket: string = serviceSocket(sandboxPaths(), "aws")) {
    this.#socket = socket;
  }

  async describe(): Promise<Description> {
    return (await this.#call("GET", "/describe")) as Description;
  }

  /** Resolves as soon as the revision is above `after`, at the latest when the time is over. */
  async waitForRevision(after: number, timeoutSeconds: number): Promise<number> {
    const path = `/revision?after=${after}&timeoutSeconds=${timeoutSeconds}`;
    return ((await this.#call("GET", path)) as { revision: number }).revision;
  }

  async drift(request: DriftRequest): Promise<{ id: string; revision: number }> {
    return (await this.#call("POST", "/drift", request)) as { id: string; revision: number };
  }

  async addFault(request: FaultRequest<AwsFaultMatch>): Promise<Fault> {
    return (await this.#call("POST", "/faults", request)) as Fault;
  }

  async faults(): Promise<FaultList> {
    return (await this.#call("GET", "/faults")) as FaultList;
  }

  /** Resolves when a fault reaches one of the states (`arrived`, `applied`, `done`), or when the time is over. */
  async waitForFault(states: readonly FaultState[], timeoutSeconds: number): Promise<readonly Fault[]> {
    const path = `/faults?state=${states.join(",")}&timeoutSeconds=${timeoutSeconds}`;
    return ((await this.#call("GET", path)) as FaultList).faults;
  }

  /** Lifts every fault; held calls go on. */
  async clearFaults(): Promise<void> {
    await this.#call("DELETE", "/faults");
  }

  /** Every call of the provider since the service started. */
  async calls(): Promise<CallRecord[]> {
    return (await this.#call("GET", "/calls")) as CallRecord[];
  }

  async isHealthy(): Promise<boolean> {
    try {
      return ((await this.#call("GET", "/health")) as { ok: boolean }).ok;
    } catch (error) {
      if (error instanceof ConnectionError) {
        return false;
      }
      throw error;
    }
  }

  /** For the provider plugin and the service's own tests. */
  async provide(request: ProviderRequest): Promise<ProviderAnswer> {
    return (await this.#call("POST", "/provider", request)) as ProviderAnswer;
  }

  /** @throws ConnectionError without an answer; Error with the service's words if it refused. */
  #call(method: string, path: string, body?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let sent = false;
      const fail = (error: Error): void => {
        reject(
          new ConnectionError(
            `the sandbox's AWS does not answer on ${this.#socket}: ${error.message}`,
            sent,
            error,
          ),
        );
      };
      const request = httpRequest({ socketPath: this.#socket, method, path }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () => {
          try {
            const answer: unknown = JSON.parse(Buffer.concat(chunks).toString());
            if (response.statusCode === 200) {
              resolve(answer);
            } else {
              reject(
                new Error((answer as { error?: string }).error ?? `HTTP status ${response.statusCode ?? 0}`),
              );
            }
          } catch (error) {
            fail(error instanceof Error ? error : new Error(String(error)));
          }
        });
      });
      request.on("error", fail);
      request.on("socket", (socket) => {
        if (!socket.connecting) {
          // A connection that is used again: it will not say once more that it is made.
          sent = true;
          return;
        }
        socket.once("connect", () => {
          sent = true;
        });
      });
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
