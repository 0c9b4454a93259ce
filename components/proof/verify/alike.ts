/**
 * Who need not be asked for twice. Parties are of one kind where nothing in the network tells them apart
 * (`components/proof/classes`) and no flow does: whatever passes between two of them, and is meant to, does so between
 * any two of their kinds.
 */
import { hostClasses } from "../classes/endpoints.ts";
import type { World } from "../world/model.ts";
import type { Meaning, Numbers } from "./measure.ts";
import type { Parties, Party } from "./parties.ts";

/** What parties that the network treats alike share, and no others. */
export type Alike = (party: Party) => string;

/** Devices of a segment are one party already, and so is each part of the internet. */
export const nobodyAlike: Alike = (party) => {
  switch (party.kind) {
    case "host":
      return `host ${party.plan.key}`;
    case "devices":
      return `devices ${party.segment.key}`;
    case "internet":
      return `internet ${party.part.address}`;
  }
};

/** Members of one class of hosts are treated alike, each of their addresses like those at its place. */
export function alikeIn(world: World): Alike {
  const classes = new Map(
    hostClasses(world).flatMap(({ key, members }) => members.map((host) => [host, key] as const)),
  );
  return (party) =>
    party.kind === "host" ? `host ${classes.get(party.plan.key) ?? party.plan.key}` : nobodyAlike(party);
}

/** Where somebody of a kind is reached: at the address that stands at this place among a member's. */
export interface Spot {
  readonly kind: Kind;
  readonly place: number;
  readonly number: number;
}

export interface Kind {
  /** Numbers of parties; the first stands for all. */
  readonly members: number[];
  readonly spots: Spot[];
  readonly number: number;
}

export interface Kinds {
  readonly all: readonly Kind[];
  readonly spots: readonly Spot[];
  /** By the number of a party. */
  readonly ofParty: readonly Kind[];
  /** By the number of a target: its spot, and its party's number. */
  readonly ofTarget: readonly Spot[];
  readonly partyOf: readonly number[];
}

/** For each of so many, which of the lists have it. */
function listsOf(count: number, lists: readonly (Numbers | undefined)[]): number[][] {
  const found = Array.from({ length: count }, (): number[] => []);
  for (const [list, numbers] of lists.entries())
    for (const number of numbers ?? []) found[number]?.push(list);
  return found;
}

/** @param meanings what must be told apart */
export function kindsOf(
  { all, targets, targetNumbers }: Parties,
  meanings: readonly Meaning[],
  alike: Alike,
): Kinds {
  const sending = listsOf(
    all.length,
    meanings.flatMap(({ required, permitted }) => [required, permitted]),
  );
  const receiving = listsOf(
    targets.length,
    meanings.flatMap((meaning) => [meaning.targets, meaning.requiredTargets]),
  );
  const kinds = new Map<string, Kind>();
  const spots: Spot[] = [];
  const ofParty = all.map((party, index): Kind => {
    const own = targetNumbers[index] ?? [];
    const meant = own.map((number) => receiving[number]?.join(" "));
    const key = [alike(party), sending[index]?.join(" "), ...meant].join(";");
    const known = kinds.get(key);
    if (known !== undefined) {
      known.members.push(index);
      return known;
    }
    const made: Kind = { members: [index], spots: [], number: kinds.size };
    for (const place of own.keys()) made.spots.push({ kind: made, place, number: spots.length + place });
    spots.push(...made.spots);
    kinds.set(key, made);
    return made;
  });
  const ofTarget: Spot[] = [];
  const partyOf: number[] = [];
  for (const [index, kind] of ofParty.entries()) {
    for (const spot of kind.spots) {
      const target = targetNumbers[index]?.[spot.place];
      if (target === undefined) continue;
      ofTarget[target] = spot;
      partyOf[target] = index;
    }
  }
  return { all: [...kinds.values()], spots, ofParty, ofTarget, partyOf };
}
