/** Changes of ways in the cloud: routes, what they lead to, and which table serves a subnet. */
import { parseNetwork } from "../../components/proof/sets/addresses.ts";
import { intersection, isEmpty } from "../../components/proof/sets/intervals.ts";
import type { RegionPlan, RoutePlan, RouteTablePlan, RouteTarget } from "../../components/plan/model.ts";
import type { Description, DriftRequest } from "../../sandbox/services/aws/client.ts";
import {
  describedNat,
  describedRoute,
  isIpv6,
  isOfIpv6,
  networkText,
  routesOver,
  tableAssociation,
  tableId,
  targetProperties,
  vpcId,
} from "./described-names.ts";
import { anywhere, pickOfFamily, withRegion, type Actor, type Draw, type Mutation } from "./mutation.ts";

/** Where a region's routes could lead. */
function targetsIn({ plan }: Draw, region: RegionPlan, forIpv6: boolean): RouteTarget[] {
  const peers = plan.peerings.filter(({ requester, accepter }) => [requester, accepter].includes(region.key));
  const instances = plan.hosts.filter(({ site, instance }) => site === region.key && instance !== undefined);
  return [
    { kind: "internet-gateway" },
    ...(forIpv6 && region.ipv6?.egressOnlyGateway !== undefined
      ? [{ kind: "egress-only-gateway" } as const]
      : []),
    // NAT gateways take IPv6 for what they translate to IPv4 alone.
    ...(forIpv6 ? [] : region.natGateways.map(({ key }) => ({ kind: "nat-gateway", nat: key }) as const)),
    ...peers.map(({ key }) => ({ kind: "peering", peering: key }) as const),
    // Those that do not forward drop it by the source/destination check.
    ...instances.map(({ key }) => ({ kind: "instance", host: key }) as const),
  ];
}

function otherTarget(
  draw: Draw,
  region: RegionPlan,
  old: RouteTarget,
  forIpv6: boolean,
): RouteTarget | undefined {
  const others = targetsIn(draw, region, forIpv6).filter(
    (each) => JSON.stringify(each) !== JSON.stringify(old),
  );
  const kind = draw.pick([...new Set(others.map((each) => each.kind))]);
  return draw.pick(others.filter((each) => each.kind === kind));
}

/** The tables by which somebody's packets go: a host's, or a NAT gateway's. */
function usedTables({ plan }: Draw, { subnets, natGateways, routeTables }: RegionPlan): RouteTablePlan[] {
  const taken = new Set([
    ...plan.hosts.map(({ instance }) => instance?.subnet),
    ...natGateways.map(({ subnet }) => subnet),
  ]);
  return routeTables.filter(({ key }) =>
    subnets.some((subnet) => subnet.routeTable === key && taken.has(subnet.key)),
  );
}

function overlaps(a: string, b: string): boolean {
  return isIpv6(a) === isIpv6(b) && !isEmpty(intersection(parseNetwork(a), parseNetwork(b)));
}

/**
 * Whether a NAT gateway of the region would hand what is sent there over a peering, by its own subnet's routes. AWS does
 * not say whether such packets pass, so the proof does not either, and packets cannot be compared with it.
 */
function isPeeredBehindNat({ natGateways, subnets, routeTables }: RegionPlan, destination: string): boolean {
  const tables = natGateways.map(({ subnet }) => subnets.find(({ key }) => key === subnet)?.routeTable);
  return routeTables
    .filter(({ key }) => tables.includes(key))
    .some(({ routes }) =>
      routes.some(
        (each) =>
          typeof each.destination === "string" &&
          each.target.kind === "peering" &&
          overlaps(each.destination, destination),
      ),
    );
}

function routeWords(target: RouteTarget | undefined): string {
  if (target === undefined) return "is gone";
  const { kind, ...which } = target;
  return `leads to ${[`the ${kind.replaceAll("-", " ")}`, ...Object.values(which)].join(" ")}`;
}

function withRoutes(
  draw: Draw,
  region: RegionPlan,
  table: string,
  change: (routes: readonly RoutePlan[]) => readonly RoutePlan[],
): Mutation["plan"] {
  return withRegion(draw.plan, region.key, (one) => ({
    ...one,
    routeTables: one.routeTables.map((each) =>
      each.key === table ? { ...each, routes: change(each.routes) } : each,
    ),
  }));
}

