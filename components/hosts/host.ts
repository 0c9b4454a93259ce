import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { HostAsking } from "../config/load.ts";
import { found } from "../lookup.ts";
import type { Authority } from "../pki/authority.ts";
import type { HostPlan, ManagementPath } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";
import type { Architecture } from "./agent.ts";
import { askKeys, unaskedKeys } from "./asking.ts";
import { replacedOnly, scriptCommand } from "./command.ts";
import { Configuration } from "./configuration.ts";
import { Keeping, type KeysSeen } from "./keys.ts";
import { parseMeeting, type Meeting } from "./meeting.ts";
import { watchSeconds } from "./observation.ts";
import { firstContactDials, laterDials, Reach } from "./reach.ts";

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
  readonly asking: HostAsking;
}

/** One SSH command of a host. */
export interface HostCommand {
  readonly commandLine: pulumi.Input<string>;
  readonly stdin: pulumi.Input<string>;
  readonly connection: pulumi.Input<types.input.remote.ConnectionArgs>;
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
 * First contact with an instance is made once: again only when `triggers` say that it is another instance. Keys are
 * made again when the host says that one of them is lost, or is a machine that was set up anew.
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
  /** Changes when the host is another machine, or was set up anew. */
  readonly machine: readonly pulumi.Input<string>[];
  /** Changes when one of its keys has been lost as well. */
  readonly keys: readonly pulumi.Input<string>[];
  /** By what path it answered when it was asked for its keys; `undefined` where it has none. */
  readonly seen: pulumi.Output<KeysSeen> | undefined;
  /** Done when the host has its keys. */
  readonly met: readonly remote.Command[];

  readonly #args: HostArgs;
  #configuration: Configuration | undefined;

