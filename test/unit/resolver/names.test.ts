/** What the resolver of a VPC knows and answers: private zones, forwarding rules, and the internet for the rest. */
import type { Answer, RecordType } from "dns-packet";
import { describe, expect, it } from "vitest";
import type { Asked } from "../../../sandbox/services/resolver/ask.ts";
import { resolve } from "../../../sandbox/services/resolver/answer.ts";
import { readNames, wayOf, type Way } from "../../../sandbox/services/resolver/names.ts";
import type { Reply } from "../../../sandbox/services/cloudflare/dns-answer.ts";
import { makeWorld, TestCloud, types } from "../aws/harness.ts";

const a = (name: string, data: string): Answer => ({ name, type: "A", ttl: 10, data });
const cname = (name: string, data: string): Answer => ({ name, type: "CNAME", ttl: 10, data });
const said = (...answers: Answer[]): Reply => ({ code: "NOERROR", answers, authorities: [] });

const zone: Way = {
  kind: "zone",
  domain: "blackroad.internal",
  records: [
    {
      name: "blackroad.internal",
      type: "SOA",
      ttl: 900,
      values: ["ns-0.awsdns-00.com. a.b. 1 7200 900 1209600 86400"],
    },
    { name: "redis.blackroad.internal", type: "A", ttl: 300, values: ["10.0.10.50", "10.0.10.51"] },
    { name: "agents.blackroad.internal", type: "CNAME", ttl: 300, values: ["agents.consul"] },
    { name: "home.blackroad.internal", type: "CNAME", ttl: 300, values: ["Redis.blackroad.internal."] },
    { name: "page.blackroad.internal", type: "CNAME", ttl: 300, values: ["page.test"] },
    { name: "loop.blackroad.internal", type: "CNAME", ttl: 300, values: ["loop.blackroad.internal"] },
    { name: "x.deep.blackroad.internal", type: "A", ttl: 300, values: ["10.0.10.52"] },
    { name: "*.wild.blackroad.internal", type: "A", ttl: 300, values: ["10.0.10.53"] },
  ],
};
const rule: Way = {
  kind: "forward",
  domain: "consul",
  targets: [
    { address: "10.0.10.11", port: 8600 },
    { address: "10.0.10.12", port: 8600 },
  ],
  sources: ["10.0.10.4", "10.0.11.4"],
};

/** Asks, and tells who was asked for it: `server:port from source`. */
async function asking(
  name: string,
  type: RecordType,
  others: (asked: Asked) => Reply | undefined = () => undefined,
  ways: readonly Way[] = [zone, rule],
) {
  const asked: string[] = [];
  const reply = await resolve(name, type, {
    ways,
    internet: { address: "1.1.1.1", port: 53 },
    ask: (question) => {
      const { server, source } = question;
      asked.push(`${question.name} at ${server.address}:${server.port} from ${source ?? "anywhere"}`);
      const answer = others(question);
      return answer === undefined ? Promise.reject(new Error("silence")) : Promise.resolve(answer);
    },
  });
  const answers = reply.answers.map(
    (each) => `${each.name} ${each.type} ${String((each as { data: unknown }).data)}`,
  );
  return { code: reply.code, answers, authorities: reply.authorities.map((each) => each.type), asked };
}

describe("a private zone", () => {
  it("answers by itself, in the spelling of the question, and asks nobody", async () => {
    expect(await asking("Redis.blackroad.internal", "A")).toEqual({
      code: "NOERROR",
      answers: ["Redis.blackroad.internal A 10.0.10.50", "Redis.blackroad.internal A 10.0.10.51"],
      authorities: [],
      asked: [],
    });
  });

  it("says what it has not, with its SOA, whatever the internet would say", async () => {
    const internet = () => said(a("nobody.blackroad.internal", "192.0.2.1"));
    const negative = { answers: [], authorities: ["SOA"], asked: [] };
    expect(await asking("nobody.blackroad.internal", "A", internet)).toEqual({
      code: "NXDOMAIN",
      ...negative,
    });
    expect(await asking("redis.blackroad.internal", "AAAA", internet)).toEqual({
      code: "NOERROR",
      ...negative,
    });
    // Below it there is something.
    expect(await asking("deep.blackroad.internal", "A")).toEqual({ code: "NOERROR", ...negative });
  });

  it("answers for a wildcard what has no name of its own", async () => {
    expect((await asking("y.wild.blackroad.internal", "A")).answers).toEqual([
      "y.wild.blackroad.internal A 10.0.10.53",
    ]);
    expect((await asking("y.deep.blackroad.internal", "A")).code).toBe("NXDOMAIN");
  });

  it("is left by a CNAME for its own names, a forwarded domain, or the internet", async () => {
    expect((await asking("home.blackroad.internal", "A")).answers).toEqual([
      "home.blackroad.internal CNAME redis.blackroad.internal",
      "redis.blackroad.internal A 10.0.10.50",
      "redis.blackroad.internal A 10.0.10.51",
    ]);
    const consul = () => said(a("agents.consul", "10.0.10.11"));
    expect(await asking("agents.blackroad.internal", "A", consul)).toMatchObject({
      answers: ["agents.blackroad.internal CNAME agents.consul", "agents.consul A 10.0.10.11"],
      asked: ["agents.consul at 10.0.10.11:8600 from 10.0.10.4"],
    });
    const page = () => said(a("page.test", "192.0.2.80"));
    expect(await asking("page.blackroad.internal", "A", page)).toMatchObject({
      answers: ["page.blackroad.internal CNAME page.test", "page.test A 192.0.2.80"],
      asked: ["page.test at 1.1.1.1:53 from anywhere"],
    });
    // Whoever asks for the CNAME itself gets it, and no more.
    expect((await asking("agents.blackroad.internal", "CNAME")).asked).toEqual([]);
    expect((await asking("loop.blackroad.internal", "A")).code).toBe("NOERROR");
  });
});

