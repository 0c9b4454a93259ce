/** Gateway endpoints and DB subnet groups: what AWS makes of them, and what it refuses. */
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import { inWorld, makeWorld, refusalOf, refuses, TestCloud, types, type Made } from "./harness.ts";

const region = "us-west-2";
const s3 = "com.amazonaws.us-west-2.s3";
const dynamodb = "com.amazonaws.us-west-2.dynamodb";

describe("a gateway endpoint", () => {
  it("puts its service's prefix list into its tables, and takes it out with itself", async () => {
    await inWorld(async (cloud, { vpc, table }) => {
      const endpoint = await cloud.create(types.vpcEndpoint, { vpcId: vpc.id, serviceName: s3 });
      expect(endpoint.id).toMatch(/^vpce-0[0-9a-f]{16}$/);
      const routes = () =>
        cloud.service
          .describe()
          .regions[region]?.["route-tables"].RouteTables.find(({ RouteTableId }) => RouteTableId === table.id)
          ?.Routes.filter(({ GatewayId }) => GatewayId !== "local");
      expect(routes()).toEqual([]);
      const inputs = { vpcEndpointId: endpoint.id, routeTableId: table.id };
      const association = await cloud.create(types.endpointRouteTable, inputs);
      expect(association.id).toMatch(new RegExp(`^a-${endpoint.id}\\d+$`));
      const lists = cloud.service.describe().regions[region]?.["prefix-lists"].PrefixLists ?? [];
      expect(lists.map(({ PrefixListName }) => PrefixListName)).toEqual([s3, dynamodb]);
      const [list] = lists;
      expect(endpoint.outputs).toMatchObject({ prefixListId: list?.PrefixListId, cidrBlocks: list?.Cidrs });
      expect(routes()).toEqual([
        {
          DestinationPrefixListId: list?.PrefixListId,
          GatewayId: endpoint.id,
          Origin: "CreateRoute",
          State: "active",
        },
      ]);
      // The table's own resource does not take the endpoint's route for one that somebody added by hand.
      expect((await cloud.read(table))?.outputs.routes).toEqual([]);
      await cloud.delete(association);
      expect(routes()).toEqual([]);
      const again = await cloud.create(types.endpointRouteTable, inputs);
      await cloud.delete(endpoint);
      expect(routes()).toEqual([]);
      expect(await cloud.read(again)).toBeUndefined();
      await cloud.delete(again);
    });
  });

  it("is refused for a service that has none, and twice in one table", async () => {
    await inWorld(async (cloud, { vpc, table }) => {
      const endpoint = (serviceName: string) =>
        cloud.create(types.vpcEndpoint, { vpcId: vpc.id, serviceName });
      await refuses(
        cloud,
        types.vpcEndpoint,
        { vpcId: vpc.id, serviceName: "com.amazonaws.us-west-2.sqs" },
        "InvalidServiceName",
        "The Vpc Endpoint Service 'com.amazonaws.us-west-2.sqs' does not exist",
      );
      const [first, second, other] = [await endpoint(s3), await endpoint(s3), await endpoint(dynamodb)];
      const inTable = ({ id }: Made) => ({ vpcEndpointId: id, routeTableId: table.id });
      await cloud.create(types.endpointRouteTable, inTable(first));
      await refuses(
        cloud,
        types.endpointRouteTable,
        inTable(second),
        "RouteAlreadyExists",
        /already has a route with destination-prefix-list-id pl-[0-9a-f]{8}/,
      );
      await cloud.create(types.endpointRouteTable, inTable(other));
      const elsewhere = await makeWorld(cloud, region, 1);
      await refuses(
        cloud,
        types.endpointRouteTable,
        { vpcEndpointId: first.id, routeTableId: elsewhere.table.id },
        "InvalidParameter",
        "belong to different networks",
      );
    });
  });

  it("counts among the routes of its table, and among the region's endpoints", async () => {
    const quotas = { routesPerTable: 1, gatewayEndpointsPerRegion: 2 };
    await inWorld(async (cloud, { vpc, table, gateway }) => {
      const made = await cloud.create(types.vpcEndpoint, { vpcId: vpc.id, serviceName: s3 });
      await cloud.create(types.route, {
        routeTableId: table.id,
        destinationCidrBlock: "0.0.0.0/0",
        gatewayId: gateway.id,
      });
      const inputs = { vpcEndpointId: made.id, routeTableId: table.id };
      await refuses(cloud, types.endpointRouteTable, inputs, "RouteLimitExceeded", "routes");
      const another = { vpcId: vpc.id, serviceName: dynamodb };
      await cloud.create(types.vpcEndpoint, another);
      await refuses(cloud, types.vpcEndpoint, another, "VpcEndpointLimitExceeded", "endpoints");
    }, quotas);
  });

  it("keeps its VPC from being deleted", async () => {
    using cloud = new TestCloud();
    const vpc = await cloud.create(types.vpc, { cidrBlock: "10.9.0.0/16" });
    const made = await cloud.create(types.vpcEndpoint, { vpcId: vpc.id, serviceName: s3 });
    expect((await refusalOf(cloud.delete(vpc))).code).toBe("DependencyViolation");
    await cloud.delete(made);
    await cloud.delete(vpc);
  });

  it("is found by its tags, and imported with its table", async () => {
    await inWorld(async (cloud, { vpc, table }) => {
      const tags = { stack: "a", urn: "1" };
      const made = await cloud.create(types.vpcEndpoint, { vpcId: vpc.id, serviceName: s3, tags });
      await cloud.create(types.vpcEndpoint, { vpcId: vpc.id, serviceName: dynamodb });
      const inputs = { vpcEndpointId: made.id, routeTableId: table.id };
      const association = await cloud.create(types.endpointRouteTable, inputs);
      const token = "aws:ec2/getVpcEndpoint:getVpcEndpoint";
      expect(await cloud.invoke(token, { tags })).toMatchObject({ id: made.id, routeTableIds: [table.id] });
      await expect(cloud.invoke(token, { tags, region: "eu-west-1" })).rejects.toThrow(
        "no matching EC2 VPC Endpoint found",
      );
      await expect(cloud.invoke(token, { vpcId: vpc.id })).rejects.toThrow("multiple EC2 VPC Endpoints");
      const imported = await cloud.import(types.endpointRouteTable, `${made.id}/${table.id}`);
      expect(imported?.id).toBe(association.id);
      expect(await cloud.import(types.vpcEndpoint, made.id)).toMatchObject({ id: made.id });
    });
  });
});

