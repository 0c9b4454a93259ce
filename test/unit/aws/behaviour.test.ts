/** What the provider does around the API: outputs, tags, import, refresh, previews, functions, drift. */
import { describe, expect, it } from "vitest";
import { unknownValue, type Properties } from "../../../sandbox/services/aws/json.ts";
import { instanceInputs, makeWorld, refusalOf, TestCloud, types } from "./harness.ts";

describe("outputs", () => {
  it("ids and ARNs have AWS's form, regions and accounts their own", async () => {
    using cloud = new TestCloud();
    const vpc = await cloud.create(types.vpc, { region: "eu-west-1", cidrBlock: "10.0.0.0/16" });
    expect(vpc.id).toMatch(/^vpc-0[0-9a-f]{16}$/);
    expect(vpc.outputs).toMatchObject({
      arn: `arn:aws:ec2:eu-west-1:111122223333:vpc/${vpc.id}`,
      ownerId: "111122223333",
      enableDnsSupport: true,
      enableDnsHostnames: false,
      instanceTenancy: "default",
      region: "eu-west-1",
    });
    expect(vpc.outputs.mainRouteTableId).toMatch(/^rtb-0[0-9a-f]{16}$/);
    expect(vpc.outputs.defaultSecurityGroupId).toMatch(/^sg-0[0-9a-f]{16}$/);
    expect(vpc.outputs.defaultNetworkAclId).toMatch(/^acl-0[0-9a-f]{16}$/);
    expect(await cloud.import(types.vpc, vpc.id)).toBeUndefined();
  });

  it("a route's id is a hash of its destination, as upstream computes it", async () => {
    using cloud = new TestCloud();
    const { table, gateway } = await makeWorld(cloud);
    const inputs = { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id };
    // The number is known from states of the real provider.
    expect((await cloud.create(types.route, inputs)).id).toBe(`r-${table.id}1080289494`);
  });

  it("an instance follows its subnet, its address and its user data", async () => {
    using cloud = new TestCloud();
    const world = await makeWorld(cloud);
    await cloud.update(world.subnet, { ...world.subnet.inputs, mapPublicIpOnLaunch: true });
    const userData = "#!/bin/sh\necho hello\n";
    const made = await cloud.create(types.instance, instanceInputs(world, { userData }));
    expect(made.outputs).toMatchObject({
      privateIp: "10.0.1.4",
      privateDns: "ip-10-0-1-4.us-west-2.compute.internal",
      publicIp: "198.18.0.1",
      publicDns: "ec2-198-18-0-1.us-west-2.compute.amazonaws.com",
      associatePublicIpAddress: true,
      availabilityZone: "us-west-2a",
      instanceState: "running",
      userData,
    });
    const region = cloud.service.describe().regions["us-west-2"];
    const value = region?.["user-data"][made.id]?.UserData.Value ?? "";
    expect(Buffer.from(value, "base64").toString()).toBe(userData);
    // A restart, which new user data needs, costs the address from Amazon's pool but not an Elastic IP.
    const changed = { ...made.inputs, userData: "#!/bin/sh\n" };
    expect((await cloud.update(made, changed)).outputs.publicIp).not.toBe("198.18.0.1");
    const eip = await cloud.create(types.eip, { instance: made.id });
    const again = await cloud.update(made, { ...made.inputs, instanceType: "t3.large" });
    expect(again.outputs.publicIp).toBe(eip.outputs.publicIp);
  });

  it("user data replaces where the program says so", async () => {
    using cloud = new TestCloud();
    const inputs = instanceInputs(await makeWorld(cloud), { userData: "a", userDataReplaceOnChange: true });
    const made = await cloud.create(types.instance, inputs);
    expect((await cloud.diff(made, { ...inputs, userData: "b" })).replaces).toEqual(["userData"]);
  });

  it("a security group gets a name of its own, keeps it, and goes first where the program chose it", async () => {
    using cloud = new TestCloud();
    const { vpc, group } = await makeWorld(cloud);
    const made = await cloud.create(types.securityGroup, { vpcId: vpc.id });
    expect(made.outputs.name).toMatch(/^r\d+-[0-9a-f]{7}$/);
    expect(made.outputs.description).toBe("Managed by Pulumi");
    const kept = await cloud.diff(made, { vpcId: vpc.id, description: "other" });
    expect([kept.replaces, kept.deleteBeforeReplace]).toEqual([["description"], false]);
    const named = await cloud.diff(group, { vpcId: vpc.id, name: "web", description: "other" });
    expect([named.replaces, named.deleteBeforeReplace]).toEqual([["description"], true]);
    // Upstream takes away the rule that AWS gives to every new group.
    expect(made.outputs.egress).toEqual([]);
  });

  it("the default group is adopted without its rules", async () => {
    using cloud = new TestCloud();
    const { vpc } = await makeWorld(cloud);
    const adopted = await cloud.create(types.defaultSecurityGroup, { vpcId: vpc.id });
    expect(adopted.id).toBe(vpc.outputs.defaultSecurityGroupId);
    expect(adopted.outputs).toMatchObject({ name: "default", ingress: [], egress: [] });
  });
});