function routeRequest(
  region: RegionPlan,
  routeTableId: string,
  destination: string,
): { readonly gone: DriftRequest; readonly made: (target: Record<string, string>) => DriftRequest } {
  const where = { region: region.awsRegion };
  const key = isIpv6(destination) ? "destinationIpv6CidrBlock" : "destinationCidrBlock";
  return {
    gone: { ...where, action: "delete", id: `${routeTableId}_${destination}` },
    made: (target) => ({
      ...where,
      action: "create",
      type: "aws:ec2/route:Route",
      set: { routeTableId, [key]: destination, ...target },
    }),
  };
}

/** A route leads elsewhere, or is gone. */
export function route(draw: Draw): Mutation | undefined {
  const { plan, pick } = draw;
  const region = pick(plan.regions);
  const table = pick(region === undefined ? [] : usedTables(draw, region));
  const old = pickOfFamily(pick, table?.routes ?? [], ({ destination }) => isOfIpv6(destination));
  if (region === undefined || table === undefined || old === undefined) return undefined;
  const { destination } = old;
  const target = pick([undefined, otherTarget(draw, region, old.target, isOfIpv6(destination))]);
  const isToNat = target === undefined || target.kind === "nat-gateway";
  if (
    typeof destination === "string" &&
    !isIpv6(destination) &&
    isToNat &&
    destination !== anywhere &&
    isPeeredBehindNat(region, destination)
  )
    return undefined;
  return {
    words: `${old.key} ${routeWords(target)}`,
    plan: withRoutes(draw, region, table.key, (routes) =>
      routes.flatMap((kept) =>
        kept.key !== old.key ? [kept] : target === undefined ? [] : [{ ...kept, target }],
      ),
    ),
    apply: async ({ drift, describe }) => {
      const description = await describe();
      const network = networkText(description, plan, destination);
      const { gone, made } = routeRequest(region, tableId(description, region, table.key), network);
      const before = describedRoute(description, region, table.key, network);
      const after = target === undefined ? undefined : targetProperties(description, region, target);
      await drift(gone);
      if (after !== undefined) await drift(made(after));
      return async () => {
        if (after !== undefined) await drift(gone);
        await drift(made(before));
      };
    },
  };
}

/** The first half of an IPv4 network; of the internet none, as nobody knows which Elastic IPs are in it. */
function half(network: string): string | undefined {
  const [address = "", length = "32"] = network.split("/");
  return network === anywhere || Number(length) > 30 ? undefined : `${address}/${Number(length) + 1}`;
}

/** One more route, to a part of another's destination, leads elsewhere. */
export function furtherRoute(draw: Draw): Mutation | undefined {
  const { plan, pick } = draw;
  const region = pick(plan.regions);
  const table = pick(region === undefined ? [] : usedTables(draw, region));
  const known = (table?.routes ?? []).flatMap(({ destination }) =>
    typeof destination === "string" && !isIpv6(destination) ? [destination] : [],
  );
  const halves = known.flatMap((network) => half(network) ?? []);
  const destination = pick(halves.filter((network) => !known.includes(network)));
  if (region === undefined || table === undefined || destination === undefined) return undefined;
  const around = table.routes.find(
    (each) => typeof each.destination === "string" && half(each.destination) === destination,
  );
  const target = around && otherTarget(draw, region, around.target, false);
  if (target === undefined) return undefined;
  if (target.kind === "nat-gateway" && isPeeredBehindNat(region, destination)) return undefined;
  const key = `${table.key}/${destination.replace("/", "-")}`;
  const further: RoutePlan = { key, destination, target, reason: "by hand" };
  return {
    words: `one more route, ${key}, ${routeWords(target)}`,
    plan: withRoutes(draw, region, table.key, (routes) => [...routes, further]),
    apply: async ({ drift, describe }) => {
      const description = await describe();
      const { gone, made } = routeRequest(region, tableId(description, region, table.key), destination);
      await drift(made(targetProperties(description, region, target)));
      return async () => {
        await drift(gone);
      };
    },
  };
}

