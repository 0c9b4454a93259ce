/** The simulated AWS without its socket: requests in, answers out. */
import { describe, type Description } from "./describe.ts";
import { homeOf } from "./ec2/account.ts";
import { applyDrift, type DriftRequest } from "./drift.ts";
import { apiCode, ApiError, bridgeMessage, ProviderError } from "./errors.ts";
import { FaultPlan, type Meeting } from "../faults.ts";
import { awsFaultRules, operationOf, type FaultCall } from "./faults.ts";
import type { Log } from "../log.ts";
import { invoke } from "./functions.ts";
import type { ProviderAnswer, ProviderRequest } from "./protocol.ts";
import { Provider, type ResourceState } from "./provider.ts";
import { findType } from "./types/find.ts";
import { configure } from "./sts.ts";
import { defaultQuotas, type Quotas } from "./quotas.ts";
import { Store, type Records } from "./store.ts";

/** One call of the provider, for tests. */
export interface CallRecord {
  readonly sequence: number;
  readonly method: string;
  readonly type: string;
  readonly urn: string;
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  /** `pending`, `ok`, `preview`, a fault's name, AWS's error code, or `error`. */
  outcome: string;
}

export interface ServiceOptions {
  readonly quotas?: Quotas;
  /** How long a deletion waits for what depends on the resource to go away. Upstream waits for 20 minutes. */
  readonly dependencySeconds?: number;
  /** For whoever looks into a failure; nothing unless told. */
  readonly log?: Log;
}

const defaultDependencySeconds = 30;

/** What a dropped connection means for a call that is being held. */
export interface Caller {
  readonly gone: Promise<void>;
}

export class AwsService {
  readonly store: Store;
  readonly faults: FaultPlan<FaultCall>;
  readonly calls: CallRecord[] = [];
  readonly #quotas: Quotas;
  readonly #dependencySeconds: number;
  readonly #log: Log;