describe("tags", () => {
  it("default tags are in tagsAll, and in tags only where the resource gives them too", async () => {
    using cloud = new TestCloud();
    cloud.config = { region: "us-west-2", defaultTags: { stack: "test", Name: "default" } };
    const inputs = { cidrBlock: "10.0.0.0/16", tags: { Name: "own" } };
    const made = await cloud.create(types.vpc, inputs);
    expect(made.outputs.tags).toEqual({ Name: "own" });
    expect(made.outputs.tagsAll).toEqual({ stack: "test", Name: "own" });
    expect((await cloud.diff(made, inputs)).changed).toEqual([]);
    cloud.config = { region: "us-west-2", defaultTags: { stack: "other" } };
    expect((await cloud.diff(made, inputs)).changed).toEqual(["tagsAll"]);
    expect((await cloud.update(made, inputs)).outputs.tagsAll).toEqual({ stack: "other", Name: "own" });
  });

  it("are limited as AWS limits them", async () => {
    using cloud = new TestCloud();
    const vpc = (tags: Properties[string]) =>
      cloud.create(types.vpc, { cidrBlock: "10.0.0.0/16", tags: tags ?? {} });
    expect((await refusalOf(vpc({ "aws:x": "y" }))).code).toBe("InvalidParameterValue");
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, "v"]));
    expect((await refusalOf(vpc(many))).code).toBe("TagLimitExceeded");
  });

  it("find resources by the tagging API, in their own region only", async () => {
    using cloud = new TestCloud();
    const tags = { stack: "a", urn: "1" };
    const made = await cloud.create(types.vpc, { cidrBlock: "10.0.0.0/16", tags });
    await cloud.create(types.eip, { tags: { stack: "b", urn: "1" } });
    const token = "aws:resourcegroupstaggingapi/getResources:getResources";
    const find = async (args: Properties) => {
      const { resourceTagMappingLists: list } = await cloud.invoke(token, args);
      return (list as { resourceArn: string }[]).map((entry) => entry.resourceArn);
    };
    const byStack = { tagFilters: [{ key: "stack", values: ["a"] }, { key: "urn" }] };
    expect(await find(byStack)).toEqual([made.outputs.arn]);
    expect(await find({ ...byStack, region: "eu-west-1" })).toEqual([]);
    expect(await find({ tagFilters: [{ key: "urn", values: ["1"] }] })).toHaveLength(2);
    expect(await find({ resourceTypeFilters: ["ec2:elastic-ip"] })).toHaveLength(1);
  });
});

