/** What is drawn of VPCs: gateways, tiers, subnets and who stands in them. */
import type { HostPlan, SubnetPlan } from "../../components/plan/model.ts";
import { formatAddress } from "../../components/proof/sets/addresses.ts";
import type { Eni, HostNode, RegionNode, World } from "../../components/proof/world/model.ts";
import { box, inOrder, type Drawn } from "./box.ts";
import type { Box } from "./model.ts";

/** `443/tcp`, `8080-8090/tcp` of all that listens. */
export function portsOf(world: World, host: string): string[] {
  const listens = world.edge?.services.get(host)?.listens ?? [];
  const texts = listens.map(({ protocol, ports: { from, to } }) =>
    from === to ? `${from}/${protocol}` : `${from}-${to}/${protocol}`,
  );
  return inOrder(new Set(texts), (text) => text);
}

/** What people call a host: by a plan its name there, else its Name tag. */
function labelOf({ tags }: Drawn, { key, plan }: HostNode): string {
  return plan?.name ?? tags.get(key) ?? key;
}

function aboutOf(plan: HostPlan | undefined, eni: Eni | undefined): string {
  const parts = [
    plan?.role ?? "",
    plan?.tunnelAddress === undefined ? "" : `in the VPN as ${plan.tunnelAddress}`,
    eni?.publicAddress === undefined ? "" : "has a public address",
    eni?.checks === false ? "forwards" : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function hostBox(drawn: Drawn, host: HostNode, eni: Eni): Box {
  return box("host", host.key, labelOf(drawn, host), {
    detail: formatAddress(eni.address),
    about: aboutOf(host.plan, eni),
    role: host.plan?.role ?? "",
    ask: host.key,
    ports: portsOf(drawn.world, host.key),
  });
}

/** Who stands in each subnet. */
function membersOf(drawn: Drawn, region: RegionNode): Map<string, Box[]> {
  const members = new Map<string, Box[]>();
  const seen = new Set<Eni>();
  const add = (subnet: string, one: Box): void => {
    members.set(subnet, [...(members.get(subnet) ?? []), one]);
  };
  const drawnHosts = new Set<string>();
  for (const eni of inOrder(region.enis.values(), ({ host, link }) => `${host} ${link}`)) {
    if (seen.has(eni) || eni.nat !== undefined) continue;
    seen.add(eni);
    const host = drawn.world.hosts.get(eni.host);
    const detail = formatAddress(eni.address);
    if (host === undefined) {
      const [, ...rest] = eni.host.split("/");
      const about = `network interface ${eni.host}, of no host`;
      add(eni.subnet, box("interface", `${eni.host} ${eni.link}`, rest[0] ?? eni.host, { detail, about }));
    } else if (drawnHosts.has(host.key)) {
      const about = `${eni.link} of ${host.key}`;
      const label = labelOf(drawn, host);
      add(eni.subnet, box("interface", `${host.key} ${eni.link}`, label, { detail, about, ask: detail }));
    } else {
      drawnHosts.add(host.key);
      add(eni.subnet, hostBox(drawn, host, eni));
    }
  }
  for (const { key, subnet, eni } of inOrder(region.nats.values(), (nat) => nat.key)) {
    add(subnet, box("nat", key, "NAT gateway", { detail: formatAddress(eni.address), about: key }));
  }
  return members;
}

function gatewaysOf(region: RegionNode): Box[] {
  const targets = [...region.subnets.values()].flatMap(({ routes }) => routes.entries);
  const leads = (kind: string): boolean => targets.some(({ value }) => value.kind === kind);
  const { key } = region;
  const internet = box("gateway", `internet ${key}`, "internet gateway", { about: `of ${key}` });
  const outwards = box("gateway", `egress-only ${key}`, "egress-only gateway", { about: `of ${key}, IPv6` });
  return [
    ...(leads("internet-gateway") && region.gateway !== "none" ? [internet] : []),
    ...(leads("egress-only-gateway") ? [outwards] : []),
  ];
}

/** As packets meet them: what the internet reaches first. */
const tierOrder = ["public", "private", "database"];

/** Subnets of a tier beside each other; where nobody names tiers, all of them. */
function tiersOf(region: RegionNode, subnets: readonly Box[], plans: ReadonlyMap<string, SubnetPlan>): Box[] {
  const byTier = new Map<string, Box[]>();
  for (const one of subnets) {
    const tier = plans.get(one.id.slice("subnet:".length))?.tier ?? "";
    byTier.set(tier, [...(byTier.get(tier) ?? []), one]);
  }
  const rank = (tier: string): string => `${tierOrder.indexOf(tier) + 1} ${tier}`;
  return inOrder(byTier, ([tier]) => rank(tier)).flatMap(([tier, children]) =>
    tier === ""
      ? children
      : [box("tier", `${region.key}/${tier}`, tier, { about: `tier of ${region.key}`, children })],
  );
}

/** More names are not read. */
const mostPeers = 4;

function peered({ peerings }: RegionNode): string[] {
  const others = inOrder(new Set(peerings.values()), (key) => key);
  if (others.length === 0) return [];
  return [`peered with ${others.length > mostPeers ? `${others.length} others` : others.join(", ")}`];
}

function regionBox(drawn: Drawn, region: RegionNode): Box {
  const plan = drawn.plan?.regions.find(({ key }) => key === region.key);
  const plans = new Map((plan?.subnets ?? []).map((subnet) => [subnet.key, subnet]));
  const members = membersOf(drawn, region);
  const subnets = inOrder(region.subnets.values(), ({ key }) => key).map(({ key }) => {
    const planned = plans.get(key);
    const about = planned === undefined ? "subnet" : `subnet in ${planned.zone}`;
    const label = planned?.zone ?? key;
    return box("subnet", key, label, {
      detail: planned?.cidr ?? "",
      about,
      children: members.get(key) ?? [],
    });
  });
  const networks = region.own.entries.map(({ network }) => network);
  return box("region", region.key, region.key, {
    detail: networks.join(", "),
    about: [plan === undefined ? "VPC" : `VPC in ${plan.awsRegion}`, ...peered(region)].join(", "),
    children: [...gatewaysOf(region), ...tiersOf(region, subnets, plans)],
  });
}

export function regionsOf(drawn: Drawn): readonly Box[] {
  return inOrder(drawn.world.regions.values(), ({ key }) => key).map((region) => regionBox(drawn, region));
}
