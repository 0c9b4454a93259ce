/**
 * Network ACLs, one around the subnets of each tier, compiled from what the security groups of the tier's hosts let
 * through.
 *
 * They are the second gate, for the day on which a group is opened by mistake, and coarser than the first: they look
 * at networks and not at groups. Within a VPC they stand around the database tier alone; between the VPC and the rest
 * of the world around every tier. They remember nothing, so each flow has a rule for its answers, too.
 */
import { cloudflareNetworks } from "../config/cloudflare-networks.ts";
import { contains, isPrivate, rangeOf } from "../config/ip.ts";
import { ipv6Contains } from "../config/ipv6.ts";
import { tiers, type Tier } from "../config/ledger.ts";
import { cidrSlug, isIpv6 } from "./keys.ts";
import type {
  HostPlan,
  NetworkAclPlan,
  NetworkAclRulePlan,
  NetworkName,
  PortRange,
  Protocol,
  RegionPlan,
  SecurityRulePlan,
  SubnetPlan,
} from "./model.ts";
import { stableNumbers } from "./numbers.ts";

/** What a region's ACLs follow from. */
export type AclRegion = Omit<RegionPlan, "networkAcls">;

type Direction = "ingress" | "egress";

type Allowance = Omit<NetworkAclRulePlan, "number"> & {
  /** Who may open a connection, or what is sent back. */
  readonly kind: "inside" | "flow" | "answer";
};

/**
 * Where clients open connections from: NAT gateways use this whole range, Linux and Windows parts of it
 * (docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html, "Ephemeral ports").
 */
const ephemeral: PortRange = { from: 1024, to: 65535 };

/**
 * Linux's own part of it. In the database tier all clients are hosts of ours, and what answers them must not open the
 * ports of databases.
 */
const linuxEphemeral: PortRange = { from: 32768, to: 60999 };

/** "Destination unreachable": among others, that a packet is too large for some router's next link. */
const unreachable = { icmpType: 3, cidr: "0.0.0.0/0" };

/** ICMPv6 has a type of its own for that, "Packet Too Big" (RFC 4443, 3.2). */
const tooBig = { icmpType: 2, cidr: "::/0" };

/**
 * Groups let errors about a connection pass, ACLs do not know them: without these, a connection stands still where
 * the path's MTU shrinks (vpc/latest/userguide/path_mtu_discovery.html). Whoever notices sends them.
 */
function errors({ ipv6 }: AclRegion): Allowance[] {
  return [unreachable, ...(ipv6 === undefined ? [] : [tooBig])].flatMap((error) =>
    (["ingress", "egress"] as const).map((direction) => ({
      kind: "answer",
      direction,
      protocol: "icmp",
      ports: undefined,
      ...error,
      reason: "errors: path MTU discovery",
    })),
  );
}

/** A subnet's networks, of both families where it has both. */
function networksOf({ key, cidr, ipv6Number }: SubnetPlan): NetworkName[] {
  return ipv6Number === undefined ? [cidr] : [cidr, { kind: "ipv6-network", of: key }];
}

/** Numbers by kind: what concerns the VPC itself first, then what is opened, then what answers. */
const blocks: Readonly<Record<Allowance["kind"], { readonly base: number; readonly span: number }>> = {
  inside: { base: 100, span: 900 },
  flow: { base: 1000, span: 9000 },
  answer: { base: 10_000, span: 20_000 },
};

const opposite = (direction: Direction): Direction => (direction === "ingress" ? "egress" : "ingress");

/** What goes back where the allowance lets something through the tier's edge. */
function answersTo({ direction, protocol, cidr, reason, kind }: Allowance, tier: Tier): Allowance[] {
  const clients = tier === "database" && direction === "egress" ? linuxEphemeral : ephemeral;
  const back = { direction: opposite(direction), cidr, reason: `answers: ${reason}` };
  const answer = (answering: Protocol, ports?: PortRange): Allowance => ({
    ...back,
    kind: kind === "inside" ? kind : "answer",
    protocol: answering,
    ports,
    icmpType: undefined,
  });
  switch (protocol) {
    case "icmp":
      return [answer("icmp")];
    case "all":
      return [answer("tcp", clients), answer("udp", clients), answer("icmp")];
    case "tcp":
    case "udp":
      return [answer(protocol, clients)];
  }
}

