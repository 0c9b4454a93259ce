import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { HostAsking } from "../config/load.ts";
import { found } from "../lookup.ts";
import type { Authority } from "../pki/authority.ts";
import { documentSymbols, generationDocument } from "../plan/document.ts";
import type { CertificatePlan, GenerationPlan } from "../plan/generation.ts";
import type { ManagementPath, PlanSymbol } from "../plan/model.ts";
import { symbolName } from "../plan/render.ts";
import type { SymbolTable } from "../resolve.ts";
import { agentFor } from "./agent.ts";
import { askHost } from "./asking.ts";
import { replacedOnly, scriptCommand } from "./command.ts";
import { departure } from "./departed.ts";
import type { Host } from "./host.ts";
import { Keeping } from "./keys.ts";
import {
  applyNumber,
  describeObservation,
  firstApplyNumber,
  isOutOfReach,
  leadsThere,
  type Observation,
} from "./observation.ts";
import { laterDials } from "./reach.ts";

export interface ConfigurationArgs {
  readonly host: Host;
  readonly symbols: SymbolTable;
  /** Signs the host's certificates; needed where its plan has any. */
  readonly authority: Authority | undefined;
  /** What must be done before the host is changed. */
  readonly before: readonly pulumi.Resource[];
  readonly asking: HostAsking;
}

/** Where the upload puts the agent: in the home folder of whoever logs in. */
const uploadName = "reef-agent.upload";

/**
 * Brings one host to its generation: uploads the agent, has its certificates signed, asks what there is to do, applies
 * and confirms. One step after the other, since each opens a connection, and each may be cut off and repeated.
 */
export class Configuration {
  /** Done when the generation is committed. */
  readonly applied: readonly pulumi.Resource[];
  /** Another one for each generation: what the confirmations say. */
  readonly token: pulumi.Output<string>;
  readonly #args: ConfigurationArgs;

