import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { tornAttributes } from "../../../cli/recover/attributes.ts";
import { decide } from "../../../cli/recover/decide.ts";
import { lockOwner } from "../../../cli/recover/lock.ts";
import { plannedCreates } from "../../../cli/recover/plan.ts";
import { endpointRouteTableId, questionFor, routeId } from "../../../cli/recover/questions.ts";
import {
  applyDecisions,
  type ResourceState,
  type StackExport,
  unsureUrns,
  withoutMarks,
} from "../../../cli/recover/state.ts";
import { recordSetId, zoneAssociationId } from "../../../cli/recover/route53.ts";
import { urnHash } from "../../../components/aws/tags.ts";

const vpcType = "aws:ec2/vpc:Vpc";
const vpcUrn = `urn:pulumi:sandbox::blackroad-network::${vpcType}::us-west`;

function vpc(fields: Partial<ResourceState> = {}): ResourceState {
  return { urn: vpcUrn, type: vpcType, custom: true, inputs: { region: "us-west-2" }, ...fields };
}

function exported(resources: ResourceState[], creating: ResourceState[]): StackExport {
  return {
    version: 3,
    deployment: {
      resources,
      pending_operations: creating.map((resource) => ({ type: "creating", resource })),
    },
  };
}

describe("questions", () => {
  test("a taggable resource is looked for by the hash of its URN, in its region", () => {
    expect(questionFor(vpc())).toEqual({
      ask: "aws-tag",
      urn: vpcUrn,
      type: vpcType,
      region: "us-west-2",
      stack: "sandbox",
      hash: urnHash(vpcUrn),
    });
  });

  test("a route is looked for by table and destination, and gets the upstream provider's id", () => {
    const type = "aws:ec2/route:Route";
    const inputs = { region: "us-west-2", routeTableId: "rtb-1", destinationCidrBlock: "10.1.0.0/16" };
    expect(questionFor({ urn: "urn:r", type, inputs })).toEqual({
      ask: "aws-route",
      urn: "urn:r",
      region: "us-west-2",
      routeTableId: "rtb-1",
      destination: "10.1.0.0/16",
    });
    // The CRC-32 (IEEE) of "0.0.0.0/0" is 1080289494: the familiar ending of every default route's id.
    expect(routeId("rtb-1", "0.0.0.0/0")).toBe("r-rtb-11080289494");
  });

  test("a table of an endpoint, and a group of database subnets, are looked for by what they are", () => {
    const region = "us-west-2";
    const inTable = { region, vpcEndpointId: "vpce-1", routeTableId: "rtb-1" };
    const type = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation";
    expect(questionFor({ urn: "urn:e", type, inputs: inTable })).toEqual({
      ask: "aws-endpoint-route-table",
      urn: "urn:e",
      ...inTable,
    });
    // The CRC-32 (IEEE) of "rtb-1", as `printf rtb-1 | gzip -c | tail -c8 | od -An -tu4 -N4` prints it.
    expect(endpointRouteTableId("vpce-1", "rtb-1")).toBe("a-vpce-12613720802");
    const group = { region, name: "prod-us-west-database", subnetIds: ["subnet-1", "subnet-2"] };
    expect(questionFor({ urn: "urn:g", type: "aws:rds/subnetGroup:SubnetGroup", inputs: group })).toEqual({
      ask: "aws-db-subnet-group",
      urn: "urn:g",
      ...group,
    });
  });

  test("what is of no region, or has no tags that are listed, is looked for by what it is", () => {
    const ask = (noun: string, inputs: Record<string, unknown>) => {
      const name = noun.charAt(0).toLowerCase() + noun.slice(1);
      const urn = `urn:pulumi:sandbox::p::aws:route53/${name}:${noun}::n`;
      return questionFor({ urn, type: `aws:route53/${name}:${noun}`, custom: true, inputs });
    };
    expect(ask("Zone", { name: "a.internal" })).toMatchObject({
      ask: "aws-hosted-zone",
      name: "a.internal",
      stack: "sandbox",
      hash: urnHash("urn:pulumi:sandbox::p::aws:route53/zone:Zone::n"),
    });
    const joined = { zoneId: "Z1", vpcId: "vpc-1", vpcRegion: "eu-west-1" };
    expect(ask("ZoneAssociation", joined)).toMatchObject({ ask: "aws-zone-association", ...joined });
    expect(zoneAssociationId("Z1", "vpc-1", "eu-west-1")).toBe("Z1:vpc-1:eu-west-1");
    const set = { zoneId: "Z1", name: "Redis.a.internal", type: "A" };
    expect(ask("Record", { ...set, records: ["10.0.0.1"] })).toMatchObject({ ...set, values: ["10.0.0.1"] });
    expect(recordSetId("Z1", "Redis.a.internal", "A")).toBe("Z1_redis.a.internal_A");
    const region = "us-west-2";
    const endpoint = { region, securityGroupIds: ["sg-1"] };
    expect(ask("ResolverEndpoint", endpoint)).toMatchObject({ ask: "aws-resolver-endpoint", ...endpoint });
    const rule = { region, domainName: "consul", resolverEndpointId: "rslvr-out-1" };
    expect(ask("ResolverRule", rule)).toMatchObject({ ask: "aws-resolver-rule", ...rule, stack: "sandbox" });
    expect(() => ask("ResolverRule", { region })).toThrow('has no "domainName"');
  });

  test("a command leaves nothing to be found", () => {
    const type = "command:remote:Command";
    expect(questionFor({ urn: "urn:c", type, inputs: {} }).ask).toBe("nothing");
  });

  test("a component leaves nothing to be found, whatever its type", () => {
    const routes = { urn: "urn:r", type: "blackroad:aws:Routes", custom: false };
    const reason = "a component is in the state only";
    expect(questionFor(routes)).toEqual({ ask: "nothing", urn: "urn:r", reason });
    const killed = exported([], [routes]);
    const decisions = decide(killed, [questionFor(routes)], {});
    expect(decisions).toEqual([{ action: "forget", urn: "urn:r", reason }]);
    expect(applyDecisions(killed, decisions)).toEqual(exported([], []));
  });

  test("a type that is not known stops recovery", () => {
    const type = "aws:s3/bucket:Bucket";
    const bucket = { urn: "urn:b", type, custom: true, inputs: {} };
    expect(() => questionFor(bucket)).toThrow(/does not know how to look for/);
  });

  test("whatever the program of any stack asks for can be looked for", () => {
    const goldens = resolve(import.meta.dirname, "../components/golden");
    const asked = readdirSync(goldens).flatMap(
      (file) =>
        JSON.parse(readFileSync(join(goldens, file), "utf8")) as {
          resource: string;
          inputs: Record<string, unknown>;
        }[],
    );
    const resources = asked.flatMap(({ resource, inputs }): ResourceState[] => {
      const [type = "", name = ""] = resource.split(" ");
      const urn = `urn:pulumi:s::p::${type}::${name}`;
      return type.startsWith("blackroad:") ? [] : [{ urn, type, custom: true, inputs }];
    });
    const types = new Set(resources.map(({ type }) => type));
    // A list of types that shrinks to nothing would be complete as well.
    expect(types).toContain("cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared");
    expect(types.size).toBeGreaterThan(30);
    const lost = resources.filter((resource) => {
      try {
        return questionFor(resource).urn !== resource.urn;
      } catch {
        return true;
      }
    });
    expect(lost.map(({ urn }) => urn)).toEqual([]);
  });

  test("what Cloudflare has a list of is looked for there by what tells it from others", () => {
    const ask = (noun: string, inputs: Record<string, unknown>) => {
      const name = noun.charAt(0).toLowerCase() + noun.slice(1);
      return questionFor({ urn: "urn:c", type: `cloudflare:index/${name}:${noun}`, custom: true, inputs });
    };
    expect(ask("LoadBalancerPool", { accountId: "a", name: "p" })).toMatchObject({ owner: "a", key: "p" });
    expect(ask("LoadBalancerMonitor", { accountId: "a", description: "m" })).toMatchObject({ key: "m" });
    expect(ask("LoadBalancer", { zoneId: "z", name: "l" })).toMatchObject({ owner: "z", key: "l" });
    expect(ask("Ruleset", { zoneId: "z", phase: "p" })).toMatchObject({ owner: "z", key: "p" });
    expect(ask("ZeroTrustAccessApplication", { accountId: "a", domain: "d" })).toMatchObject({ key: "d" });
    expect(ask("ZeroTrustAccessPolicy", { accountId: "a", name: "p" })).toMatchObject({ key: "p" });
    expect(ask("ZeroTrustTunnelCloudflared", { accountId: "a", name: "t" })).toMatchObject({ key: "t" });
    for (const noun of ["ZeroTrustTunnelCloudflaredConfig", "ZoneSetting", "ZoneDnssec"]) {
      expect(ask(noun, {}).ask).toBe("nothing");
    }
    const record = { zoneId: "z", name: "n", type: "CAA" };
    const data = { flags: 0, tag: "issue", value: "ca.test" };
    expect(ask("DnsRecord", { ...record, data })).toMatchObject({ ask: "cloudflare-record", data });
    expect(() => ask("DnsRecord", record)).toThrow('has no "content"');
  });

  test("a pending create without what it is found by stops recovery", () => {
    expect(() => questionFor(vpc({ inputs: {} }))).toThrow(/has no "region"/);
  });

  test("whatever AWS lets be tagged is looked for by its tags", () => {
    const nouns = [
      "vpc:Vpc",
      "internetGateway:InternetGateway",
      "subnet:Subnet",
      "eip:Eip",
      "instance:Instance",
    ]
      .concat(["routeTable:RouteTable", "natGateway:NatGateway", "securityGroup:SecurityGroup"])
      .concat(["vpcPeeringConnection:VpcPeeringConnection", "vpcEndpoint:VpcEndpoint"])
      .map((noun) => `aws:ec2/${noun}`)
      .concat(["Ingress", "Egress"].map((way) => `aws:vpc/securityGroup${way}Rule:SecurityGroup${way}Rule`));
    for (const type of nouns) {
      expect(questionFor({ urn: "urn:pulumi:s::p::t::n", type, inputs: { region: "us-west-2" } }).ask).toBe(
        "aws-tag",
      );
    }
  });
});

