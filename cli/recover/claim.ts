/**
 * Whose is what a search has found? In AWS tags tell, or the things of ours that something joins. At Cloudflare nothing
 * does: a record, a pool or a tunnel is found by what everybody may call one, and its comment can be written by anybody.
 * A create that was noted before it was sent is ours all the same, since Cloudflare refuses a second one; but what a
 * search finds without such a note may be a stranger's, and adopted it would be changed, and deleted with the stack. Pure.
 */
import type { Decision } from "./state.ts";

/** What there is of what the state has not. */
export type Found = Exclude<Decision, { readonly action: "forget" }>;

export interface Claims {
  /** To be carried out. */
  readonly claimed: readonly Found[];
  /** What a person must say is the stack's. */
  readonly open: readonly Found[];
  /** Ids that were said to be the stack's, and that nobody has found. */
  readonly unknown: readonly string[];
}

/** @param ours ids that a person has said to be the stack's */
export function claimsOf(decisions: readonly Decision[], ours: readonly string[]): Claims {
  const found = decisions.filter((decision): decision is Found => decision.action !== "forget");
  const isOpen = ({ found: by, id }: Found): boolean => by.startsWith("cloudflare-") && !ours.includes(id);
  return {
    claimed: found.filter((decision) => !isOpen(decision)),
    open: found.filter(isOpen),
    unknown: ours.filter((id) => !found.some((decision) => decision.id === id)),
  };
}

/** Why a search does not go on, and what to do; `undefined` where it may. */
export function objection({ open, unknown }: Claims): string | undefined {
  if (unknown.length > 0) return `nothing was found of ${unknown.join(", ")}: take it out of --adopt`;
  if (open.length === 0) return undefined;
  const lines = open.map(({ urn, id }) => `  ${id} in place of ${urn}`);
  return (
    `Cloudflare has what the next update would make, and nothing tells who made it:\n${lines.join("\n")}\n` +
    "Where it is this stack's, search again with --adopt and its id. Where it is somebody else's, call yours otherwise, " +
    "or have the other taken away."
  );
}