function isCloudflare(network: NetworkName): boolean {
  return typeof network === "string" && cloudflareNetworks.includes(network);
}

class AclPlanner {
  readonly #region: AclRegion;
  readonly #tierOf: ReadonlyMap<string, Tier>;
  /** Who has groups in the region: its instances, and the addresses of its outbound endpoint. */
  readonly #members: readonly { readonly tier: Tier; readonly groups: readonly string[] }[];

  constructor(region: AclRegion, hosts: readonly HostPlan[]) {
    this.#region = region;
    this.#tierOf = new Map(region.subnets.map(({ key, tier }) => [key, tier]));
    const instances = hosts.flatMap(({ site, instance }) =>
      site === region.key && instance !== undefined
        ? [{ subnet: instance.subnet, groups: instance.securityGroups }]
        : [],
    );
    const { addresses = [], securityGroup = "" } = region.outboundEndpoint ?? {};
    const asking = addresses.map(({ subnet }) => ({ subnet, groups: [securityGroup] }));
    this.#members = [...instances, ...asking].flatMap(({ subnet, groups }) => {
      const tier = this.#tierOf.get(subnet);
      return tier === undefined ? [] : [{ tier, groups }];
    });
  }

  acl(tier: Tier): NetworkAclPlan {
    const flows = [...this.#inside(tier), ...this.#flows(tier), ...this.#translated(tier)];
    const answers = flows.flatMap((flow) => answersTo(flow, tier));
    const rules = minimal([...flows, ...answers, ...errors(this.#region)]);
    return {
      key: `${this.#region.key}/${tier}`,
      tier,
      subnets: this.#subnets(tier).map(({ key }) => key),
      rules: numbered(rules),
    };
  }

  #subnets(tier: Tier): AclRegion["subnets"] {
    return this.#region.subnets.filter((subnet) => subnet.tier === tier);
  }

  /** The VPC's own: everything between public and private; to databases from the private tier only. */
  #inside(tier: Tier): Allowance[] {
    if (tier !== "database") {
      const { key, cidr: ipv4, ipv6 } = this.#region;
      const vpc: NetworkName[] = ipv6 === undefined ? [ipv4] : [ipv4, { kind: "ipv6-network", of: key }];
      return vpc.flatMap((cidr) =>
        (["ingress", "egress"] as const).map((direction) => ({
          kind: "inside",
          direction,
          protocol: "all",
          ports: undefined,
          icmpType: undefined,
          cidr,
          reason: "the VPC",
        })),
      );
    }
    const clients = this.#subnets("private").flatMap(networksOf);
    return clients.map((cidr) => ({
      kind: "inside",
      direction: "ingress",
      protocol: "tcp",
      ports: ephemeral,
      icmpType: undefined,
      cidr,
      reason: "databases, for the private tier",
    }));
  }

  /** What the groups of the tier's members let through. */
  #flows(tier: Tier): Allowance[] {
    const groups = new Set(this.#members.filter((one) => one.tier === tier).flatMap((one) => one.groups));
    return this.#region.securityGroups
      .filter(({ key }) => groups.has(key))
      .flatMap(({ rules }) => rules)
      .flatMap((rule) => this.#allowances(rule));
  }

  #allowances(rule: SecurityRulePlan): Allowance[] {
    const { direction, protocol, ports, description } = rule;
    return this.#networks(rule).map((cidr) => ({
      kind: "flow",
      direction,
      protocol,
      ports,
      icmpType: undefined,
      cidr,
      reason: description,
    }));
  }

  /** A group stands for all subnets of the tiers that its members are in, so that a further member changes nothing. */
  #networks({ peer }: SecurityRulePlan): NetworkName[] {
    // For a rule to each of Cloudflare's networks an ACL has no room: here they are the internet.
    if (peer.kind === "cidr") return [isCloudflare(peer.cidr) ? "0.0.0.0/0" : peer.cidr];
    const key = `${this.#region.key}/${peer.group}`;
    const members = this.#members.filter(({ groups }) => groups.includes(key)).map(({ tier }) => tier);
    return this.#region.subnets.filter(({ tier }) => members.includes(tier)).flatMap(networksOf);
  }

  /** What leaves other tiers for the internet passes the NAT gateway's subnet once more, under its address. */
  #translated(tier: Tier): Allowance[] {
    const gateways = new Set(
      this.#region.natGateways
        .filter(({ subnet }) => this.#tierOf.get(subnet) === tier)
        .map(({ key }) => key),
    );
    const served = this.#region.routeTables
      .filter(({ routes }) =>
        routes.some(({ target }) => target.kind === "nat-gateway" && gateways.has(target.nat)),
      )
      .map(({ key }) => key);
    const behind = this.#region.subnets.filter(({ routeTable }) => served.includes(routeTable));
    return [...new Set(behind.map((subnet) => subnet.tier))]
      .flatMap((other) => this.#flows(other))
      .filter(({ direction, cidr }) => direction === "egress" && isPublicIpv4(cidr));
  }
}

