/**
 * The provider's methods, as the engine calls them: what upstream does around the EC2 API.
 *
 * Everything here runs inside one transaction of the caller; nothing waits.
 */
import { checkInputs, defaultsKey, present, type CheckResult } from "./check.ts";
import { changeOf, diffResource, isSame, type DiffInput, type Difference } from "./diff.ts";
import { Ec2, type Tags } from "./ec2/account.ts";
import { replaceTags } from "./ec2/tags.ts";
import { during, ProviderError } from "./errors.ts";
import {
  holdsUnknown,
  isEmpty,
  isObject,
  sameJson,
  unknownValue,
  type Json,
  type Properties,
} from "./json.ts";
import type { Quotas } from "./quotas.ts";
import { findRegion, homeOfGlobals } from "./regions.ts";
import type { Records } from "./store.ts";
import type { Credentials } from "./sts.ts";
import type { Context, ResourceType } from "./table.ts";
import { findType } from "./types/find.ts";

/** How the provider was configured: `aws:region` and the like, or the arguments of an `aws.Provider`. */
export interface ProviderConfig extends Credentials {
  readonly region?: string;
  readonly defaultTags?: Tags;
  readonly ignoreTagKeys?: readonly string[];
  readonly ignoreTagKeyPrefixes?: readonly string[];
}

export interface ResourceCall {
  readonly config: ProviderConfig;
  /** `aws:ec2/vpc:Vpc` */
  readonly type: string;
  /** The logical name, from the URN. */
  readonly name: string;
  /** One per request of the engine: a request that is sent again, because its answer was lost, creates nothing. */
  readonly clientToken?: string;
}

export interface ResourceState {
  readonly id: string;
  readonly outputs: Properties;
  /** Why a resource that now exists is not usable; the engine keeps it in its state and reports this. */
  readonly problem?: string;
}

export class Provider {
  readonly #records: Records;
  readonly #quotas: Quotas;

  constructor(records: Records, quotas: Quotas) {
    this.#records = records;
    this.#quotas = quotas;
  }

  check(call: ResourceCall & { olds: Properties; news: Properties; randomSeed?: string }): CheckResult {
    return checkInputs(findType(call.type), {
      name: call.name,
      olds: call.olds,
      news: call.news,
      providerRegion: call.config.region,
      randomSeed: call.randomSeed,
    });
  }

  diff(call: ResourceCall & UpdateInput): Difference {
    return diffResource(findType(call.type), this.#diffInput(call));
  }

  #diffInput(call: ResourceCall & UpdateInput): DiffInput {
    return {
      state: call.state,
      oldInputs: call.oldInputs,
      inputs: call.inputs,
      ignoreChanges: call.ignoreChanges ?? [],
      providerRegion: call.config.region,
      tagsAll: allTags(call.config, call.inputs),
    };
  }

  create(call: ResourceCall & { inputs: Properties }): ResourceState {
    const type = findType(call.type);
    const context = this.#context(call, call.inputs, type);
    const token = call.clientToken;
    const known = token === undefined ? undefined : context.ec2.get("client-tokens", token)?.Id;
    const { id, problem } = known === undefined ? createOrKeep(type, context, call.inputs) : { id: known };
    if (token !== undefined && known === undefined) {
      context.ec2.put("client-tokens", token, { Token: token, Id: id });
    }
    const given = { ...call.inputs, ...context.place };
    const outputs = this.#read(type, context, call.config, id, given);
    if (problem !== undefined) {
      return { id, outputs: outputs ?? given, problem };
    }
    if (outputs === undefined) {
      throw new ProviderError(
        `reading ${type.upstream.resource} (${id}) after creation: couldn't find resource`,
      );
    }
    return { id, outputs };
  }

  /** What `pulumi preview` shows of a resource that does not exist yet: its inputs, and what follows from them. */
  previewCreate(call: ResourceCall & { inputs: Properties }): ResourceState {
    const type = findType(call.type);
    const outputs: Properties = {};
    for (const [name, property] of Object.entries(type.properties)) {
      const given = call.inputs[name];
      outputs[name] = given ?? (property.mode === "optional" ? undefined : unknownValue);
    }
    if (type.global !== true) outputs.region = call.inputs.region ?? call.config.region;
    if (type.tagged) {
      outputs.tagsAll = holdsUnknown(call.inputs.tags) ? unknownValue : allTags(call.config, call.inputs);
    }
    return { id: "", outputs };
  }

