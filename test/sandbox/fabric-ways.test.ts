/** The fabric's ways, by real packets: IGW, NAT, peering; how it repairs itself, and that it is sealed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Realiser } from "../../sandbox/fabric/apply.ts";
import { verifySealed } from "../../sandbox/fabric/life.ts";
import { run } from "../../sandbox/hosts/run.ts";
import { anywhere, route, rule } from "../unit/fabric/describe-json.ts";
import { all, find, PAGE, Probe, routesOf } from "./fabric-probe.ts";
import { ADDRESS, testRegions } from "./fabric-world.ts";

const probe = new Probe();

beforeAll(async () => {
  await probe.begin();
}, 60_000);

afterAll(async () => {
  expect(await probe.end()).toEqual([]);
}, 60_000);

describe("ways to the internet", () => {
  it("the gateway gives each its own public address, both ways", async () => {
    expect(
      await all({
        out: probe.tcp("h-i-web", PAGE, 80),
        elastic: probe.tcp("h-i-hub", PAGE, 80),
        hairpin: probe.tcp("h-i-hub", ADDRESS.webPublic, 80),
      }),
    ).toEqual({ out: ADDRESS.webPublic, elastic: ADDRESS.hubPublic, hairpin: ADDRESS.hubPublic });
  });

  it("NAT lets out under its address, and nobody in", async () => {
    expect(
      await all({
        out: probe.tcp("h-i-api", PAGE, 80),
        in: probe.tcp("stranger", ADDRESS.natPublic, 8080),
        directly: probe.tcp("stranger", ADDRESS.api, 8080),
      }),
    ).toEqual({ out: ADDRESS.natPublic, in: undefined, directly: undefined });
  });

  const ask = () =>
    all({
      in: probe.tcp("stranger", ADDRESS.webPublic, 80),
      out: probe.tcp("h-i-web", PAGE, 80),
      nat: probe.tcp("h-i-api", PAGE, 80),
    });
  const nothing = { in: undefined, out: undefined, nat: undefined };

  it("a gateway that is detached leads nowhere", async () => {
    const detached = await probe.whileChanged((regions) => {
      find(regions["us-west-2"].InternetGateways, "igw-west").Attachments = [];
    }, ask);
    expect(detached).toEqual(nothing);
  });

  it("a subnet without a route to the gateway is not public", async () => {
    const unrouted = await probe.whileChanged((regions) => {
      routesOf(regions["us-west-2"], "rtb-public").splice(1, 1);
    }, ask);
    expect(unrouted).toEqual(nothing);
  });

  it("an address that is taken away is not answered any more", async () => {
    const taken = await probe.whileChanged((regions) => {
      delete find(regions["us-west-2"].NetworkInterfaces, "eni-web").Association;
    }, ask);
    expect(taken).toEqual({ in: undefined, out: undefined, nat: ADDRESS.natPublic });
  });

  it("a NAT gateway that is deleted leads nowhere", async () => {
    const deleted = await probe.whileChanged((regions) => {
      find(regions["us-west-2"].NatGateways, "nat-west").State = "deleted";
    }, ask);
    expect(deleted).toEqual({ in: "192.0.2.66", out: ADDRESS.webPublic, nat: undefined });
  });

  it("a VPC without any has no way out", async () => {
    expect(await probe.tcp("h-i-far", PAGE, 80)).toBeUndefined();
  });
});

describe("peering", () => {
  it("joins two VPCs and leaves addresses as they are", async () => {
    expect(
      await all({
        "west to east": probe.tcp("h-i-api", ADDRESS.east, 8080),
        "east to far": probe.tcp("h-i-east", ADDRESS.far, 8080),
        "east to a group's port": probe.tcp("h-i-east", ADDRESS.api, 8080),
      }),
    ).toEqual({
      "west to east": ADDRESS.api,
      "east to far": ADDRESS.east,
      "east to a group's port": undefined,
    });
  });

  it("is not transitive, although every table has a route", async () => {
    expect(
      await all({
        forth: probe.tcp("h-i-api", ADDRESS.far, 8080),
        ping: probe.pings("h-i-far", ADDRESS.web),
      }),
    ).toEqual({ forth: undefined, ping: false });
  });

  it("lends neither internet gateway nor NAT nor resolver", async () => {
    const lent = await probe.whileChanged(
      (regions) => {
        routesOf(regions["eu-west-1"], "rtb-east").push(
          route("0.0.0.0/0", { VpcPeeringConnectionId: "pcx-west-east" }),
        );
      },
      () =>
        all({
          page: probe.tcp("h-i-east", PAGE, 80),
          resolver: probe.udp("h-i-east", "10.0.0.2", 53),
          "own resolver": probe.udp("h-i-east", "10.1.0.2", 53),
        }),
    );
    expect(lent).toMatchObject({ page: undefined, resolver: undefined });
    expect(lent["own resolver"]).toBeDefined();
  });

  it("carries packets only while it is active and routed", async () => {
    const ask = () => probe.tcp("h-i-api", ADDRESS.east, 8080);
    const pending = await probe.whileChanged((regions) => {
      for (const region of Object.values(regions)) {
        const peering = find(region.VpcPeeringConnections, "pcx-west-east");
        peering.Status = { Code: "pending-acceptance" };
      }
    }, ask);
    const unrouted = await probe.whileChanged((regions) => {
      routesOf(regions["eu-west-1"], "rtb-east").splice(1, 1);
    }, ask);
    expect({ pending, unrouted }).toEqual({ pending: undefined, unrouted: undefined });
  });
});

describe("repair", () => {
  const ask = () =>
    all({
      in: probe.tcp("stranger", ADDRESS.webPublic, 80),
      peering: probe.tcp("h-i-api", ADDRESS.east, 8080),
      closed: probe.tcp("stranger", ADDRESS.webPublic, 81),
    });
  const whole = { in: "192.0.2.66", peering: ADDRESS.api, closed: undefined };

  it("leaves alone what a new process finds as it should be", async () => {
    await probe.echo("h-i-web", 8082);
    const regions = testRegions();
    regions["us-west-2"].SecurityGroupRules.push(
      rule("sg-web", "ingress", "tcp", [8082, 8082], anywhere),
      rule("sg-api", "egress", "tcp", [8082, 8082], anywhere),
    );
    await probe.realise(regions);
    const conversation = probe.converse("h-i-api", ADDRESS.web, 8082);
    expect(await conversation.ask("before")).toBe(true);
    await probe.realise(regions, new Realiser(probe.kernel));
    expect(await conversation.ask("after")).toBe(true);
    conversation.close();
    probe.realiser.distrust();
    await probe.realise(testRegions());
  });

  it("mends links, routes, rules and gates that are gone or foreign", async () => {
    await probe.kernel.batch("vpc-west", [
      "link del p-pcx-west-east",
      "rule flush",
      "route flush table all proto 73",
      "route add blackhole 10.0.1.10/32 metric 5",
    ]);
    await probe.kernel.execute("vpc-west", ["nft", "flush", "ruleset"]);
    await probe.kernel.batch("inet", ["link del i-vpc-west"]);
    expect(await ask()).not.toEqual(whole);
    probe.realiser.distrust();
    await probe.realise(testRegions());
    expect(await ask()).toEqual(whole);
  });

  it("makes namespaces anew that have gone", async () => {
    await probe.kernel.deleteNamespace("vpc-west");
    await probe.realise(testRegions());
    expect(await ask()).toEqual(whole);
  });
});

describe("sealed", () => {
  it("has no link but to itself, and tells one that is not", async () => {
    expect(await verifySealed(probe.root)).toEqual([]);
    const foreign = `${probe.kernel.fullName("").slice(0, -1)}x-foreign`;
    expect((await run(["ip", "netns", "add", foreign])).exitCode).toBe(0);
    try {
      const inet = probe.kernel.fullName("inet");
      await probe.kernel.batch(undefined, [
        `link add out netns ${inet} type veth peer name out netns ${foreign}`,
      ]);
      expect(await verifySealed(probe.root)).toEqual([`${inet}: out leads to ${foreign}`]);
    } finally {
      await run(["ip", "netns", "delete", foreign]);
    }
  });

  it("gives every namespace an end of all ways", async () => {
    // An address of nobody, as the machine's own network might have it: no namespace has a way there.
    for (const role of ["op", "inet", "stranger", "h-i-web", "h-i-api", "h-lucidia"]) {
      expect(await probe.pings(role, "203.0.113.1"), role).toBe(false);
    }
  });
});
