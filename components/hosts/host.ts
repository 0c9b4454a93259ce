import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import type { Authority } from "../pki/authority.ts";
import type { HostPlan, ManagementPath } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";
import type { Architecture } from "./agent.ts";
import { scriptCommand } from "./command.ts";
import { Configuration } from "./configuration.ts";
import { parseMeeting } from "./meeting.ts";
import { watchSeconds } from "./observation.ts";
import { firstContactDials, Reach } from "./reach.ts";

/** What first contact is not made again for. */
const ignoreChanges = ["connection", "create", "stdin"];

/** The instance behind a host, where the program made it. */
export interface HostInstance {
  readonly id: pulumi.Output<string>;
  /** The throw-away host key. */
  readonly bootHostKey: pulumi.Output<string>;
  /** What must exist before the instance can be reached. */
  readonly ready: readonly pulumi.Resource[];
}

export interface HostArgs {
  readonly plan: HostPlan;
  readonly symbols: SymbolTable;
  /** The hosts that are met already, by key: bastions come before what is reached through them. */
  readonly bastions: ReadonlyMap<string, Host>;
  /** `undefined` for a machine. */
  readonly instance: HostInstance | undefined;
  /** The configurations of hosts that the way of the first contact crosses. */
  readonly crossed: readonly pulumi.Resource[];
  /** Signs the host's certificates; needed where its plan has any. */
  readonly authority: Authority | undefined;
  /** Whether previews ask the host what an update would change; updates always do. */
  readonly asks: boolean;
}

/** One SSH command of a host. */
export interface HostCommand {
  readonly commandLine: pulumi.Input<string>;
  readonly stdin: pulumi.Input<string>;
  readonly connection: types.input.remote.ConnectionArgs;
  readonly triggers: readonly pulumi.Input<string | number>[];
  readonly logging: "none" | "stderr";
  readonly opts: pulumi.CustomResourceOptions;
}

/**
 * A host that the program configures over SSH, by `@pulumi/command`.
 *
 * Constructing it meets it: the host makes its keys and says the public ones. {@link Host.configure} then brings it
 * to its generation, once every host whose public key it may name has been met.
 *
 * First contact is made once per machine: again only when `triggers` say that it is another machine.
 * (`ignoreChanges` keeps everything else from doing so; a replacement takes the new values.)
 */
export class Host extends pulumi.ComponentResource {
  readonly plan: HostPlan;
  /** The key that every later connection is pinned to. */
  readonly hostKey: pulumi.Output<string>;
  readonly architecture: pulumi.Output<Architecture>;
  readonly wireguardPublicKey: pulumi.Output<string> | undefined;
  /** How it is reached once it has been met. */
  readonly reach: Reach;
  /** Changes when the host is another machine. */
  readonly machine: readonly pulumi.Input<string>[];
  /** Done when the host has its keys. */
  readonly met: remote.Command;

  readonly #args: HostArgs;
  #configuration: Configuration | undefined;

  constructor(name: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:hosts:Host", name, {}, opts);
    const { plan, symbols, bastions, instance } = args;
    this.plan = plan;
    this.#args = args;
    const { firstContact } = plan;
    this.machine =
      firstContact.kind === "lan" ? [firstContact.hostKey] : instance === undefined ? [] : [instance.id];
    const bastion = (via: string): Reach => found(bastions, via, "bastion").reach;
    const pinned = firstContact.kind === "lan" ? firstContact.hostKey : instance?.bootHostKey;
    if (pinned === undefined)
      throw new Error(`${plan.key} has no user data to be met by: it is no instance.`);
    const stranger = new Reach({ plan, symbols, bastion, hostKey: pinned });
    this.met = this.#meet(stranger);
    // The connection is secret, so the provider calls everything secret that depends on it. This is all public.
    const meeting = pulumi.unsecret(this.met.stdout).apply((text) => parseMeeting(plan.key, text));
    this.architecture = meeting.apply(({ architecture }) => architecture);
    this.hostKey =
      firstContact.kind === "lan"
        ? pulumi.output(firstContact.hostKey)
        : meeting.apply(({ hostKey }) => required(plan.key, "host key", hostKey));
    this.reach = stranger.pinnedTo(this.hostKey);
    if (plan.tunnelAddress !== undefined) {
      this.wireguardPublicKey = meeting.apply(({ wireguardPublicKey }) =>
        required(plan.key, "WireGuard key", wireguardPublicKey),
      );
      symbols.define({ kind: "wireguard-public-key", host: plan.key }, this.wireguardPublicKey);
    }
    this.registerOutputs({
      hostKey: this.hostKey,
      wireguardPublicKey: this.wireguardPublicKey,
    });
  }

