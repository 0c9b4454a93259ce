/** AWS's quotas, and what it says when one is reached. */
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import { defaultQuotas, parseQuotas } from "../../../sandbox/services/aws/quotas.ts";
import { instanceInputs, inWorld, makeWorld, refuses, TestCloud, types } from "./harness.ts";

const tcp = { ipProtocol: "tcp", fromPort: 80, toPort: 80 };

describe("quotas", () => {
  it("are AWS's by default, and can be overridden by name", () => {
    expect(defaultQuotas).toMatchObject({
      vpcsPerRegion: 5,
      elasticIpsPerRegion: 5,
      internetGatewaysPerRegion: 5,
      natGatewaysPerZone: 5,
      subnetsPerVpc: 200,
      routesPerTable: 500,
      rulesPerSecurityGroup: 60,
      securityGroupsPerInterface: 5,
      activePeeringsPerVpc: 50,
      outstandingPeeringsPerRegion: 25,
    });
    expect(parseQuotas('{"vpcsPerRegion": 7}')).toEqual({ ...defaultQuotas, vpcsPerRegion: 7 });
    expect(() => parseQuotas('{"vpcs": 7}')).toThrow("unknown quota vpcs");
    expect(() => parseQuotas('{"vpcsPerRegion": -1}')).toThrow("whole number");
  });

  it("VPCs and addresses per region, each region for itself", async () => {
    using cloud = new TestCloud({ vpcsPerRegion: 1, elasticIpsPerRegion: 1, internetGatewaysPerRegion: 1 });
    for (const region of ["us-west-2", "eu-west-1"]) {
      await cloud.create(types.vpc, { region, cidrBlock: "10.0.0.0/16" });
      await cloud.create(types.eip, { region });
      await cloud.create(types.internetGateway, { region });
      const again = { region, cidrBlock: "10.1.0.0/16" };
      await refuses(cloud, types.vpc, again, "VpcLimitExceeded", "maximum number of VPCs");
      await refuses(cloud, types.eip, { region }, "AddressLimitExceeded", "maximum number of addresses");
      await refuses(
        cloud,
        types.internetGateway,
        { region },
        "InternetGatewayLimitExceeded",
        "maximum number",
      );
    }
  });

  it("an address assigned at launch is no Elastic IP", async () => {
    await inWorld(
      async (cloud, world) => {
        const made = await cloud.create(
          types.instance,
          instanceInputs(world, { associatePublicIpAddress: true }),
        );
        expect(made.outputs.publicIp).toBe("198.18.0.1");
        const eip = await cloud.create(types.eip, {});
        expect(eip.outputs.publicIp).toBe("198.18.0.2");
      },
      { elasticIpsPerRegion: 1 },
    );
  });

  it("subnets, tables, routes, rules, groups", async () => {
    const quotas = {
      subnetsPerVpc: 1,
      routeTablesPerVpc: 2,
      routesPerTable: 1,
      rulesPerSecurityGroup: 2,
      securityGroupsPerRegion: 2,
      securityGroupsPerInterface: 1,
    };
    await inWorld(async (cloud, { vpc, table, gateway, group, subnet }) => {
      const vpcId = vpc.id;
      const route = (destinationCidrBlock: string) => ({
        routeTableId: table.id,
        destinationCidrBlock,
        gatewayId: gateway.id,
      });
      const rule = (more: Properties) => ({ securityGroupId: group.id, ...tcp, ...more });
      await refuses(
        cloud,
        types.subnet,
        { vpcId, cidrBlock: "10.0.2.0/24" },
        "SubnetLimitExceeded",
        "subnets",
      );
      await refuses(cloud, types.routeTable, { vpcId }, "RouteTableLimitExceeded", "route tables");
      await refuses(cloud, types.securityGroup, { vpcId }, "SecurityGroupLimitExceeded", "security groups");
      await cloud.create(types.route, route("0.0.0.0/0"));
      await refuses(cloud, types.route, route("192.0.2.0/24"), "RouteLimitExceeded", "routes");
      await cloud.create(types.ingressRule, rule({ cidrIpv4: "192.0.2.0/25" }));
      await cloud.create(types.ingressRule, rule({ referencedSecurityGroupId: group.id }));
      const limit = "RulesPerSecurityGroupLimitExceeded";
      await refuses(
        cloud,
        types.ingressRule,
        rule({ cidrIpv4: "192.0.2.128/25" }),
        limit,
        "rules per security",
      );
      // IPv6 counts apart, and so does the other direction; a rule that names a group counts for both families.
      await cloud.create(types.ingressRule, rule({ cidrIpv6: "2001:db8::/32" }));
      await refuses(
        cloud,
        types.ingressRule,
        rule({ cidrIpv6: "2001:db9::/32" }),
        limit,
        "rules per security",
      );
      await cloud.create(types.egressRule, rule({ cidrIpv4: "192.0.2.0/25" }));
      const groups = [group.id, vpc.outputs.defaultSecurityGroupId ?? null];
      const inputs = {
        ...instanceInputs({ vpc, table, gateway, group, subnet }),
        vpcSecurityGroupIds: groups,
      };
      await refuses(
        cloud,
        types.instance,
        inputs,
        "SecurityGroupsPerInterfaceLimitExceeded",
        "per interface",
      );
    }, quotas);
  });

  it("peerings that nobody has accepted, where they were asked for", async () => {
    using cloud = new TestCloud({ outstandingPeeringsPerRegion: 1 });
    const west = await makeWorld(cloud, "us-west-2", 0);
    const east = await makeWorld(cloud, "eu-west-1", 1);
    const south = await makeWorld(cloud, "sa-east-1", 2);
    const ask = (from: typeof west, to: typeof west) => ({
      region: from.vpc.outputs.region ?? null,
      vpcId: from.vpc.id,
      peerVpcId: to.vpc.id,
      peerRegion: to.vpc.outputs.region ?? null,
    });
    const first = await cloud.create(types.peering, ask(west, east));
    const limit = "OutstandingVpcPeeringConnectionLimitExceeded";
    await refuses(cloud, types.peering, ask(west, south), limit, "outstanding VPC peering");
    // The accepter has asked for nothing.
    await cloud.create(types.peering, ask(east, south));
    const accept = { region: "eu-west-1", vpcPeeringConnectionId: first.id, autoAccept: true };
    await cloud.create(types.accepter, accept);
    await cloud.create(types.peering, ask(west, south));
  });
});
