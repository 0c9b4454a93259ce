/** The simulated AWS under the real engine: every resource type from creation to nothing left. */
import { mkdir, rm } from "node:fs/promises";
import { mkdtempSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sandboxPaths, serviceSocket } from "../../sandbox/paths.ts";
import { sdkVersion } from "../../sandbox/providers/shared/version.ts";
import { AwsClient } from "../../sandbox/services/aws/client.ts";
import { createAwsServer, listen } from "../../sandbox/services/aws/server.ts";
import { AwsService } from "../../sandbox/services/aws/service.ts";
import { resourceTypes } from "../../sandbox/services/aws/types/index.ts";
import { startEngine, type TestEngine } from "./engine.ts";

const limitMilliseconds = 240_000;
const root = mkdtempSync(join(tmpdir(), "aws-engine-"));
const paths = sandboxPaths(root);
const client = new AwsClient(serviceSocket(paths, "aws"));
let service: AwsService;
let server: Server;
let engine: TestEngine;

beforeAll(async () => {
  await mkdir(paths.run, { recursive: true });
  service = new AwsService(paths.aws);
  server = createAwsServer(service);
  await listen(server, serviceSocket(paths, "aws"));
  engine = await startEngine({ aws: sdkVersion("aws") }, { ROADNET_SANDBOX_DIR: root });
}, limitMilliseconds);

afterAll(async () => {
  await engine.remove();
  service.faults.clear();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  service.store.close();
  await rm(root, { recursive: true, force: true });
}, limitMilliseconds);

beforeEach(() => {
  expect(service.describe().regions, "what an earlier test left behind").toEqual({});
});

const head = `
  const aws = require("@pulumi/aws");
  const west = { region: "us-west-2" };
  const east = { region: "eu-west-1" };
  const tags = (name) => ({ tags: { Name: name, stack: "trial" } });
`;

