/** Outbound endpoints of resolvers, their rules, and the VPCs that those are for. */
import { describe, expect, it } from "vitest";
import type { Json, Properties } from "../../../sandbox/services/aws/json.ts";
import {
  inWorld,
  makeWorld,
  refusalOf,
  refuses,
  types,
  type Made,
  type TestCloud,
  type World,
} from "./harness.ts";

const region = "us-west-2";

const at = (world: World, ...ips: readonly string[]): Json =>
  ips.map((ip) => ({ subnetId: world.subnet.id, ip }));

function endpointOf(world: World, more: Properties = {}): Properties {
  return {
    name: "outbound",
    direction: "OUTBOUND",
    ipAddresses: at(world, "10.0.1.4", "10.0.1.5"),
    securityGroupIds: [world.group.id],
    ...more,
  };
}

function ruleOf(endpoint: Made, more: Properties = {}): Properties {
  return {
    name: "consul",
    domainName: "consul",
    ruleType: "FORWARD",
    resolverEndpointId: endpoint.id,
    targetIps: [{ ip: "10.0.1.11", port: 8600 }],
    ...more,
  };
}

const regionOf = (cloud: TestCloud) => {
  const found = cloud.service.describe().regions[region];
  if (found === undefined) throw new Error(`nothing is in ${region}`);
  return found;
};

const interfacesOf = (cloud: TestCloud) =>
  regionOf(cloud)
    ["network-interfaces"].NetworkInterfaces.filter(({ Description }) =>
      Description.startsWith("Route 53 Resolver"),
    )
    .map(({ PrivateIpAddress }) => PrivateIpAddress)
    .sort();

describe("an outbound endpoint", () => {
  it("holds its addresses by interfaces of AWS's own, which go with it", async () => {
    await inWorld(async (cloud, world) => {
      const made = await cloud.create(types.resolverEndpoint, endpointOf(world, { tags: { stack: "a" } }));
      expect(made.id).toMatch(/^rslvr-out-[0-9a-f]{17}$/);
      expect(made.outputs).toMatchObject({
        arn: `arn:aws:route53resolver:${region}:111122223333:resolver-endpoint/${made.id}`,
        hostVpcId: world.vpc.id,
        protocols: ["Do53"],
        tagsAll: { stack: "a" },
      });
      const { "network-interfaces": interfaces, ...there } = regionOf(cloud);
      const [first] = interfaces.NetworkInterfaces;
      expect(first).toMatchObject({
        Attachment: { InstanceOwnerId: "amazon-aws" },
        Groups: [{ GroupId: world.group.id }],
        RequesterManaged: true,
      });
      expect(first?.Attachment).not.toHaveProperty("InstanceId");
      expect(there["resolver-endpoints"].ResolverEndpoints).toMatchObject([
        { Direction: "OUTBOUND", HostVPCId: world.vpc.id, IpAddressCount: 2, Status: "OPERATIONAL" },
      ]);
      const { IpAddresses = [] } = there["resolver-endpoint-addresses"][made.id] ?? {};
      expect(IpAddresses.map(({ Ip }) => Ip)).toEqual(["10.0.1.4", "10.0.1.5"]);
      // Whatever they stand in stays as long as they do.
      expect((await refusalOf(cloud.delete(world.subnet))).code).toBe("DependencyViolation");
      expect((await refusalOf(cloud.delete(world.group))).code).toBe("DependencyViolation");
      await cloud.delete(made);
      expect(interfacesOf(cloud)).toEqual([]);
      await cloud.delete(made);
    });
  });

  it("exchanges addresses in place, new ones first", async () => {
    await inWorld(
      async (cloud, world) => {
        const made = await cloud.create(types.resolverEndpoint, endpointOf(world));
        const one = await cloud.update(
          made,
          endpointOf(world, { ipAddresses: at(world, "10.0.1.5", "10.0.1.6") }),
        );
        expect(interfacesOf(cloud)).toEqual(["10.0.1.5", "10.0.1.6"]);
        // Both at once need room for four.
        const ipAddresses = at(world, "10.0.1.7", "10.0.1.8");
        const refused = cloud.update(one, endpointOf(world, { ipAddresses }));
        expect((await refusalOf(refused)).code).toBe("LimitExceededException");
      },
      { addressesPerResolverEndpoint: 3 },
    );
  });

  it("is refused with addresses, subnets and groups that do not fit, and beyond the account's quota", async () => {
    await inWorld(
      async (cloud, world) => {
        const other = await makeWorld(cloud, region, 1);
        const attempt = (more: Properties, code: string, message: string) =>
          refuses(cloud, types.resolverEndpoint, endpointOf(world, more), code, message);
        const addresses = (...ips: readonly string[]): Properties => ({ ipAddresses: at(world, ...ips) });
        await attempt(addresses("10.0.1.3", "10.0.1.4"), "InvalidRequestException", "or is reserved");
        await attempt(
          addresses("10.0.9.4", "10.0.1.4"),
          "InvalidRequestException",
          "is either not in subnet",
        );
        await attempt(addresses("10.0.1.4", "10.0.1.4"), "ResourceExistsException", "is already in use");
        const mixed = [{ subnetId: world.subnet.id }, { subnetId: other.subnet.id }];
        await attempt({ ipAddresses: mixed }, "InvalidRequestException", "subnets of the same VPC");
        const nowhere = [{ subnetId: "subnet-0" }, { subnetId: "subnet-0" }];
        await attempt({ ipAddresses: nowhere }, "InvalidParameterException", "'subnet-0' does not exist");
        await attempt(
          { securityGroupIds: [other.group.id] },
          "InvalidParameterException",
          "does not exist in VPC",
        );
        await attempt(addresses("10.0.1.4", "10.0.1.5", "10.0.1.6"), "LimitExceededException", "more than 2");
        await cloud.create(types.resolverEndpoint, endpointOf(world));
        await attempt(
          addresses("10.0.1.6", "10.0.1.7"),
          "LimitExceededException",
          "endpoints has been reached",
        );
      },
      { addressesPerResolverEndpoint: 2, resolverEndpointsPerRegion: 1 },
    );
  });
});