  constructor(name: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:hosts:Host", name, {}, opts);
    const { plan, symbols, bastions, instance } = args;
    this.plan = plan;
    this.#args = args;
    const { firstContact } = plan;
    const bastion = (via: string): Reach => found(bastions, via, "bastion").reach;
    const pinned = firstContact.kind === "lan" ? firstContact.hostKey : instance?.bootHostKey;
    if (pinned === undefined)
      throw new Error(`${plan.key} has no user data to be met by: it is no instance.`);
    const stranger = new Reach({ plan, symbols, bastion, hostKey: pinned });
    if (firstContact.kind === "lan") {
      this.hostKey = pulumi.output(firstContact.hostKey);
      this.reach = stranger;
      const made = this.#makeKeys("bootstrap", [firstContact.hostKey], []);
      this.seen = made.seen;
      this.met = [made.command];
      this.architecture = made.meeting.apply(({ architecture }) => architecture);
      this.machine = [firstContact.hostKey, named(plan.key, "machine", made.meeting)];
      this.keys = [...this.machine, named(plan.key, "keys", made.meeting)];
      this.wireguardPublicKey = this.#tunnelKey(made.meeting);
    } else {
      this.machine = instance === undefined ? [] : [instance.id];
      const command = this.#meet(stranger);
      const meeting = meetingOf(plan.key, command);
      this.architecture = meeting.apply(({ architecture }) => architecture);
      this.hostKey = meeting.apply(({ hostKey }) => required(plan.key, "host key", hostKey));
      this.reach = stranger.pinnedTo(this.hostKey);
      const made = makesKeys(plan) ? this.#makeKeys("keys", this.machine, [command]) : undefined;
      this.seen = made?.seen;
      this.met = made === undefined ? [command] : [command, made.command];
      this.keys =
        made === undefined ? this.machine : [...this.machine, named(plan.key, "keys", made.meeting)];
      this.wireguardPublicKey = made && this.#tunnelKey(made.meeting);
    }
    if (this.wireguardPublicKey !== undefined) {
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
    const { symbols, authority, asking } = this.#args;
    this.#configuration = new Configuration({ host: this, symbols, authority, before, asking });
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

  #tunnelKey(meeting: pulumi.Output<Meeting>): pulumi.Output<string> | undefined {
    const { key, tunnelAddress } = this.plan;
    if (tunnelAddress === undefined) return undefined;
    return meeting.apply(({ wireguardPublicKey }) => required(key, "WireGuard key", wireguardPublicKey));
  }

  /** Has an instance make its own host key, beside the throw-away one. */
  #meet(reach: Reach): remote.Command {
    const { plan, instance, crossed } = this.#args;
    const { path } = plan.firstContact;
    const before = [...(instance?.ready ?? []), ...crossed];
    return this.command("meet", {
      ...scriptCommand("meet", ["own", "none", "none"], ""),
      connection: reach.connection(path, firstContactDials),
      triggers: this.machine,
      logging: "none",
      opts: { ignoreChanges: replacedOnly, dependsOn: [...before, ...this.#awaited(path, before)] },
    });
  }

  /**
   * Has the host make the keys that it has not, on whatever path leads there; where none does, the keys are taken to
   * be what they were. Not deleted before it is replaced: what depends on it is replaced only where what it says
   * has changed.
   */
  #makeKeys(
    step: string,
    machine: readonly pulumi.Input<string>[],
    met: readonly pulumi.Resource[],
  ): MadeKeys {
    const { plan, instance, crossed, asking } = this.#args;
    const { key, management, firstContact, generation, tunnelAddress } = plan;
    const before = met.length > 0 ? met : [...(instance?.ready ?? []), ...crossed];
    const paths = [...new Map([management, firstContact.path].map((path) => [path.name, path])).values()];
    const routes = paths.map((path) => this.reach.route(path));
    const asked = { host: key, routes, seconds: asking.seconds, after: before };
    const wanted = {
      tunnel: tunnelAddress !== undefined,
      paths: generation.certificates.map(({ keyPath }) => keyPath),
    };
    const isBlind = pulumi.runtime.isDryRun() && !asking.inPreviews;
    let name: string | undefined;
    const keeping = new Keeping(true, () => name);
    const seen = (isBlind ? unaskedKeys() : askKeys(asked, wanted)).apply((keys) => {
      name = keys.name;
      keeping.decide(keys.reachedBy === undefined);
      return keys;
    });
    const words = (keys: KeysSeen): string[] => ["keep", wanted.tunnel ? "tunnel" : "none", keys.name];
    const script = seen.apply((keys) => scriptCommand("meet", words(keys), ""));
    const command = this.command(step, {
      commandLine: script.commandLine,
      stdin: script.stdin,
      connection: pulumi
        .all([
          seen,
          this.reach.connection(management, laterDials),
          this.reach.connection(firstContact.path, firstContactDials),
        ])
        .apply(([{ reachedBy }, usual, first]) => (reachedBy === management.name ? usual : first)),
      triggers: machine,
      logging: "none",
      opts: {
        ignoreChanges: replacedOnly,
        deleteBeforeReplace: false,
        transforms: [keeping.transform],
        dependsOn: [...before],
      },
    });
    return { seen, command, meeting: meetingOf(key, command) };
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
      opts: { ignoreChanges: replacedOnly, dependsOn: [...before, ...met] },
    });
    return [...met, awaited];
  }
}

interface MadeKeys {
  readonly seen: pulumi.Output<KeysSeen>;
  readonly command: remote.Command;
  readonly meeting: pulumi.Output<Meeting>;
}

/** Whether an instance makes keys besides its host key. */
function makesKeys({ tunnelAddress, generation }: HostPlan): boolean {
  return tunnelAddress !== undefined || generation.certificates.length > 0;
}

/** The connection is secret, so the provider calls everything secret that depends on it. This is all public. */
function meetingOf(host: string, command: remote.Command): pulumi.Output<Meeting> {
  return pulumi.unsecret(command.stdout).apply((text) => parseMeeting(host, text));
}

function named(
  host: string,
  what: "machine" | "keys",
  meeting: pulumi.Output<Meeting>,
): pulumi.Output<string> {
  return meeting.apply((said) => required(host, `name of its ${what}`, said[what]));
}

function required(host: string, what: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`${host} made no ${what} at first contact.`);
  return value;
}