describe("a forwarding rule", () => {
  it("asks one target after the other, from the endpoint's addresses by turns", async () => {
    const second = ({ server }: Asked) =>
      server.address === "10.0.10.12" ? said(a("x.consul", "10.0.10.9")) : undefined;
    expect(await asking("x.consul", "A", second)).toMatchObject({
      code: "NOERROR",
      asked: ["x.consul at 10.0.10.11:8600 from 10.0.10.4", "x.consul at 10.0.10.12:8600 from 10.0.11.4"],
    });
    const silent = await asking("x.consul", "A");
    expect(silent.code).toBe("SERVFAIL");
    expect(silent.asked).toHaveLength(4);
    expect((await asking("x.consul", "A", () => undefined, [{ ...rule, sources: [] }])).asked).toEqual([]);
  });

  it("comes before a zone of the same name, and after one with a longer name", () => {
    const same: Way = { ...rule, domain: "blackroad.internal" };
    expect(wayOf([zone, same], "redis.blackroad.internal")).toBe(same);
    const above: Way = { ...rule, domain: "internal" };
    expect(wayOf([above, zone], "redis.blackroad.internal")).toBe(zone);
    expect(wayOf([above, zone], "other.INTERNAL.")).toBe(above);
    expect(wayOf([above, zone], "notinternal")).toBeUndefined();
  });

  it("whose answer leads elsewhere is followed there", async () => {
    const leading = ({ name }: Asked) =>
      name === "x.consul" ? said(cname("x.consul", "redis.blackroad.internal")) : undefined;
    expect((await asking("x.consul", "A", leading)).answers).toEqual([
      "x.consul CNAME redis.blackroad.internal",
      "redis.blackroad.internal A 10.0.10.50",
      "redis.blackroad.internal A 10.0.10.51",
    ]);
  });
});

it("asks the internet about the rest, and passes on what it says", async () => {
  const none: Reply = { code: "NXDOMAIN", answers: [], authorities: [] };
  expect((await asking("nobody.test", "A", () => none)).code).toBe("NXDOMAIN");
  expect(await asking("page.test", "A")).toMatchObject({
    code: "SERVFAIL",
    asked: ["page.test at 1.1.1.1:53 from anywhere"],
  });
});

it("knows what the simulated AWS describes of its own VPC, and nothing of others'", async () => {
  using cloud = new TestCloud();
  const [world, other] = [await makeWorld(cloud), await makeWorld(cloud, "eu-west-1", 1)];
  const vpcs = [{ vpcId: world.vpc.id, vpcRegion: "us-west-2" }];
  const { id: zoneId } = await cloud.create(types.hostedZone, { name: "a.internal", vpcs });
  await cloud.create(types.record, { zoneId, name: "redis", type: "A", ttl: 60, records: ["10.0.1.9"] });
  const endpoint = await cloud.create(types.resolverEndpoint, {
    direction: "OUTBOUND",
    ipAddresses: ["10.0.1.4", "10.0.1.5"].map((ip) => ({ subnetId: world.subnet.id, ip })),
    securityGroupIds: [world.group.id],
  });
  const made = await cloud.create(types.resolverRule, {
    domainName: "consul",
    ruleType: "FORWARD",
    resolverEndpointId: endpoint.id,
    targetIps: [{ ip: "10.0.1.11", port: 8600 }],
  });
  const before = readNames(cloud.service.describe());
  expect(before.get(world.vpc.id)?.map(({ domain }) => domain)).toEqual(["a.internal"]);
  await cloud.create(types.resolverRuleAssociation, { resolverRuleId: made.id, vpcId: world.vpc.id });
  const names = readNames(cloud.service.describe());
  expect(names.get(other.vpc.id)).toEqual([]);
  expect(wayOf(names.get(world.vpc.id) ?? [], "x.consul")).toEqual({
    kind: "forward",
    domain: "consul",
    targets: [{ address: "10.0.1.11", port: 8600 }],
    sources: ["10.0.1.4", "10.0.1.5"],
  });
  const found = wayOf(names.get(world.vpc.id) ?? [], "redis.a.internal");
  expect(found?.kind === "zone" && found.records.find(({ type }) => type === "A")).toEqual({
    name: "redis.a.internal",
    type: "A",
    ttl: 60,
    values: ["10.0.1.9"],
  });
  expect(() => readNames({ regions: {}, global: {} })).toThrow("hosted-zones");
});
