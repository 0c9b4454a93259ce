/** What AWS refuses, with its own codes and words. */
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import { instanceInputs, inWorld, makeWorld, refusalOf, refuses, TestCloud, types } from "./harness.ts";

const tcp = { ipProtocol: "tcp", fromPort: 80, toPort: 80 };

describe("the form of a refusal", () => {
  it("is that of the upstream provider", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const inputs = { vpcId: vpc.id, cidrBlock: "10.1.0.0/24" };
      const { message } = await refusalOf(cloud.create(types.subnet, inputs));
      expect(message).toMatch(
        /^1 error occurred:\n\t\* creating EC2 Subnet: operation error EC2: CreateSubnet, https response error StatusCode: 400, RequestID: [0-9a-f-]{36}, api error InvalidSubnet\.Range: The CIDR '10\.1\.0\.0\/24' is invalid\.\n\n$/,
      );
    });
  });
});

describe("subnets", () => {
  it("outside the VPC, overlapping, too large, in another zone", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const subnet = (cidrBlock: string, more: Properties = {}) => ({ vpcId: vpc.id, cidrBlock, ...more });
      await refuses(cloud, types.subnet, subnet("10.0.0.0/15"), "InvalidSubnet.Range", "is invalid");
      await refuses(cloud, types.subnet, subnet("10.0.2.0/29"), "InvalidSubnet.Range", "is invalid");
      await refuses(
        cloud,
        types.subnet,
        subnet("10.0.0.0/20"),
        "InvalidSubnet.Conflict",
        "conflicts with another",
      );
      await refuses(cloud, types.subnet, subnet("10.0.1.128/25"), "InvalidSubnet.Conflict", "10.0.1.128/25");
      await refuses(
        cloud,
        types.subnet,
        subnet("10.0.2.0/24", { availabilityZone: "eu-west-1a" }),
        "InvalidParameterValue",
        "Value (eu-west-1a) for parameter availabilityZone is invalid.",
      );
    });
  });
});

describe("routes", () => {
  it("the same destination twice, inside the VPC, to a gateway elsewhere", async () => {
    await inWorld(async (cloud, { table, gateway }) => {
      const route = (destinationCidrBlock: string, more: Properties = {}) => ({
        routeTableId: table.id,
        destinationCidrBlock,
        gatewayId: gateway.id,
        ...more,
      });
      await cloud.create(types.route, route("0.0.0.0/0"));
      await refuses(cloud, types.route, route("0.0.0.0/0"), "RouteAlreadyExists", "already exists");
      await refuses(
        cloud,
        types.route,
        route("10.0.1.0/24"),
        "InvalidParameterValue",
        "more specific than one of",
      );
      const detached = await cloud.create(types.internetGateway, {});
      await refuses(
        cloud,
        types.route,
        route("192.0.2.0/24", { gatewayId: detached.id }),
        "InvalidParameterValue",
        `network gateway ${detached.id} belong to different networks`,
      );
      const missing = "igw-0123456789abcdef0";
      await refuses(
        cloud,
        types.route,
        route("192.0.2.0/24", { gatewayId: missing }),
        "InvalidInternetGatewayID.NotFound",
        `The internetGateway ID '${missing}' does not exist`,
      );
    });
  });

  it("a table or subnet of another VPC, a subnet that has a table", async () => {
    await inWorld(async (cloud, { table, subnet }) => {
      const other = await makeWorld(cloud, "us-west-2", 1);
      const link = (routeTableId: string) => ({ routeTableId, subnetId: subnet.id });
      await refuses(
        cloud,
        types.routeTableAssociation,
        link(other.table.id),
        "InvalidParameterValue",
        "different networks",
      );
      await cloud.create(types.routeTableAssociation, link(table.id));
      await refuses(
        cloud,
        types.routeTableAssociation,
        link(table.id),
        "Resource.AlreadyAssociated",
        "conflicts with",
      );
    });
  });
});

