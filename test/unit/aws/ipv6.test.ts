/** IPv6 of VPCs: networks, addresses, routes and gates, as AWS gives and refuses them. */
import { describe, expect, it } from "vitest";
import type { Json, Properties } from "../../../sandbox/services/aws/json.ts";
import {
  instanceInputs,
  inWorld,
  refusalOf,
  refuses,
  TestCloud,
  types,
  type Made,
  type World,
} from "./harness.ts";

interface Ipv6World {
  readonly cloud: TestCloud;
  readonly world: World;
  /** Of the VPC, after it has got IPv6. */
  readonly vpc: Made;
  readonly network: string;
}

/** A VPC that gets IPv6 when it has subnet and route table already. */
async function withIpv6(work: (scene: Ipv6World) => Promise<void>): Promise<void> {
  await inWorld(async (cloud, world) => {
    const vpc = await cloud.update(world.vpc, { ...world.vpc.inputs, assignGeneratedIpv6CidrBlock: true });
    await work({ cloud, world, vpc, network: vpc.outputs.ipv6CidrBlock as string });
  });
}

/** The n-th /64 of a /56. */
const part = (network: string, number: number): string =>
  `${network.replace(/00::\/56$/, number.toString(16).padStart(2, "0"))}::/64`;

async function described(cloud: TestCloud): Promise<Properties> {
  const { regions } = JSON.parse(JSON.stringify(cloud.service.describe())) as {
    regions: Record<string, Properties>;
  };
  return await Promise.resolve(regions["us-west-2"] ?? {});
}

describe("a VPC's network", () => {
  it("is a /56 of its own, with a local route in every table, and opens the default ACL", async () => {
    await withIpv6(async ({ cloud, world, vpc, network }) => {
      expect(network).toBe("2001:db8:100:100::/56");
      expect(vpc.outputs.ipv6AssociationId).toMatch(/^vpc-cidr-assoc-/);
      const later = await cloud.create(types.routeTable, { vpcId: world.vpc.id });
      const all = await described(cloud);
      const tables = (
        all["route-tables"] as { RouteTables: { RouteTableId: string; Routes: Properties[] }[] }
      ).RouteTables;
      expect(tables.map(({ RouteTableId }) => RouteTableId)).toContain(later.id);
      for (const { Routes } of tables) {
        expect(Routes.filter(({ GatewayId }) => GatewayId === "local")).toMatchObject([
          { DestinationCidrBlock: "10.0.0.0/16" },
          { DestinationIpv6CidrBlock: network },
        ]);
      }
      const [acl] = (all["network-acls"] as { NetworkAcls: { Entries: Properties[] }[] }).NetworkAcls;
      expect(acl?.Entries.filter(({ Egress }) => Egress === false)).toMatchObject([
        { RuleNumber: 100, CidrBlock: "0.0.0.0/0", RuleAction: "allow" },
        { RuleNumber: 101, Ipv6CidrBlock: "::/0", RuleAction: "allow" },
        { RuleNumber: 32767, CidrBlock: "0.0.0.0/0", RuleAction: "deny" },
        { RuleNumber: 32768, Ipv6CidrBlock: "::/0", RuleAction: "deny" },
      ]);
      const other = await cloud.create(types.vpc, {
        cidrBlock: "10.7.0.0/16",
        assignGeneratedIpv6CidrBlock: true,
      });
      expect(other.outputs.ipv6CidrBlock).not.toBe(network);
    });
  });

  it("stays while a subnet has a part of it", async () => {
    await withIpv6(async ({ cloud, world, vpc, network }) => {
      await cloud.update(world.subnet, { ...world.subnet.inputs, ipv6CidrBlock: part(network, 1) });
      const off = { ...vpc.inputs, assignGeneratedIpv6CidrBlock: undefined } as unknown as Properties;
      const { code } = await refusalOf(cloud.update(vpc, off));
      expect(code).toBe("InvalidCidrBlock.InUse");
    });
  });
});

describe("a subnet's network", () => {
  it("is a part of the VPC's and of no other subnet's, and can be given to one that is there", async () => {
    await withIpv6(async ({ cloud, world, network }) => {
      const own = part(network, 1);
      const subnet = await cloud.update(world.subnet, { ...world.subnet.inputs, ipv6CidrBlock: own });
      expect(subnet.outputs.ipv6CidrBlock).toBe(own);
      expect((await cloud.read(subnet))?.outputs).toEqual(subnet.outputs);
      const inputs = (ipv6CidrBlock: string) => ({
        vpcId: world.vpc.id,
        cidrBlock: "10.0.2.0/24",
        ipv6CidrBlock,
      });
      await refuses(cloud, types.subnet, inputs(own), "InvalidSubnet.Conflict", "conflicts with");
      await refuses(cloud, types.subnet, inputs("2001:db8:ffff::/64"), "InvalidSubnet.Range", "is invalid");
      await refuses(
        cloud,
        types.subnet,
        inputs(part(network, 2).replace("/64", "/65")),
        "InvalidSubnet.Range",
        "",
      );
      const second = await cloud.create(types.subnet, inputs(part(network, 2)));
      expect(second.outputs.ipv6CidrBlock).toBe(part(network, 2));
    });
  });
});

