import type { types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { HostPlan, ManagementPath } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";
import type { SshTarget } from "./ask-host.ts";
import type { AskedRoute } from "./asking.ts";

type ConnectionArgs = types.input.remote.ConnectionArgs;
type ProxyConnectionArgs = types.input.remote.ProxyConnectionArgs;

/**
 * How often a connection is tried, with pauses that grow to 5 s: an instance that has just been created refuses for a
 * minute or two, and a tunnel needs a moment.
 */
export const firstContactDials = 60;
export const laterDials = 30;

export interface ReachArgs {
  readonly plan: HostPlan;
  readonly symbols: SymbolTable;
  /** The key that connections are pinned to. */
  readonly hostKey: pulumi.Input<string>;
  /** The hub of a path. */
  readonly bastion: (via: string) => Reach;
}

/** How one host is reached over SSH. No key and no agent's path is part of it: the agent is found by SSH_AUTH_SOCK. */
export class Reach {
  readonly #args: ReachArgs;

  constructor(args: ReachArgs) {
    this.#args = args;
  }

  /** The same host with another key: the throw-away one of an instance that has not been met. */
  pinnedTo(hostKey: pulumi.Input<string>): Reach {
    return new Reach({ ...this.#args, hostKey });
  }

  /** For a resource of @pulumi/command. */
  connection(path: ManagementPath, dialErrorLimit: pulumi.Input<number> = laterDials): ConnectionArgs {
    const { hostKey } = this.#args;
    const direct = { user: path.user, host: this.#address(path), hostKey, dialErrorLimit };
    const bastion = this.#bastion(path);
    return bastion === undefined ? direct : { ...direct, proxy: bastion.#proxy() };
  }

  /** For asking the host. */
  route(path: ManagementPath): AskedRoute {
    const bastion = this.#bastion(path);
    return {
      name: path.name,
      target: this.#target(path),
      proxy: bastion === undefined ? undefined : bastion.#target(bastion.#args.plan.management),
    };
  }

  #proxy(): ProxyConnectionArgs {
    const { key, management } = this.#args.plan;
    if (management.via !== undefined) {
      throw new Error(`${key} cannot be a bastion: the operator does not reach it directly.`);
    }
    const { user } = management;
    return { user, host: this.#address(management), hostKey: this.#args.hostKey, dialErrorLimit: laterDials };
  }

  #target(path: ManagementPath): pulumi.Output<SshTarget> {
    return pulumi
      .all([this.#address(path), this.#args.hostKey])
      .apply(([host, hostKey]) => ({ user: path.user, host, hostKey }));
  }

  #address({ address }: ManagementPath): pulumi.Input<string> {
    return typeof address === "string" ? address : this.#args.symbols.resolve(address);
  }

  #bastion({ via }: ManagementPath): Reach | undefined {
    return via === undefined ? undefined : this.#args.bastion(via);
  }
}
