/** Everybody whose packets are looked at: hosts, devices that nobody manages, and the parts of the internet. */
import type { Endpoint } from "../../config/flows.ts";
import type { HostPlan, NetworkPlan, Tier } from "../../plan/model.ts";
import { addressesOf } from "../classes/endpoints.ts";
import { internetParts, type InternetPart } from "../classes/internet.ts";
import { has, type Point } from "../sets/intervals.ts";
import type { Segment, World } from "../world/model.ts";
import type { Source } from "../world/source.ts";

export type Party =
  | {
      readonly kind: "host";
      readonly name: string;
      readonly plan: HostPlan;
      /** Security groups by the names of the configuration. */
      readonly groups: readonly string[];
      readonly tier: Tier | undefined;
      /** Keys of the segments that it stands in. */
      readonly segments: readonly string[];
    }
  | { readonly kind: "devices"; readonly name: string; readonly segment: Segment }
  | { readonly kind: "internet"; readonly name: string; readonly part: InternetPart };

/** Somebody at one address. */
export interface Target {
  readonly party: Party;
  readonly address: Point;
  /** Whether it is the party's address on the internet. */
  readonly isPublic: boolean;
}

export interface Parties {
  readonly all: readonly Party[];
  readonly targets: readonly Target[];
  /** The same by the number of their party. */
  readonly byParty: readonly (readonly Target[])[];
  /** Numbers of a party's targets, by its own. */
  readonly targetNumbers: readonly (readonly number[])[];
}

type Subnets = ReadonlyMap<string, { readonly tier: Tier }>;

function hostParty(plan: HostPlan, world: World, subnets: Subnets): Party {
  const links = [...(world.hosts.get(plan.key)?.links.values() ?? [])];
  return {
    kind: "host",
    name: plan.key,
    plan,
    groups: (plan.instance?.securityGroups ?? []).map((key) => key.slice(key.indexOf("/") + 1)),
    tier: subnets.get(plan.instance?.subnet ?? "")?.tier,
    segments: links.flatMap(({ attachment }) => (attachment.kind === "segment" ? [attachment.segment] : [])),
  };
}

function targetsOf(party: Party, world: World): Target[] {
  switch (party.kind) {
    case "host": {
      const host = world.hosts.get(party.plan.key);
      const eni = world.regions.get(party.plan.site)?.interfaces.get(party.plan.key);
      return (host === undefined ? [] : addressesOf(host)).map((address) => ({
        party,
        address,
        isPublic: address === eni?.ipv6 || address === eni?.publicAddress,
      }));
    }
    case "devices":
      return [{ party, address: party.segment.free, isPublic: false }];
    case "internet":
      return [{ party, address: party.part.address, isPublic: true }];
  }
}

/** Everybody of a network, in a fixed order. */
export function partiesOf(network: NetworkPlan, world: World): Parties {
  const subnets = new Map(
    network.regions.flatMap((region) => region.subnets.map((each) => [each.key, each])),
  );
  const named = network.flows.flatMap(({ from, to }) =>
    [...from, ...to].flatMap((end) => (end.kind === "network" ? [end.network] : [])),
  );
  const hasIpv6 = network.regions.some(({ ipv6 }) => ipv6 !== undefined);
  const outside = internetParts(world, [...new Set(named)]).filter(({ family }) => family === 4 || hasIpv6);
  const all: Party[] = [
    ...network.hosts.map((plan) => hostParty(plan, world, subnets)),
    ...[...world.segments.values()].map((segment): Party => ({
      kind: "devices",
      name: `devices of ${segment.key}`,
      segment,
    })),
    ...outside.map((part): Party => ({ kind: "internet", name: part.name, part })),
  ];
  const byParty = all.map((party) => targetsOf(party, world));
  let next = 0;
  const targetNumbers = byParty.map((own) => own.map(() => next++));
  return { all, targets: byParty.flat(), byParty, targetNumbers };
}

/** As whom packets of a party begin. */
export function sourceOf(party: Party): Source {
  switch (party.kind) {
    case "host":
      return { kind: "host", host: party.plan.key };
    case "devices":
      return { kind: "device", segment: party.segment.key };
    case "internet":
      return { kind: "internet", address: party.part.address };
  }
}

/**
 * Whether nothing of ours stands between the two: a host and itself, neighbours on a LAN of whom the second is not ours,
 * or a LAN's devices and the internet behind a router that is not ours either.
 */
export function isBeyondUs(from: Party, to: Party): boolean {
  if (from === to) return true;
  if (from.kind === "internet") return to.kind === "internet";
  if (to.kind === "devices") {
    return from.kind === "host" && from.segments.includes(to.segment.key);
  }
  if (to.kind !== "internet" || from.kind !== "devices") return false;
  const { gateway, router } = from.segment;
  return gateway === undefined || gateway === router;
}

/** Whether the end of a flow means the party, by whichever address. */
export function means(end: Endpoint, party: Party): boolean {
  switch (end.kind) {
    case "internet":
      return party.kind === "internet";
    case "operator":
      return party.kind === "internet" && party.part.isOperator;
    case "cloudflare":
      return party.kind === "internet" && party.part.isCloudflare;
    case "inside":
      return party.kind !== "internet";
    case "devices":
      return party.kind === "devices" && isOf(party, end.place) && isIn(party.segment, end.network);
    case "place":
      return party.kind !== "internet" && isOf(party, end.place);
    case "network":
      // Decided address by address, see meansTarget.
      return true;
    case "host":
      return party.kind === "host" && party.plan.key === end.host;
    case "hosts":
      return party.kind === "host" && isOf(party, end.place);
    case "role":
      return party.kind === "host" && isOf(party, end.place) && party.plan.role === end.role;
    case "group":
      return party.kind === "host" && isOf(party, end.place) && party.groups.includes(end.group);
    case "tier":
      return party.kind === "host" && isOf(party, end.place) && party.tier === end.tier;
  }
}

function isOf(party: Party, place: string | undefined): boolean {
  if (place === undefined) return true;
  if (party.kind === "host") return party.plan.site === place;
  return party.kind === "devices" && party.segment.site === place;
}

function isIn({ network }: Segment, wanted: string | undefined): boolean {
  return wanted === undefined || network === wanted;
}

/** Whether the end of a flow means the party at that address. */
export function meansTarget(end: Endpoint, { party, address }: Target, world: World): boolean {
  if (end.kind !== "network") return means(end, party);
  return has(world.space.network(end.network), address);
}

/**
 * Whether the end of a flow means the party as one that sends: for a network, one that has an address there.
 * @param own its targets
 */
export function meansSource(end: Endpoint, party: Party, own: readonly Target[], world: World): boolean {
  if (end.kind !== "network") return means(end, party);
  return own.some((target) => meansTarget(end, target, world));
}