  constructor(args: ConfigurationArgs) {
    this.#args = args;
    const { host } = args;
    const { management, otherPaths, generation } = host.plan;
    const paths = [management, ...otherPaths];
    const first = this.#configureFirst();
    const upload = this.#upload("agent", management, { dependsOn: [...args.before, ...first, ...host.met] });
    this.#certify(upload);
    const document = this.#document(generation, paths);
    const observed = this.#ask([management], document, [upload]);
    this.#tell(observed);
    const isBlind = this.#isBlind();
    const applied = this.#apply("apply", management, document, {
      number: observed.apply(applyNumber),
      dialErrorLimit: observed.apply((observation) => (isOutOfReach(observation) ? 1 : laterDials)),
      triggers: host.machine,
      opts: { dependsOn: [upload], ignoreChanges: isBlind ? ["create"] : [] },
    });
    this.token = tokenOf(host.plan.key, applied);
    const confirmed = this.#confirm("confirm", paths, this.token, { dependsOn: [applied] });
    this.applied = [...confirmed, ...this.#departure(confirmed)];
  }

  /** Deleted before everything that it is reached through. An instance is deleted with all that is on it. */
  #departure(confirmed: readonly pulumi.Resource[]): readonly pulumi.Resource[] {
    const { host } = this.#args;
    const { key, firstContact, management, otherPaths } = host.plan;
    if (firstContact.kind !== "lan") return [];
    const paths = new Map([management, ...otherPaths, firstContact.path].map((path) => [path.name, path]));
    const routes = [...paths.values()].map((path) => host.reach.route(path));
    return [departure(key, routes, { parent: host, dependsOn: [...confirmed] })];
  }

  /**
   * Gets the management path to lead to the host, over the path of the first contact, where that is another one. Done
   * again when only that path leads there, as after a new hub; and left as it is for as long as the management path
   * does, whatever else has happened: what comes first is a small part of the host's configuration.
   */
  #configureFirst(): readonly pulumi.Resource[] {
    const { host, before } = this.#args;
    const { firstGeneration, firstContact, management } = host.plan;
    if (firstGeneration === undefined) return [];
    const { path } = firstContact;
    const document = this.#document(firstGeneration, [path]);
    const dependsOn = [...before, ...host.met];
    const observed = this.#ask([management, path], document, dependsOn);
    const { keeping, decided } = this.#keepFirst(observed, path);
    const transforms = [keeping.transform];
    const number = observed.apply((observation) => firstApplyNumber(observation, path.name));
    const opts = { dependsOn, ignoreChanges: ["connection", "source"], transforms };
    const upload = this.#upload("first-agent", path, opts, decided);
    const applied = this.#apply("first-apply", path, document, {
      number,
      triggers: [...host.machine, number],
      opts: { dependsOn: [upload], ignoreChanges: replacedOnly, transforms },
    });
    const token = tokenOf(host.plan.key, applied);
    return this.#confirm("first-confirm", [path], token, {
      dependsOn: [applied],
      ignoreChanges: ["connection"],
      transforms,
    });
  }

  /**
   * Whether the first configuration is left as it is: what the host says of the document counts, and in a preview that
   * does not know the document yet, by what path it has told of its keys.
   */
  #keepFirst(
    observed: pulumi.Output<Observation>,
    path: ManagementPath,
  ): { readonly keeping: Keeping; readonly decided: pulumi.Output<unknown> } {
    const { host } = this.#args;
    const keeping = new Keeping(this.#isBlind());
    let isAnswered = false;
    const bySeen = pulumi.output(host.seen).apply((seen) => {
      if (isAnswered || seen?.reachedBy === undefined) return;
      keeping.decide(seen.reachedBy !== path.name);
    });
    const byObserved = observed.apply((observation) => {
      if (this.#isBlind()) return;
      isAnswered = true;
      keeping.decide(leadsThere(observation, path.name));
    });
    return { keeping, decided: pulumi.all([bySeen, byObserved]) };
  }

  #isBlind(): boolean {
    return pulumi.runtime.isDryRun() && !this.#args.asking.inPreviews;
  }

  /** The agent does not go through the state: it is large, and a hash says enough. */
  #upload(
    step: string,
    path: ManagementPath,
    opts: pulumi.CustomResourceOptions,
    decided?: pulumi.Output<unknown>,
  ): pulumi.Resource {
    const { host } = this.#args;
    const source = pulumi
      .all([host.architecture, decided])
      .apply(([name]) => new pulumi.asset.FileAsset(agentFor(name).path));
    return new remote.CopyToRemote(
      `${host.plan.key}/${step}`,
      {
        connection: host.reach.connection(path),
        source,
        remotePath: uploadName,
        triggers: [...host.machine],
      },
      { parent: host, deleteBeforeReplace: true, ...opts },
    );
  }

  /** Has the host make its keys, and signs its requests. */
  #certify(upload: pulumi.Resource): void {
    const { host, authority, symbols } = this.#args;
    const { key, management, generation } = host.plan;
    for (const certificate of generation.certificates) {
      if (authority === undefined) throw new Error(`${key} has certificates, and nobody to sign them.`);
      const request = host.command(`certificate-request/${certificate.name}`, {
        // Another agent is no reason to ask again.
        ...this.#agentCommand(management, "any", ["csr"], JSON.stringify(requestOf(certificate))),
        connection: host.reach.connection(management),
        triggers: host.keys,
        logging: "none",
        // Another run of the same request, whose text is the same, is no reason to sign it again.
        opts: { dependsOn: [upload], deleteBeforeReplace: false },
      });
      const name = `${key}/certificate/${certificate.name}`;
      const signed = authority.sign(name, pulumi.unsecret(request.stdout), certificate, { parent: host });
      symbols.define({ kind: "certificate", host: key, name: certificate.name }, signed);
    }
  }

  /** The document that the agent reads, to be confirmed on the given paths. */
  #document(generation: GenerationPlan, paths: readonly ManagementPath[]): pulumi.Output<string> {
    const { host, symbols } = this.#args;
    const needed = documentSymbols(generation);
    return pulumi
      .all([host.architecture, pulumi.all(needed.map((symbol) => symbols.resolve(symbol)))])
      .apply(([architecture, values]) => {
        const known = new Map(needed.map((symbol, index) => [symbolName(symbol), values[index] ?? ""]));
        const resolve = (symbol: PlanSymbol): string => found(known, symbolName(symbol), "symbol");
        const { sha256 } = agentFor(architecture);
        const agent = { sha256, source: `/var/lib/reef-agent/run-${sha256}` };
        return JSON.stringify(generationDocument({ host: host.plan, generation, paths, agent, resolve }));
      });
  }

  #ask(
    paths: readonly ManagementPath[],
    document: pulumi.Output<string>,
    after: readonly pulumi.Resource[],
  ): pulumi.Output<Observation> {
    const { host, asking } = this.#args;
    if (this.#isBlind()) return pulumi.output<Observation>({ kind: "unreachable", reasons: {} });
    const routes = paths.map((path) => host.reach.route(path));
    return askHost({ host: host.plan.key, routes, seconds: asking.seconds, after }, document);
  }

  /** Tells in a preview what the engine cannot see: what has drifted, and what the document changes on the host. */
  #tell(observed: pulumi.Output<Observation>): void {
    const { host, asking } = this.#args;
    if (!pulumi.runtime.isDryRun() || !asking.inPreviews) return;
    observed.apply((observation) => {
      const text = describeObservation(host.plan.key, observation);
      if (text === undefined) return;
      const log = observation.kind === "unreachable" ? pulumi.log.warn : pulumi.log.info;
      void log(text, host);
    });
  }

  /** The command line and standard input that run the uploaded agent, or the installed one if any will do. */
  #agentCommand(
    path: ManagementPath,
    which: "any" | "uploaded",
    args: readonly pulumi.Input<string>[],
    stdin: pulumi.Input<string>,
  ): { readonly commandLine: pulumi.Output<string>; readonly stdin: pulumi.Output<string> } {
    const home = path.user === "root" ? "/root" : `/home/${path.user}`;
    const upload = `${home}/${uploadName}`;
    const script = pulumi
      .all([this.#args.host.architecture, pulumi.all([...args]), stdin])
      .apply(([architecture, words, text]) =>
        scriptCommand(
          "agent",
          [which === "any" ? which : agentFor(architecture).sha256, upload, ...words],
          `${text}\n`,
        ),
      );
    return {
      // The arguments are no secrets; the document may be one.
      commandLine: pulumi.unsecret(script.apply(({ commandLine }) => commandLine)),
      stdin: script.apply((whole) => whole.stdin),
    };
  }

  #apply(
    step: string,
    path: ManagementPath,
    document: pulumi.Output<string>,
    { number, dialErrorLimit = laterDials, triggers, opts }: ApplyOptions,
  ): remote.Command {
    const { host } = this.#args;
    const args = ["apply", "--json", "--by", path.name, "--number", number.apply(String)];
    return host.command(step, {
      ...this.#agentCommand(path, "uploaded", args, document),
      connection: host.reach.connection(path, dialErrorLimit),
      triggers,
      logging: "stderr",
      opts,
    });
  }

  /** Says over a fresh connection on each path that the host can be reached; the last one commits. */
  #confirm(
    step: string,
    paths: readonly ManagementPath[],
    token: pulumi.Output<string>,
    { dependsOn, ...opts }: ConfirmOptions,
  ): readonly pulumi.Resource[] {
    const { host } = this.#args;
    const confirmed: pulumi.Resource[] = [];
    for (const path of paths) {
      const command = host.command(`${step}/${path.name}`, {
        commandLine: pulumi.interpolate`sudo -n reef-agent confirm ${token} --path ${path.name}`,
        stdin: "",
        connection: host.reach.connection(path),
        triggers: host.machine,
        logging: "stderr",
        opts: { ...opts, dependsOn: [...dependsOn, ...confirmed] },
      });
      confirmed.push(command);
    }
    return confirmed;
  }
}

