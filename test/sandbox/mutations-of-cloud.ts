/** Changes in the cloud: to security groups, routes, network ACLs and peerings. */
import type {
  NetworkAclRulePlan,
  RegionPlan,
  RoutePlan,
  RouteTarget,
  SecurityRulePlan,
} from "../../components/plan/model.ts";
import type { Description } from "../../sandbox/services/aws/client.ts";
import {
  aclEntries,
  describedRoute,
  describedRule,
  routesOver,
  tableId,
  targetProperties,
  vpcId,
} from "./described-names.ts";
import { withRegion, type Actor, type Draw, type Mutation } from "./mutation.ts";

/** A network for documentation, from which nobody comes. */
const nobody = "203.0.113.254/32";
const anywhere = "0.0.0.0/0";

/** A group's rule for other networks or other ports: for nobody, for everybody, or for a few more. */
function changedRule(rule: SecurityRulePlan, pick: Draw["pick"]): SecurityRulePlan | undefined {
  const { peer, ports } = rule;
  const cidrs =
    peer.kind === "cidr" && typeof peer.cidr === "string" && !peer.cidr.includes(":")
      ? [nobody, anywhere].filter((cidr) => cidr !== peer.cidr)
      : [];
  const ranges =
    ports === undefined || rule.protocol === "icmp"
      ? []
      : [
          { from: 1, to: 1 },
          { from: Math.max(1, ports.from - 2), to: Math.min(65535, ports.to + 3) },
        ];
  const changes: SecurityRulePlan[] = [
    ...cidrs.map((cidr) => ({ ...rule, peer: { kind: "cidr", cidr } as const })),
    ...ranges.map((range) => ({ ...rule, ports: range })),
  ];
  return pick(changes);
}

function ruleSet({ peer, ports }: SecurityRulePlan, old: SecurityRulePlan): Record<string, string | number> {
  if (peer !== old.peer && peer.kind === "cidr" && typeof peer.cidr === "string") {
    return { cidrIpv4: peer.cidr };
  }
  return ports === undefined ? {} : { fromPort: ports.from, toPort: ports.to };
}

export function groupRule({ plan, pick }: Draw): Mutation | undefined {
  const region = pick(plan.regions);
  const used = new Set(plan.hosts.flatMap(({ instance }) => instance?.securityGroups ?? []));
  const group = pick(region?.securityGroups.filter(({ key }) => used.has(key)) ?? []);
  const rule = pick(group?.rules ?? []);
  const changed = rule === undefined ? undefined : changedRule(rule, pick);
  if (region === undefined || group === undefined || rule === undefined || changed === undefined)
    return undefined;
  const [set, back] = [ruleSet(changed, rule), ruleSet(rule, changed)];
  return {
    words: `${rule.key} becomes ${JSON.stringify(set)}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      securityGroups: one.securityGroups.map((each) =>
        each.key === group.key
          ? { ...each, rules: each.rules.map((old) => (old.key === rule.key ? changed : old)) }
          : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const id = describedRule(await describe(), region, group.key, rule);
      const modify = { region: region.awsRegion, action: "modify", id } as const;
      await drift({ ...modify, set });
      return async () => {
        await drift({ ...modify, set: back });
      };
    },
  };
}

/** Where a route of a region could lead instead; `undefined` for nowhere any more. */
function otherTarget({ plan, pick }: Draw, region: RegionPlan, old: RoutePlan): RouteTarget | undefined {
  const peers = plan.peerings.filter(({ requester, accepter }) => [requester, accepter].includes(region.key));
  const forwarding = plan.hosts.filter(
    ({ site, instance }) => site === region.key && instance?.sourceDestCheck === false,
  );
  const targets: RouteTarget[] = [
    ...region.natGateways.map(({ key }) => ({ kind: "nat-gateway", nat: key }) as const),
    ...peers.map(({ key }) => ({ kind: "peering", peering: key }) as const),
    ...forwarding.map(({ key }) => ({ kind: "instance", host: key }) as const),
  ];
  const others = targets.filter((target) => JSON.stringify(target) !== JSON.stringify(old.target));
  return pick([undefined, ...others]);
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
      routes.some((each) => each.destination === destination && each.target.kind === "peering"),
    );
}

export function route(draw: Draw): Mutation | undefined {
  const { plan, pick } = draw;
  const region = pick(plan.regions);
  const table = pick(region?.routeTables ?? []);
  const old = pick(table?.routes.filter(({ destination }) => typeof destination === "string") ?? []);
  if (region === undefined || table === undefined || old === undefined) return undefined;
  const { destination } = old;
  if (typeof destination !== "string") return undefined;
  const target = otherTarget(draw, region, old);
  const isToNat = target === undefined || target.kind === "nat-gateway";
  if (isToNat && destination !== anywhere && isPeeredBehindNat(region, destination)) return undefined;
  return {
    words: `${old.key} ${target === undefined ? "is gone" : `leads to ${JSON.stringify(target)}`}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      routeTables: one.routeTables.map((each) =>
        each.key === table.key
          ? {
              ...each,
              routes: each.routes.flatMap((kept) =>
                kept.key !== old.key ? [kept] : target === undefined ? [] : [{ ...kept, target }],
              ),
            }
          : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const description = await describe();
      const routeTableId = tableId(description, region, table.key);
      const where = { region: region.awsRegion };
      const id = `${routeTableId}_${destination}`;
      const create = async (properties: Record<string, string>): Promise<void> => {
        const set = { routeTableId, destinationCidrBlock: destination, ...properties };
        await drift({ ...where, action: "create", type: "aws:ec2/route:Route", set });
      };
      const before = describedRoute(description, region, table.key, destination);
      const after = target === undefined ? undefined : targetProperties(description, region, target);
      await drift({ ...where, action: "delete", id });
      if (after !== undefined) await create(after);
      return async () => {
        if (after !== undefined) await drift({ ...where, action: "delete", id });
        await create(before);
      };
    },
  };
}