/** What a NAT gateway translates. */
function isPublicIpv4(network: NetworkName): boolean {
  return typeof network === "string" && !isIpv6(network) && !isPrivate(rangeOf(network));
}

/** Whether the one network surely has all of the other; of Amazon's is known which subnet's lies in which VPC's. */
function hasNetwork(outer: NetworkName, inner: NetworkName): boolean {
  if (isIpv6(outer) !== isIpv6(inner)) return false;
  if (typeof outer !== "string") {
    return typeof inner !== "string" && (inner.of === outer.of || inner.of.startsWith(`${outer.of}/`));
  }
  if (typeof inner !== "string") return outer === "::/0";
  return isIpv6(outer) ? ipv6Contains(outer, inner) : contains(rangeOf(outer), rangeOf(inner));
}

/** Whether everything that the other allows is allowed by the one. */
function covers(one: Allowance, other: Allowance): boolean {
  if (one.direction !== other.direction || !hasNetwork(one.cidr, other.cidr)) return false;
  if (one.protocol === "all") return true;
  if (one.protocol !== other.protocol) return false;
  if (one.icmpType !== undefined) return one.icmpType === other.icmpType;
  const [outer, inner] = [one.ports, other.ports];
  if (outer === undefined) return true;
  return inner !== undefined && outer.from <= inner.from && inner.to <= outer.to;
}

/** Without what another allows as well: an ACL has room for twenty rules in each direction. */
function minimal(allowances: readonly Allowance[]): Allowance[] {
  return allowances.filter(
    (one, index) =>
      !allowances.some(
        (other, at) => at !== index && covers(other, one) && (at < index || !covers(one, other)),
      ),
  );
}

function slugOf({ direction, protocol, ports, icmpType, cidr }: Allowance): string {
  const range = ports === undefined ? `${icmpType ?? ""}` : `-${ports.from}-${ports.to}`;
  return `${direction}/${protocol}${range}/${cidrSlug(cidr)}`;
}

function numbered(allowances: readonly Allowance[]): NetworkAclRulePlan[] {
  const numbers = new Map<string, number>();
  for (const direction of ["ingress", "egress"] as const) {
    for (const kind of ["inside", "flow", "answer"] as const) {
      const own = allowances.filter((one) => one.direction === direction && one.kind === kind).map(slugOf);
      const { base, span } = blocks[kind];
      for (const [slug, number] of stableNumbers(own, base, span)) numbers.set(slug, number);
    }
  }
  return allowances
    .map((one): NetworkAclRulePlan => {
      const { direction, protocol, ports, icmpType, cidr, reason } = one;
      return { direction, number: numbers.get(slugOf(one)) ?? 0, protocol, ports, icmpType, cidr, reason };
    })
    .sort((a, b) => (a.direction === b.direction ? a.number - b.number : a.direction < b.direction ? 1 : -1));
}

/** @param hosts all of the network's; those of the region are looked at */
export function planNetworkAcls(region: AclRegion, hosts: readonly HostPlan[]): NetworkAclPlan[] {
  const planner = new AclPlanner(region, hosts);
  return tiers
    .filter((tier) => region.subnets.some((subnet) => subnet.tier === tier))
    .map((tier) => planner.acl(tier))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}
