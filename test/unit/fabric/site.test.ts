/** Sites with several networks, and machines with several links. */
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { setLine } from "../../../sandbox/fabric/commands.ts";
import { EMPTY_DESCRIBE } from "../../../sandbox/fabric/describe.ts";
import { desiredState } from "../../../sandbox/fabric/desired.ts";
import { siteLinks, siteNamespaces } from "../../../sandbox/fabric/site.ts";
import type { NamespaceState } from "../../../sandbox/fabric/state.ts";
import { loadWorld, parseWorld, type Site } from "../../../sandbox/fabric/world.ts";

const world = loadWorld();

function siteOf(name: string): Site {
  const site = world.sites[name];
  if (site === undefined) throw new Error(`the world has no ${name}`);
  return site;
}

const rack = siteOf("coral-reef");
const links = siteLinks("coral-reef", rack);

/** Which namespaces' interfaces are plugged into which switch. */
function pluggedInto(bridge: string): string[] {
  return links
    .filter(({ a }) => a.bridge === bridge)
    .map(({ b }) => `${b.namespace} ${b.name}`)
    .sort();
}

function namespaceOf(role: string): NamespaceState {
  const found = siteNamespaces("coral-reef", rack, world).find((each) => each.role === role);
  if (found === undefined) throw new Error(`there is no ${role}`);
  return found;
}

describe("a divided site", () => {
  it("has a switch for each network, and no cable between them", () => {
    const { bridges, sysctls } = namespaceOf("lan-coral-reef");
    expect(bridges).toEqual(["br-uplink", "br-vlan10", "br-vlan20", "br-vlan30", "br-vlan40"]);
    expect(sysctls).toContainEqual({ path: "net/ipv4/ip_forward", value: "0" });
    expect(pluggedInto("br-uplink")).toEqual(["gw-coral-reef lan", "h-gateway eth0"]);
    expect(pluggedInto("br-vlan10")).toEqual([
      "h-gateway vlan10",
      "h-node-1 vlan10",
      "h-node-2 vlan10",
      "h-node-3 vlan10",
      "h-storage vlan10",
      "op lan-coral-reef",
    ]);
    expect(pluggedInto("br-vlan20")).toEqual([
      "h-gateway vlan20",
      "h-node-1 vlan20",
      "h-node-2 vlan20",
      "h-node-3 vlan20",
    ]);
    expect(pluggedInto("br-vlan30")).toEqual(["h-node-1 vlan30", "h-node-2 vlan30", "h-node-3 vlan30"]);
    expect(pluggedInto("br-vlan40")).toEqual([
      "h-node-1 vlan40",
      "h-node-2 vlan40",
      "h-node-3 vlan40",
      "h-storage vlan40",
    ]);
  });

  it("carries jumbo frames where it says so, on both ends of the cable", () => {
    const jumbo = links.filter(({ mtu }) => mtu === 9000).map(({ b }) => `${b.namespace} ${b.name}`);
    expect(jumbo.sort()).toEqual(
      ["h-node-1", "h-node-2", "h-node-3"].flatMap((node) => [`${node} eth0`, `${node} vlan30`]),
    );
    for (const link of links.filter(({ mtu }) => mtu !== undefined)) {
      expect(setLine(link, link.a)).toContain(" mtu 9000 ");
      expect(setLine(link, link.b)).toContain(" mtu 9000 ");
    }
  });

  it("leaves cables that lead nowhere without a switch", () => {
    const loose = links.filter(({ a }) => a.bridge === undefined).map(({ b }) => `${b.namespace} ${b.name}`);
    expect(loose.sort()).toEqual([
      "h-gateway eth1",
      ...["h-node-1", "h-node-2", "h-node-3"].flatMap((node) => [
        `${node} eth0`,
        `${node} eth1`,
        `${node} eth2`,
      ]),
      "h-storage eth0",
    ]);
  });

  it("gives each interface of a machine its address, and the machine the gateway that it names", () => {
    const node = namespaceOf("h-node-2");
    expect(node.addresses).toEqual([
      { device: "vlan10", cidr: "10.64.10.11/24" },
      { device: "vlan20", cidr: "10.64.20.11/24" },
      { device: "vlan30", cidr: "10.64.30.11/24" },
      { device: "vlan40", cidr: "10.64.40.11/24" },
    ]);
    expect(node.routes).toEqual([
      { destination: "0.0.0.0/0", table: 254, type: "unicast", device: "vlan10", via: "10.64.10.1" },
    ]);
    expect(namespaceOf("h-gateway").routes).toMatchObject([{ device: "eth0", via: "10.64.0.1" }]);
    expect(namespaceOf("gw-coral-reef").addresses).toContainEqual({ device: "lan", cidr: "10.64.0.1/24" });
  });

  it("has interfaces with names that the kernel takes, each once", () => {
    const names = links.flatMap(({ a, b }) => [`${a.namespace} ${a.name}`, `${b.namespace} ${b.name}`]);
    expect(new Set(names).size).toBe(names.length);
    for (const { a, b } of links) {
      for (const { name, bridge } of [a, b]) {
        expect(name.length).toBeLessThanOrEqual(15);
        expect((bridge ?? "").length).toBeLessThanOrEqual(15);
      }
    }
  });

  it("tells machines who can log in, and which disks they have", () => {
    const { machines } = desiredState(EMPTY_DESCRIBE, world, (role) => `rn-abcdef-${role}`);
    const storage = machines.find(({ name }) => name === "storage");
    expect(storage).toMatchObject({
      user: "admin",
      disks: ["/coral-reef"],
      prefixLength: 24,
      dns: ["10.64.0.1"],
    });
    expect(machines.find(({ name }) => name === "lucidia")).not.toHaveProperty("disks");
  });
});