/** Two regions, and every type at least once. */
const everything = `${head}
  const vpc = new aws.ec2.Vpc("west", { ...west, cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, ...tags("west") });
  const far = new aws.ec2.Vpc("east", { ...east, cidrBlock: "10.1.0.0/16", enableDnsHostnames: true, assignGeneratedIpv6CidrBlock: true });
  const outwards = new aws.ec2.EgressOnlyInternetGateway("outwards", { ...east, vpcId: far.id, ...tags("outwards") });
  const farTable = new aws.ec2.RouteTable("far", { ...east, vpcId: far.id });
  new aws.ec2.Route("outwards", { ...east, routeTableId: farTable.id, destinationIpv6CidrBlock: "::/0", egressOnlyGatewayId: outwards.id });
  const closed = new aws.ec2.DefaultSecurityGroup("closed", { ...west, vpcId: vpc.id });
  const gateway = new aws.ec2.InternetGateway("gateway", { ...west, vpcId: vpc.id });
  const farGateway = new aws.ec2.InternetGateway("far-gateway", { ...east });
  new aws.ec2.InternetGatewayAttachment("far-gateway", { ...east, internetGatewayId: farGateway.id, vpcId: far.id });
  const open = new aws.ec2.Subnet("public", { ...west, vpcId: vpc.id, cidrBlock: "10.0.1.0/24", availabilityZone: "us-west-2a" });
  const inner = new aws.ec2.Subnet("private", { ...west, vpcId: vpc.id, cidrBlock: "10.0.10.0/24", availabilityZoneId: "usw2-az1" });
  const table = new aws.ec2.RouteTable("public", { ...west, vpcId: vpc.id, ...tags("public") });
  const innerTable = new aws.ec2.RouteTable("private", { ...west, vpcId: vpc.id });
  const inline = new aws.ec2.RouteTable("inline", { ...west, vpcId: vpc.id, routes: [{ cidrBlock: "192.0.2.0/24", gatewayId: gateway.id }] });
  new aws.ec2.RouteTableAssociation("public", { ...west, routeTableId: table.id, subnetId: open.id });
  new aws.ec2.RouteTableAssociation("private", { ...west, routeTableId: innerTable.id, subnetId: inner.id });
  new aws.ec2.Route("internet", { ...west, routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id });
  const group = new aws.ec2.SecurityGroup("web", { ...west, vpcId: vpc.id, description: "the web", ...tags("web") });
  const ruled = new aws.ec2.SecurityGroup("ruled", { ...west, vpcId: vpc.id, name: "ruled", ingress: [
    { protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["192.0.2.0/24", "198.51.100.0/24"], self: true },
  ], egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }] });
  new aws.vpc.SecurityGroupIngressRule("https", { ...west, securityGroupId: group.id, ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv4: "0.0.0.0/0", description: "the web", ...tags("https") });
  new aws.vpc.SecurityGroupIngressRule("inside", { ...west, securityGroupId: group.id, ipProtocol: "-1", referencedSecurityGroupId: ruled.id });
  new aws.vpc.SecurityGroupIngressRule("ping", { ...west, securityGroupId: group.id, ipProtocol: "icmp", fromPort: -1, toPort: -1, cidrIpv4: "10.0.0.0/8" });
  new aws.vpc.SecurityGroupEgressRule("out", { ...west, securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" });
  const ec2 = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }] };
  const shell = new aws.iam.Role("shell", { name: "trial-shell", assumeRolePolicy: JSON.stringify(ec2), ...tags("shell") });
  const managed = new aws.iam.RolePolicyAttachment("shell", { role: shell.name, policyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" });
  const profile = new aws.iam.InstanceProfile("shell", { name: "trial-shell", role: shell.name, ...tags("shell") }, { dependsOn: [managed] });
  const hub = new aws.ec2.Instance("hub", { ...west, ami: "ami-0123456789abcdef0", instanceType: "t3.small", subnetId: open.id,
    privateIp: "10.0.1.10", vpcSecurityGroupIds: [ruled.id, group.id], sourceDestCheck: false, userDataBase64: Buffer.from("#!/bin/sh\\n").toString("base64"),
    iamInstanceProfile: profile.name, metadataOptions: { httpEndpoint: "enabled", httpTokens: "required" },
    rootBlockDevice: { volumeSize: 16, volumeType: "gp3", encrypted: true, ...tags("hub") }, ...tags("hub") });
  const address = new aws.ec2.Eip("hub", { ...west, domain: "vpc", ...tags("hub") });
  const bound = new aws.ec2.EipAssociation("hub", { ...west, allocationId: address.id, instanceId: hub.id });
  const natAddress = new aws.ec2.Eip("nat", { ...west, domain: "vpc" });
  const nat = new aws.ec2.NatGateway("nat", { ...west, allocationId: natAddress.id, subnetId: open.id }, { dependsOn: [gateway] });
  new aws.ec2.Route("nat", { ...west, routeTableId: innerTable.id, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.id });
  new aws.ec2.Route("vpn", { ...west, routeTableId: innerTable.id, destinationCidrBlock: "192.168.4.0/24", networkInterfaceId: hub.primaryNetworkInterfaceId });
  const peering = new aws.ec2.VpcPeeringConnection("peering", { ...west, vpcId: vpc.id, peerVpcId: far.id, peerRegion: "eu-west-1", ...tags("peering") });
  const accepter = new aws.ec2.VpcPeeringConnectionAccepter("peering", { ...east, vpcPeeringConnectionId: peering.id, autoAccept: true, ...tags("peering") });
  for (const [name, side, place] of [["near", "requester", west], ["far", "accepter", east]]) {
    new aws.ec2.PeeringConnectionOptions(name, { ...place, vpcPeeringConnectionId: accepter.id, [side]: { allowRemoteVpcDnsResolution: true } });
  }
  new aws.ec2.Route("peering", { ...west, routeTableId: innerTable.id, destinationCidrBlock: "10.1.0.0/16", vpcPeeringConnectionId: accepter.id });
  const endpoint = new aws.ec2.VpcEndpoint("s3", { ...west, vpcId: vpc.id, serviceName: "com.amazonaws.us-west-2.s3", ...tags("s3") });
  new aws.ec2.VpcEndpointRouteTableAssociation("s3", { ...west, vpcEndpointId: endpoint.id, routeTableId: innerTable.id });
  const everyone = { protocol: "-1", fromPort: 0, toPort: 0, ruleNo: 100, action: "allow", cidrBlock: "0.0.0.0/0" };
  const acl = new aws.ec2.NetworkAcl("inner", { ...west, vpcId: vpc.id, ingress: [everyone], egress: [everyone], ...tags("inner") });
  new aws.ec2.NetworkAclAssociation("inner", { ...west, networkAclId: acl.id, subnetId: inner.id });
  const flows = new aws.cloudwatch.LogGroup("flows", { ...west, name: "/trial/flows", ...tags("flows") });
  const trust = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Service: "vpc-flow-logs.amazonaws.com" }, Action: "sts:AssumeRole" }] };
  const role = new aws.iam.Role("flows", { name: "trial-flows", assumeRolePolicy: JSON.stringify(trust), ...tags("flows") });
  const writing = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "logs:PutLogEvents", Resource: "*" }] };
  new aws.iam.RolePolicy("flows", { role: role.name, policy: JSON.stringify(writing) });
  new aws.ec2.FlowLog("flows", { ...west, vpcId: vpc.id, trafficType: "ALL", logDestination: flows.arn, iamRoleArn: role.arn, ...tags("flows") });
  new aws.rds.SubnetGroup("database", { ...west, name: "database", subnetIds: [open.id, inner.id], ...tags("database") });
  const internal = new aws.route53.Zone("internal", { name: "trial.internal", vpcs: [{ vpcId: vpc.id, vpcRegion: "us-west-2" }], ...tags("internal") }, { ignoreChanges: ["vpcs"] });
  new aws.route53.ZoneAssociation("internal", { zoneId: internal.zoneId, vpcId: far.id, vpcRegion: "eu-west-1" });
  new aws.route53.Record("redis", { zoneId: internal.zoneId, name: "redis.trial.internal", type: "A", ttl: 300, records: ["10.0.10.50"] });
  const outbound = new aws.route53.ResolverEndpoint("outbound", { ...west, name: "trial-outbound", direction: "OUTBOUND",
    ipAddresses: [{ subnetId: open.id, ip: "10.0.1.200" }, { subnetId: inner.id, ip: "10.0.10.200" }], securityGroupIds: [group.id], ...tags("outbound") });
  const consul = new aws.route53.ResolverRule("consul", { ...west, name: "trial-consul", domainName: "consul", ruleType: "FORWARD",
    resolverEndpointId: outbound.id, targetIps: [{ ip: "10.0.10.11", port: 8600 }], ...tags("consul") });
  new aws.route53.ResolverRuleAssociation("consul", { ...west, name: "trial-consul", resolverRuleId: consul.id, vpcId: vpc.id });
  exports.vpcId = vpc.id;
  exports.tableId = innerTable.id;
  exports.publicIp = address.publicIp;
  exports.natIp = nat.publicIp;
  exports.closed = closed.ingress;
  exports.zone = inner.availabilityZone;
  exports.inlineRoutes = inline.routes.length;
  exports.bound = bound.publicIp;
`;

