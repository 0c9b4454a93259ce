/** The stand-in provider against the simulated API: making, changing and reading resources as the engine does. */
import { expect } from "vitest";
import type { Attributes } from "../../../sandbox/providers/cloudflare/attributes.ts";
import { CloudflareProvider } from "../../../sandbox/providers/cloudflare/provider.ts";
import type { Value, ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { TestService } from "./service.ts";

export interface Made {
  readonly id: string;
  readonly state: ValueMap;
}

export type Effect = "update" | "replace" | "nothing";

export class Trial {
  readonly service = new TestService();
  readonly provider = new CloudflareProvider(new AbortController().signal);
  account = "";

  async start(): Promise<void> {
    await this.service.start();
    this.account = String((await this.service.call("GET", "/accounts")).results[0]?.id);
    const { baseUrl, token } = this.service;
    this.provider.configure({ baseUrl, apiToken: token, retryMilliseconds: 10 });
  }

  /** Inputs that are wrong, by the properties' names. */
  refused(urn: string, said: ValueMap): readonly string[] {
    return this.provider.check(urn, said).failures.map(({ property }) => property);
  }

  async make(urn: string, said: ValueMap): Promise<Made> {
    const { inputs, failures } = this.provider.check(urn, said);
    expect(failures).toEqual([]);
    return await this.provider.create(urn, inputs, false);
  }

  /** What the engine would do about new inputs. */
  effect(urn: string, state: ValueMap, said: ValueMap): Effect {
    const { changed, replaces } = this.provider.diff(urn, state, said);
    if (replaces.length > 0) return "replace";
    return changed.length > 0 ? "update" : "nothing";
  }

  /** The state and inputs after a refresh. */
  async refresh(urn: string, made: Made, said: ValueMap): Promise<{ state: ValueMap; inputs: ValueMap }> {
    const found = await this.provider.read(urn, made.id, made.state, said);
    if (found === undefined) throw new Error(`${urn} is gone`);
    return found;
  }
}

/** The names of what a program can say. */
export function inputNames(attributes: Attributes): readonly string[] {
  return Object.entries(attributes)
    .filter(([, { from }]) => from !== "computed")
    .map(([name]) => name)
    .sort();
}

/** One property of a resource, changed. */
export interface Change {
  /** Other inputs from the start. */
  readonly before?: ValueMap;
  readonly to: Value;
  readonly effect: "update" | "replace" | "refuse";
  /** What the API has afterwards, where the change is an update of it. */
  readonly api?: Readonly<Record<string, unknown>>;
}

export const refuse: Change = { to: {}, effect: "refuse" };

export function replace(to: Value): Change {
  return { to, effect: "replace" };
}

export function update(to: Value, api?: Readonly<Record<string, unknown>>, before: ValueMap = {}): Change {
  return { before, to, effect: "update", ...(api === undefined ? {} : { api }) };
}