describe("a site that is not divided", () => {
  it("is one switch with the links that it always had", () => {
    const home = siteOf("edge-home");
    expect(siteNamespaces("edge-home", home, world)[0]?.bridges).toEqual(["br0"]);
    expect(siteLinks("edge-home", home).map(({ a, b }) => [a.name, a.bridge, b.namespace, b.name])).toEqual([
      ["s-router", "br0", "gw-edge-home", "lan"],
      ["s-operator", "br0", "op", "lan-edge-home"],
      ["s-lucidia", "br0", "h-lucidia", "eth0"],
      ["s-blackroad-pi", "br0", "h-blackroad-pi", "eth0"],
      ["s-lucidia-alt", "br0", "h-lucidia-alt", "eth0"],
      ["s-visitor", "br0", "h-visitor", "eth0"],
    ]);
  });
});

describe("a world", () => {
  type Change = (site: Site) => unknown;

  const withRack = (change: Change): string => {
    const site = structuredClone(rack);
    change(site);
    return stringify({ ...world, sites: { "coral-reef": site } }, { aliasDuplicateObjects: false });
  };

  function networkOf(site: Site, name: string) {
    const found = site.networks?.[name];
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  function linkOf(site: Site, machine: string, device: string) {
    const found = site.machines[machine]?.links?.[device];
    if (found === undefined) throw new Error(`${machine} has no ${device}`);
    return found;
  }

  const cases: readonly (readonly [what: string, change: Change, says: string])[] = [
    [
      "a network outside of its site",
      (site) => (networkOf(site, "vlan40").network = "10.65.40.0/24"),
      "sites.coral-reef.networks.vlan40: 10.65.40.0/24 is not a part of 10.64.0.0/16",
    ],
    [
      "a network that is wider than its site",
      (site) => (networkOf(site, "vlan40").network = "10.0.0.0/8"),
      "sites.coral-reef.networks.vlan40: 10.0.0.0/8 is not a part of 10.64.0.0/16",
    ],
    [
      "networks with shared addresses",
      (site) => (networkOf(site, "vlan40").network = "10.64.30.0/25"),
      "sites.coral-reef.networks.vlan40: 10.64.30.0/25 overlaps vlan30, 10.64.30.0/24",
    ],
    [
      "a link to a network that is not there",
      (site) => (linkOf(site, "node-1", "vlan30").network = "vlan31"),
      "sites.coral-reef.machines.node-1.links.vlan30: there is no network vlan31",
    ],
    [
      "an address of another network",
      (site) => (linkOf(site, "node-1", "vlan30").address = "10.64.40.10"),
      "sites.coral-reef.machines.node-1.links.vlan30: 10.64.40.10 is not in 10.64.30.0/24",
    ],
    [
      "an address on a cable that leads nowhere",
      (site) => (linkOf(site, "node-1", "eth1").address = "10.64.40.10"),
      "sites.coral-reef.machines.node-1.links.eth1: 10.64.40.10 is not in any network",
    ],
    [
      "a machine that is found at none of its links",
      (site) => (linkOf(site, "node-1", "vlan10").address = "10.64.10.99"),
      "sites.coral-reef.machines.node-1.address: 10.64.10.10 is on none of the machine's links",
    ],
    [
      "a gateway that the machine has no link to",
      (site) => (site.machines["node-1"] = { ...site.machines["node-1"], gateway: "10.64.0.1" } as never),
      "sites.coral-reef.machines.node-1.gateway: 10.64.0.1 is in none of the machine's networks",
    ],
    [
      "an operator beside all networks",
      (site) => (site.operatorAddress = "10.64.50.250"),
      "sites.coral-reef.operatorAddress: 10.64.50.250 is not in 10.64.0.0/24, 10.64.10.0/24, 10.64.20.0/24, 10.64.30.0/24, 10.64.40.0/24",
    ],
    [
      "an interface with a name that is too long",
      (site) => {
        const { links: all } = site.machines["node-1"] ?? {};
        if (all !== undefined) all["interface-number-5"] = {};
      },
      "sites.coral-reef.machines.node-1.links.interface-number-5",
    ],
  ];

  it("is taken as it stands", () => {
    expect(() => parseWorld(withRack(() => undefined))).not.toThrow();
  });

  it.each(cases)("is refused with %s", (_, change, says) => {
    expect(() => parseWorld(withRack(change))).toThrow(says);
  });
});
