/** IPv6 in the fabric, by real packets: gateways, groups, ACLs, checks, peerings, and nothing where it is off. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rule, type Json } from "../unit/fabric/describe-json.ts";
import { anywhereIpv6, IPV6, ipv6Regions } from "./fabric-ipv6-world.ts";
import { all, find, Probe, routesOf, withoutRules, type Regions } from "./fabric-probe.ts";
import { ADDRESS, testRegions } from "./fabric-world.ts";

const probe = new Probe();

/** Asks while the cloud differs. */
async function whileChanged<T>(change: (regions: Regions) => void, ask: () => Promise<T>): Promise<T> {
  const regions = ipv6Regions();
  change(regions);
  await probe.realise(regions);
  try {
    return await ask();
  } finally {
    await probe.realise(ipv6Regions());
  }
}

beforeAll(async () => {
  // A cloud that has been there for a while gets IPv6.
  await probe.realise(testRegions());
  await probe.realise(ipv6Regions());
  await probe.serve([
    ["h-i-web", "TCP6-LISTEN:80,ipv6only=1"],
    ["h-i-web", "TCP6-LISTEN:81,ipv6only=1"],
    ["h-i-web", "TCP-LISTEN:80"],
    ["h-i-api", "TCP6-LISTEN:8080,ipv6only=1"],
    ["h-i-database", "TCP6-LISTEN:5432,ipv6only=1"],
    ["h-i-database", "TCP6-LISTEN:5433,ipv6only=1"],
    ["h-i-east", "TCP6-LISTEN:8080,ipv6only=1"],
    ["inet", `TCP6-LISTEN:80,bind=[${IPV6.page}]`],
    ["stranger", "TCP6-LISTEN:80,ipv6only=1"],
  ]);
}, 60_000);

afterAll(async () => {
  expect(await probe.end()).toEqual([]);
}, 60_000);

describe("gateways", () => {
  it("let the internet in to the public subnet, to the very address, where a group does", async () => {
    expect(
      await all({
        named: probe.tcp("stranger", IPV6.web, 80),
        other: probe.tcp("stranger", IPV6.web, 81),
        "by IPv4": probe.tcp("stranger", ADDRESS.webPublic, 80),
        out: probe.tcp("h-i-web", IPV6.stranger, 80),
      }),
    ).toEqual({ named: IPV6.stranger, other: undefined, "by IPv4": "192.0.2.66", out: IPV6.web });
  });

  it("let the private subnet out by itself, and nobody in, whatever groups say", async () => {
    const opened = await whileChanged(
      ({ "us-west-2": region }) => {
        region.SecurityGroupRules.push(
          rule("sg-api", "ingress", "tcp", [8080, 8080], anywhereIpv6),
          rule("sg-api", "ingress", "icmpv6", [128, -1], anywhereIpv6),
        );
      },
      () =>
        all({
          out: probe.tcp("h-i-api", IPV6.page, 80),
          "echo out": probe.pings("h-i-api", IPV6.stranger),
          in: probe.tcp("stranger", IPV6.api, 8080),
          "echo in": probe.pings("stranger", IPV6.api),
        }),
    );
    expect(opened).toEqual({ out: IPV6.api, "echo out": true, in: undefined, "echo in": false });
  });

  it("carry nothing once they are gone, detached or no route leads to them", async () => {
    const ask = () =>
      all({ private: probe.tcp("h-i-api", IPV6.page, 80), public: probe.tcp("stranger", IPV6.web, 80) });
    const gone = await whileChanged(({ "us-west-2": region }) => {
      region.EgressOnlyInternetGateways = [];
      find(region.InternetGateways, "igw-west").Attachments = [];
    }, ask);
    expect(gone).toEqual({ private: undefined, public: undefined });
    const unrouted = await whileChanged(({ "us-west-2": region }) => {
      for (const table of ["rtb-public", "rtb-private"]) {
        const routes = routesOf(region, table);
        find(region.RouteTables, table).Routes = routes.filter(
          ({ DestinationIpv6CidrBlock }) => DestinationIpv6CidrBlock !== "::/0",
        );
      }
    }, ask);
    expect(unrouted).toEqual({ private: undefined, public: undefined });
    expect(await ask()).toEqual({ private: IPV6.api, public: IPV6.stranger });
  });
});

