/** The control API of the simulated Cloudflare, typed. */
import { request } from "node:http";
import { sandboxPaths, serviceSocket, type SandboxPaths } from "../sandbox/paths.ts";
import type { Fault, FaultList, FaultRequest } from "../sandbox/services/faults.ts";
import type { Call } from "../sandbox/services/cloudflare/calls.ts";
import type { CloudflareFaultMatch } from "../sandbox/services/cloudflare/faults.ts";
import type { ObjectKind } from "../sandbox/services/cloudflare/store.ts";

/** A zone or record as the API shows it; its keys are the API's. */
export type ApiObject = Readonly<Record<string, unknown>> & { readonly id: string };

export interface DescribedZone extends ApiObject {
  readonly name: string;
  readonly dns_records: readonly ApiObject[];
  /** By the settings' names. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly dnssec: Readonly<Record<string, unknown>>;
  readonly rulesets: readonly ApiObject[];
  readonly load_balancers: readonly ApiObject[];
}

export interface DescribedAccount extends ApiObject {
  readonly monitors: readonly ApiObject[];
  readonly pools: readonly ApiObject[];
  /** Each with its `configuration`. */
  readonly tunnels: readonly ApiObject[];
  readonly access_policies: readonly ApiObject[];
  readonly access_apps: readonly ApiObject[];
}

export interface DescribedCloudflare {
  readonly zones: readonly DescribedZone[];
  readonly account: DescribedAccount;
}

export type Drift =
  | { readonly action: "create"; readonly kind: "zone"; readonly set: Readonly<Record<string, unknown>> }
  /** `zone` is an id or a name; besides what the API can edit, `status` and `plan` (free, pro, …) can be set. */
  | {
      readonly action: "modify";
      readonly kind: "zone";
      readonly zone: string;
      readonly set: Readonly<Record<string, unknown>>;
    }
  | { readonly action: "delete"; readonly kind: "zone"; readonly zone: string }
  | {
      readonly action: "create";
      readonly kind: "record";
      readonly zone: string;
      readonly set: Readonly<Record<string, unknown>>;
    }
  | ({
      readonly action: "modify";
      readonly kind: "record";
      readonly zone: string;
      readonly set: Readonly<Record<string, unknown>>;
    } & RecordKey)
  | ({ readonly action: "delete"; readonly kind: "record"; readonly zone: string } & RecordKey)
  /** One by its `id`, or by its `name`, which is a monitor's description. */
  | {
      readonly action: "create" | "modify" | "delete";
      /** Of an account or, with `zone`, of a zone. */
      readonly kind: ObjectKind;
      readonly zone?: string;
      readonly id?: string;
      readonly name?: string;
      readonly set?: Readonly<Record<string, unknown>>;
    };

/** One record of a zone: by id, or by name and type where there is one of them. */
export type RecordKey = { readonly id: string } | { readonly name: string; readonly type: string };

export class CloudflareControl {
  readonly #socketPath: string;

  constructor(paths: SandboxPaths = sandboxPaths()) {
    this.#socketPath = serviceSocket(paths, "cloudflare");
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const outgoing = request(
        { socketPath: this.#socketPath, method, path, headers: { "content-type": "application/json" } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
          });
        },
      );
      outgoing.setTimeout(30_000, () => outgoing.destroy(new Error(`${path}: no answer in 30 s`)));
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
    const answer = JSON.parse(text) as { error?: string };
    if (status !== 200) throw new Error(`cloudflare ${method} ${path}: ${answer.error ?? status}`);
    return answer;
  }

  async health(): Promise<boolean> {
    return ((await this.#call("GET", "/health")) as { ok: boolean }).ok;
  }

  /** Every zone with its records. */
  async describe(): Promise<readonly DescribedZone[]> {
    return ((await this.#call("GET", "/describe")) as { zones: readonly DescribedZone[] }).zones;
  }

  /** Every zone, and what belongs to the account. */
  async describeAll(): Promise<DescribedCloudflare> {
    return (await this.#call("GET", "/describe")) as DescribedCloudflare;
  }

  /** Every API call since the service started (the last few thousand). */
  async calls(): Promise<readonly Call[]> {
    return ((await this.#call("GET", "/calls")) as { calls: readonly Call[] }).calls;
  }

  async faults(): Promise<FaultList> {
    return (await this.#call("GET", "/faults")) as FaultList;
  }

  async addFault(fault: FaultRequest<CloudflareFaultMatch>): Promise<Fault> {
    return (await this.#call("POST", "/faults", fault)) as Fault;
  }

  /** Forgets all faults and lets held calls go on. */
  async clearFaults(): Promise<void> {
    await this.#call("DELETE", "/faults");
  }

  /** Changes something behind Pulumi's back; answers with the zone or record as it is then. */
  async drift(change: Drift): Promise<ApiObject> {
    return (await this.#call("POST", "/drift", change)) as ApiObject;
  }
}