describe("security groups", () => {
  it("duplicates, foreign groups, unknown protocols, bad ports", async () => {
    await inWorld(async (cloud, { vpc, group }) => {
      const rule = (more: Properties) => ({ securityGroupId: group.id, ...tcp, ...more });
      const cidrIpv4 = "192.0.2.0/24";
      await cloud.create(types.ingressRule, rule({ cidrIpv4, description: "one" }));
      await refuses(
        cloud,
        types.ingressRule,
        rule({ cidrIpv4, description: "another", ipProtocol: "6" }),
        "InvalidPermission.Duplicate",
        'the specified rule "peer: 192.0.2.0/24, TCP, from port: 80, to port: 80, ALLOW" already exists',
      );
      await refuses(
        cloud,
        types.ingressRule,
        rule({ cidrIpv4, ipProtocol: "tpc" }),
        "InvalidParameterValue",
        "Unknown protocol",
      );
      await refuses(
        cloud,
        types.ingressRule,
        rule({ cidrIpv4, toPort: 79 }),
        "InvalidParameterValue",
        "port range 80-79",
      );
      await refuses(
        cloud,
        types.ingressRule,
        rule({ cidrIpv4, description: "é" }),
        "InvalidParameterValue",
        "description",
      );
      const name = { vpcId: vpc.id, name: "web" };
      await refuses(
        cloud,
        types.securityGroup,
        name,
        "InvalidGroup.Duplicate",
        `already exists for VPC '${vpc.id}'`,
      );
    });
  });

  it("name a group of another region or VPC only where the VPCs are peered in one region", async () => {
    await inWorld(async (cloud, { vpc, group }) => {
      const far = await makeWorld(cloud, "eu-west-1", 1);
      const near = await makeWorld(cloud, "us-west-2", 2);
      const rule = (referencedSecurityGroupId: string) => ({
        securityGroupId: group.id,
        ...tcp,
        referencedSecurityGroupId,
      });
      const peer = (peerVpcId: string, more: Properties) => ({ vpcId: vpc.id, peerVpcId, ...more });
      const gone = "InvalidGroup.NotFound";
      await refuses(cloud, types.ingressRule, rule(far.group.id), gone, `'${far.group.id}' does not exist`);
      await refuses(cloud, types.ingressRule, rule(near.group.id), gone, "belong to different networks");
      const { id } = await cloud.create(types.peering, peer(far.vpc.id, { peerRegion: "eu-west-1" }));
      const accept = { region: "eu-west-1", vpcPeeringConnectionId: id, autoAccept: true };
      await cloud.create(types.accepter, accept);
      await refuses(cloud, types.ingressRule, rule(far.group.id), gone, "does not exist");
      await cloud.create(types.peering, peer(near.vpc.id, { autoAccept: true }));
      await cloud.create(types.ingressRule, rule(near.group.id));
    });
  });
});

describe("instances", () => {
  it("addresses in use, reserved or elsewhere; images of another form; groups elsewhere", async () => {
    await inWorld(async (cloud, world) => {
      const run = (more: Properties) => instanceInputs(world, more);
      await cloud.create(types.instance, run({ privateIp: "10.0.1.10" }));
      await refuses(
        cloud,
        types.instance,
        run({ privateIp: "10.0.1.10" }),
        "InvalidIPAddress.InUse",
        "10.0.1.10 is in use",
      );
      for (const privateIp of ["10.0.1.0", "10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.255"]) {
        await refuses(
          cloud,
          types.instance,
          run({ privateIp }),
          "InvalidParameterValue",
          "reserved address range",
        );
      }
      await refuses(
        cloud,
        types.instance,
        run({ privateIp: "10.0.2.10" }),
        "InvalidParameterValue",
        "does not fall within",
      );
      await refuses(
        cloud,
        types.instance,
        run({ ami: "debian-12" }),
        "InvalidAMIID.Malformed",
        'expecting "ami-..."',
      );
      await refuses(
        cloud,
        types.instance,
        run({ keyName: "k" }),
        "InvalidKeyPair.NotFound",
        "'k' does not exist",
      );
      const other = await makeWorld(cloud, "us-west-2", 1);
      const foreign = run({ vpcSecurityGroupIds: [other.group.id] });
      await refuses(cloud, types.instance, foreign, "InvalidParameter", "belong to different networks");
      const abroad = await makeWorld(cloud, "eu-west-1", 2);
      const far = run({ vpcSecurityGroupIds: [abroad.group.id] });
      await refuses(cloud, types.instance, far, "InvalidGroup.NotFound", "does not exist");
    });
  });

  it("a subnet of 16 addresses has room for 11", async () => {
    await inWorld(async (cloud, world) => {
      const small = await cloud.create(types.subnet, { vpcId: world.vpc.id, cidrBlock: "10.0.2.0/28" });
      const inputs = instanceInputs({ ...world, subnet: small });
      const addresses: unknown[] = [];
      for (let index = 0; index < 11; index++) {
        addresses.push((await cloud.create(types.instance, inputs)).outputs.privateIp);
      }
      expect(addresses).toEqual(Array.from({ length: 11 }, (_, index) => `10.0.2.${index + 4}`));
      await refuses(
        cloud,
        types.instance,
        inputs,
        "InsufficientFreeAddressesInSubnet",
        "enough free addresses",
      );
    });
  });

  it("are not terminated against their protection, unless forced", async () => {
    await inWorld(async (cloud, world) => {
      const made = await cloud.create(types.instance, instanceInputs(world, { disableApiTermination: true }));
      expect((await refusalOf(cloud.delete(made))).code).toBe("OperationNotPermitted");
      await cloud.delete({ ...made, outputs: { ...made.outputs, forceDestroy: true } });
      expect(await cloud.read(made)).toBeUndefined();
    });
  });
});