describe("refresh and import", () => {
  it("every type imports by upstream's form of its id, from another region too", async () => {
    using cloud = new TestCloud({ vpcsPerRegion: 9 });
    const region = "eu-west-1";
    const world = await makeWorld(cloud, region);
    const other = await makeWorld(cloud, region, 1);
    const machine = await cloud.create(types.instance, instanceInputs(world));
    const eip = await cloud.create(types.eip, { region });
    const natIp = await cloud.create(types.eip, { region });
    const rule = { region, securityGroupId: world.group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
    const pair = { region, vpcId: world.vpc.id, peerVpcId: other.vpc.id, autoAccept: true };
    const destinationCidrBlock = "0.0.0.0/0";
    const { id: routeTableId } = world.table;
    const gatewayId = world.gateway.id;
    const made = [
      [world.vpc, world.vpc.id],
      [world.subnet, world.subnet.id],
      [world.gateway, gatewayId],
      [world.table, routeTableId],
      [world.group, world.group.id],
      [machine, machine.id],
      [eip, eip.id],
      [
        await cloud.create(types.routeTableAssociation, { region, routeTableId, subnetId: world.subnet.id }),
        `${world.subnet.id}/${routeTableId}`,
      ],
      [
        await cloud.create(types.route, { region, routeTableId, destinationCidrBlock, gatewayId }),
        `${routeTableId}_${destinationCidrBlock}`,
      ],
      ...(await Promise.all(
        [
          cloud.create(types.eipAssociation, { region, allocationId: eip.id, instanceId: machine.id }),
          cloud.create(types.natGateway, { region, allocationId: natIp.id, subnetId: world.subnet.id }),
          cloud.create(types.peering, pair),
          cloud.create(types.ingressRule, rule),
          cloud.create(types.egressRule, rule),
        ].map(async (creating) => [await creating, (await creating).id] as const),
      )),
    ] as const;
    for (const [resource, importId] of made) {
      const current = await cloud.read(resource);
      const imported = await cloud.import(resource.type, `${importId}@${region}`);
      expect(imported?.id, resource.type).toBe(resource.id);
      for (const name of ["arn", "cidrBlock", "vpcId", "subnetId", "routeTableId", "cidrIpv4", "publicIp"]) {
        expect(imported?.outputs[name], `${resource.type} ${name}`).toEqual(current?.outputs[name]);
      }
      // What was imported suits the program that made it.
      const news =
        resource.type === types.peering ? { ...resource.inputs, autoAccept: undefined } : resource.inputs;
      if (imported !== undefined) {
        expect((await cloud.diff(imported, news)).replaces, resource.type).toEqual([]);
      }
    }
  });

  it("drift shows after a refresh, and an update mends it", async () => {
    using cloud = new TestCloud();
    const { vpc, table, gateway, subnet, group } = await makeWorld(cloud);
    const region = "us-west-2";
    const route = await cloud.create(types.route, {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: gateway.id,
    });
    const rule = await cloud.create(types.ingressRule, {
      securityGroupId: group.id,
      ipProtocol: "tcp",
      fromPort: 22,
      toPort: 22,
      cidrIpv4: "192.0.2.0/24",
    });
    const drift = cloud.service.drift.bind(cloud.service);
    drift({ region, action: "delete", id: `${table.id}_0.0.0.0/0` });
    drift({ region, action: "modify", id: vpc.id, set: { enableDnsHostnames: false } });
    drift({ region, action: "modify", id: rule.id, set: { cidrIpv4: "0.0.0.0/0" } });
    expect(await cloud.read(route)).toBeUndefined();
    const seenVpc = await cloud.read(vpc);
    expect(seenVpc?.inputs.enableDnsHostnames).toBe(false);
    const seenRule = await cloud.read(rule);
    if (seenVpc === undefined || seenRule === undefined) {
      throw new Error("a modified resource is still there");
    }
    expect((await cloud.diff(seenVpc, vpc.inputs)).changed).toEqual(["enableDnsHostnames"]);
    expect((await cloud.diff(seenRule, rule.inputs)).changed).toEqual(["cidrIpv4"]);
    const mended = await cloud.update(seenRule, rule.inputs);
    expect(mended.outputs.cidrIpv4).toBe("192.0.2.0/24");
    expect((await cloud.read(subnet))?.outputs).toEqual(subnet.outputs);
    // What somebody makes by hand is in no state, but it is there.
    const set = { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
    const stray = drift({ region, action: "create", type: types.ingressRule, set });
    expect(stray.id).toMatch(/^sgr-0[0-9a-f]{16}$/);
    expect(() => drift({ region, action: "modify", id: vpc.id, set: { cidrBlock: "10.7.0.0/16" } })).toThrow(
      "cidrBlock of vpc-",
    );
    expect(() => drift({ region, action: "delete", id: "vpc-0123456789abcdef0" })).toThrow(
      "there is no vpc-",
    );
  });

  it("an instance drifts by what is set alone, and is refused what it cannot have", async () => {
    using cloud = new TestCloud();
    const world = await makeWorld(cloud);
    const { id } = await cloud.create(types.instance, instanceInputs(world));
    const drift = (set: Record<string, unknown>): void => {
      cloud.service.drift({ region: "us-west-2", action: "modify", id, set: set as Properties });
    };
    const other = await cloud.create(types.securityGroup, { vpcId: world.vpc.id, description: "by hand" });
    drift({ sourceDestCheck: false });
    drift({ vpcSecurityGroupIds: [other.id] });
    const { regions } = cloud.service.describe();
    const [eni] = regions["us-west-2"]?.instances.Reservations[0]?.Instances[0]?.NetworkInterfaces ?? [];
    expect(eni?.SourceDestCheck).toBe(false);
    expect(eni?.Groups.map(({ GroupId }) => GroupId)).toEqual([other.id]);
    expect(() => {
      drift({ vpcSecurityGroupIds: ["sg-0123456789abcdef0"] });
    }).toThrow("InvalidGroup.NotFound");
    expect(() => {
      drift({ capacityReservationSpecification: { capacityReservationPreference: "open" } });
    }).toThrow("not simulated");
  });

  it("changes that the program ignores are no changes", async () => {
    using cloud = new TestCloud();
    const { vpc } = await makeWorld(cloud);
    const news = { ...vpc.inputs, enableDnsHostnames: false, tags: { a: "b" } };
    const { changed } = await cloud.diff(vpc, news, ["enableDnsHostnames", "tags", "tagsAll"]);
    expect(changed).toEqual([]);
  });
});

describe("previews and repeated requests", () => {
  it("a preview knows what follows from the inputs, and changes nothing", async () => {
    using cloud = new TestCloud();
    const inputs = await cloud.checked(types.subnet, {
      vpcId: unknownValue,
      cidrBlock: "10.0.1.0/24",
      tags: { a: "b" },
    });
    const { revision } = cloud.service.store;
    const answer = await cloud.service.provide(
      {
        method: "create",
        config: cloud.config,
        type: types.subnet,
        urn: "urn:pulumi:s::p::aws:ec2/subnet:Subnet::x",
        name: "x",
        inputs,
        preview: true,
        clientToken: "t",
      },
      { gone: new Promise(() => undefined) },
    );
    expect(answer?.result).toMatchObject({
      id: "",
      outputs: {
        arn: unknownValue,
        vpcId: unknownValue,
        cidrBlock: "10.0.1.0/24",
        mapPublicIpOnLaunch: false,
        region: "us-west-2",
        tagsAll: { a: "b" },
      },
    });
    expect(cloud.service.store.revision).toBe(revision);
  });

  it("a request that is sent twice makes one resource", async () => {
    using cloud = new TestCloud();
    const first = await cloud.create(types.vpc, { cidrBlock: "10.0.0.0/16" }, "same-token");
    const second = await cloud.create(types.vpc, { cidrBlock: "10.0.0.0/16" }, "same-token");
    expect(second.id).toBe(first.id);
    expect(cloud.service.describe().regions["us-west-2"]?.vpcs.Vpcs).toHaveLength(1);
  });

  it("needs a region, and one that exists", async () => {
    using cloud = new TestCloud();
    cloud.config = {};
    expect((await refusalOf(cloud.create(types.eip, {}))).message).toMatch(/^Missing region information/);
    expect((await refusalOf(cloud.create(types.eip, { region: "us-west-9" }))).message).toMatch(
      /^Invalid AWS Region/,
    );
  });
});

describe("functions", () => {
  it("list by tags, in one region, and refuse filters that they do not know", async () => {
    using cloud = new TestCloud();
    const tags = { stack: "a", urn: "1" };
    const vpc = await cloud.create(types.vpc, { cidrBlock: "10.0.0.0/16", tags });
    const table = await cloud.create(types.routeTable, { vpcId: vpc.id, tags });
    const gateway = await cloud.create(types.internetGateway, { tags });
    const eip = await cloud.create(types.eip, { tags });
    await cloud.create(types.eip, { tags: { stack: "b", urn: "1" } });
    expect(await cloud.invoke("aws:ec2/getRouteTables:getRouteTables", { tags })).toMatchObject({
      ids: [table.id],
    });
    expect(await cloud.invoke("aws:ec2/getEips:getEips", { tags })).toMatchObject({
      allocationIds: [eip.id],
    });
    const elsewhere = { tags, region: "eu-west-1" };
    expect(await cloud.invoke("aws:ec2/getEips:getEips", elsewhere)).toMatchObject({ allocationIds: [] });
    expect(await cloud.invoke("aws:ec2/getElasticIp:getElasticIp", { id: eip.id })).toMatchObject({
      associationId: "",
      id: eip.id,
    });
    const internetGateway = "aws:ec2/getInternetGateway:getInternetGateway";
    expect(await cloud.invoke(internetGateway, { tags })).toMatchObject({ id: gateway.id });
    await expect(cloud.invoke(internetGateway, elsewhere)).rejects.toThrow(
      "no matching EC2 Internet Gateway found",
    );
    const filters = [{ name: "owner", values: ["x"] }];
    await expect(cloud.invoke("aws:ec2/getRouteTables:getRouteTables", { filters })).rejects.toThrow(
      "does not know the filter",
    );
  });

  it("answer about regions, zones, VPCs, subnets and tables", async () => {
    using cloud = new TestCloud();
    const { vpc, subnet, table, gateway } = await makeWorld(cloud);
    await cloud.create(types.route, {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: gateway.id,
    });
    expect(await cloud.invoke("aws:index/getRegion:getRegion")).toMatchObject({
      name: "us-west-2",
      description: "US West (Oregon)",
    });
    expect(
      await cloud.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", { region: "eu-west-1" }),
    ).toMatchObject({
      names: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
      zoneIds: ["euw1-az1", "euw1-az2", "euw1-az3"],
    });
    expect(await cloud.invoke("aws:index/getCallerIdentity:getCallerIdentity")).toMatchObject({
      accountId: "111122223333",
    });
    expect(await cloud.invoke("aws:ec2/getVpc:getVpc", { cidrBlock: "10.0.0.0/16" })).toMatchObject({
      id: vpc.id,
    });
    expect(await cloud.invoke("aws:ec2/getVpcs:getVpcs")).toMatchObject({ ids: [vpc.id] });
    const filters = [{ name: "vpc-id", values: [vpc.id] }];
    expect(await cloud.invoke("aws:ec2/getSubnets:getSubnets", { filters })).toMatchObject({
      ids: [subnet.id],
    });
    expect(
      await cloud.invoke("aws:ec2/getRouteTable:getRouteTable", { routeTableId: table.id }),
    ).toMatchObject({
      routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }],
    });
    await expect(cloud.invoke("aws:ec2/getVpc:getVpc", { id: "vpc-1" })).rejects.toThrow(
      "no matching EC2 VPC found",
    );
    await expect(cloud.invoke("aws:s3/getBucket:getBucket")).rejects.toThrow("has no function");
    const unknown = [{ name: "owner", values: ["x"] }];
    await expect(cloud.invoke("aws:ec2/getVpcs:getVpcs", { filters: unknown })).rejects.toThrow(
      "does not know the filter",
    );
  });
});
