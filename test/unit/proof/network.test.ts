import { describe, expect, it } from "vitest";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { parseAddress } from "../../../components/proof/sets/addresses.ts";
import { ask, passing, planWith, proverOf, stopping, stranger } from "./subject.ts";

const prod = proverOf(planWith());

describe("prod", () => {
  it("has no rule that the proof cannot read", () => {
    expect(prod.world.unread).toEqual([]);
  });

  it.each([
    ["the Pi with the tunnel reaches the API through the hub", "edge-home/lucidia", "10.0.10.11", "8080/tcp"],
    ["and the other region's through the other hub", "edge-home/lucidia", "10.1.10.11", "8080/tcp"],
    ["the regions reach each other over the peering", "eu-west/api-1", "10.0.10.11", "8080/tcp"],
    ["a hub reaches a machine without a tunnel", "us-west/hub-1", "192.168.4.99", "22/tcp"],
    ["and devices that nobody manages", "us-west/hub-1", "192.168.4.150", "80/tcp"],
    ["the internet reaches the load balancer", stranger, "public us-west/lb-1", "443/tcp"],
    ["anybody calls the hubs", stranger, "public eu-west/hub-1", "51820/udp"],
    ["the operator logs in to a hub", "203.0.113.7", "public us-west/hub-1", "22/tcp"],
    ["an instance without a public address fetches packages", "us-west/api-1", stranger, "443/tcp"],
    ["towers fetch packages through their gateway", "coral-reef/node-1", stranger, "443/tcp"],
    ["towers reach their storage in its VLAN", "coral-reef/node-1", "10.64.40.5", "2049/tcp"],
    [
      "a home's device is answered by the names' server",
      "device edge-home/192.168.4.0/24",
      "192.168.4.38",
      "53/udp",
    ],
  ])("%s", (_, from, to, traffic) => {
    expect(stopping(prod, from, to, traffic)).toBe("nothing");
    expect(passing(prod, from, to, traffic)).toBe(traffic);
  });

  it.each([
    [
      "strangers do not log in to a hub",
      stranger,
      "public us-west/hub-1",
      "22/tcp",
      "us-west/public/us-west-2a, network ACL us-west/public: no ingress rule matches",
    ],
    [
      "what has no public address cannot be reached",
      stranger,
      "10.0.10.11",
      "8080/tcp",
      "internet: private addresses are not routed",
    ],
    [
      "a home's router lets nothing in",
      stranger,
      "public edge-home",
      "22/tcp",
      "router of edge-home: lets nothing in that nobody inside asked for",
    ],
    [
      "a VPC's hosts do not pass their hub into the VPN: its group lets them not in",
      "eu-west/api-1",
      "10.64.40.5",
      "2049/tcp",
      "network interface of eu-west/hub-1, security groups hub of eu-west: no ingress rule matches",
    ],
    [
      "Pis do not reach each other through a hub",
      "edge-home/lucidia",
      "10.200.0.11",
      "22/tcp",
      "wg0 of edge-home/lucidia: AllowedIPs of no peer have the destination",
    ],
    [
      "the storage's VLAN leads nowhere",
      "device coral-reef/10.64.40.0/24",
      "10.64.10.10",
      "22/tcp",
      "coral-reef/10.64.40.0/24: nothing leads out of this network",
    ],
    [
      "a machine behind a Pi that masquerades knows no way into the VPN",
      "edge-home/lucidia-alt",
      "10.0.10.11",
      "8080/tcp",
      "router of edge-home: knows no way to private addresses",
    ],
    [
      "the load balancers' groups let nobody ping",
      "us-west/api-1",
      "10.0.1.20",
      "icmp",
      "network interface of us-west/lb-1, security groups monitoring, public, ssh-from-hub of us-west: no ingress rule matches",
    ],
  ])("%s", (_, from, to, traffic, reason) => {
    expect(passing(prod, from, to, traffic)).toBe("nothing");
    expect(stopping(prod, from, to, traffic)).toBe(reason);
  });

  it("tells everything that passes between two hosts at once", () => {
    expect(passing(prod, "us-west/lb-1", "10.0.10.11")).toBe("8080-8081/tcp, 9100/tcp");
    expect(passing(prod, "us-west/hub-1", "10.0.10.11")).toBe("22/tcp, 8080-8081/tcp, 9100/tcp");
    expect(passing(prod, "coral-reef/node-1", "10.64.30.11")).toBe("2379-2380/tcp, all icmp");
  });
});

/** The plan with something taken out of or put into it, behind its own back. */
type Fault = (plan: NetworkPlan) => NetworkPlan;

