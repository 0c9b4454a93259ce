/** What the parts of the drawing have in common. */
import type { NetworkPlan } from "../../components/plan/model.ts";
import type { World } from "../../components/proof/world/model.ts";
import type { Box, BoxKind } from "./model.ts";

export interface Drawn {
  readonly world: World;
  /** Where a stack describes the network: it knows tiers, zones and roles. */
  readonly plan?: NetworkPlan | undefined;
  /** What people call hosts of which no plan knows a name. */
  readonly tags: ReadonlyMap<string, string>;
  readonly isOperatorKnown: boolean;
}

/** The id of what stands for something of a kind. */
export function idOf(kind: BoxKind, key: string): string {
  return `${kind}:${key}`;
}

export const internetId = "internet:";
export const edgeId = "edge:";
export const vpnId = "vpn:";

/** A box without what it need not have. */
export function box(
  kind: BoxKind,
  key: string,
  label: string,
  more: Partial<Omit<Box, "id" | "kind" | "label">> = {},
): Box {
  return {
    id: idOf(kind, key),
    kind,
    label,
    detail: "",
    about: "",
    role: "",
    ask: "",
    ports: [],
    children: [],
    ...more,
  };
}

/** In an order for people: `api-2` before `api-10`. */
export function inOrder<Value>(values: Iterable<Value>, keyOf: (value: Value) => string): Value[] {
  const digits = (value: Value): string => keyOf(value).replaceAll(/\d+/g, (run) => run.padStart(12, "0"));
  return [...values]
    .map((value) => ({ value, key: digits(value) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ value }) => value);
}
