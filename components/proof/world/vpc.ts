/** What decides within one VPC: whose an address is, which route counts, and whom the internet gateway serves. */
import type { PrefixEntry } from "../rules/prefixes.ts";
import { isV6Point, neverPublic } from "../sets/addresses.ts";
import { has, type Point } from "../sets/intervals.ts";
import type { Eni, PublicOwner, RegionNode, SubnetNode, VpcTarget } from "./model.ts";
import type { Way } from "./way.ts";

export function isOwn({ own }: Eni, point: Point): boolean {
  return has(own, point);
}

/** Whose the address is: an interface's own, or of a network that was delegated to one. */
export function ownerOf({ enis, delegated }: RegionNode, address: Point): Eni | undefined {
  const known = enis.get(address);
  if (known !== undefined || delegated === undefined) return known;
  const found = delegated.find(address);
  return found === undefined || found === "undecided" ? undefined : found.value;
}

/**
 * Why a gateway to the internet does not serve the interface: AWS's block of public access, or the interface's own
 * setting. Blocking what comes in leaves the ways that begin inside, by NAT gateways and egress-only gateways
 * (docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html).
 */
export function sealOf(
  region: RegionNode,
  eni: Eni,
  way: "in" | "out" | "back" | "egress-only",
): string | undefined {
  if (eni.sealed !== undefined && way !== "egress-only") return eni.sealed;
  const blocked = region.subnets.get(eni.subnet)?.blocked;
  if (blocked === undefined) return undefined;
  const isOneWay = way === "egress-only" || (eni.nat !== undefined && way !== "in");
  return blocked === "ingress" && isOneWay
    ? undefined
    : `AWS's block of public access (${blocked}) is on for ${eni.subnet}`;
}

/**
 * Where the VPC's internet gateway takes what comes in for the interface: by its own route table, where it has one.
 * `undefined` where it takes it nowhere, and the way has ended.
 */
export function entryOf(way: Way, region: RegionNode, eni: Eni): VpcTarget | undefined {
  const place = `internet gateway of ${region.key}`;
  const sealed = sealOf(region, eni, way.isReply ? "back" : "in");
  if (sealed !== undefined || region.gateway === "none") {
    way.end(() => ({ place, reason: sealed ?? "the VPC has none", path: region.path }));
    return undefined;
  }
  const found = region.gatewayRoutes?.find(way.to);
  if (region.gateway === "unknown" || found === "undecided") {
    const reason =
      found === "undecided"
        ? "nobody can tell which of its routes counts"
        : "nobody can tell whether the VPC has one";
    way.endUndecided(() => ({ place, reason, path: region.path }));
    return undefined;
  }
  if (found === undefined) return { kind: "local" };
  if (way.explain !== undefined) {
    way.note(place, `its route ${found.network} to the ${found.value.kind.replace("-", " ")}`, region.path);
  }
  return found.value;
}

/**
 * The longest prefix counts. The VPC's own networks are routes too, whether or not the table names them; a longer one
 * goes before them, or one to the same network, by which the local route has got another target.
 */
export function routeOf(
  way: Way,
  region: RegionNode,
  subnet: SubnetNode,
): PrefixEntry<VpcTarget> | undefined {
  const place = (): string => `route table of ${subnet.key}`;
  const found = subnet.routes.find(way.to);
  if (found === "undecided") {
    const reason = "nobody can tell which route counts";
    way.endUndecided(() => ({ place: place(), reason, path: subnet.path }));
    return undefined;
  }
  const own = region.own.find(way.to);
  if (own !== undefined && own !== "undecided") {
    const isLonger = found !== undefined && found.length >= own.length;
    if (!isLonger) return { network: own.network, value: { kind: "local" } };
  }
  if (found === undefined) {
    way.end(() => ({
      place: place(),
      reason: "has no route there",
      path: subnet.path,
      obstacle: { kind: "subnet-route", subnet: subnet.key },
    }));
    return undefined;
  }
  if (way.explain !== undefined) {
    way.note(place(), `route ${found.network} to the ${found.value.kind.replace("-", " ")}`, subnet.path);
  }
  return found;
}

/** To whom the internet takes it. `undefined` where that is nobody of the network's, and the way has ended there. */
export function receiverOf(
  way: Way,
): Exclude<PublicOwner, { readonly kind: "nobody" | "unknown" }> | undefined {
  const place = "internet";
  if (isV6Point(way.from) !== isV6Point(way.to)) {
    way.end(() => ({ place, reason: "sender and receiver are of two families", path: "" }));
    return undefined;
  }
  const { publicOwners, publicNetworks } = way.world;
  const found = publicNetworks?.find(way.to);
  const owner = publicOwners.get(way.to) ?? (found === "undecided" ? undefined : found?.value);
  if (owner?.kind === "nobody" || owner?.kind === "unknown") {
    const { kind, reason } = owner;
    const end = kind === "nobody" ? way.end.bind(way) : way.endUndecided.bind(way);
    end(() => ({ place, reason, path: "" }));
    return undefined;
  }
  if (owner !== undefined) return owner;
  if (has(neverPublic, way.to)) {
    const obstacle = { kind: "private-outside" } as const;
    way.end(() => ({ place, reason: "private addresses are not routed", path: "", obstacle }));
  } else {
    way.arrival = { kind: "internet" };
    if (way.explain !== undefined) way.note(place, "delivers it", "");
  }
  return undefined;
}