/** An ACL's rule is gone, or for everybody. */
export function aclRule({ plan, pick }: Draw): Mutation | undefined {
  const region = pick(plan.regions);
  const acl = pick(region?.networkAcls ?? []);
  const rule = pick(acl?.rules.filter(({ cidr }) => typeof cidr === "string" && !cidr.includes(":")) ?? []);
  if (region === undefined || acl === undefined || rule === undefined) return undefined;
  const changed = pick<NetworkAclRulePlan | undefined>([undefined, { ...rule, cidr: anywhere }]);
  const { direction, number } = rule;
  return {
    words: `rule ${number} (${direction}) of ${acl.key} is ${changed === undefined ? "gone" : "for everybody"}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      networkAcls: one.networkAcls.map((each) =>
        each.key === acl.key
          ? { ...each, rules: each.rules.flatMap((old) => (old === rule ? (changed ?? []) : old)) }
          : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const { id, ingress, egress } = aclEntries(await describe(), region, acl.key);
      const entries = direction === "ingress" ? ingress : egress;
      const modify = { region: region.awsRegion, action: "modify", id } as const;
      const altered = entries.flatMap((entry) =>
        entry.ruleNo !== number ? [entry] : changed === undefined ? [] : [{ ...entry, cidrBlock: anywhere }],
      );
      await drift({ ...modify, set: { ingress, egress, [direction]: altered } });
      return async () => {
        await drift({ ...modify, set: { ingress, egress } });
      };
    },
  };
}

/**
 * A peering is gone, and every route to it leads nowhere. It comes back under another id, which the stack's state does not
 * know: this is for sandboxes that serve nothing else.
 */
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
          for (const { table: routeTableId, destination } of routesOver(before, region, id)) {
            const where = { region: region.awsRegion };
            await drift({ ...where, action: "delete", id: `${routeTableId}_${destination}` });
            const set = { routeTableId, destinationCidrBlock: destination, vpcPeeringConnectionId: made };
            await drift({ ...where, action: "create", type: "aws:ec2/route:Route", set });
          }
        }
      };
    },
  };
}

/** Asks for the peering and accepts it. @returns its id */
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
  return id;
}