describe("decisions", () => {
  const state = exported([], [vpc()]);
  const questions = [questionFor(vpc())];

  test("what was found once is adopted", () => {
    expect(decide(state, questions, { [vpcUrn]: ["vpc-1"] })).toEqual([
      { action: "adopt", urn: vpcUrn, id: "vpc-1", found: "aws-tag" },
    ]);
  });

  test("what was not found is forgotten", () => {
    expect(decide(state, questions, { [vpcUrn]: [] })[0]?.action).toBe("forget");
  });

  test("an id that the state already holds is not adopted again", () => {
    const replacing = exported([vpc({ id: "vpc-1" })], [vpc()]);
    expect(decide(replacing, questions, { [vpcUrn]: ["vpc-1"] })[0]?.action).toBe("forget");
  });

  test("what was killed twice is adopted once, and the other one discarded", () => {
    const twice = exported([], [vpc(), vpc()]);
    expect(decide(twice, questions, { [vpcUrn]: ["vpc-1", "vpc-2"] })).toMatchObject([
      { action: "discard", id: "vpc-1" },
      { action: "adopt", id: "vpc-2" },
    ]);
  });

  test("what an update made again before recovery is discarded; what it was to replace is not", () => {
    const again = exported([vpc({ id: "vpc-2" })], [vpc()]);
    expect(decide(again, questions, { [vpcUrn]: ["vpc-1", "vpc-2"] })).toMatchObject([
      { action: "discard", id: "vpc-1" },
    ]);
    const replacing = exported(
      [vpc({ id: "vpc-1", inputs: { region: "us-west-2", cidrBlock: "x" } })],
      [vpc()],
    );
    expect(decide(replacing, questions, { [vpcUrn]: ["vpc-1", "vpc-2"] })).toMatchObject([
      { action: "adopt", id: "vpc-2" },
    ]);
  });

  test("several candidates are a person's decision", () => {
    expect(() => decide(state, questions, { [vpcUrn]: ["vpc-1", "vpc-2"] })).toThrow(/vpc-1, vpc-2/);
  });
});