/** Another table serves a subnet. Its association gets another id, which the stack's state does not know. */
export function subnetTable({ plan, pick }: Draw): Mutation | undefined {
  const region = pick(plan.regions);
  const taken = new Set(plan.hosts.map(({ instance }) => instance?.subnet));
  const subnet = pick(region?.subnets.filter(({ key }) => taken.has(key)) ?? []);
  const table = pick(region?.routeTables.filter(({ key }) => key !== subnet?.routeTable) ?? []);
  if (region === undefined || subnet === undefined || table === undefined) return undefined;
  return {
    words: `${subnet.key} has the routes of ${table.key}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      subnets: one.subnets.map((each) =>
        each.key === subnet.key ? { ...each, routeTable: table.key } : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const serve = async (key: string): Promise<void> => {
        const description = await describe();
        const id = tableAssociation(description, region, subnet.key);
        const set = { routeTableId: tableId(description, region, key) };
        await drift({ region: region.awsRegion, action: "modify", id, set });
      };
      await serve(table.key);
      return async () => {
        await serve(subnet.routeTable);
      };
    },
  };
}

/** Leads routes that have lost what they led to, to what has been made in its place. */
async function leadAgain(
  drift: Actor["drift"],
  before: Description,
  region: RegionPlan,
  { old, target }: { readonly old: string; readonly target: Record<string, string> },
): Promise<void> {
  for (const { table, destination } of routesOver(before, region, old)) {
    const { gone, made } = routeRequest(region, table, destination);
    await drift(gone);
    await drift(made(target));
  }
}

/** A NAT gateway is gone, and every route to it leads nowhere. It comes back under another id. */
export function natGateway({ plan, pick }: Draw): Mutation | undefined {
  const region = pick(plan.regions);
  const gone = pick(region?.natGateways ?? []);
  if (region === undefined || gone === undefined) return undefined;
  return {
    words: `NAT gateway ${gone.key} is gone`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      natGateways: one.natGateways.filter(({ key }) => key !== gone.key),
    })),
    apply: async ({ drift, describe }) => {
      const before = await describe();
      const { id, again } = describedNat(before, region, gone.key);
      await drift({ region: region.awsRegion, action: "delete", id });
      return async () => {
        const made = await drift({
          region: region.awsRegion,
          action: "create",
          type: "aws:ec2/natGateway:NatGateway",
          set: { ...again, tags: { Name: gone.key } },
        });
        await leadAgain(drift, before, region, { old: id, target: { natGatewayId: made.id } });
      };
    },
  };
}

/** A peering is gone, and every route to it leads nowhere. It comes back under another id. */
export function peering({ plan, pick }: Draw): Mutation | undefined {
  const gone = pick(plan.peerings);
  const [requester, accepter] = [gone?.requester, gone?.accepter].map((key) =>
    plan.regions.find((region) => region.key === key),
  );
  if (gone === undefined || requester === undefined || accepter === undefined) return undefined;
  return {
    words: `peering ${gone.key} is gone`,
    plan: { ...plan, peerings: plan.peerings.filter(({ key }) => key !== gone.key) },
    apply: async ({ drift, describe }) => {
      const before = await describe();
      const { vpcPeeringConnectionId: id = "" } = targetProperties(before, requester, {
        kind: "peering",
        peering: gone.key,
      });
      await drift({ region: requester.awsRegion, action: "delete", id });
      return async () => {
        const made = await peerAgain(drift, before, { requester, accepter, name: gone.key });
        for (const region of [requester, accepter]) {
          await leadAgain(drift, before, region, { old: id, target: { vpcPeeringConnectionId: made } });
        }
      };
    },
  };
}

/** Asks for the peering, accepts it, and lets each side resolve the other's names. @returns its id */
async function peerAgain(
  drift: Actor["drift"],
  description: Description,
  { requester, accepter, name }: { requester: RegionPlan; accepter: RegionPlan; name: string },
): Promise<string> {
  const { id } = await drift({
    region: requester.awsRegion,
    action: "create",
    type: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
    set: {
      vpcId: vpcId(description, requester),
      peerVpcId: vpcId(description, accepter),
      peerRegion: accepter.awsRegion,
      tags: { Name: name },
    },
  });
  await drift({
    region: accepter.awsRegion,
    action: "create",
    type: "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
    set: { vpcPeeringConnectionId: id, autoAccept: true, tags: { Name: name } },
  });
  for (const [side, region] of [["requester", requester] as const, ["accepter", accepter] as const]) {
    await drift({
      region: region.awsRegion,
      action: "create",
      type: "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions",
      set: { vpcPeeringConnectionId: id, [side]: { allowRemoteVpcDnsResolution: true } },
    });
  }
  return id;
}