  update(call: ResourceCall & UpdateInput & { id: string }): ResourceState {
    const type = findType(call.type);
    const region = call.inputs.region ?? call.state.region;
    const context = this.#context(call, { ...call.inputs, region }, type);
    const change = changeOf(type, this.#diffInput(call));
    const id = type.update?.(context, call.id, change) ?? call.id;
    if (type.tagged && (change.changed.has("tags") || change.changed.has("tagsAll"))) {
      const resource = type.upstream.resource;
      during(`updating tags for ${resource} (${id})`, () => {
        if (type.setTags === undefined) replaceTags(context.ec2, id, context.tags);
        else type.setTags(context, id);
      });
    }
    const prior = mergeInputs(type, call.state, call.inputs);
    const outputs = this.#read(type, context, call.config, id, prior);
    if (outputs === undefined) {
      throw new ProviderError(
        `reading ${type.upstream.resource} (${id}) after update: couldn't find resource`,
      );
    }
    return { id, outputs };
  }

  previewUpdate(call: ResourceCall & UpdateInput & { id: string }): ResourceState {
    const type = findType(call.type);
    const change = changeOf(type, this.#diffInput(call));
    const outputs = mergeInputs(type, call.state, call.inputs);
    if (type.tagged) {
      outputs.tagsAll = holdsUnknown(call.inputs.tags) ? unknownValue : allTags(call.config, call.inputs);
    }
    for (const name of type.recomputes?.(change) ?? []) {
      outputs[name] = unknownValue;
    }
    return { id: call.id, outputs };
  }

  /** Refresh and import. Without a state it is an import; `undefined` if the resource is gone. */
  read(
    call: ResourceCall & { id: string; state: Properties; oldInputs: Properties | undefined },
  ): (ResourceState & { inputs: Properties }) | undefined {
    const type = findType(call.type);
    const importing = Object.keys(call.state).length === 0;
    if (!importing) {
      const context = this.#context(call, call.state, type);
      const outputs = this.#read(type, context, call.config, call.id, call.state);
      return (
        outputs && {
          id: call.id,
          outputs,
          inputs: refreshedInputs(type, call.oldInputs ?? {}, outputs, call.config),
        }
      );
    }
    // Upstream's form of an import from another region is ID@REGION.
    const match = /^(.+)@([a-z0-9-]+)$/.exec(call.id);
    const bareId = match?.[1] ?? call.id;
    const context = this.#context(call, { region: match?.[2] ?? call.oldInputs?.region }, type);
    const { id, state } = type.import?.(context, bareId) ?? { id: bareId, state: {} };
    const prior = { ...defaultsOf(type), ...state, ...context.place };
    const outputs = this.#read(type, context, call.config, id, prior);
    return outputs && { id, outputs, inputs: importedInputs(type, outputs) };
  }

  delete(call: ResourceCall & { id: string; state: Properties }): void {
    const type = findType(call.type);
    type.delete(this.#context(call, call.state, type), call.id, call.state);
  }

  #context(call: ResourceCall, properties: Properties, type: ResourceType): Context {
    const named = typeof properties.region === "string" ? properties.region : call.config.region;
    const name = type.global === true ? homeOfGlobals : named;
    const region = name === undefined ? undefined : findRegion(name);
    if (region === undefined) {
      throw new ProviderError(`Invalid AWS Region: ${name ?? "none is configured"}`);
    }
    return {
      ec2: new Ec2(this.#records, region, this.#quotas),
      tags: textMap(allTags(call.config, properties)),
      providerRegion: call.config.region,
      place: type.global === true ? {} : { region: region.name },
    };
  }

  #read(
    type: ResourceType,
    context: Context,
    config: ProviderConfig,
    id: string,
    prior: Properties,
  ): Properties | undefined {
    const told = type.read(context, id, prior);
    if (told === undefined) {
      return undefined;
    }
    const outputs: Properties = { ...context.place };
    for (const [name, property] of Object.entries(type.properties)) {
      if (name === "region") {
        continue;
      }
      const value = Object.hasOwn(told, name) ? told[name] : prior[name];
      const unset = value === undefined && property.mode !== "optional" && type.upstream.sdk === "sdkv2";
      outputs[name] = unset ? zeroValue[property.kind] : value;
    }
    if (type.tagged) {
      Object.assign(outputs, splitTags(config, textMap(told.tagsAll), prior));
    }
    return outputs;
  }
}

/** Creates; a resource that exists although its creation failed is kept, with the reason. */
function createOrKeep(
  type: ResourceType,
  context: Context,
  inputs: Properties,
): { id: string; problem?: string } {
  try {
    return { id: type.create(context, inputs) };
  } catch (error) {
    if (error instanceof ProviderError && error.created !== undefined) {
      return { id: error.created.id, problem: error.message };
    }
    throw error;
  }
}

export interface UpdateInput {
  /** The outputs of the last update or refresh. */
  readonly state: Properties;
  readonly oldInputs: Properties;
  readonly inputs: Properties;
  readonly ignoreChanges?: readonly string[];
}

/** What Terraform's older SDK stores for an output that nobody set. */
const zeroValue: Readonly<Record<string, Json | undefined>> = {
  text: "",
  int: 0,
  bool: false,
  list: [],
  set: [],
  objects: [],
  "object-set": [],
};

function textMap(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).map(([key, item]) => [
      key,
      typeof item === "string" ? item : JSON.stringify(item),
    ]),
  );
}

