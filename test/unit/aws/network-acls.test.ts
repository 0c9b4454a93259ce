/** Network ACLs: ordered entries, one ACL around each subnet, and what AWS refuses about both. */
import { describe, expect, it } from "vitest";
import type { Json, Properties } from "../../../sandbox/services/aws/json.ts";
import { inWorld, makeWorld, refusalOf, refuses, TestCloud, types } from "./harness.ts";

const region = "us-west-2";

/** A rule as the program writes it. */
function rule(ruleNo: number, more: Record<string, Json> = {}): Record<string, Json> {
  return {
    ruleNo,
    action: "allow",
    protocol: "6",
    fromPort: 443,
    toPort: 443,
    cidrBlock: "0.0.0.0/0",
    ...more,
  };
}

function acls(cloud: TestCloud) {
  return cloud.service.describe().regions[region]?.["network-acls"].NetworkAcls ?? [];
}

function entriesOf(cloud: TestCloud, id: string) {
  return acls(cloud).find(({ NetworkAclId }) => NetworkAclId === id)?.Entries ?? [];
}

/** Around which ACL a subnet stands: ids of all that claim it. */
function around(cloud: TestCloud, subnet: string): string[] {
  return acls(cloud)
    .filter(({ Associations }) => Associations.some(({ SubnetId }) => SubnetId === subnet))
    .map(({ NetworkAclId }) => NetworkAclId);
}

describe("an ACL", () => {
  it("denies everything until it has entries, and keeps them in the order of their numbers", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const made = await cloud.create(types.networkAcl, {
        vpcId: vpc.id,
        ingress: [
          rule(300),
          rule(100, { protocol: "icmp", fromPort: 0, toPort: 0, icmpType: 3, icmpCode: -1 }),
        ],
        egress: [rule(200, { protocol: "-1", fromPort: 0, toPort: 0, cidrBlock: "10.0.0.0/8" })],
      });
      const deny = { CidrBlock: "0.0.0.0/0", Protocol: "-1", RuleAction: "deny", RuleNumber: 32767 };
      expect(entriesOf(cloud, made.id)).toEqual([
        {
          CidrBlock: "0.0.0.0/0",
          Egress: false,
          IcmpTypeCode: { Type: 3, Code: -1 },
          Protocol: "1",
          RuleAction: "allow",
          RuleNumber: 100,
        },
        { CidrBlock: "10.0.0.0/8", Egress: true, Protocol: "-1", RuleAction: "allow", RuleNumber: 200 },
        {
          CidrBlock: "0.0.0.0/0",
          Egress: false,
          PortRange: { From: 443, To: 443 },
          Protocol: "6",
          RuleAction: "allow",
          RuleNumber: 300,
        },
        { ...deny, Egress: true },
        { ...deny, Egress: false },
      ]);
      expect(made.outputs.ingress).toHaveLength(2);
      const empty = await cloud.create(types.networkAcl, { vpcId: vpc.id });
      expect(entriesOf(cloud, empty.id).map(({ RuleAction }) => RuleAction)).toEqual(["deny", "deny"]);
    });
  });

  it("takes each number once in a direction, and gives a freed one away in the same update", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const twice = { vpcId: vpc.id, ingress: [rule(100), rule(100, { toPort: 444 })] };
      const message = "The network acl entry identified by 100 already exists.";
      await refuses(cloud, types.networkAcl, twice, "NetworkAclEntryAlreadyExists", message);
      const both = { vpcId: vpc.id, ingress: [rule(100)], egress: [rule(100)] };
      const made = await cloud.create(types.networkAcl, both);
      const changed = await cloud.update(made, { ...both, ingress: [rule(100, { toPort: 444 })] });
      expect(entriesOf(cloud, changed.id).filter(({ RuleNumber }) => RuleNumber === 100)).toMatchObject([
        { Egress: true, PortRange: { To: 443 } },
        { Egress: false, PortRange: { To: 444 } },
      ]);
    });
  });

  it("takes twenty entries in each direction, its own that denies among them", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const rules = (count: number): Json[] => Array.from({ length: count }, (_, index) => rule(index + 1));
      await cloud.create(types.networkAcl, { vpcId: vpc.id, ingress: rules(19), egress: rules(19) });
      await refuses(
        cloud,
        types.networkAcl,
        { vpcId: vpc.id, egress: rules(20) },
        "NetworkAclEntryLimitExceeded",
        "maximum number of network acl entries",
      );
    });
    await inWorld(
      async (cloud, { vpc }) => {
        const inputs = { vpcId: vpc.id };
        await refuses(cloud, types.networkAcl, inputs, "NetworkAclLimitExceeded", "network ACLs");
      },
      { networkAclsPerVpc: 1 },
    );
  });

  it("refuses ports that run backwards, and ports for every protocol at once", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const acl = (more: Record<string, Json>): Properties => ({ vpcId: vpc.id, ingress: [rule(1, more)] });
      const backwards = acl({ fromPort: 90, toPort: 80 });
      await refuses(cloud, types.networkAcl, backwards, "InvalidParameterValue", "port range (90:80)");
      const refusal = await refusalOf(cloud.create(types.networkAcl, acl({ protocol: "all" })));
      expect(refusal.message).toMatch(/must both be 0 to use the 'all' "-1" protocol/);
    });
  });

  it("shows what somebody adds by hand, and an update takes it away", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const inputs = { vpcId: vpc.id, ingress: [rule(100)], egress: [] };
      const made = await cloud.create(types.networkAcl, inputs);
      const byHand = [rule(50, { fromPort: 22, toPort: 22 }), rule(100)];
      cloud.service.drift({ region, action: "modify", id: made.id, set: { ingress: byHand } });
      const seen = await cloud.read(made);
      if (seen === undefined) throw new Error("the ACL is gone");
      expect((await cloud.diff(seen, inputs)).changed).toEqual(["ingress"]);
      await cloud.update(seen, inputs);
      expect(entriesOf(cloud, made.id).map(({ RuleNumber }) => RuleNumber)).toEqual([100, 32767, 32767]);
    });
  });

  it("is found by its tags, and imported where it is not a default one", async () => {
    await inWorld(async (cloud, { vpc }) => {
      const tags = { stack: "a", urn: "1" };
      const made = await cloud.create(types.networkAcl, { vpcId: vpc.id, ingress: [rule(7)], tags });
      const token = "aws:ec2/getNetworkAcls:getNetworkAcls";
      expect(await cloud.invoke(token, { tags })).toMatchObject({ ids: [made.id] });
      expect((await cloud.invoke(token, { vpcId: vpc.id })).ids).toHaveLength(2);
      const imported = await cloud.import(types.networkAcl, made.id);
      expect(imported?.outputs.ingress).toEqual(made.outputs.ingress);
      const ofVpc = vpc.outputs.defaultNetworkAclId as string;
      await expect(cloud.import(types.networkAcl, ofVpc)).rejects.toThrow("aws_default_network_acl");
    });
  });
});