describe("the mended state", () => {
  test("an adopted resource stands last, with its inputs as outputs, and no operation is pending", () => {
    const before = exported([{ urn: "urn:stack", type: "pulumi:pulumi:Stack" }], [vpc()]);
    const after = applyDecisions(before, [{ action: "adopt", urn: vpcUrn, id: "vpc-1", found: "aws-tag" }]);
    expect(after.deployment.resources).toEqual([
      { urn: "urn:stack", type: "pulumi:pulumi:Stack" },
      vpc({ id: "vpc-1", outputs: { region: "us-west-2", id: "vpc-1" }, refreshBeforeUpdate: true }),
    ]);
    expect(after.deployment.pending_operations).toEqual([]);
  });

  test("an adopted resource comes before what depends on its older half", () => {
    const dependent = { urn: "urn:dependent", type: "command:remote:Command", dependencies: [vpcUrn] };
    for (const pendingReplacement of [true, false]) {
      const before = exported([vpc({ id: "vpc-1", pendingReplacement }), dependent], [vpc()]);
      const after = applyDecisions(before, [{ action: "adopt", urn: vpcUrn, id: "vpc-2", found: "aws-tag" }]);
      const ids = after.deployment.resources?.map(({ id, urn }) => id ?? urn) ?? [];
      expect(ids).toEqual(
        pendingReplacement ? ["vpc-2", "urn:dependent"] : ["vpc-2", "vpc-1", "urn:dependent"],
      );
    }
  });

  test("the older half of a replacement is marked for deletion", () => {
    const before = exported([vpc({ id: "vpc-1" })], [vpc()]);
    const after = applyDecisions(before, [{ action: "adopt", urn: vpcUrn, id: "vpc-2", found: "aws-tag" }]);
    expect(after.deployment.resources?.map(({ id, delete: gone }) => [id, gone])).toEqual([
      ["vpc-2", undefined],
      ["vpc-1", true],
    ]);
  });

  test("the older half of a replacement that has been deleted already is dropped", () => {
    const before = exported([vpc({ id: "vpc-1", pendingReplacement: true })], [vpc()]);
    const after = applyDecisions(before, [{ action: "adopt", urn: vpcUrn, id: "vpc-2", found: "aws-tag" }]);
    expect(after.deployment.resources?.map(({ id }) => id)).toEqual(["vpc-2"]);
  });

  test("what is discarded is taken in to be deleted, and what was cut short is to be read back", () => {
    const other = { urn: "urn:other", type: vpcType, id: "vpc-9" };
    const before: StackExport = {
      version: 3,
      deployment: {
        resources: [vpc({ id: "vpc-2" }), other],
        pending_operations: [
          { type: "creating", resource: vpc() },
          { type: "updating", resource: other },
        ],
      },
    };
    const after = applyDecisions(before, [{ action: "discard", urn: vpcUrn, id: "vpc-1", found: "aws-tag" }]);
    expect(after.deployment.resources).toMatchObject([
      { id: "vpc-1", delete: true, refreshBeforeUpdate: true },
      { id: "vpc-2" },
      { id: "vpc-9", refreshBeforeUpdate: true },
    ]);
    expect([...unsureUrns(after)]).toEqual([vpcUrn, "urn:other"]);
    expect([...unsureUrns(withoutMarks(after))]).toEqual([]);
  });

  test("no pending create is dropped by oversight", () => {
    expect(() => applyDecisions(exported([], [vpc()]), [])).toThrow(/no decision/);
  });
});