function allTags(config: ProviderConfig, properties: Properties): Record<string, Json> {
  return { ...config.defaultTags, ...textMap(properties.tags) };
}

/**
 * `tags` and `tagsAll` from all tags of a resource: a default tag is shown among the resource's own only if the
 * resource gives it too, or if it has another value.
 */
function splitTags(config: ProviderConfig, all: Record<string, string>, prior: Properties): Properties {
  const ignored = (key: string): boolean =>
    key.startsWith("aws:") ||
    (config.ignoreTagKeys ?? []).includes(key) ||
    (config.ignoreTagKeyPrefixes ?? []).some((prefix) => key.startsWith(prefix));
  const seen = Object.fromEntries(Object.entries(all).filter(([key]) => !ignored(key)));
  const before = textMap(prior.tags);
  const own = Object.fromEntries(
    Object.entries(seen).filter(
      ([key, value]) => config.defaultTags?.[key] !== value || before[key] !== undefined,
    ),
  );
  return {
    tags: Object.keys(own).length > 0 || prior.tags !== undefined ? own : undefined,
    tagsAll: seen,
  };
}

/** The state with new inputs laid over it; an input that is gone and has no value of AWS's own goes too. */
function mergeInputs(type: ResourceType, state: Properties, inputs: Properties): Properties {
  const merged: Properties = { ...state };
  for (const [name, property] of Object.entries(type.properties)) {
    if (inputs[name] !== undefined) {
      merged[name] = inputs[name];
    } else if (property.mode === "optional" || property.mode === "required") {
      merged[name] = undefined;
    }
  }
  return merged;
}

function defaultsOf(type: ResourceType): Properties {
  return Object.fromEntries(
    Object.entries(type.properties).flatMap(([name, property]) =>
      property.default === undefined ? [] : [[name, property.default]],
    ),
  );
}

/** The inputs of the last update, with what AWS now says in their place: so a refresh shows drift as a change. */
function refreshedInputs(
  type: ResourceType,
  oldInputs: Properties,
  outputs: Properties,
  config: ProviderConfig,
): Properties {
  const strict = type.upstream.sdk === "framework";
  const inputs: Properties = {};
  for (const [name, value] of Object.entries(oldInputs)) {
    const property = type.properties[name];
    const now = outputs[name];
    inputs[name] =
      property === undefined || isSame(property, now, value, oldInputs, strict)
        ? value
        : refreshed(value, now);
  }
  const tagsDiffer = type.tagged && !sameJson(outputs.tagsAll, allTags(config, oldInputs));
  if (tagsDiffer) {
    inputs.tags = outputs.tags;
  }
  return inputs;
}

/** An object of inputs names only some of its fields; the others are AWS's. */
function refreshed(before: Json | undefined, now: Json | undefined): Json | undefined {
  if (!isObject(before) || !isObject(now)) {
    return now;
  }
  return Object.fromEntries(
    Object.keys(before).flatMap((key) => (now[key] === undefined ? [] : [[key, now[key]]])),
  );
}

/** The inputs that would lead to what was imported. */
function importedInputs(type: ResourceType, outputs: Properties): Properties {
  const inputs: Properties = {};
  const taken = new Set<string>();
  const defaults: string[] = [];
  for (const [name, property] of Object.entries(type.properties)) {
    const value = outputs[name];
    const excluded = [...(property.conflictsWith ?? []), ...(property.exactlyOneOf ?? [])].some(
      (other) => other !== name && taken.has(other),
    );
    if (property.mode === "computed" || excluded || (isEmpty(value) && property.mode !== "required")) {
      continue;
    }
    inputs[name] = value;
    taken.add(name);
    if (sameJson(value, property.default) && property.default !== undefined) {
      defaults.push(name);
    }
  }
  return { ...present(inputs), [defaultsKey]: defaults };
}