async function outputs(): Promise<Record<string, unknown>> {
  return JSON.parse(await engine.succeed("stack", "output", "--json")) as Record<string, unknown>;
}

it(
  "creates every type, shows no change, mends drift, leaves nothing",
  { timeout: limitMilliseconds },
  async () => {
    await engine.program(everything);
    expect(await engine.succeed("preview")).toMatch(/\+ 54 to create/);
    await engine.succeed("up", "--yes", "--skip-preview");
    const created = service.calls.filter((call) => call.method === "create" && call.outcome === "ok");
    expect(new Set(created.map((call) => call.type))).toEqual(new Set(resourceTypes.keys()));
    const told = await outputs();
    expect(told).toMatchObject({ closed: [], zone: "us-west-2b", inlineRoutes: 1, bound: told.publicIp });
    expect(told.publicIp).toMatch(/^198\.18\.0\.[12]$/);
    expect(told.natIp).toMatch(/^198\.18\.0\.[12]$/);

    await engine.succeed("preview", "--expect-no-changes");
    await engine.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await engine.succeed("preview", "--expect-no-changes");

    // Two changes behind Pulumi's back: a refresh shows just those, and the next update mends them.
    const region = "us-west-2";
    await client.drift({ region, action: "delete", id: `${String(told.tableId)}_10.1.0.0/16` });
    await client.drift({
      region,
      action: "modify",
      id: String(told.vpcId),
      set: { enableDnsSupport: true, tags: { Name: "drift" } },
    });
    const refreshed = await engine.succeed("refresh", "--yes", "--skip-preview");
    expect(refreshed).toMatch(/~ 1 updated\s+- 1 deleted/);
    const mended = await engine.succeed("up", "--yes", "--skip-preview");
    expect(mended).toMatch(/\+ 1 created\s+~ 1 updated/);
    await engine.succeed("preview", "--expect-no-changes");

    await engine.succeed("destroy", "--yes", "--skip-preview");
    expect(await client.describe()).toMatchObject({
      regions: {},
      global: {
        roles: { Roles: [] },
        "instance-profiles": { InstanceProfiles: [] },
        "attached-role-policies": {},
      },
    });
  },
);

it("takes region and default tags from a provider of its own", { timeout: limitMilliseconds }, async () => {
  await engine.program(`${head}
    const provider = new aws.Provider("far", { region: "eu-west-1", defaultTags: { tags: { owner: "team" } } });
    const vpc = new aws.ec2.Vpc("vpc", { cidrBlock: "10.0.0.0/16", tags: { Name: "x" } }, { provider });
    exports.region = vpc.region;
    exports.tagsAll = vpc.tagsAll;
    exports.zones = aws.getAvailabilityZonesOutput({}, { provider }).names;
  `);
  await engine.succeed("up", "--yes", "--skip-preview");
  expect(await outputs()).toEqual({
    region: "eu-west-1",
    tagsAll: { Name: "x", owner: "team" },
    zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
  });
  await engine.succeed("preview", "--expect-no-changes");
  await engine.succeed("destroy", "--yes", "--skip-preview");
});