describe("a subnet", () => {
  it("stands behind one ACL: an association replaces the one it had, and gives it back", async () => {
    await inWorld(async (cloud, { vpc, subnet }) => {
      const ofVpc = vpc.outputs.defaultNetworkAclId as string;
      expect(around(cloud, subnet.id)).toEqual([ofVpc]);
      const acl = await cloud.create(types.networkAcl, { vpcId: vpc.id });
      const inputs = { networkAclId: acl.id, subnetId: subnet.id };
      const first = await cloud.create(types.networkAclAssociation, inputs);
      expect(first.id).toMatch(/^aclassoc-0[0-9a-f]{16}$/);
      expect(around(cloud, subnet.id)).toEqual([acl.id]);
      // What a killed create made is replaced by the next one, which needs to know nothing of it.
      const second = await cloud.create(types.networkAclAssociation, inputs);
      expect(around(cloud, subnet.id)).toEqual([acl.id]);
      expect(await cloud.read(first)).toBeUndefined();
      await cloud.delete(first);
      expect(around(cloud, subnet.id)).toEqual([acl.id]);
      expect((await cloud.import(types.networkAclAssociation, second.id))?.outputs).toMatchObject(inputs);
      await cloud.delete(second);
      expect(around(cloud, subnet.id)).toEqual([ofVpc]);
    });
  });

  it("is refused to an ACL of another VPC", async () => {
    await inWorld(async (cloud, { subnet }) => {
      const elsewhere = await makeWorld(cloud, region, 1);
      const acl = await cloud.create(types.networkAcl, { vpcId: elsewhere.vpc.id });
      await refuses(
        cloud,
        types.networkAclAssociation,
        { networkAclId: acl.id, subnetId: subnet.id },
        "InvalidParameterValue",
        "belong to different networks",
      );
      const missing = { networkAclId: "acl-0123456789abcdef0", subnetId: subnet.id };
      await refuses(
        cloud,
        types.networkAclAssociation,
        missing,
        "InvalidNetworkAclID.NotFound",
        "networkAcl",
      );
    });
  });

  it("goes back to the default ACL when its own is deleted, which keeps the VPC until then", async () => {
    using cloud = new TestCloud();
    const vpc = await cloud.create(types.vpc, { cidrBlock: "10.9.0.0/16" });
    const subnet = await cloud.create(types.subnet, { vpcId: vpc.id, cidrBlock: "10.9.1.0/24" });
    const acl = await cloud.create(types.networkAcl, { vpcId: vpc.id, subnetIds: [subnet.id] });
    expect(around(cloud, subnet.id)).toEqual([acl.id]);
    await cloud.delete(acl);
    expect(around(cloud, subnet.id)).toEqual([vpc.outputs.defaultNetworkAclId]);
    await cloud.delete(subnet);
    const other = await cloud.create(types.networkAcl, { vpcId: vpc.id });
    expect((await refusalOf(cloud.delete(vpc))).code).toBe("DependencyViolation");
    await cloud.delete(other);
    await cloud.delete(vpc);
  });
});