interface ApplyOptions {
  readonly number: pulumi.Output<number>;
  /** Fewer tries where it is known already that the host does not answer. */
  readonly dialErrorLimit?: pulumi.Input<number>;
  readonly triggers: readonly pulumi.Input<string | number>[];
  readonly opts: pulumi.CustomResourceOptions;
}

interface ConfirmOptions {
  readonly dependsOn: readonly pulumi.Resource[];
  readonly ignoreChanges?: string[];
  readonly transforms?: pulumi.ResourceTransform[];
}

/** What `reef-agent csr` reads. */
function requestOf({ keyPath, keyOwner, dnsNames, addresses }: CertificatePlan): Record<string, unknown> {
  const commonName = dnsNames[0] ?? addresses[0];
  const algorithm = "ecdsa-p256";
  return {
    key: keyPath,
    owner: keyOwner,
    algorithm,
    organization: "BlackRoad",
    commonName,
    dnsNames,
    addresses,
  };
}

/** What the confirmations of an apply say: its token, or that there was nothing to do. It is no secret. */
function tokenOf(host: string, applied: remote.Command): pulumi.Output<string> {
  return pulumi.unsecret(applied.stdout).apply((stdout) => {
    const { token = "none" } = JSON.parse(stdout) as { readonly token?: string };
    if (!/^(?:[0-9]+-[0-9a-f]+|none)$/.test(token)) throw new Error(`${host}: its agent printed no token.`);
    return token;
  });
}