it(
  "works in the account and by the role that it is told, or not at all",
  { timeout: limitMilliseconds },
  async () => {
    const calling = (roleName: string, id: string) => `${head}
    const provider = new aws.Provider("account", { region: "us-west-2", allowedAccountIds: ["${id}"],
      assumeRoles: [{ roleArn: "arn:aws:iam::111122223333:role/${roleName}", sessionName: "trial" }] });
    exports.arn = aws.getCallerIdentityOutput({}, { provider }).arn;
    new aws.ec2.Vpc("vpc", { cidrBlock: "10.0.0.0/16" }, { provider });`;
    await engine.program(calling("OrganizationAccountAccessRole", "111122223333"));
    await engine.succeed("up", "--yes", "--skip-preview");
    expect(await outputs()).toEqual({
      arn: "arn:aws:sts::111122223333:assumed-role/OrganizationAccountAccessRole/trial",
    });
    for (const [roleName, id, told] of [
      ["OrganizationAccountAccessRole", "444455556666", "AWS account ID not allowed: 111122223333"],
      ["nobody", "111122223333", "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::"],
    ] as const) {
      await engine.program(calling(roleName, id));
      const { code, output } = await engine.pulumi("preview");
      expect(code).not.toBe(0);
      expect(output).toContain(told);
    }
    await engine.program(calling("OrganizationAccountAccessRole", "111122223333"));
    await engine.succeed("preview", "--expect-no-changes");
    await engine.succeed("destroy", "--yes", "--skip-preview");
  },
);

describe("what goes wrong", () => {
  const vpcOnly = `${head} new aws.ec2.Vpc("vpc", { ...west, cidrBlock: "10.0.0.0/16", ...tags("vpc") });`;

  it("throttling and errors pass unseen", { timeout: limitMilliseconds }, async () => {
    await engine.program(vpcOnly);
    await client.addFault({ fault: "throttle", nth: 1, times: 2 });
    await engine.succeed("up", "--yes", "--skip-preview");
    await client.clearFaults();
    await engine.succeed("destroy", "--yes", "--skip-preview");
  });

  it("a refusal stops the update with AWS's words", { timeout: limitMilliseconds }, async () => {
    await engine.program(`${vpcOnly}
      new aws.ec2.Subnet("subnet", { ...west, vpcId: "vpc-0123456789abcdef0", cidrBlock: "10.0.0.0/24" });`);
    const { code, output } = await engine.pulumi("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain(
      "api error InvalidVpcID.NotFound: The vpc ID 'vpc-0123456789abcdef0' does not exist",
    );
    await engine.program(`${head} new aws.ec2.Vpc("vpc", { ...west, cidrBlock: "10.0.0.0/8" });`);
    const invalid = await engine.pulumi("preview");
    expect(invalid.output).toContain(
      'expected "cidr_block" to contain a network Value with between 16 and 28',
    );
    await engine.succeed("destroy", "--yes", "--skip-preview");
  });

  it("a failed NAT gateway is kept in the state, and destroyed", { timeout: limitMilliseconds }, async () => {
    await engine.program(`${head}
      const vpc = new aws.ec2.Vpc("vpc", { ...west, cidrBlock: "10.0.0.0/16" });
      const subnet = new aws.ec2.Subnet("subnet", { ...west, vpcId: vpc.id, cidrBlock: "10.0.0.0/24" });
      const address = new aws.ec2.Eip("nat", { ...west });
      new aws.ec2.NatGateway("nat", { ...west, subnetId: subnet.id, allocationId: address.id });`);
    const { code, output } = await engine.pulumi("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain("Gateway.NotAttached: Network vpc-");
    expect(await engine.succeed("stack", "export")).toMatch(/"id": "nat-0[0-9a-f]{16}"/);
    await engine.succeed("destroy", "--yes", "--skip-preview");
  });

  it(
    "a plugin that dies after the change leaves a pending create, found by its tags",
    { timeout: limitMilliseconds },
    async () => {
      await engine.program(vpcOnly);
      await client.addFault({ fault: "die", when: "after" });
      const { code } = await engine.pulumi("up", "--yes", "--skip-preview");
      expect(code).not.toBe(0);
      await client.clearFaults();
      const vpcs = (await client.describe()).regions["us-west-2"]?.vpcs.Vpcs ?? [];
      expect(vpcs.map((vpc) => vpc.Tags)).toEqual([
        [
          { Key: "Name", Value: "vpc" },
          { Key: "stack", Value: "trial" },
        ],
      ]);
      await client.drift({ region: "us-west-2", action: "delete", id: vpcs[0]?.VpcId ?? "" });
    },
  );
});