describe("the lock's owner", () => {
  const lock = { file: "", username: "root", hostname: hostname(), timestamp: new Date().toISOString() };

  test("is alive, dead, or on another machine", () => {
    expect(lockOwner({ ...lock, pid: process.pid })).toBe("alive");
    expect(lockOwner({ ...lock, pid: 0x3fffff })).toBe("dead");
    expect(lockOwner({ ...lock, pid: process.pid, hostname: "elsewhere.invalid" })).toBe("elsewhere");
  });

  test("is dead where its id was given to a process that started later", () => {
    expect(lockOwner({ ...lock, pid: process.pid, timestamp: "2001-01-01T00:00:00Z" })).toBe("dead");
  });
});

test("planned creates are those of resources, without what a preview cannot tell", () => {
  const step = (op: string, newState: Partial<ResourceState>) => ({ op, urn: vpcUrn, newState });
  const inputs = {
    region: "us-west-2",
    cidrBlock: "10.0.0.0/16",
    secret: "[secret]",
    later: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  };
  const steps = [
    step("create", vpc({ inputs })),
    step("replace", vpc()),
    step("update", vpc()),
    step("same", vpc()),
    step("create", { urn: "urn:c", type: "blackroad:aws:Vpc" }),
    step("create", { urn: "urn:p", type: "pulumi:providers:aws", custom: true }),
  ];
  expect(plannedCreates(JSON.stringify({ steps }))).toEqual([
    { type: "creating", resource: vpc({ inputs: { region: "us-west-2", cidrBlock: "10.0.0.0/16" } }) },
    { type: "creating", resource: vpc() },
  ]);
});

test("torn attribute files are found, and nothing else", async () => {
  const backend = mkdtempSync(join(tmpdir(), "roadnet-backend-"));
  onTestFinished(() => {
    rmSync(backend, { recursive: true });
  });
  const folder = join(backend, ".pulumi", "stacks", "project");
  mkdirSync(folder, { recursive: true });
  const files = {
    "s.json": "",
    "s.json.attrs": "",
    "s.json.bak.attrs": '{"user.x":',
    "other.json.attrs": "{}",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const torn = await tornAttributes(backend, "project", "s");
  expect(torn).toEqual([join(folder, "s.json.attrs"), join(folder, "s.json.bak.attrs")]);
});