describe("a forwarding rule", () => {
  it("is for a VPC by an association, and goes after it, and the endpoint after the rule", async () => {
    await inWorld(async (cloud, world) => {
      const endpoint = await cloud.create(types.resolverEndpoint, endpointOf(world));
      const rule = await cloud.create(types.resolverRule, ruleOf(endpoint));
      expect(rule.id).toMatch(/^rslvr-rr-[0-9a-f]{17}$/);
      const inputs = { name: "consul", resolverRuleId: rule.id, vpcId: world.vpc.id };
      const association = await cloud.create(types.resolverRuleAssociation, inputs);
      expect(association.id).toMatch(/^rslvr-rrassoc-[0-9a-f]{17}$/);
      expect(await cloud.import(types.resolverRuleAssociation, association.id)).toMatchObject({ inputs });
      expect(regionOf(cloud)["resolver-rules"].ResolverRules).toMatchObject([
        {
          DomainName: "consul.",
          ResolverEndpointId: endpoint.id,
          RuleType: "FORWARD",
          TargetIps: [{ Ip: "10.0.1.11", Port: 8600, Protocol: "Do53" }],
        },
      ]);
      expect(regionOf(cloud)["resolver-rule-associations"].ResolverRuleAssociations).toMatchObject([
        { Id: association.id, ResolverRuleId: rule.id, VPCId: world.vpc.id },
      ]);
      expect((await refusalOf(cloud.delete(rule))).code).toBe("ResourceInUseException");
      expect((await refusalOf(cloud.delete(endpoint))).code).toBe("InvalidRequestException");
      await cloud.delete(association);
      await cloud.delete(association);
      await cloud.delete(rule);
      await cloud.delete(rule);
      await cloud.delete(endpoint);
    });
  });

  it("is refused without what it forwards by and to, and twice of a domain for a VPC", async () => {
    await inWorld(
      async (cloud, world) => {
        const endpoint = await cloud.create(types.resolverEndpoint, endpointOf(world));
        const attempt = (more: Properties, code: string, message: string) =>
          refuses(cloud, types.resolverRule, ruleOf(endpoint, more), code, message);
        await attempt(
          { resolverEndpointId: undefined },
          "InvalidRequestException",
          "ResolverEndpointId is required",
        );
        await attempt({ targetIps: [] }, "InvalidRequestException", "TargetIps is required");
        await attempt({ resolverEndpointId: "rslvr-out-0" }, "ResourceNotFoundException", "RSLVR-00502");
        await attempt({ domainName: "con sul" }, "InvalidParameterException", "is not a valid domain name");
        const targets = [{ ip: "10.0.1.11" }, { ip: "10.0.1.12" }];
        await attempt({ targetIps: targets }, "LimitExceededException", "more than 1 target");
        const rule = await cloud.create(types.resolverRule, ruleOf(endpoint));
        const twin = await cloud.create(types.resolverRule, ruleOf(endpoint, { domainName: "consul." }));
        await attempt({ domainName: "mesh" }, "LimitExceededException", "rules has been reached");
        await cloud.create(types.resolverRuleAssociation, { resolverRuleId: rule.id, vpcId: world.vpc.id });
        const associate = (more: Properties, code: string, message: string) =>
          refuses(
            cloud,
            types.resolverRuleAssociation,
            { resolverRuleId: twin.id, vpcId: world.vpc.id, ...more },
            code,
            message,
          );
        await associate({}, "InvalidRequestException", `Conflict with resolver rule '${rule.id}'`);
        await associate({ vpcId: "vpc-0" }, "InvalidParameterException", "The vpc ID 'vpc-0' does not exist");
        await associate({ resolverRuleId: "rslvr-rr-0" }, "ResourceNotFoundException", "RSLVR-00703");
      },
      { targetsPerResolverRule: 1, resolverRulesPerRegion: 2 },
    );
  });
});

