/** How keys are spelled. A key is made of names only, so that nothing that is added later changes it. */
import { createHash } from "node:crypto";
import type { NetworkName } from "./model.ts";

/**
 * A network as part of a key: `10.1.0.0/16` → `10.1.0.0-16`, because a slash separates parts. One of Amazon's is named
 * by whose it is, so that a key is known before the network: `ipv6-eu-west`.
 */
export function cidrSlug(cidr: NetworkName): string {
  return typeof cidr === "string" ? cidr.replace("/", "-") : `ipv6-${cidr.of.replaceAll("/", "-")}`;
}

/** Whether a network is of IPv6. */
export function isIpv6(network: NetworkName): boolean {
  return typeof network !== "string" || network.includes(":");
}

/** Orders by key, so that a plan does not depend on the order of a map in the stack's file. */
export function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** The entries of a map in the order of their keys. */
export function sortedEntries<Value>(map: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** A name that is too long for the platform is cut, and told from others by a hash of the whole. */
export function cutName(name: string, length: number): string {
  if (name.length <= length) return name;
  const digest = createHash("sha256").update(name, "utf8").digest("hex").slice(0, 8);
  return `${name.slice(0, length - digest.length - 1)}-${digest}`;
}
