/** Where on the drawing the places of a way are that the proof tells in words. */
import type { Hop } from "../../components/proof/ask/hops.ts";
import { edgeId, idOf, internetId } from "./box.ts";
import type { BoxKind } from "./model.ts";

/** How the proof names places, with what each kind of place may be in the drawing. */
const namings: readonly (readonly [RegExp, readonly BoxKind[]])[] = [
  [/^network interface of (.+)$/, ["host", "nat"]],
  [/^route table of (.+)$/, ["subnet", "region"]],
  [/^(internet|egress-only) gateway of (.+)$/, ["gateway", "region"]],
  [/^NAT gateway (.+)$/, ["nat"]],
  [/^router of (.+)$/, ["router", "site"]],
  [/^(?:resolver of )?VPC (.+)$/, ["region"]],
  [/^a device (?:in|of) (.+)$/, ["device"]],
  [/^zone (.+)$/, ["zone"]],
  [/^tunnel (.+)$/, ["tunnel"]],
  [/^connector on (.+)$/, ["host"]],
  [/^\S+ of (.+)$/, ["host"]],
  [/^(.+)$/, ["host", "subnet", "segment", "region", "site"]],
];

/**
 * The box at which a place is.
 * @param isDrawn whether there is a box of that id
 * @returns `undefined` for places that are nowhere, such as the DNS, and for peerings, which are lines
 */
export function boxOfPlace(place: string, isDrawn: (id: string) => boolean): string | undefined {
  if (place === "internet") return internetId;
  if (place === "Cloudflare's edge" && isDrawn(edgeId)) return edgeId;
  for (const [naming, kinds] of namings) {
    const [, ...parts] = naming.exec(place) ?? [];
    if (parts.length === 0) continue;
    const name = parts.at(-1) ?? "";
    const ids = kinds.map((kind) => idOf(kind, kind === "gateway" ? parts.join(" ") : name));
    const found = ids.find(isDrawn);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A place on the way, with the numbers of the hops there. */
export interface Station {
  readonly box: string;
  /** From 1, as the text counts them. */
  readonly hops: readonly number[];
  readonly stops: boolean;
}

/** Hops at one place, one after the other, are one station. Hops that are nowhere belong to none. */
export function stationsOf(hops: readonly Hop[], isDrawn: (id: string) => boolean): Station[] {
  const stations: Station[] = [];
  for (const [index, { place, stops }] of hops.entries()) {
    const box = boxOfPlace(place, isDrawn);
    const last = stations.at(-1);
    if (box === undefined) continue;
    if (last?.box === box) {
      stations[stations.length - 1] = { box, hops: [...last.hops, index + 1], stops: last.stops || stops };
    } else stations.push({ box, hops: [index + 1], stops });
  }
  return stations;
}