const routesWithout =
  (destination: string): Fault =>
  (plan) => ({
    ...plan,
    regions: plan.regions.map((region) => ({
      ...region,
      routeTables: region.routeTables.map((table) => ({
        ...table,
        routes: table.routes.filter((route) => route.destination !== destination),
      })),
    })),
  });

const hostWith =
  (key: string, change: (host: NetworkPlan["hosts"][number]) => NetworkPlan["hosts"][number]): Fault =>
  (plan) => ({ ...plan, hosts: plan.hosts.map((host) => (host.key === key ? change(host) : host)) });

const chainWithout =
  (key: string, chain: string, text: string): Fault =>
  (plan) =>
    hostWith(key, (host) => ({
      ...host,
      generation: {
        ...host.generation,
        chains: host.generation.chains.map((one) =>
          one.name === chain ? { ...one, rules: one.rules.filter((rule) => !rule.includes(text)) } : one,
        ),
      },
    }))(plan);

const allowedWithout =
  (key: string, network: string): Fault =>
  (plan) =>
    hostWith(key, (host) => ({
      ...host,
      generation: {
        ...host.generation,
        tunnels: host.generation.tunnels.map((tunnel) => ({
          ...tunnel,
          peers: tunnel.peers.map((peer) => ({
            ...peer,
            allowedIps: peer.allowedIps.filter((one) => one !== network),
          })),
        })),
      },
    }))(plan);

/** What decides, and what is said where it is taken away: each passes on prod as it is. */
const faults: readonly (readonly [
  what: string,
  from: string,
  to: string,
  traffic: string,
  fault: Fault,
  says: string,
])[] = [
  [
    "the route to the other VPC, on the way there",
    "us-west/api-1",
    "10.1.10.11",
    "8080/tcp",
    routesWithout("10.1.0.0/16"),
    "internet: private addresses are not routed",
  ],
  [
    "the route to the other VPC, on the way back",
    "eu-west/api-1",
    "10.0.10.11",
    "8080/tcp",
    routesWithout("10.1.0.0/16"),
    "the answer",
  ],
  [
    "the peering",
    "eu-west/api-1",
    "10.0.10.11",
    "8080/tcp",
    (plan) => ({ ...plan, peerings: [] }),
    "peering us-west/eu-west: is not there any more",
  ],
  [
    "the way of the VPC into the VPN",
    "edge-home/lucidia",
    "10.0.10.11",
    "8080/tcp",
    routesWithout("10.200.0.0/24"),
    "the answer comes by another way than the question",
  ],
  [
    "the hub's rule that lets the VPN into the region",
    "edge-home/lucidia",
    "10.0.10.11",
    "8080/tcp",
    chainWithout("us-west/hub-1", "forward", 'iifname "wg0"'),
    "us-west/hub-1, nftables, chain forward: policy drop",
  ],
  [
    "a Pi's memory of connections",
    "us-west/hub-1",
    "192.168.4.99",
    "22/tcp",
    chainWithout("edge-home/lucidia", "forward", "established"),
    "edge-home/lucidia, nftables, chain forward: policy drop",
  ],
  [
    "the Pi's masquerading",
    "us-west/hub-1",
    "192.168.4.150",
    "80/tcp",
    chainWithout("edge-home/lucidia", "postrouting", "masquerade"),
    "knows no way to private addresses",
  ],
  [
    "AllowedIPs on the way there",
    "us-west/hub-1",
    "192.168.4.99",
    "22/tcp",
    allowedWithout("us-west/hub-1", "192.168.4.0/24"),
    "no ingress rule matches",
  ],
  [
    "AllowedIPs that take the sender in",
    "edge-home/lucidia",
    "10.0.10.11",
    "8080/tcp",
    allowedWithout("us-west/hub-1", "10.200.0.10/32"),
    "do not have the sender",
  ],
  [
    "the hub's port",
    "edge-home/lucidia",
    "10.0.10.11",
    "8080/tcp",
    chainWithout("us-west/hub-1", "input", "51820"),
    "is down",
  ],
  [
    "the name by which the hub is called",
    "edge-home/lucidia",
    "10.0.10.11",
    "8080/tcp",
    (plan) => ({ ...plan, zones: [] }),
    "vpn.blackroad.io has no address",
  ],
  [
    "the hub's being allowed to forward",
    "edge-home/lucidia",
    "10.0.10.11",
    "8080/tcp",
    hostWith("us-west/hub-1", (host) => ({
      ...host,
      instance: host.instance && { ...host.instance, sourceDestCheck: true },
    })),
    "source/destination check",
  ],
  [
    "the kernel's forwarding",
    "edge-home/lucidia",
    "10.0.10.11",
    "8080/tcp",
    hostWith("us-west/hub-1", (host) => ({ ...host, generation: { ...host.generation, sysctls: {} } })),
    "passes nothing on that is not for itself",
  ],
  [
    "the route to the NAT gateway",
    "us-west/api-1",
    stranger,
    "443/tcp",
    routesWithout("0.0.0.0/0"),
    "has no route there",
  ],
  [
    "a public address",
    stranger,
    "public us-west/lb-1",
    "443/tcp",
    routesWithout("0.0.0.0/0"),
    "has no route there",
  ],
];

