/** Runs the whole program against Pulumi's mocks and hands back what it asked the engine for. */
import { setTimeout as sleep } from "node:timers/promises";

import * as pulumi from "@pulumi/pulumi";

import { filledNetwork } from "../config/stack.ts";
import { MockedHosts, parseAsked, type AnswerOf, type AnswerOfKeys, type Asked } from "./mocked-hosts.ts";

/** One resource as the program registered it, with its inputs resolved. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  /** `type name`, or `stack`. */
  readonly parent: string;
  /** Explicit ones, `type name`, sorted. */
  readonly dependsOn: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface ProgramRun {
  readonly resources: readonly Registered[];
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What hosts were asked about documents, in the order in which they were. */
  readonly asked: readonly Asked[];
  /** Hosts that were asked for their keys, by the routes on which they were. */
  readonly askedKeys: Readonly<Record<string, readonly string[]>>;
  /** `done TYPE NAME` of resources, `asked HOST` and `asked HOST keys`, in the order in which they happened. */
  readonly events: readonly string[];
  readonly isPreview: boolean;
}

export interface ProgramOptions {
  readonly preview?: boolean;
  /** More of the stack's configuration, with its project's name in front. */
  readonly config?: Readonly<Record<string, string>>;
  readonly answer?: AnswerOf;
  readonly answerKeys?: AnswerOfKeys;
  /** Who makes a resource in place of the mocks; `undefined` leaves it to them. */
  readonly make?: (
    type: string,
    inputs: Readonly<Record<string, unknown>>,
  ) => Promise<{ readonly id: string; readonly state: Record<string, unknown> }> | undefined;
  /** Resources whose outputs a preview does not know, by `TYPE NAME`: they are still to be made. */
  readonly isNew?: (label: string) => boolean;
}

/** What the platform adds to a resource's inputs, as far as the program reads it. */
function outputsOf(type: string, name: string): Record<string, unknown> {
  switch (type) {
    case "aws:cloudwatch/logGroup:LogGroup":
    case "aws:iam/role:Role":
      return { arn: `arn(${name})` };
    case "aws:ec2/eip:Eip":
      return { publicIp: `public-ip(${name})` };
    case "aws:ec2/vpc:Vpc":
      return { ipv6CidrBlock: name === "us-west" ? "2001:db8:1:100::/56" : "2001:db8:2:200::/56" };
    case "aws:ec2/instance:Instance":
      return { primaryNetworkInterfaceId: `eni(${name})`, publicIp: `launch-ip(${name})` };
    case "aws:route53/zone:Zone":
      return { zoneId: `zone-id(${name})` };
    case "cloudflare:index/zone:Zone":
      return { nameServers: ["ada.ns.example", "bob.ns.example"] };
    case "cloudflare:index/zoneDnssec:ZoneDnssec":
      return { ds: `DS(${name})` };
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyOpenssh: `PRIVATE(${name})`,
        privateKeyPem: `PRIVATE(${name})`,
        publicKeyOpenssh: `ecdsa-sha2-nistp256 PUBLIC(${name})\n`,
      };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: `CERTIFICATE(${name})\n` };
    case "random:index/randomPassword:RandomPassword":
      return { result: `PRIVATE(${name})` };
    default:
      return {};
  }
}

/** An upload's source by its path. */
async function withAssetPath(inputs: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { source } = inputs;
  return source instanceof pulumi.asset.FileAsset ? { ...inputs, source: await source.path } : inputs;
}

