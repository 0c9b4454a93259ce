import * as pulumi from "@pulumi/pulumi";

import type { NatGatewayPlan, RegionPlan, RoutePlan, RouteTablePlan, SubnetPlan } from "../plan/model.ts";
import { found } from "../lookup.ts";
import { ipv6Subnet } from "../config/ipv6.ts";
import { isIpv6 } from "../plan/keys.ts";
import * as regional from "./regional.ts";
import type { Tags } from "./tags.ts";

export interface VpcArgs {
  readonly plan: RegionPlan;
}

type GatewayTarget =
  { readonly gatewayId: pulumi.Output<string> } | { readonly egressOnlyGatewayId: pulumi.Output<string> };

/** Availability zone ids look like `usw2-az1`, names like `us-west-2a`. */
const zoneIdPattern = /^[a-z]+\d+-az\d+$/;

/**
 * A region's VPC: subnets per tier and zone, route tables with their associations, the way to the internet and the
 * NAT gateways. Routes to peers and to instances are {@link Routes}, since what they point at is made later.
 */
export class Vpc extends pulumi.ComponentResource {
  readonly plan: RegionPlan;
  readonly vpc: pulumi.Resource & { readonly id: pulumi.Output<string> };
  readonly internetGateway: pulumi.Resource & { readonly id: pulumi.Output<string> };
  /** The region's IPv6 networks, if it has IPv6: of the VPC by the region's key, of subnets by theirs. */
  readonly ipv6Networks = new Map<string, pulumi.Output<string>>();
  /** By plan key. */
  readonly subnetIds: ReadonlyMap<string, pulumi.Output<string>>;
  /** By plan key. */
  readonly routeTableIds: ReadonlyMap<string, pulumi.Output<string>>;
  /**
   * What must exist before a packet of an instance finds its way: associations and static routes. Depend on these
   * and not on the component, whose children other components extend.
   */
  readonly ready: readonly pulumi.Resource[];
  readonly id: pulumi.Output<string>;

  readonly #region: string;
  readonly #associations: pulumi.Resource[] = [];
  readonly #egressOnlyGatewayId: pulumi.Output<string> | undefined;
  readonly #internetRoutes: pulumi.Resource[] = [];