describe("gates", () => {
  it("know groups' members by both families, and keep their rules apart", async () => {
    expect(
      await all({
        member: probe.tcp("h-i-web", IPV6.api, 8080),
        reference: probe.tcp("h-i-api", IPV6.database, 5432),
        "egress only names 5432": probe.tcp("h-i-api", IPV6.database, 5433),
        "no egress": probe.tcp("h-i-database", IPV6.page, 80),
      }),
    ).toEqual({
      member: IPV6.web,
      reference: IPV6.api,
      "egress only names 5432": undefined,
      "no egress": undefined,
    });
    const onlyIpv4 = await whileChanged(
      ({ "us-west-2": region }) => {
        withoutRules(region, "sg-web", "ingress");
        region.SecurityGroupRules.push(
          rule("sg-web", "ingress", "tcp", [80, 80], { CidrIpv4: "0.0.0.0/0" }),
          rule("sg-web", "ingress", "icmp", [-1, -1], { CidrIpv4: "0.0.0.0/0" }),
        );
      },
      () =>
        all({
          ipv6: probe.tcp("stranger", IPV6.web, 80),
          ipv4: probe.tcp("stranger", ADDRESS.webPublic, 80),
          "IPv4's ICMP": probe.pings("stranger", IPV6.web),
        }),
    );
    expect(onlyIpv4).toEqual({ ipv6: undefined, ipv4: "192.0.2.66", "IPv4's ICMP": false });
  });

  it("end the connections of a permission that goes, and no others", async () => {
    await probe.echo("h-i-api", 8081, "TCP6");
    const regions = ipv6Regions();
    const { SecurityGroupRules: rules } = regions["us-west-2"];
    rules.push(
      rule("sg-api", "ingress", "tcp", [8081, 8081], { CidrIpv6: `${IPV6.web}/128` }),
      rule("sg-database", "egress", "tcp", [8081, 8081], anywhereIpv6),
      rule("sg-api", "ingress", "tcp", [8081, 8081], { CidrIpv6: `${IPV6.database}/128` }),
    );
    await probe.realise(regions);
    const kept = probe.converse("h-i-web", IPV6.api, 8081);
    const lost = probe.converse("h-i-database", IPV6.api, 8081);
    expect(await all({ kept: kept.ask("one"), lost: lost.ask("one") })).toEqual({ kept: true, lost: true });
    rules.pop();
    await probe.realise(regions);
    expect(await all({ kept: kept.ask("two"), lost: lost.ask("two") })).toEqual({ kept: true, lost: false });
    kept.close();
    lost.close();
    await probe.realise(ipv6Regions());
  });

  it("look at each family's ACL entries in their order, and remember nothing", async () => {
    const ask = () =>
      all({ ipv6: probe.tcp("stranger", IPV6.web, 80), ipv4: probe.tcp("stranger", ADDRESS.webPublic, 80) });
    const set = (change: (entries: Json[]) => Json[]) => (regions: Regions) => {
      const acl = find(regions["us-west-2"].NetworkAcls, "acl-west");
      acl.Entries = change(acl.Entries as Json[]);
    };
    const deny: Json = {
      RuleNumber: 50,
      Egress: false,
      RuleAction: "deny",
      Protocol: "6",
      Ipv6CidrBlock: "::/0",
    };
    const both = { ipv6: IPV6.stranger, ipv4: "192.0.2.66" };
    expect(
      await whileChanged(
        set((entries) => [...entries, deny]),
        ask,
      ),
    ).toEqual({
      ...both,
      ipv6: undefined,
    });
    expect(
      await whileChanged(
        set((entries) => [...entries, { ...deny, RuleNumber: 150 }]),
        ask,
      ),
    ).toEqual(both);
    const noWayBack = set((entries) =>
      entries.filter(({ Egress, Ipv6CidrBlock }) => Egress !== true || Ipv6CidrBlock === undefined),
    );
    expect(await whileChanged(noWayBack, ask)).toEqual({ ...both, ipv6: undefined });
  });

  it("drop what an endpoint sends as somebody else", async () => {
    await probe.kernel.batch("h-i-web", [`address add ${IPV6.database}/128 dev lo nodad`]);
    expect(
      await all({
        own: probe.tcp("h-i-web", IPV6.stranger, 80, IPV6.web),
        foreign: probe.tcp("h-i-web", IPV6.stranger, 80, IPV6.database),
      }),
    ).toEqual({ own: IPV6.web, foreign: undefined });
    await probe.kernel.batch("h-i-web", [`address del ${IPV6.database}/128 dev lo`]);
  });
});

describe("peerings", () => {
  it("carry IPv6 between the two VPCs, and lend nobody their gateways", async () => {
    expect(
      await all({
        across: probe.tcp("h-i-api", IPV6.east, 8080),
        "echo across": probe.pings("h-i-api", IPV6.east),
        // East's table leads everything into the peering.
        "through the other's gateway": probe.tcp("h-i-east", IPV6.stranger, 80),
        "in from the internet": probe.tcp("stranger", IPV6.east, 8080),
      }),
    ).toEqual({
      across: IPV6.api,
      "echo across": true,
      "through the other's gateway": undefined,
      "in from the internet": undefined,
    });
  });
});

describe("without IPv6", () => {
  it("nothing of it passes anywhere, and it comes back as it was", async () => {
    await probe.realise(testRegions());
    expect(
      await all({
        in: probe.tcp("stranger", IPV6.web, 80),
        out: probe.tcp("h-i-api", IPV6.page, 80),
        "by IPv4": probe.tcp("stranger", ADDRESS.webPublic, 80),
      }),
    ).toEqual({ in: undefined, out: undefined, "by IPv4": "192.0.2.66" });
    for (const role of ["vpc-west", "inet", "stranger"]) {
      const shown = await probe.kernel.execute(role, ["ip", "-6", "address", "show", "scope", "global"]);
      expect([role, shown.trim()]).toEqual([role, ""]);
    }
    probe.realiser.distrust();
    await probe.realise(ipv6Regions());
    expect(
      await all({
        in: probe.tcp("stranger", IPV6.web, 80),
        out: probe.tcp("h-i-api", IPV6.page, 80),
      }),
    ).toEqual({ in: IPV6.stranger, out: IPV6.api });
  });
});
