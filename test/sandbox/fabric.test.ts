/** The fabric's gates, by real packets: security groups, network ACLs, source/destination check, what is private. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anywhere, rule, type Json } from "../unit/fabric/describe-json.ts";
import { all, find, HUB_TUNNEL, PAGE, Probe, withoutRules, type Regions } from "./fabric-probe.ts";
import { ADDRESS, testRegions } from "./fabric-world.ts";

const probe = new Probe();

beforeAll(async () => {
  await probe.begin();
}, 60_000);

afterAll(async () => {
  expect(await probe.end()).toEqual([]);
}, 60_000);

describe("security groups", () => {
  it("let in what an ingress rule names, and nothing else", async () => {
    expect(
      await all({
        named: probe.tcp("stranger", ADDRESS.webPublic, 80),
        other: probe.tcp("stranger", ADDRESS.webPublic, 81),
        udp: probe.udp("stranger", ADDRESS.hubPublic, 51820),
      }),
    ).toEqual({ named: "192.0.2.66", other: undefined, udp: "192.0.2.66" });
    const closed = await probe.whileChanged(
      (regions) => {
        withoutRules(regions["us-west-2"], "sg-web", "ingress");
      },
      () => probe.tcp("stranger", ADDRESS.webPublic, 80),
    );
    expect(closed).toBeUndefined();
  });

  it("let out what an egress rule names, whatever the receiver lets in", async () => {
    expect(
      await all({
        both: probe.tcp("h-i-api", ADDRESS.database, 5432),
        "ingress only": probe.tcp("h-i-api", ADDRESS.database, 5433),
        "ingress from anywhere": probe.tcp("h-i-api", ADDRESS.database, 9999),
        "same port from elsewhere": probe.tcp("h-i-web", ADDRESS.database, 9999),
        "egress only": probe.tcp("h-i-web", ADDRESS.database, 5432),
        "no egress at all": probe.tcp("h-i-database", PAGE, 80),
      }),
    ).toEqual({
      both: ADDRESS.api,
      "ingress only": undefined,
      "ingress from anywhere": undefined,
      "same port from elsewhere": ADDRESS.web,
      "egress only": undefined,
      "no egress at all": undefined,
    });
  });

  it("follow a reference to a group to its members of today", async () => {
    const ask = () =>
      all({
        web: probe.tcp("h-i-web", ADDRESS.api, 8080),
        hub: probe.tcp("h-i-hub", ADDRESS.api, 8080),
      });
    expect(await ask()).toEqual({ web: ADDRESS.web, hub: undefined });
    const moved = await probe.whileChanged((regions) => {
      find(regions["us-west-2"].NetworkInterfaces, "eni-hub").Groups = [{ GroupId: "sg-web" }];
      find(regions["us-west-2"].NetworkInterfaces, "eni-web").Groups = [{ GroupId: "sg-hub" }];
    }, ask);
    expect(moved).toEqual({ web: undefined, hub: ADDRESS.hub });
  });

  it("tell ICMP types apart", async () => {
    expect(
      await all({
        "echo named": probe.pings("h-i-api", ADDRESS.east),
        "echo not named": probe.pings("stranger", ADDRESS.webPublic),
      }),
    ).toEqual({ "echo named": true, "echo not named": false });
    const timestampOnly = await probe.whileChanged(
      ({ "us-west-2": region }) => {
        withoutRules(region, "sg-api", "egress");
        region.SecurityGroupRules.push(rule("sg-api", "egress", "icmp", [13, -1], anywhere));
      },
      () => probe.pings("h-i-api", ADDRESS.east),
    );
    expect(timestampOnly).toBe(false);
  });

  it("end the connections of a permission that goes, and no others", async () => {
    await probe.echo("h-i-api", 8081);
    const open = ({ "us-west-2": region }: Regions) => {
      region.SecurityGroupRules.push(
        rule("sg-api", "ingress", "tcp", [8081, 8081], { CidrIpv4: `${ADDRESS.web}/32` }),
        rule("sg-api", "ingress", "tcp", [8081, 8081], { CidrIpv4: `${ADDRESS.hub}/32` }),
      );
    };
    const regions = testRegions();
    open(regions);
    await probe.realise(regions);
    const kept = probe.converse("h-i-web", ADDRESS.api, 8081);
    const lost = probe.converse("h-i-hub", ADDRESS.api, 8081);
    expect(await all({ kept: kept.ask("one"), lost: lost.ask("one") })).toEqual({ kept: true, lost: true });
    regions["us-west-2"].SecurityGroupRules.pop();
    await probe.realise(regions);
    expect(await all({ kept: kept.ask("two"), lost: lost.ask("two") })).toEqual({ kept: true, lost: false });
    kept.close();
    lost.close();
    await probe.realise(testRegions());
  });
});

describe("network ACLs", () => {
  it("are ordered and stateless, and do not look at traffic inside a subnet", async () => {
    const entries = (egress: readonly Json[], ingress: readonly Json[]): Json[] => [
      ...egress.map((entry) => ({ ...entry, Egress: true })),
      ...ingress.map((entry) => ({ ...entry, Egress: false })),
    ];
    const allow = { RuleNumber: 200, RuleAction: "allow", Protocol: "-1", CidrBlock: "0.0.0.0/0" };
    const denyWeb = { RuleNumber: 100, RuleAction: "deny", Protocol: "6", CidrBlock: `${ADDRESS.web}/32` };
    const ask = () =>
      all({
        denied: probe.tcp("h-i-web", ADDRESS.api, 8080),
        allowed: probe.tcp("h-i-api", PAGE, 80),
        inside: probe.tcp("h-i-api", ADDRESS.database, 5432),
      });
    const set = (acl: Json[]) => (regions: Regions) => {
      find(regions["us-west-2"].NetworkAcls, "acl-west").Associations = [{ SubnetId: "subnet-public" }];
      regions["us-west-2"].NetworkAcls.push({
        NetworkAclId: "acl-private",
        VpcId: "vpc-west",
        Entries: acl,
        Associations: [{ SubnetId: "subnet-private" }],
      });
    };
    expect(await probe.whileChanged(set(entries([allow], [denyWeb, allow])), ask)).toEqual({
      denied: undefined,
      allowed: ADDRESS.natPublic,
      inside: ADDRESS.api,
    });
    const later = { ...denyWeb, RuleNumber: 300 };
    expect(await probe.whileChanged(set(entries([allow], [later, allow])), ask)).toMatchObject({
      denied: ADDRESS.web,
    });
    // The way back needs a rule of its own.
    expect(await probe.whileChanged(set(entries([], [allow])), ask)).toEqual({
      denied: undefined,
      allowed: undefined,
      inside: ADDRESS.api,
    });
  });
});

describe("source and destination check", () => {
  it("is off for an instance that forwards", async () => {
    expect(
      await all({
        "foreign source": probe.tcp("h-i-hub", ADDRESS.api, 8080, HUB_TUNNEL),
        "foreign destination": probe.tcp("h-i-api", HUB_TUNNEL, 8080),
      }),
    ).toEqual({ "foreign source": HUB_TUNNEL, "foreign destination": ADDRESS.api });
  });

  it("stops either where it is on, be it one way only", async () => {
    const open = ({ "us-west-2": region }: Regions) => {
      region.SecurityGroupRules.push(
        rule("sg-api", "ingress", "udp", [9000, 9001], anywhere),
        rule("sg-api", "egress", "udp", [9002, 9002], anywhere),
      );
    };
    const ask = () =>
      all({
        "foreign source": probe.arrives("h-i-hub", HUB_TUNNEL, "h-i-api", ADDRESS.api, 9000),
        "own source": probe.arrives("h-i-hub", ADDRESS.hub, "h-i-api", ADDRESS.api, 9001),
        "foreign destination": probe.arrives("h-i-api", ADDRESS.api, "h-i-hub", HUB_TUNNEL, 9002),
      });
    expect(await probe.whileChanged(open, ask)).toEqual({
      "foreign source": true,
      "own source": true,
      "foreign destination": true,
    });
    const checked = await probe.whileChanged((regions) => {
      open(regions);
      find(regions["us-west-2"].NetworkInterfaces, "eni-hub").SourceDestCheck = true;
    }, ask);
    expect(checked).toEqual({ "foreign source": false, "own source": true, "foreign destination": false });
  });
});

describe("resolver", () => {
  it("answers in every VPC, past groups and without a way to the internet", async () => {
    const answers = await all({
      "no egress rule": probe.udp("h-i-database", "10.0.0.2", 53),
      "link-local": probe.udp("h-i-database", "169.254.169.253", 53),
      "no internet gateway": probe.udp("h-i-far", "10.2.0.2", 53),
      "on the LAN": probe.udp("h-visitor", "192.168.4.1", 53),
    });
    expect(Object.entries(answers).filter(([, answer]) => answer === undefined)).toEqual([]);
    expect(answers["on the LAN"]).toBe("192.0.2.20");
  });

  it("is for DNS only", async () => {
    expect(await probe.tcp("h-i-database", "10.0.0.2", 80)).toBeUndefined();
  });
});

describe("internet and LAN", () => {
  it("hides the LAN behind its router", async () => {
    expect(
      await all({
        out: probe.tcp("h-lucidia", "192.0.2.66", 80),
        in: probe.tcp("stranger", "192.0.2.20", 80),
        directly: probe.tcp("stranger", "192.168.4.38", 80),
        neighbour: probe.tcp("h-visitor", "192.168.4.38", 80),
      }),
    ).toEqual({ out: "192.0.2.20", in: undefined, directly: undefined, neighbour: "192.168.4.150" });
  });

  it("gives the operator SSH on the LAN and nothing else", async () => {
    expect(
      await all({
        ssh: probe.tcp("op", "192.168.4.38", 22),
        web: probe.tcp("op", "192.168.4.38", 80),
        "from the LAN": probe.tcp("h-lucidia", "192.168.4.250", 80),
        "through the operator": probe.tcp("h-lucidia", "192.0.2.10", 80),
        internet: probe.tcp("op", PAGE, 80),
      }),
    ).toEqual({
      ssh: "192.168.4.250",
      web: undefined,
      "from the LAN": undefined,
      "through the operator": "192.0.2.20",
      internet: "192.0.2.10",
    });
  });

  it("drops sources that the sender does not own", async () => {
    expect(
      await all({
        own: probe.arrives("stranger", "192.0.2.66", "inet", PAGE, 9000),
        foreign: probe.arrives("stranger", "192.0.2.10", "inet", PAGE, 9001),
      }),
    ).toEqual({ own: true, foreign: false });
  });

  it("the LAN's router lets nobody in, even where the internet knew a way", async () => {
    await probe.kernel.execute("inet", ["nft", "flush", "ruleset"]);
    await probe.kernel.batch("inet", ["route add 192.168.4.0/24 dev s-edge-home"]);
    expect(await probe.tcp("stranger", "192.168.4.38", 80)).toBeUndefined();
    probe.realiser.distrust();
    await probe.realise(testRegions());
    expect(await probe.tcp("h-lucidia", "192.0.2.66", 80)).toBe("192.0.2.20");
  });
});