describe("NAT gateways and addresses", () => {
  it("a NAT gateway in a VPC without an internet gateway fails, and stays in the state", async () => {
    using cloud = new TestCloud();
    const vpc = await cloud.create(types.vpc, { cidrBlock: "10.0.0.0/16" });
    const subnet = await cloud.create(types.subnet, { vpcId: vpc.id, cidrBlock: "10.0.1.0/24" });
    const eip = await cloud.create(types.eip, {});
    const refusal = await refusalOf(
      cloud.create(types.natGateway, { subnetId: subnet.id, allocationId: eip.id }),
    );
    expect(refusal.message).toContain(
      `last error: Gateway.NotAttached: Network ${vpc.id} has no Internet gateway attached`,
    );
    expect(refusal.created?.id).toMatch(/^nat-0[0-9a-f]{16}$/);
    const described = cloud.service.describe().regions["us-west-2"]?.["nat-gateways"].NatGateways;
    expect(described).toMatchObject([{ State: "failed", FailureCode: "Gateway.NotAttached" }]);
  });

  it("an instance in a VPC without an internet gateway gets no Elastic IP", async () => {
    using cloud = new TestCloud();
    const world = await makeWorld(cloud);
    const made = await cloud.create(types.instance, instanceInputs(world));
    await cloud.delete(world.gateway);
    const eip = await cloud.create(types.eip, {});
    const inputs = { allocationId: eip.id, instanceId: made.id };
    await refuses(
      cloud,
      types.eipAssociation,
      inputs,
      "Gateway.NotAttached",
      "not attached to any internet gateway",
    );
  });

  it("the NAT gateways of a zone are limited, and an address serves one", async () => {
    await inWorld(
      async (cloud, { subnet }) => {
        const eip = await cloud.create(types.eip, {});
        const inputs = { subnetId: subnet.id, allocationId: eip.id };
        await refuses(cloud, types.natGateway, { subnetId: subnet.id }, "MissingParameter", "AllocationId");
        await cloud.create(types.natGateway, inputs);
        await refuses(cloud, types.natGateway, inputs, "NatGatewayLimitExceeded", "limit of 1 NAT gateways");
      },
      { natGatewaysPerZone: 1 },
    );
  });
});

describe("deletions while something depends on the resource", () => {
  it("VPC, subnet, gateway, group, table, address", async () => {
    await inWorld(async (cloud, world) => {
      const machine = await cloud.create(types.instance, instanceInputs(world));
      const eip = await cloud.create(types.eip, { instance: machine.id });
      const link = await cloud.create(types.routeTableAssociation, {
        routeTableId: world.table.id,
        subnetId: world.subnet.id,
      });
      for (const made of [world.vpc, world.subnet, world.gateway, world.group]) {
        const refusal = await refusalOf(cloud.delete(made));
        expect([made.type, refusal.code]).toEqual([made.type, "DependencyViolation"]);
      }
      await cloud.delete(eip).catch((error: unknown) => {
        throw new Error("an address lets go of its instance first", { cause: error });
      });
      for (const made of [link, machine, world.group, world.gateway, world.table, world.subnet, world.vpc]) {
        await cloud.delete(made);
      }
      expect(cloud.service.describe().regions).toEqual({});
    });
  });

  it("a group that another group's rule names, until both give way", async () => {
    await inWorld(async (cloud, { vpc, group }) => {
      const other = await cloud.create(types.securityGroup, { vpcId: vpc.id, name: "other" });
      const rule = await cloud.create(types.ingressRule, {
        securityGroupId: other.id,
        ...tcp,
        referencedSecurityGroupId: group.id,
      });
      expect((await refusalOf(cloud.delete(group))).code).toBe("DependencyViolation");
      await cloud.delete(rule);
      await cloud.delete(group);
    });
  });

  it("are repeated without harm", async () => {
    await inWorld(async (cloud, { table, group }) => {
      for (const made of [table, table, group, group]) {
        await cloud.delete(made);
      }
      expect(await cloud.read(table)).toBeUndefined();
    });
  });
});
