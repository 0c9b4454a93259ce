/** Everything that passes between any two ends of a network. */
import { isV6Point } from "../sets/addresses.ts";
import { difference, isEmpty, union, type Point } from "../sets/intervals.ts";
import { noTraffic, protocolTraffic, type TrafficSet } from "../sets/traffic.ts";
import type { Prover } from "../prover.ts";
import type { World } from "../world/model.ts";
import type { Source } from "../world/source.ts";
import { strangers } from "../ask/strangers.ts";

/** Where flows begin and end: a host, a device in a network of a site, anybody on the internet, the operator. */
export interface End {
  /** `us-west/api-1`, `edge-home/192.168.4.0/24`, `internet`, `operator` */
  readonly name: string;
  /** The host, where it is one. */
  readonly host?: string;
  /** The region or site; the name itself for whoever stands outside. */
  readonly place: string;
  readonly isHost: boolean;
  /** By family of addresses: a host has one source for both. */
  readonly sources: { readonly v4: Source | undefined; readonly v6: Source | undefined };
  /** All addresses at which it can be reached. */
  readonly addresses: readonly Point[];
}

function hostEnds({ hosts }: World): End[] {
  return [...hosts.values()].map(({ key, addresses, links }) => {
    const source: Source = { kind: "host", host: key };
    const outside = [...links.values()].flatMap(({ attachment }) =>
      attachment.kind === "eni" && attachment.eni.publicAddress !== undefined
        ? [attachment.eni.publicAddress]
        : [],
    );
    const [first] = links.values();
    const region = first?.attachment.kind === "eni" ? first.attachment.eni.region : undefined;
    const place = region ?? key.slice(0, key.indexOf("/"));
    const all = [...addresses.keys(), ...outside];
    return { name: key, host: key, place, isHost: true, sources: { v4: source, v6: source }, addresses: all };
  });
}

function deviceEnds({ segments }: World): End[] {
  return [...segments.values()].map(({ key, site, free }) => ({
    name: key,
    place: site,
    isHost: false,
    sources: { v4: { kind: "device", segment: key }, v6: undefined },
    addresses: [free],
  }));
}

function outside(name: string, v4: Point | undefined, v6: Point | undefined): End {
  const source = (address: Point | undefined): Source | undefined =>
    address === undefined ? undefined : { kind: "internet", address };
  const addresses = [v4, v6].filter((address) => address !== undefined);
  return { name, place: name, isHost: false, sources: { v4: source(v4), v6: source(v6) }, addresses };
}

/** All ends of a network. */
export function endsOf(world: World, operator: Point | undefined): End[] {
  const { v4, v6 } = strangers(world);
  const known = operator === undefined ? [] : [outside("operator", operator, undefined)];
  return [...hostEnds(world), ...deviceEnds(world), outside("internet", v4, v6), ...known];
}

/** What passes from one end to another. */
export interface Flow {
  readonly from: End;
  readonly to: End;
  readonly traffic: TrafficSet;
}

export interface Flows {
  readonly ends: readonly End[];
  /** By {@link flowKey}; pairs between which nothing passes are left out. */
  readonly flows: ReadonlyMap<string, Flow>;
  /** Pairs of which something hangs on what nobody can tell; that counts as stopped. */
  readonly undecided: readonly string[];
}

export function flowKey(from: End, to: End): string {
  return `${from.name} -> ${to.name}`;
}

/** Asks the prover about every ordered pair, by every address of the one that is asked for. */
export function flowsOf(prover: Prover, ends: readonly End[]): Flows {
  const flows = new Map<string, Flow>();
  const undecided: string[] = [];
  for (const from of ends) {
    for (const to of ends) {
      if (from === to || (from.sources.v4?.kind === "internet" && to.sources.v4?.kind === "internet"))
        continue;
      let traffic = noTraffic;
      let hangs = false;
      for (const address of to.addresses) {
        const source = from.sources[isV6Point(address) ? "v6" : "v4"];
        if (source === undefined) continue;
        const answer = prover.ask(source, address);
        // In another VPC somebody else may have the address.
        if (to.isHost && answer.arrival?.kind === "host" && answer.arrival.host !== to.host) continue;
        // No packet of the one family carries the other's ICMP.
        const foreign = protocolTraffic(isV6Point(address) ? "icmp" : "icmpv6");
        traffic = union(traffic, difference(prover.world.table.set(answer.traffic), foreign));
        hangs ||= answer.possible !== answer.traffic;
      }
      if (!isEmpty(traffic)) flows.set(flowKey(from, to), { from, to, traffic });
      if (hangs) undecided.push(flowKey(from, to));
    }
  }
  return { ends, flows, undecided };
}