class Recorder implements pulumi.runtime.Mocks {
  readonly inputs = new Map<string, Record<string, unknown>>();
  /** What transforms have the engine ignore, by `TYPE NAME`. */
  readonly ignored = new Map<string, readonly string[]>();
  readonly asked: Asked[] = [];
  readonly askedKeys: Record<string, readonly string[]> = {};
  readonly events: string[] = [];
  readonly #hosts: MockedHosts;
  readonly #options: ProgramOptions;

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#hosts = new MockedHosts(options.preview ?? false);
  }

  async newResource(
    args: pulumi.runtime.MockResourceArgs,
  ): Promise<{ id: string | undefined; state: Record<string, unknown> }> {
    const label = `${args.type} ${args.name}`;
    const inputs = await withAssetPath(await this.#transformed(label, args));
    this.inputs.set(label, inputs);
    // Whoever does not wait for it is ahead of it.
    if (args.type.startsWith("command:")) await sleep(5);
    this.events.push(`done ${label}`);
    if (this.#options.isNew?.(label) === true) return { id: undefined, state: inputs };
    const made = await this.#options.make?.(args.type, inputs);
    if (made !== undefined) return { ...made };
    const id = `id(${args.type.split(":").at(-1) ?? ""} ${args.name})`;
    return { id, state: { ...inputs, ...this.#outputsOf(args.type, args.name, inputs) } };
  }

  /** As the engine does. */
  async #transformed(
    label: string,
    { type, name, inputs, transforms = [] }: pulumi.runtime.MockResourceArgs,
  ): Promise<Record<string, unknown>> {
    let [props, opts]: [Record<string, unknown>, pulumi.ResourceOptions] = [
      inputs as Record<string, unknown>,
      {},
    ];
    for (const transform of transforms) {
      const result = await transform({ custom: true, type, name, props, opts });
      if (result !== undefined) ({ props, opts } = result);
    }
    this.ignored.set(label, opts.ignoreChanges ?? []);
    return props;
  }

  #outputsOf(type: string, name: string, { create }: Record<string, unknown>): Record<string, unknown> {
    if (type !== "command:remote:Command") return outputsOf(type, name);
    return { stdout: this.#hosts.said(name, String(create)), stderr: "" };
  }

  call(args: pulumi.runtime.MockCallArgs): Record<string, unknown> {
    const inputs = args.inputs as Record<string, unknown>;
    if (args.token === "command:local:run") return { ...inputs, stdout: this.#ask(inputs.stdin), stderr: "" };
    return { ...inputs, id: `id(${args.token} ${JSON.stringify(inputs)})`, nameServers: ["ada.ns.example"] };
  }

  #ask(stdin: unknown): string {
    const { document, host, request } = parseAsked(String(stdin));
    if (document === undefined) {
      this.askedKeys[host] = request.routes.map(({ name }) => name);
      this.events.push(`asked ${host} keys`);
      return `${JSON.stringify(this.#options.answerKeys?.(host, request) ?? this.#hosts.answerKeys(request))}\n`;
    }
    const asked = { document, host, request };
    this.asked.push(asked);
    this.events.push(`asked ${host}`);
    return `${JSON.stringify(this.#options.answer?.(asked) ?? this.#hosts.answer(asked))}\n`;
  }
}

/** What a mock never sees of a resource: whose child it is, and what it was told to wait for. */
interface Relations {
  readonly parent: string;
  readonly dependsOn: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

function relationsOf(known: ReadonlyMap<unknown, string>, opts: pulumi.CustomResourceOptions): Relations {
  const label = (resource: unknown): string => known.get(resource) ?? "stack";
  const { dependsOn, ignoreChanges, deleteBeforeReplace, additionalSecretOutputs } = opts;
  const dependencies = Array.isArray(dependsOn) ? (dependsOn as unknown[]) : [];
  const options = { ignoreChanges, deleteBeforeReplace, additionalSecretOutputs };
  return {
    parent: label(opts.parent),
    dependsOn: [...new Set(dependencies.map(label))].sort(),
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
}

/** What the SDK keeps of `protect`; the engine's mocks are not told. */
function isProtected(resource: unknown): boolean {
  return (resource as { readonly __protect?: boolean }).__protect === true;
}

/** Runs index.ts for a stack, with the owner's values filled in. Once per process: the program is a module. */
export async function runProgram(stack: string, options: ProgramOptions = {}): Promise<ProgramRun> {
  const recorder = new Recorder(options);
  const known = new Map<unknown, string>();
  const relations = new Map<string, Relations>();
  await pulumi.runtime.setMocks(recorder, "blackroad-network", stack, options.preview ?? false);
  pulumi.runtime.setAllConfig({
    "blackroad-network:network": JSON.stringify(filledNetwork(stack)),
    "blackroad-network:cloudflareAccountId": "0123456789abcdef0123456789abcdef",
    ...options.config,
  });
  let outputs: Readonly<Record<string, unknown>> = {};
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ resource, type, name, opts }) => {
      known.set(resource, `${type} ${name}`);
      relations.set(`${type} ${name}`, relationsOf(known, opts));
      return undefined;
    });
    const program = { ...(await import("../../../index.ts")) };
    outputs = await new Promise((resolve) => {
      pulumi.output(program).apply(resolve);
    });
    return program;
  });
  // The outputs are known before those are done that nothing of them depends on.
  await pulumi.runtime.disconnect();
  const protectedLabels = new Set(
    [...known].filter(([resource]) => isProtected(resource)).map(([, label]) => label),
  );
  const resources = [...relations].map(([label, relation]): Registered => {
    const [type = "", name = ""] = label.split(" ");
    const inputs = recorder.inputs.get(label);
    if (inputs === undefined) throw new Error(`${label} was constructed but never registered`);
    const ignoreChanges = [
      ...((relation.options.ignoreChanges as string[] | undefined) ?? []),
      ...(recorder.ignored.get(label) ?? []),
    ];
    const options = {
      ...relation.options,
      ...(ignoreChanges.length === 0 ? {} : { ignoreChanges }),
      ...(protectedLabels.has(label) ? { protect: true } : {}),
    };
    return { type, name, ...relation, options, inputs };
  });
  resources.sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
  const { asked, askedKeys, events } = recorder;
  return { resources, outputs, asked, askedKeys, events, isPreview: options.preview ?? false };
}
