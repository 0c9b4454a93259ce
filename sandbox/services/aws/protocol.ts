/** What the provider plugin and the service say to each other over `POST /provider`. */
import type { Properties } from "./json.ts";
import type { ProviderConfig } from "./provider.ts";

interface Base {
  readonly config: ProviderConfig;
}

interface ResourceBase extends Base {
  readonly type: string;
  readonly urn: string;
  /** The resource's logical name. */
  readonly name: string;
}

export type ProviderRequest =
  | (Base & { method: "configure" })
  | (ResourceBase & { method: "check"; olds: Properties; news: Properties; randomSeed?: string })
  | (ResourceBase & {
      method: "diff";
      id: string;
      state: Properties;
      oldInputs: Properties;
      inputs: Properties;
      ignoreChanges: string[];
    })
  | (ResourceBase & { method: "create"; inputs: Properties; preview: boolean; clientToken: string })
  | (ResourceBase & { method: "read"; id: string; state: Properties; oldInputs?: Properties })
  | (ResourceBase & {
      method: "update";
      id: string;
      state: Properties;
      oldInputs: Properties;
      inputs: Properties;
      ignoreChanges: string[];
      preview: boolean;
    })
  | (ResourceBase & { method: "delete"; id: string; state: Properties })
  | (Base & { method: "invoke"; token: string; args: Properties });

export interface ProviderAnswer {
  /** The method's result; absent if it failed. */
  readonly result?: unknown;
  readonly error?: {
    readonly message: string;
    /** AWS's code, where AWS refused. */
    readonly code?: string;
    /** Whether the provider tries again, as AWS's SDK does for throttling and for 5xx. */
    readonly retryable: boolean;
    /** Set where the resource exists although its creation failed. */
    readonly created?: { readonly id: string; readonly outputs: Properties };
  };
  /** Whether the provider process is to end here, in mid-call. */
  readonly die?: true;
}