describe("a DB subnet group", () => {
  const subnets = async (cloud: TestCloud, vpcId: string, zones: string): Promise<string[]> => {
    const made: string[] = [];
    for (const [index, letter] of Array.from(zones).entries()) {
      const place = { vpcId, availabilityZone: `us-west-2${letter}` };
      made.push((await cloud.create(types.subnet, { ...place, cidrBlock: `10.0.2${index}.0/24` })).id);
    }
    return made;
  };

  it("needs two zones, when it is made and when it is changed", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const [a = "", again = "", b = ""] = await subnets(cloud, vpc.id, "aab");
      const group = (...subnetIds: string[]): Properties => ({ name: "database", subnetIds });
      const code = "DBSubnetGroupDoesNotCoverEnoughAZs";
      const message =
        /^1 error occurred:\n\t\* creating RDS DB Subnet Group \(database\): operation error RDS: CreateDBSubnetGroup, https response error StatusCode: 400, RequestID: [0-9a-f-]{36}, DBSubnetGroupDoesNotCoverEnoughAZs: .* Current AZ coverage: us-west-2a\./;
      await refuses(cloud, types.dbSubnetGroup, group(a, again), code, message);
      const made = await cloud.create(types.dbSubnetGroup, group(a, b));
      expect(made).toMatchObject({
        id: "database",
        outputs: { arn: "arn:aws:rds:us-west-2:111122223333:subgrp:database", vpcId: vpc.id },
      });
      expect((await refusalOf(cloud.update(made, group(a, again)))).code).toBe(code);
    });
  });

  it("has a name of its own in its region, and subnets of one VPC that exist", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const subnetIds = await subnets(cloud, vpc.id, "ab");
      await cloud.create(types.dbSubnetGroup, { name: "database", subnetIds });
      await refuses(
        cloud,
        types.dbSubnetGroup,
        { name: "database", subnetIds },
        "DBSubnetGroupAlreadyExists",
        "'database' already exists",
      );
      const missing = "subnet-0123456789abcdef0";
      await refuses(
        cloud,
        types.dbSubnetGroup,
        { name: "other", subnetIds: [...subnetIds, missing] },
        "InvalidSubnet",
        missing,
      );
      const { subnet } = await makeWorld(cloud, region, 1);
      await refuses(
        cloud,
        types.dbSubnetGroup,
        { name: "other", subnetIds: [...subnetIds, subnet.id] },
        "InvalidParameterValue",
        "in the same VPC",
      );
    });
  });

  it("is found by its name, tagged anew, described and imported", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const subnetIds = await subnets(cloud, vpc.id, "ab");
      const inputs = { name: "database", subnetIds, tags: { stack: "a" } };
      const made = await cloud.create(types.dbSubnetGroup, inputs);
      const token = "aws:rds/getSubnetGroup:getSubnetGroup";
      expect(await cloud.invoke(token, { name: "database" })).toMatchObject({ subnetIds, vpcId: vpc.id });
      await expect(cloud.invoke(token, { name: "other" })).rejects.toThrow("couldn't find resource");
      const tagged = await cloud.update(made, { ...inputs, tags: { stack: "b" } });
      expect((await cloud.read(tagged))?.outputs.tags).toEqual({ stack: "b" });
      const [group] = cloud.service.describe().regions[region]?.["db-subnet-groups"].DBSubnetGroups ?? [];
      expect(group).toMatchObject({ DBSubnetGroupName: "database", SubnetGroupStatus: "Complete" });
      expect(group).not.toHaveProperty("Tags");
      expect(await cloud.import(types.dbSubnetGroup, "database")).toMatchObject({ id: "database" });
      // An id that does not tell its type is found by the type.
      const drift = { region, action: "modify", id: "database", set: { description: "by hand" } } as const;
      expect(() => cloud.service.drift(drift)).toThrow("not the id of anything that can drift");
      cloud.service.drift({ ...drift, type: types.dbSubnetGroup });
      expect((await cloud.read(tagged))?.outputs.description).toBe("by hand");
      await cloud.delete(tagged);
      expect(await cloud.read(tagged)).toBeUndefined();
      await cloud.delete(tagged);
    });
  });

  it("is limited in number and in subnets", async () => {
    const quotas = { dbSubnetGroupsPerRegion: 1, subnetsPerDbSubnetGroup: 2 };
    await inWorld(async (cloud, { vpc }) => {
      const [a = "", b = "", c = ""] = await subnets(cloud, vpc.id, "abc");
      const group = (name: string, ...subnetIds: string[]): Properties => ({ name, subnetIds });
      await refuses(cloud, types.dbSubnetGroup, group("x", a, b, c), "DBSubnetQuotaExceededFault", "subnets");
      await cloud.create(types.dbSubnetGroup, group("x", a, b));
      await refuses(cloud, types.dbSubnetGroup, group("y", a, b), "DBSubnetGroupQuotaExceeded", "groups");
    }, quotas);
  });
});

describe("the default security group", () => {
  it("stays empty where the program says so: what somebody adds shows, and an update takes it away", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const inputs = { vpcId: vpc.id, ingress: [], egress: [] };
      const made = await cloud.create(types.defaultSecurityGroup, inputs);
      const rule = { securityGroupId: made.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
      await cloud.create(types.ingressRule, rule);
      const seen = await cloud.read(made);
      if (seen === undefined) throw new Error("the group is gone");
      expect((await cloud.diff(seen, inputs)).changed).toEqual(["ingress"]);
      expect((await cloud.update(seen, inputs)).outputs.ingress).toEqual([]);
    });
  });
});
