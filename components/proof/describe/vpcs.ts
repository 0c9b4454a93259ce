/** VPCs with their subnets, gateways and interfaces, each a place of its own: their networks may well overlap. */
import { Gate } from "../rules/gate.ts";
import { PrefixMap } from "../rules/prefixes.ts";
import { isV6Point, networks, type SymbolSpace } from "../sets/addresses.ts";
import {
  difference,
  nowhere,
  pointsOf,
  runs,
  union,
  unionAll,
  type Intervals,
  type Point,
} from "../sets/intervals.ts";
import type { TrafficTable } from "../sets/traffic.ts";
import type { Eni, NatNode, RegionNode, SubnetNode, VpcTarget } from "../world/model.ts";
import type { Described, Export } from "./collect.ts";
import { linkOf, primaryOf } from "./hosts.ts";
import type { Interface } from "./interfaces.ts";
import { nameless } from "./nats.ts";
import { aclsOf } from "./network-acls.ts";
import type { Peer, RouteTable, Subnet, Vpc } from "./records.ts";
import { RouteTables } from "./routes.ts";
import { groupsOf, membersOf, SecurityGroups } from "./security-groups.ts";

export interface VpcContext {
  readonly export: Export;
  readonly space: SymbolSpace;
  readonly table: TrafficTable;
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly nats: ReadonlyMap<string, NatNode>;
}

/** Associations that are over. */
const gone = new Set(["disassociated", "disassociating", "failed", "failing"]);

/** The VPC's own networks; its first one of IPv4 first. */
export function networksOfVpc({
  CidrBlock,
  CidrBlockAssociationSet,
  Ipv6CidrBlockAssociationSet,
}: Vpc): string[] {
  const fourth = CidrBlockAssociationSet.filter((one) => !gone.has(one.CidrBlockState?.State ?? "")).map(
    (one) => one.CidrBlock,
  );
  const sixth = Ipv6CidrBlockAssociationSet.filter(
    (one) => !gone.has(one.Ipv6CidrBlockState?.State ?? ""),
  ).flatMap((one) => one.Ipv6CidrBlock ?? []);
  return [...new Set([...(CidrBlock === undefined ? [] : [CidrBlock]), ...fourth, ...sixth])];
}

/**
 * What AWS keeps of each subnet and answers, or may answer, itself: the router's address, and the one of Amazon's
 * resolver, which is that of the VPC's first network (vpc/latest/userguide/subnet-sizing.html, "Subnet CIDR blocks").
 */
function reservedOf(vpc: Vpc, subnets: readonly Subnet[]): Intervals {
  const all = [...networksOfVpc(vpc), ...subnets.flatMap(({ CidrBlock }) => CidrBlock ?? [])];
  return pointsOf(
    all.flatMap((network) => {
      const first = networks([network])[0];
      return typeof first === "number" && !network.includes(":") ? [first + 1, first + 2] : [];
    }),
  );
}

function networksOfPeer(peer: Peer | undefined): string[] {
  if (peer === undefined) return [];
  const { CidrBlock, CidrBlockSet, Ipv6CidrBlockSet } = peer;
  return [
    ...(CidrBlock === undefined ? [] : [CidrBlock]),
    ...CidrBlockSet.map((one) => one.CidrBlock),
    ...Ipv6CidrBlockSet.map((one) => one.Ipv6CidrBlock),
  ];
}

/**
 * Why interfaces may be in the VPC that the export does not have. Whom a VPC is shared with sees his own alone, and not
 * its default group either, which only its owner sees (vpc/latest/userguide/vpc-sharing-service-behavior.html).
 */
function incompleteness({ has, vpcs, securityGroups }: Export, vpc: string): string | undefined {
  if (!has("NetworkInterfaces")) return "the export has no network interfaces but those of instances";
  const owner = vpcs.get(vpc)?.value.OwnerId;
  const owners = [...securityGroups.values()].flatMap(({ value }) =>
    value.VpcId === vpc ? (value.OwnerId ?? []) : [],
  );
  return owner === undefined || owners.length === 0 || owners.includes(owner)
    ? undefined
    : `${owner} shares the VPC, and what others have in it is not in the export`;
}

