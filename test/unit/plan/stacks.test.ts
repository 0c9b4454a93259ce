/** How the stacks compare: sandbox is prod on one machine, dev stands beside prod. */
import { describe, expect, it } from "vitest";
import { contains, overlaps, rangeOf } from "../../../components/config/ip.ts";
import { configOf, generationText, hostOf, planOf } from "./subject.ts";

/** Every leaf of a value by its path. */
function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path} ${key}`));
}

describe("sandbox", () => {
  it("differs from prod in the account, the operator's addresses, the images, packages, what is protected and zones of its own alone", () => {
    const [prod, sandbox] = ["prod", "sandbox"].map((stack) => new Map(leaves(configOf(stack))));
    if (prod === undefined || sandbox === undefined) throw new Error("unreachable");
    const paths = [...new Set([...prod.keys(), ...sandbox.keys()])];
    const different = paths.filter((path) => prod.get(path) !== sandbox.get(path)).sort();
    const ofZones = different.flatMap((path) => /^dns zones (\S+\.test) /.exec(path)?.[1] ?? []);
    // The spec has sixteen domains and names one.
    expect(new Set(ofZones).size).toBe(15);
    expect(different.filter((path) => !path.startsWith("dns zones "))).toEqual([
      "account id",
      "account role",
      "guard protect",
      "operator cidrs 0",
      "regions eu-west ami",
      "regions us-west ami",
      "software mirrors 0",
      "software mirrors 1",
      "software mirrors 2",
    ]);
    expect(different.filter((path) => path.startsWith("dns zones "))).toHaveLength(ofZones.length);
  });

  it("puts the same on the same hosts as prod, but for the operator whom the hubs' firewalls know, and the mirrors", () => {
    const contents = (stack: string, operator: string): unknown =>
      planOf(stack).hosts.map((host) => [
        host.key,
        generationText(host)
          .replaceAll(operator, "OPERATOR")
          .replace(/^(=== \/etc\/tinyproxy\/mirrors .*\n)(?:\^.*\n)+/m, "$1"),
      ]);
    expect(contents("sandbox", "192.0.2.10/32")).toEqual(contents("prod", "203.0.113.7/32"));
  });
});

describe("dev", () => {
  const plan = planOf("dev");

  it("shares no address and no name with prod", () => {
    const ranges = (stack: string): string[] => {
      const { regions, sites, vpn } = planOf(stack);
      return [...regions.map(({ cidr }) => cidr), ...sites.map(({ network }) => network), vpn.network];
    };
    const prod = ranges("prod").map(rangeOf);
    for (const cidr of ranges("dev")) {
      expect(prod.some((range) => overlaps(range, rangeOf(cidr)))).toBe(false);
    }
    for (const { name, managed, records } of plan.zones) {
      expect(managed).toBe(false);
      for (const record of records) expect(record.name).toMatch(new RegExp(`\\.dev\\.${name}$`));
    }
  });

  it("has virtual Pis in a VPC that is peered with nothing", () => {
    expect(plan.sites).toEqual([]);
    expect(plan.peerings.map(({ key }) => key)).toEqual(["us-west/eu-west"]);
    const home = plan.regions.find(({ key }) => key === "edge-home");
    expect(home?.cidr).toBe("10.130.0.0/16");
    expect(home?.subnets.map(({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch)).toEqual([true]);
    expect(home?.routeTables.flatMap(({ routes }) => routes.map(({ destination }) => destination))).toEqual([
      "0.0.0.0/0",
    ]);
  });

  it("meets virtual VPN peers at their public addresses, and what is behind them through the tunnel", () => {
    const via = { user: "admin", via: "us-west/hub-1" };
    for (const [key, localAddress, tunnel] of [
      ["edge-home/lucidia", "10.130.1.38", "10.201.0.10"],
      ["edge-home/blackroad-pi", "10.130.1.64", "10.201.0.11"],
    ] as const) {
      const address = { kind: "public-address", host: key };
      const path = {
        name: "direct",
        user: "admin",
        address,
        localAddress,
        via: undefined,
        through: undefined,
      };
      expect(hostOf(plan, key).firstContact).toEqual({ kind: "user-data", path });
      const management = {
        ...via,
        name: "tunnel",
        address: tunnel,
        localAddress: tunnel,
        through: undefined,
      };
      expect(hostOf(plan, key).management).toEqual(management);
    }
    const member = hostOf(plan, "edge-home/lucidia-alt");
    const address = "10.130.1.99";
    const path = { ...via, name: "lan", address, localAddress: address, through: "edge-home/lucidia" };
    expect(member.firstContact).toEqual({ kind: "user-data", path });
    expect(member.management.through).toBe("edge-home/lucidia");
  });

  it("is smaller than prod", () => {
    const count = (stack: string): number => {
      const { regions, hosts } = planOf(stack);
      return (
        regions.flatMap(({ natGateways }) => natGateways).length +
        hosts.filter(({ site }) => site !== "edge-home").length
      );
    };
    expect(count("dev")).toBeLessThan(count("prod"));
    expect(plan.hosts.every(({ instance }) => instance?.instanceType === "t3.nano")).toBe(true);
  });
});

describe("every stack", () => {
  it.each(["dev", "prod", "sandbox"])(
    "%s keeps its subnets in their VPCs and within AWS's quotas",
    (stack) => {
      for (const region of planOf(stack).regions) {
        for (const subnet of region.subnets)
          expect(contains(rangeOf(region.cidr), rangeOf(subnet.cidr))).toBe(true);
      }
      const addresses = new Map<string, number>();
      const { regions, hosts } = planOf(stack);
      for (const region of regions) {
        const elastic = hosts.filter(
          ({ site, instance }) => site === region.key && instance?.elasticIp === true,
        ).length;
        const used = elastic + region.natGateways.length + (addresses.get(region.awsRegion) ?? 0);
        addresses.set(region.awsRegion, used);
        // AWS's default for Elastic IPs in a region.
        expect(used).toBeLessThanOrEqual(5);
      }
    },
  );
});
