/** VPCs with their subnets, gateways and interfaces, each a place of its own: their networks may well overlap. */
import { Gate } from "../rules/gate.ts";
import { PrefixMap } from "../rules/prefixes.ts";
import { isV6Point, networks, type SymbolSpace } from "../sets/addresses.ts";
import { difference, nowhere, pointsOf, runs, union, type Intervals, type Point } from "../sets/intervals.ts";
import type { TrafficTable } from "../sets/traffic.ts";
import type { Eni, NatNode, RegionNode, SubnetNode, VpcTarget } from "../world/model.ts";
import type { Described, Export } from "./collect.ts";
import { linkOf, primaryOf } from "./hosts.ts";
import type { Interface } from "./interfaces.ts";
import { nameless } from "./nats.ts";
import { aclsOf } from "./network-acls.ts";
import type { RouteTable, Subnet, Vpc } from "./records.ts";
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

/** Amazon's resolver, two above the base of the VPC's first network (vpc/latest/userguide/AmazonDNS-concepts.html). */
function reservedOf(vpc: Vpc): Intervals {
  const first = networks(networksOfVpc(vpc).slice(0, 1))[0];
  return typeof first === "number" ? pointsOf([first + 2]) : nowhere;
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
  /** Other VPCs by peering, for each VPC. */
  readonly #peers = new Map<string, Map<string, string>>();

  constructor(context: VpcContext) {
    const { export: of, space, table, interfaces } = context;
    this.#context = context;
    this.#open = openGate(table);
    this.#own = new Map([...of.vpcs.values()].map(({ id, value }) => [id, networks(networksOfVpc(value))]));
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
    const groupVpc = (group: string): string | undefined =>
      [...interfaces.values()].find(({ groups }) => groups.includes(group))?.vpc;
    const listed = new Map<string, Intervals>();
    for (const { vpc, own } of interfaces.values()) listed.set(vpc, union(listed.get(vpc) ?? nowhere, own));
    this.#groups = new SecurityGroups(
      {
        export: of,
        space,
        table,
        members: membersOf(interfaces.values()),
        meets: (vpc, other) => vpc === other || [...(this.#peers.get(vpc)?.values() ?? [])].includes(other),
        near: (vpc) => union(networksOf(vpc), this.#beyond(vpc)),
        unlisted: (vpc) =>
          of.has("NetworkInterfaces") ? nowhere : difference(networksOf(vpc), listed.get(vpc) ?? nowhere),
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

  /** Where a VPC's peers may be, whether or not the export has them: all that is private, if it has any. */
  #beyond(vpc: string): Intervals {
    const { peerings } = this.#context.export;
    const others = [...peerings.values()].filter(({ value }) =>
      [value.RequesterVpcInfo?.VpcId, value.AccepterVpcInfo?.VpcId].includes(vpc),
    );
    return others.length === 0 ? nowhere : nameless;
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
      reserved: reservedOf(value),
      ...(gatewayRoutes === undefined ? {} : { gatewayRoutes }),
      ...(delegated.length === 0 ? {} : { delegated: new PrefixMap(delegated, space) }),
      ...(of.has("NetworkInterfaces")
        ? {}
        : { incomplete: "the export has no network interfaces but those of instances" }),
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