const openGate = (table: TrafficTable): Gate =>
  new Gate({ rules: [], otherwise: { verdict: "accept", origin: { where: "", rule: "", path: "" } } }, table);

/** Interfaces that may do without groups, and then nothing is filtered there. */
const groupless = new Set([
  "network_load_balancer",
  "gateway_load_balancer",
  "gateway_load_balancer_endpoint",
  "transit_gateway",
]);

export class VpcBuilder {
  readonly #context: VpcContext;
  readonly #routes: RouteTables;
  readonly #groups: SecurityGroups;
  readonly #open: Gate;
  readonly #own: ReadonlyMap<string, Intervals>;
  /** Addresses of interfaces that the export has. */
  readonly #listed: ReadonlyMap<string, Intervals>;
  /** Why interfaces may be missing, of VPCs in which some may be. */
  readonly #incomplete: ReadonlyMap<string, string | undefined>;
  /** Other VPCs by peering, for each VPC. */
  readonly #peers = new Map<string, Map<string, string>>();

  constructor(context: VpcContext) {
    const { export: of, space, table, interfaces } = context;
    this.#context = context;
    this.#open = openGate(table);
    this.#own = new Map([...of.vpcs.values()].map(({ id, value }) => [id, networks(networksOfVpc(value))]));
    this.#incomplete = new Map([...of.vpcs.keys()].map((id) => [id, incompleteness(of, id)]));
    this.#listed = new Map(
      [...Map.groupBy(interfaces.values(), ({ vpc }) => vpc)].map(([vpc, all]) => {
        return [vpc, unionAll(all.map(({ own }) => own))];
      }),
    );
    this.#pair();
    const networksOf = (vpc: string): Intervals => this.#own.get(vpc) ?? nowhere;
    this.#routes = new RouteTables({
      export: of,
      space,
      nats: new Set(context.nats.keys()),
      interfaceVpc: new Map([...interfaces.values()].map(({ id, vpc }) => [id, vpc])),
      peers: (vpc, peering) => this.#peers.get(vpc)?.get(peering),
      networksOfVpc: networksOf,
    });
    const members = membersOf(interfaces.values());
    const groupVpc = (group: string): string | undefined => [...(members.get(group)?.keys() ?? [])][0];
    this.#groups = new SecurityGroups(
      {
        export: of,
        space,
        table,
        members,
        meets: (vpc, other) => vpc === other || [...(this.#peers.get(vpc)?.values() ?? [])].includes(other),
        near: (vpc, home) => this.#near(vpc, home),
        unlisted: (vpc) => this.#unlisted(vpc),
      },
      groupsOf(of, groupVpc),
    );
  }

  /** Peerings that are active and have both ends here. */
  #pair(): void {
    const { peerings, vpcs } = this.#context.export;
    for (const { id, value } of peerings.values()) {
      const [a, b] = [value.RequesterVpcInfo?.VpcId, value.AccepterVpcInfo?.VpcId];
      const isActive = (value.Status?.Code ?? "active") === "active";
      if (!isActive || a === undefined || b === undefined || !vpcs.has(a) || !vpcs.has(b)) continue;
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const known = this.#peers.get(from) ?? new Map<string, string>();
        this.#peers.set(from, known.set(id, to));
      }
    }
  }

  /** The other side of each of a VPC's peerings, whether or not the export has it. */
  #others(vpc: string): (Peer | undefined)[] {
    const { peerings } = this.#context.export;
    return [...peerings.values()].flatMap(({ value: { RequesterVpcInfo: a, AccepterVpcInfo: b } }) => {
      if (a?.VpcId === vpc) return [b];
      return b?.VpcId === vpc ? [a] : [];
    });
  }

  /** Addresses of a VPC that interfaces may have which the export does not have. */
  #unlisted(vpc: string): Intervals {
    if (this.#incomplete.get(vpc) === undefined) return nowhere;
    return difference(this.#own.get(vpc) ?? nowhere, this.#listed.get(vpc) ?? nowhere);
  }

  /**
   * Where an interface may be that the export does not have, seen from a VPC. Of a VPC with all its interfaces nothing is
   * missing, and its peers' networks are none of its own; what else is peered with it is where the peering says, or
   * anywhere that is private.
   */
  #near(vpc: string, home: string | undefined): Intervals {
    const own = this.#own.get(vpc) ?? nowhere;
    const inside = home === undefined || home === vpc ? this.#unlisted(vpc) : nowhere;
    const peers = this.#others(vpc).filter((peer) => home === undefined || peer?.VpcId === home);
    const beyond = peers.map((peer) => {
      if (peer?.VpcId !== undefined && this.#own.has(peer.VpcId)) return this.#unlisted(peer.VpcId);
      const named = networksOfPeer(peer);
      return named.length > 0 ? networks(named) : difference(nameless, own);
    });
    return union(inside, unionAll(beyond));
  }

  /** An interface as packets meet it. */
  eni(one: Interface): Eni {
    const address = primaryOf(one);
    if (address === undefined) throw new Error(`${one.id} has no address`);
    const sixth = one.addresses.find(isV6Point);
    const gate = (direction: "ingress" | "egress"): Gate => {
      if (one.groups.length > 0) return this.#groups.gate(one.vpc, one.groups, direction);
      return groupless.has(one.type) ? this.#open : this.#groups.unknown(one, direction);
    };
    return {
      host: one.instance ?? one.id,
      link: linkOf(one),
      region: one.vpc,
      subnet: one.subnet,
      address,
      ipv6: sixth,
      publicAddress: one.publicAddresses.get(address),
      own: one.own,
      publicAddresses: one.publicAddresses,
      checks: one.checks,
      ingress: gate("ingress"),
      egress: gate("egress"),
      ...(one.deniesInternet ? { sealed: `${one.id} denies all traffic of internet gateways` } : {}),
    };
  }

  /** All VPCs. */
  regions(enis: ReadonlyMap<string, Eni>): Map<string, RegionNode> {
    const subnets = this.#subnets();
    const all = [...enis].map(([id, eni]) => ({ id, eni }));
    return new Map(
      [...this.#context.export.vpcs.values()].map((vpc) => {
        const own = all.filter(({ eni }) => eni.region === vpc.id);
        return [vpc.id, this.#region(vpc, subnets, own)];
      }),
    );
  }

  #region(
    { id, value }: Described<Vpc>,
    subnets: ReadonlyMap<string, SubnetNode & { readonly vpc: string }>,
    enis: readonly { readonly id: string; readonly eni: Eni }[],
  ): RegionNode {
    const { space, nats, interfaces, export: of } = this.#context;
    const delegated = enis.flatMap((one) =>
      (interfaces.get(one.id)?.delegated ?? []).map((network) => ({ network, value: one.eni })),
    );
    const addresses = enis.flatMap((one) =>
      (interfaces.get(one.id)?.addresses ?? natAddresses(one.eni)).map((at): [Point, Eni] => [at, one.eni]),
    );
    const gatewayRoutes = this.#gatewayRoutes(id);
    const incomplete = this.#incomplete.get(id);
    return {
      key: id,
      path: id,
      own: new PrefixMap(
        networksOfVpc(value).map((network) => ({ network, value: true })),
        space,
      ),
      subnets: new Map([...subnets].filter(([, subnet]) => subnet.vpc === id)),
      nats: new Map([...nats].filter(([, nat]) => subnets.get(nat.subnet)?.vpc === id)),
      enis: new Map(addresses),
      interfaces: new Map(enis.map((one) => [one.id, one.eni])),
      peerings: this.#peers.get(id) ?? new Map(),
      gateway: this.#gateway(id),
      reserved: reservedOf(
        value,
        [...of.subnets.values()].filter((one) => one.value.VpcId === id).map((one) => one.value),
      ),
      ...(gatewayRoutes === undefined ? {} : { gatewayRoutes }),
      ...(delegated.length === 0 ? {} : { delegated: new PrefixMap(delegated, space) }),
      ...(incomplete === undefined ? {} : { incomplete }),
    };
  }

  #gateway(vpc: string): "attached" | "none" | "unknown" {
    const { internetGateways, has } = this.#context.export;
    if (!has("InternetGateways")) return "unknown";
    const isAttached = [...internetGateways.values()].some(({ value }) =>
      value.Attachments.some(
        ({ VpcId, State }) => VpcId === vpc && State !== "detached" && State !== "detaching",
      ),
    );
    return isAttached ? "attached" : "none";
  }

  #gatewayRoutes(vpc: string): PrefixMap<VpcTarget> | undefined {
    const table = [...this.#context.export.routeTables.values()].find(
      ({ value }) =>
        value.VpcId === vpc &&
        value.Associations.some(
          ({ GatewayId, AssociationState }) =>
            Boolean(GatewayId?.startsWith("igw-")) && !gone.has(AssociationState?.State ?? ""),
        ),
    );
    return table && this.#routes.map(table);
  }

  /** By subnet: the table that it names, else its VPC's main one. */
  #subnets(): Map<string, SubnetNode & { readonly vpc: string }> {
    const { export: of, space, table } = this.#context;
    const acls = aclsOf({ export: of, space, table });
    const bySubnet = new Map<string, Described<RouteTable>>();
    const main = new Map<string, Described<RouteTable>>();
    for (const one of of.routeTables.values()) {
      for (const { Main, SubnetId, AssociationState } of one.value.Associations) {
        if (gone.has(AssociationState?.State ?? "")) continue;
        if (SubnetId !== undefined) bySubnet.set(SubnetId, one);
        else if (Main === true) main.set(one.value.VpcId, one);
      }
    }
    return new Map(
      [...of.subnets.values()].map((subnet) => {
        const routes = bySubnet.get(subnet.id) ?? main.get(subnet.value.VpcId);
        const node = {
          key: subnet.id,
          path: routes?.id ?? subnet.id,
          vpc: subnet.value.VpcId,
          routes: routes === undefined ? this.#unknownRoutes(subnet) : this.#routes.map(routes),
          acl: acls.get(subnet.id) ?? { ingress: undefined, egress: undefined },
          ...blockOf(subnet.value, of.vpcs.get(subnet.value.VpcId)?.value),
        };
        return [subnet.id, node];
      }),
    );
  }

  /** Without its table, only what stays in the VPC is known. */
  #unknownRoutes({ id, file }: Described<Subnet>): PrefixMap<VpcTarget> {
    const { export: of, space } = this.#context;
    const consequence = "the export does not have the route table: what leaves the VPC cannot be answered";
    of.notes.add({ file, object: id, field: "RouteTables", consequence });
    const reason = "the export does not have the subnet's route table";
    return new PrefixMap(
      ["0.0.0.0/0", "::/0"].map((network) => ({ network, value: { kind: "unknown", reason } })),
      space,
    );
  }
}

/** A NAT gateway's interface has single addresses alone. */
function natAddresses({ own }: Eni): Point[] {
  return [...runs(own)].flatMap(([first, last]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index),
  );
}

function blockOf(subnet: Subnet, vpc: Vpc | undefined): Pick<SubnetNode, "blocked"> {
  const mode =
    subnet.BlockPublicAccessStates?.InternetGatewayBlockMode ??
    vpc?.BlockPublicAccessStates?.InternetGatewayBlockMode;
  if (mode === "block-bidirectional") return { blocked: "bidirectional" };
  return mode === "block-ingress" ? { blocked: "ingress" } : {};
}