describe("by what they are found", () => {
  it("an endpoint is, by its group; a rule, by its domain and its endpoint; and each by its id for drift", async () => {
    await inWorld(async (cloud, world) => {
      const endpoint = await cloud.create(types.resolverEndpoint, endpointOf(world));
      const rule = await cloud.create(types.resolverRule, ruleOf(endpoint, { tags: { stack: "a" } }));
      const getEndpoint = (values: string[]) =>
        cloud.invoke("aws:route53/getResolverEndpoint:getResolverEndpoint", {
          filters: [
            { name: "Direction", values: ["OUTBOUND"] },
            { name: "SecurityGroupIds", values },
          ],
        });
      expect(await getEndpoint([world.group.id])).toMatchObject({ id: endpoint.id, vpcId: world.vpc.id });
      await expect(getEndpoint(["sg-0"])).rejects.toThrow("no Route53 Resolver Endpoint matched");
      const getRule = (args: Properties) => cloud.invoke("aws:route53/getResolverRule:getResolverRule", args);
      const wanted = { domainName: "consul", resolverEndpointId: endpoint.id, ruleType: "FORWARD" };
      expect(await getRule(wanted)).toMatchObject({ id: rule.id, tags: { stack: "a" } });
      await expect(getRule({ ...wanted, domainName: "mesh" })).rejects.toThrow(
        "no Route53 Resolver Rule matched",
      );
      const drift = cloud.service.drift.bind(cloud.service);
      drift({ region, action: "modify", id: rule.id, set: { targetIps: [{ ip: "10.0.66.6", port: 53 }] } });
      expect((await cloud.read(rule))?.inputs.targetIps).toMatchObject([{ ip: "10.0.66.6", port: 53 }]);
      drift({ region, action: "modify", id: endpoint.id, set: { name: "by hand" } });
      expect((await cloud.read(endpoint))?.inputs.name).toBe("by hand");
      const association = await cloud.create(types.resolverRuleAssociation, {
        resolverRuleId: rule.id,
        vpcId: world.vpc.id,
      });
      drift({ region, action: "delete", id: association.id });
      expect(await cloud.read(association)).toBeUndefined();
    });
  });
});