  constructor(name: string, args: VpcArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:Vpc", name, {}, opts);
    this.plan = args.plan;
    this.#region = args.plan.awsRegion;

    const vpc = this.#createVpc(name);
    this.vpc = vpc;
    this.id = vpc.id;
    this.internetGateway = new regional.InternetGateway(
      `${name}/internet-gateway`,
      { region: this.#region, vpcId: vpc.id, tags: this.#tags(`${name}/internet-gateway`) },
      { parent: this },
    );
    if (args.plan.ipv6 !== undefined) this.#divide(vpc.ipv6CidrBlock);
    this.#egressOnlyGatewayId = this.#createEgressOnlyGateway(args.plan.ipv6?.egressOnlyGateway);
    this.routeTableIds = new Map(args.plan.routeTables.map((table) => [table.key, this.#createTable(table)]));
    this.subnetIds = new Map(args.plan.subnets.map((subnet) => [subnet.key, this.#createSubnet(subnet)]));
    for (const table of args.plan.routeTables) this.#createInternetRoutes(table);
    const natIds = new Map(args.plan.natGateways.map((nat) => [nat.key, this.#createNatGateway(nat)]));
    const natRoutes = args.plan.routeTables.flatMap((table) => this.#createNatRoutes(table, natIds));
    this.ready = [...this.#associations, ...this.#internetRoutes, ...natRoutes];

    this.registerOutputs({
      id: this.id,
      cidr: args.plan.cidr,
      subnetIds: Object.fromEntries(this.subnetIds),
      routeTableIds: Object.fromEntries(this.routeTableIds),
    });
  }

  #tags(name: string): Tags {
    return { Name: name, site: this.plan.key };
  }

  #createVpc(name: string) {
    return new regional.Vpc(
      name,
      {
        region: this.#region,
        cidrBlock: this.plan.cidr,
        // Both must be on for names to resolve across a peering.
        enableDnsHostnames: true,
        enableDnsSupport: true,
        ...(this.plan.ipv6 === undefined ? {} : { assignGeneratedIpv6CidrBlock: true }),
        tags: this.#tags(name),
      },
      { parent: this },
    );
  }

  /** Every subnet has the part of the VPC's /56 that its number says, and no other subnet changes that. */
  #divide(network: pulumi.Output<string>): void {
    this.ipv6Networks.set(this.plan.key, network);
    for (const { key, ipv6Number } of this.plan.subnets) {
      if (ipv6Number === undefined) continue;
      this.ipv6Networks.set(
        key,
        network.apply((known) => ipv6Subnet(known, ipv6Number)),
      );
    }
  }

  #createEgressOnlyGateway(key: string | undefined): pulumi.Output<string> | undefined {
    if (key === undefined) return undefined;
    const args = { region: this.#region, vpcId: this.vpc.id, tags: this.#tags(key) };
    return new regional.EgressOnlyInternetGateway(key, args, { parent: this }).id;
  }

  #createTable(table: RouteTablePlan): pulumi.Output<string> {
    // No routes inline: a table that lists any would delete those that other resources add.
    return new regional.RouteTable(
      table.key,
      { region: this.#region, vpcId: this.vpc.id, tags: this.#tags(table.key) },
      { parent: this },
    ).id;
  }

  #createSubnet(subnet: SubnetPlan): pulumi.Output<string> {
    const zone = zoneIdPattern.test(subnet.zone)
      ? { availabilityZoneId: subnet.zone }
      : { availabilityZone: subnet.zone };
    const ipv6 = this.ipv6Networks.get(subnet.key);
    const created = new regional.Subnet(
      subnet.key,
      {
        region: this.#region,
        vpcId: this.vpc.id,
        cidrBlock: subnet.cidr,
        ...(ipv6 === undefined ? {} : { ipv6CidrBlock: ipv6 }),
        ...zone,
        mapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
        tags: this.#tags(subnet.key),
      },
      { parent: this },
    );
    const association = new regional.RouteTableAssociation(
      subnet.key,
      {
        region: this.#region,
        subnetId: created.id,
        routeTableId: found(this.routeTableIds, subnet.routeTable, "route table"),
      },
      { parent: this },
    );
    this.#associations.push(association);
    return created.id;
  }

  #createInternetRoutes(table: RouteTablePlan): void {
    for (const route of table.routes) {
      const target = this.#gatewayOf(route);
      if (target !== undefined) this.#internetRoutes.push(this.#createRoute(table, route, target));
    }
  }

  /** `undefined` for a route that leads to no gateway of the VPC itself. */
  #gatewayOf({ target }: RoutePlan): GatewayTarget | undefined {
    if (target.kind === "internet-gateway") return { gatewayId: this.internetGateway.id };
    const egressOnly = this.#egressOnlyGatewayId;
    return target.kind === "egress-only-gateway" && egressOnly !== undefined
      ? { egressOnlyGatewayId: egressOnly }
      : undefined;
  }

  #createNatGateway(nat: NatGatewayPlan): pulumi.Resource & { readonly id: pulumi.Output<string> } {
    // AWS wants the internet gateway attached before an address is used through it, and NAT works only from a
    // subnet whose way to the internet is in place.
    const dependsOn = [this.internetGateway, ...this.#associations, ...this.#internetRoutes];
    const eip = new regional.Eip(
      nat.key,
      { region: this.#region, domain: "vpc", tags: this.#tags(nat.key) },
      { parent: this, dependsOn: [this.internetGateway] },
    );
    return new regional.NatGateway(
      nat.key,
      {
        region: this.#region,
        allocationId: eip.id,
        subnetId: found(this.subnetIds, nat.subnet, "subnet"),
        privateIp: nat.address,
        tags: this.#tags(nat.key),
      },
      // A gateway that AWS has given another address keeps it: to move it would be to replace it.
      { parent: this, dependsOn, ignoreChanges: ["privateIp"] },
    );
  }

  #createNatRoutes(
    table: RouteTablePlan,
    gateways: ReadonlyMap<string, { readonly id: pulumi.Output<string> }>,
  ): pulumi.Resource[] {
    return table.routes.flatMap((route) =>
      route.target.kind === "nat-gateway"
        ? [
            this.#createRoute(table, route, {
              natGatewayId: found(gateways, route.target.nat, "NAT gateway").id,
            }),
          ]
        : [],
    );
  }

  #createRoute(
    table: RouteTablePlan,
    route: RoutePlan,
    target: GatewayTarget | { readonly natGatewayId: pulumi.Output<string> },
  ): pulumi.Resource {
    const { destination } = route;
    if (typeof destination !== "string") throw new Error(`${route.key}: no gateway leads to another VPC`);
    return new regional.Route(
      route.key,
      {
        region: this.#region,
        routeTableId: found(this.routeTableIds, table.key, "route table"),
        ...(isIpv6(destination)
          ? { destinationIpv6CidrBlock: destination }
          : { destinationCidrBlock: destination }),
        ...target,
      },
      { parent: this },
    );
  }
}