describe("an instance's addresses", () => {
  it("are those that are asked for, neither reserved nor taken, and come and go while it runs", async () => {
    await withIpv6(async ({ cloud, world, network }) => {
      const block = part(network, 1);
      await cloud.update(world.subnet, { ...world.subnet.inputs, ipv6CidrBlock: block });
      const at = (end: string): string => block.replace("::/64", `::${end}`);
      const inputs = (...ends: string[]) => instanceInputs(world, { ipv6Addresses: ends.map(at) });
      const made = await cloud.create(types.instance, inputs("a"));
      expect(made.outputs.ipv6Addresses).toEqual([at("a")]);
      await refuses(cloud, types.instance, inputs("a"), "InvalidIPAddress.InUse", "is in use");
      await refuses(cloud, types.instance, inputs("3"), "InvalidParameterValue", "reserved address range");
      await refuses(
        cloud,
        types.instance,
        instanceInputs(world, { ipv6Addresses: ["2001:db8:ffff::9"] }),
        "InvalidParameterValue",
        "does not fall within",
      );
      const moved = await cloud.update(made, { ...made.inputs, ipv6Addresses: [at("b")] });
      expect(moved).toMatchObject({
        id: made.id,
        outputs: { ipv6AddressCount: 1, ipv6Addresses: [at("b")] },
      });
      const counted = await cloud.create(types.instance, instanceInputs(world, { ipv6AddressCount: 2 }));
      expect(counted.outputs.ipv6Addresses).toEqual([at("4"), at("5")]);
    });
  });
});

describe("the egress-only gateway", () => {
  it("is one for a VPC, of use for IPv6 alone, and what a route to it needs", async () => {
    await withIpv6(async ({ cloud, world }) => {
      const gateway = await cloud.create(types.egressOnlyGateway, { vpcId: world.vpc.id });
      expect(gateway.id).toMatch(/^eigw-/);
      const code = "EgressOnlyInternetGatewayLimitExceeded";
      await refuses(cloud, types.egressOnlyGateway, { vpcId: world.vpc.id }, code, "already has");
      const route = { routeTableId: world.table.id, egressOnlyGatewayId: gateway.id };
      const ipv4 = cloud.create(types.route, { ...route, destinationCidrBlock: "0.0.0.0/0" });
      expect((await refusalOf(ipv4)).message).toContain("conflicts with");
      const made = await cloud.create(types.route, { ...route, destinationIpv6CidrBlock: "::/0" });
      expect(made.outputs).toMatchObject({ destinationIpv6CidrBlock: "::/0", state: "active" });
      expect(await cloud.import(types.route, `${world.table.id}_::/0`)).toMatchObject({ id: made.id });
      await refuses(
        cloud,
        types.route,
        { ...route, destinationIpv6CidrBlock: "::/0" },
        "RouteAlreadyExists",
        "already exists",
      );
      expect((await refusalOf(cloud.delete(world.vpc))).code).toBe("DependencyViolation");
      await cloud.delete(gateway);
      expect((await cloud.read(made))?.outputs.state).toBe("blackhole");
    });
  });

  it("is within the account's quota", async () => {
    await inWorld(
      async (cloud, world) => {
        const code = "EgressOnlyInternetGatewayLimitExceeded";
        await refuses(cloud, types.egressOnlyGateway, { vpcId: world.vpc.id }, code, "maximum number");
      },
      { egressOnlyGatewaysPerRegion: 0 },
    );
  });
});

describe("network ACLs", () => {
  it("have entries of both families, which count together", async () => {
    await inWorld(
      async (cloud, world) => {
        await cloud.update(world.vpc, { ...world.vpc.inputs, assignGeneratedIpv6CidrBlock: true });
        const entry = (ruleNo: number, ends: Record<string, Json>): Record<string, Json> => ({
          ruleNo,
          action: "allow",
          protocol: "6",
          fromPort: 443,
          toPort: 443,
          ...ends,
        });
        const one = entry(100, { ipv6CidrBlock: "::/0" });
        const acl = await cloud.create(types.networkAcl, { vpcId: world.vpc.id, ingress: [one] });
        expect(acl.outputs.ingress).toMatchObject([{ ipv6CidrBlock: "::/0", cidrBlock: "", ruleNo: 100 }]);
        const more = [one, entry(110, { cidrBlock: "0.0.0.0/0" })];
        const { code } = await refusalOf(cloud.update(acl, { ...acl.inputs, ingress: more }));
        expect(code).toBe("NetworkAclEntryLimitExceeded");
      },
      { rulesPerNetworkAcl: 3 },
    );
  });
});