  constructor(folder: string, options: ServiceOptions = {}) {
    this.store = new Store(folder);
    this.#log = options.log ?? (() => undefined);
    this.faults = new FaultPlan(awsFaultRules, this.#log);
    this.#quotas = options.quotas ?? defaultQuotas;
    this.#dependencySeconds = options.dependencySeconds ?? defaultDependencySeconds;
  }

  describe(): Description {
    return this.store.transaction((records) => describe(records, this.#quotas, this.store.revision));
  }

  drift(request: DriftRequest): { id: string; revision: number } {
    const { id } = this.store.transaction((records) => applyDrift(records, this.#quotas, request));
    this.#log(`drift: ${request.action} ${id} in ${request.region}`);
    return { id, revision: this.store.revision };
  }

  /** @returns `undefined` if the caller is to get no answer at all. */
  async provide(request: ProviderRequest, caller: Caller): Promise<ProviderAnswer | undefined> {
    const call = this.#record(request);
    const preview = "preview" in request && request.preview;
    const meeting = preview ? undefined : this.faults.meet(call);
    if (meeting?.when === "before") {
      const instead = await meet(meeting, call, caller);
      if (instead !== "go on") {
        return instead;
      }
    }
    const answer = await this.#perform(request, call);
    if (answer.error !== undefined) {
      this.#log(`${operationOf(call)} ${call.urn || call.type} ${call.id}: ${answer.error.message}`);
    }
    if (preview && call.outcome === "ok") {
      call.outcome = "preview";
    }
    if (meeting?.when === "after") {
      const instead = await meet(meeting, call, caller);
      return instead === "go on" ? answer : instead;
    }
    return answer;
  }

  #record(request: ProviderRequest): CallRecord {
    const call: CallRecord = {
      sequence: this.calls.length + 1,
      method: request.method,
      ...subjectOf(request),
      id: "id" in request ? request.id : "",
      time: new Date().toISOString(),
      outcome: "pending",
    };
    this.calls.push(call);
    return call;
  }

  /** Tries a deletion again while something still depends on the resource, as upstream does. */
  async #perform(request: ProviderRequest, call: CallRecord): Promise<ProviderAnswer> {
    const deadline = Date.now() + this.#dependencySeconds * 1000;
    const retried = request.method === "delete" ? (findType(request.type).retriesDelete ?? []) : [];
    for (;;) {
      const { revision } = this.store;
      const answer = this.#attempt(request, call);
      const again = answer.error?.code !== undefined && retried.includes(answer.error.code);
      const secondsLeft = (deadline - Date.now()) / 1000;
      if (!again || secondsLeft <= 0) {
        return answer;
      }
      await this.store.waitForRevision(revision, secondsLeft);
    }
  }

  #attempt(request: ProviderRequest, call: CallRecord): ProviderAnswer {
    try {
      const result = this.store.transaction((records) => this.#run(records, request));
      const problem = problemOf(result);
      call.outcome = problem === undefined ? "ok" : "created, but failed";
      return problem ?? { result };
    } catch (error) {
      call.outcome = apiCode(error) ?? "error";
      return failure(error, false);
    }
  }

  #run(records: Records, request: ProviderRequest): unknown {
    const provider = new Provider(records, this.#quotas);
    switch (request.method) {
      case "configure":
        return configure(homeOf(records, this.#quotas), request.config);
      case "check":
        return provider.check(request);
      case "diff":
        return provider.diff(request);
      case "create":
        return request.preview ? provider.previewCreate(request) : provider.create(request);
      case "update":
        return request.preview ? provider.previewUpdate(request) : provider.update(request);
      case "read":
        return provider.read({ ...request, oldInputs: request.oldInputs }) ?? null;
      case "delete":
        provider.delete(request);
        return {};
      case "invoke":
        return invoke(records, this.#quotas, request.config, request.token, request.args);
    }
  }
}

/**
 * Lets a call run into its fault.
 *
 * @returns what is answered instead of the call's own answer; `undefined` if the connection is to be cut
 */
async function meet(
  meeting: Meeting,
  call: CallRecord,
  caller: Caller,
): Promise<ProviderAnswer | "go on" | undefined> {
  const isAfter = meeting.when === "after";
  call.outcome = isAfter ? `${call.outcome}, ${meeting.fault}` : meeting.fault;
  switch (meeting.fault) {
    case "throttle":
      return failure(
        new ApiError(operationOf(call), "RequestLimitExceeded", "Request limit exceeded.", 503),
        true,
      );
    case "error":
      return failure(
        new ApiError(operationOf(call), "InternalError", "An internal error has occurred", 500),
        true,
      );
    case "die":
      return { die: true };
    case "drop":
      return undefined;
    case "timeout":
      await meeting.hold(caller.gone);
      return undefined;
    case "hold":
      return (await meeting.hold(caller.gone)) && !isAfter ? undefined : "go on";
  }
}

/** What a call is about. */
function subjectOf(request: ProviderRequest): Pick<CallRecord, "type" | "urn"> {
  switch (request.method) {
    case "configure":
      return { type: "pulumi:providers:aws", urn: "" };
    case "invoke":
      return { type: request.token, urn: "" };
    default:
      return { type: request.type, urn: request.urn };
  }
}

/** The failure in a result that is a resource which exists, but is not usable. */
function problemOf(result: unknown): ProviderAnswer | undefined {
  const state = result as Partial<ResourceState> | null;
  if (state?.problem === undefined || state.id === undefined || state.outputs === undefined) {
    return undefined;
  }
  const message = bridgeMessage(new Error(state.problem));
  return { error: { message, retryable: false, created: { id: state.id, outputs: state.outputs } } };
}

function failure(error: unknown, retryable: boolean): ProviderAnswer {
  const known = error instanceof ApiError || error instanceof ProviderError;
  const code = apiCode(error);
  return {
    error: {
      message: known
        ? bridgeMessage(error)
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error),
      retryable,
      ...(code === undefined ? {} : { code }),
    },
  };
}