  /** Done when the host's generation is committed. */
  get applied(): readonly pulumi.Resource[] {
    return this.#configured().applied;
  }

  /** @param before what must be done before the host is changed. */
  configure(before: readonly pulumi.Resource[]): void {
    const { symbols, authority, asks } = this.#args;
    this.#configuration = new Configuration({ host: this, symbols, authority, before, asks });
  }

  /**
   * Watches the changed host for a while.
   * @returns what is done when it still is as it should be.
   */
  soak(seconds: number): pulumi.Resource {
    const { token, applied } = this.#configured();
    return this.command("soak", {
      commandLine: token.apply(
        (text) => `sleep ${watchSeconds(text, seconds)} && sudo -n reef-agent status --exit-code`,
      ),
      stdin: "",
      connection: this.reach.connection(this.plan.management),
      // Only another generation is a reason to watch again.
      triggers: [token],
      logging: "none",
      opts: { dependsOn: [...applied] },
    });
  }

  /** A command on this host, named below it. */
  command(
    step: string,
    { commandLine, stdin, connection, triggers, logging, opts }: HostCommand,
  ): remote.Command {
    return new remote.Command(
      `${this.plan.key}/${step}`,
      {
        connection,
        create: commandLine,
        stdin,
        triggers: [...triggers],
        logging,
        // Needs AcceptEnv, and what was said last time is of no use to the scripts.
        addPreviousOutputInEnv: false,
      },
      { parent: this, deleteBeforeReplace: true, ...opts },
    );
  }

  #configured(): Configuration {
    if (this.#configuration === undefined) throw new Error(`${this.plan.key} is not configured yet.`);
    return this.#configuration;
  }

  #meet(reach: Reach): remote.Command {
    const { plan, instance, crossed } = this.#args;
    const { path, kind } = plan.firstContact;
    const before = [...(instance?.ready ?? []), ...crossed];
    const tunnel = plan.tunnelAddress === undefined ? "none" : "tunnel";
    return this.command(kind === "lan" ? "bootstrap" : "meet", {
      ...scriptCommand("meet", [kind === "lan" ? "keep" : "own", tunnel], ""),
      connection: reach.connection(path, firstContactDials),
      triggers: this.machine,
      logging: "none",
      opts: { ignoreChanges, dependsOn: [...before, ...this.#awaited(path, before)] },
    });
  }

  /**
   * Through a bastion, the provider tries the login once: if it fails, all further tries are on the stream that has
   * been closed with it. A host that is still booting can fail it, so its bastion looks first.
   */
  #awaited({ via, address }: ManagementPath, before: readonly pulumi.Resource[]): pulumi.Resource[] {
    if (via === undefined) return [];
    const { symbols, bastions } = this.#args;
    const { met, reach, plan } = found(bastions, via, "bastion");
    const server = typeof address === "string" ? pulumi.output(address) : symbols.resolve(address);
    const awaited = this.command("reachable", {
      commandLine: scriptCommand("await", [], "").commandLine,
      stdin: server.apply((text) => scriptCommand("await", [], `${text}\n`).stdin),
      connection: reach.connection(plan.management),
      triggers: this.machine,
      logging: "stderr",
      opts: { ignoreChanges, dependsOn: [...before, met] },
    });
    return [met, awaited];
  }
}

function required(host: string, what: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`${host} made no ${what} at first contact.`);
  return value;
}