describe("a NAT gateway", () => {
  const home = "192.168.4.38";
  const address = "10.0.1.254";

  /** What is for the home goes to the NAT gateway, since no longer route of the private tier leads there. */
  const byNat: Fault = (plan) => ({
    ...plan,
    regions: plan.regions.map((region) => ({
      ...region,
      routeTables: region.routeTables.map((table) => ({
        ...table,
        routes: table.routes.filter(
          ({ destination }) =>
            !table.key.startsWith(`${region.key}/private`) ||
            typeof destination !== "string" ||
            !destination.startsWith("192.168."),
        ),
      })),
    })),
  });

  /** Hub and home take in what comes from one address, whatever it is. */
  const letIn =
    (from: string): Fault =>
    (plan) => {
      const accepting = (key: string): Fault =>
        hostWith(key, (host) => ({
          ...host,
          generation: {
            ...host.generation,
            chains: host.generation.chains.map((chain) => ({
              ...chain,
              rules: [`ip saddr ${from} accept`, ...chain.rules],
            })),
          },
        }));
      const regions = plan.regions.map((region) => ({
        ...region,
        securityGroups: region.securityGroups.map((group) => {
          const [first] = group.rules;
          if (group.name !== "hub" || first === undefined) return group;
          const peer = { kind: "cidr", cidr: `${from}/32` } as const;
          const rule = { ...first, direction: "ingress", protocol: "all", ports: undefined, peer } as const;
          return { ...group, rules: [...group.rules, rule] };
        }),
      }));
      return accepting("us-west/hub-1")(accepting("edge-home/lucidia")({ ...plan, regions }));
    };

  it("hands on what is for private addresses by its own subnet's routes", () => {
    const prover = proverOf(byNat(planWith()));
    const { stop, from } = ask(prover, "us-west/api-1", home, "443/tcp").forward;
    expect(stop?.place).toContain("network interface of us-west/hub-1");
    expect(from).toBe(parseAddress(address));
    expect(ask(prod, "us-west/api-1", home, "443/tcp").forward.from).toBe(parseAddress("10.0.10.11"));
  });

  it("does so with its private address, and knows whose the answers are", () => {
    const plan = letIn(address)(planWith());
    expect(passing(proverOf(plan), "us-west/api-1", home, "443/tcp")).toBe("nothing");
    expect(passing(proverOf(byNat(plan)), "us-west/api-1", home, "443/tcp")).toBe("443/tcp");
  });

  it("lets nothing in by itself", () => {
    expect(stopping(prod, stranger, "public us-west/nat/us-west-2a", "443/tcp")).toBe(
      "NAT gateway us-west/nat/us-west-2a: lets nothing in that nobody inside asked for",
    );
    expect(stopping(prod, "us-west/hub-1", address, "443/tcp")).toBe(
      "NAT gateway us-west/nat/us-west-2a: lets nothing in that nobody inside asked for",
    );
  });
});

describe("what decides", () => {
  it.each(faults)("is missed: %s", (_, from, to, traffic, fault, says) => {
    expect(passing(prod, from, to, traffic)).toBe(traffic);
    const prover = proverOf(fault(planWith()));
    expect(passing(prover, from, to, traffic)).toBe("nothing");
    expect(stopping(prover, from, to, traffic)).toContain(says);
  });

  it("is a rule that the proof cannot read: nothing passes, and it says which", () => {
    const plan = hostWith("us-west/api-1", (host) => ({
      ...host,
      generation: {
        ...host.generation,
        chains: host.generation.chains.map((chain) => ({
          ...chain,
          rules: ["meta skuid 0 accept", ...chain.rules],
        })),
      },
    }))(planWith());
    const prover = proverOf(plan);
    expect(prover.world.unread.map(({ where }) => where)).toEqual(["nftables of us-west/api-1"]);
    expect(passing(prover, "us-west/lb-1", "10.0.10.11", "8080/tcp")).toBe("nothing");
  });
});
