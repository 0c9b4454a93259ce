/** What the rules say about the VPN that do not fit together. */
import { describe, expect, it } from "vitest";
import { absent, told, type Case } from "./subject.ts";

const cases: readonly Case[] = [
  {
    rule: "a hub in a region that is not there",
    wrong: [
      ["wireguard hubs asia", { host: "hub-1", address: "10.200.0.3", endpoint: "vpn.blackroad.asia" }],
    ],
    says: [["wireguard.hubs.asia", "names no region: there is no regions.asia; Known: eu-west, us-west."]],
    right: [["wireguard hubs us-west address", "10.200.0.3"]],
  },
  {
    rule: "a hub on a host that is not there",
    wrong: [["wireguard hubs eu-west host", "hub-2"]],
    says: [
      [
        "wireguard.hubs.eu-west.host",
        "names no host: there is no hosts.eu-west.hub-2; did you mean hub-1? Known: api-1, hub-1, lb-1.",
      ],
    ],
    right: [["wireguard hubs eu-west host", "hub-1"]],
  },
  {
    rule: "a hub on a host of another role",
    wrong: [
      ["wireguard hubs eu-west host", "lb-1"],
      ["dns zones blackroad.io records 3 host", "eu-west/lb-1"],
      ["hosts eu-west hub-1", absent],
    ],
    says: [
      [
        "wireguard.hubs.eu-west.host",
        "names a host of role load-balancer: hosts.eu-west.lb-1 must have role hub.",
      ],
    ],
    right: [["wireguard hubs eu-west host", "hub-1"]],
  },
  {
    rule: "two hubs in a region",
    wrong: [
      [
        "hosts us-west hub-2",
        {
          role: "hub",
          address: "10.0.2.10",
          instanceType: "t3.micro",
          securityGroups: ["hub"],
          elasticIp: true,
        },
      ],
    ],
    says: [
      [
        "hosts.us-west.hub-2.role",
        "is a second hub: wireguard.hubs.us-west names hub-1, and a region has one.",
      ],
    ],
    right: [
      [
        "hosts us-west lb-3",
        {
          role: "load-balancer",
          address: "10.0.2.10",
          instanceType: "t3.micro",
          securityGroups: ["public"],
          elasticIp: true,
        },
      ],
    ],
  },
  {
    rule: "a hub that the VPN does not know",
    wrong: [
      ["wireguard hubs eu-west", absent],
      ["hosts eu-west lb-1", absent],
      ["hosts eu-west api-1", absent],
    ],
    says: [
      ["hosts.eu-west.hub-1.role", "is a hub without a tunnel: add wireguard.hubs.eu-west with host: hub-1."],
    ],
    right: [
      ["wireguard hubs eu-west", absent],
      ["hosts eu-west", {}],
      ["dns zones blackroad.io records 3", absent],
      ["dns zones blackroad.io records", []],
      ["wireguard hubs us-west endpoint", "vpn.blackroad.io"],
      ["dns zones blackroad.io records", [{ name: "vpn", type: "A", host: "us-west/hub-1" }]],
    ],
  },
  {
    rule: "a peer that is no host",
    wrong: [["wireguard peers edge-home/lucida", { address: "10.200.0.12" }]],
    says: [
      [
        'wireguard.peers["edge-home/lucida"]',
        "names no host: there is no hosts.edge-home.lucida; did you mean edge-home/lucidia? Known: coral-reef/gateway, edge-home/blackroad-pi, edge-home/lucidia.",
      ],
    ],
    right: [["wireguard peers edge-home/lucidia address", "10.200.0.12"]],
  },
  {
    rule: "a peer of another role",
    wrong: [["wireguard peers edge-home/lucidia-alt", { address: "10.200.0.12" }]],
    says: [
      [
        'wireguard.peers["edge-home/lucidia-alt"]',
        "names a host of role lan-member: hosts.edge-home.lucidia-alt must have role vpn-peer.",
      ],
    ],
    right: [
      ["wireguard peers edge-home/lucidia-alt", { address: "10.200.0.12" }],
      ["hosts edge-home lucidia-alt role", "vpn-peer"],
      ["hosts edge-home lucidia-alt behind", absent],
    ],
  },
  {
    rule: "a peer that the VPN does not know",
    wrong: [["wireguard peers edge-home/blackroad-pi", absent]],
    says: [
      [
        "hosts.edge-home.blackroad-pi.role",
        'is a VPN peer without a tunnel: add wireguard.peers["edge-home/blackroad-pi"] with its address.',
      ],
    ],
    right: [
      ["wireguard peers edge-home/blackroad-pi", absent],
      ["hosts edge-home blackroad-pi", absent],
    ],
  },
  {
    rule: "a management hub that is not there",
    wrong: [["wireguard managementHub", "us-wes"]],
    says: [
      [
        "wireguard.managementHub",
        "names no hub: there is no wireguard.hubs.us-wes; did you mean us-west? Known: eu-west, us-west.",
      ],
    ],
    right: [["wireguard managementHub", "eu-west"]],
  },
  {
    rule: "a tunnel address outside the VPN",
    wrong: [["wireguard peers edge-home/lucidia address", "10.201.0.10"]],
    says: [
      [
        'wireguard.peers["edge-home/lucidia"].address',
        "is outside the VPN: 10.201.0.10 must lie within 10.200.0.0/24.",
      ],
    ],
    right: [["wireguard peers edge-home/lucidia address", "10.200.0.110"]],
  },
  {
    rule: "a tunnel address that is the network's",
    wrong: [["wireguard hubs us-west address", "10.200.0.0"]],
    says: [
      [
        "wireguard.hubs.us-west.address",
        "is the VPN's own: 10.200.0.0 is its network or broadcast address. Use one from 10.200.0.1 to 10.200.0.254.",
      ],
    ],
    right: [["wireguard hubs us-west address", "10.200.0.254"]],
  },
  {
    rule: "a tunnel address with two owners",
    wrong: [["wireguard peers edge-home/lucidia address", "10.200.0.1"]],
    says: [
      [
        'wireguard.peers["edge-home/lucidia"].address',
        "is taken: 10.200.0.1 is already wireguard.hubs.us-west.address. Use another address.",
      ],
    ],
    right: [["wireguard peers edge-home/lucidia address", "10.200.0.3"]],
  },
  {
    rule: "AllowedIPs with two owners",
    wrong: [["wireguard peers edge-home/blackroad-pi routes", ["192.168.4.0/24"]]],
    says: [
      [
        'wireguard.peers["edge-home/lucidia"].routes[0]',
        'is a duplicate: wireguard.peers["edge-home/blackroad-pi"].routes[0] sends 192.168.4.0/24 to edge-home/blackroad-pi already, and WireGuard keeps one owner.',
      ],
    ],
    right: [["wireguard peers edge-home/blackroad-pi routes", ["192.168.5.0/24"]]],
  },
  {
    rule: "AllowedIPs that overlap",
    wrong: [["wireguard peers edge-home/blackroad-pi routes", ["192.168.4.128/25"]]],
    says: [
      [
        'wireguard.peers["edge-home/lucidia"].routes[0]',
        'overlaps wireguard.peers["edge-home/blackroad-pi"].routes[0]: 192.168.4.128/25 goes to edge-home/blackroad-pi. Each network has one peer.',
      ],
    ],
    right: [["wireguard peers edge-home/blackroad-pi routes", ["192.168.3.128/25"]]],
  },
  {
    rule: "a route to somebody else's network",
    wrong: [
      ["wireguard peers edge-home/lucidia routes 1", "10.1.0.0/24"],
      ["peerings", []],
    ],
    says: [
      [
        'wireguard.peers["edge-home/lucidia"].routes[1]',
        "is not behind edge-home/lucidia: 10.1.0.0/24 overlaps regions.eu-west.vpcCidr (10.1.0.0/16), which is reached another way.",
      ],
    ],
    right: [
      ["wireguard peers edge-home/lucidia routes 1", "10.2.0.0/24"],
      ["peerings", []],
    ],
  },
  {
    rule: "a route to the VPN itself",
    wrong: [["wireguard peers edge-home/lucidia routes 1", "10.200.0.64/28"]],
    says: [
      [
        'wireguard.peers["edge-home/lucidia"].routes[1]',
        "is not behind edge-home/lucidia: 10.200.0.64/28 overlaps wireguard.network (10.200.0.0/24), which is reached another way.",
      ],
    ],
    right: [["wireguard peers edge-home/lucidia routes 1", "10.200.1.64/28"]],
  },
  {
    rule: "a peer in the VPC of a hub",
    wrong: [
      [
        "hosts us-west roamer",
        {
          role: "vpn-peer",
          address: "10.0.1.35",
          instanceType: "t3.nano",
          securityGroups: ["hub"],
          elasticIp: true,
        },
      ],
      ["wireguard peers us-west/roamer", { address: "10.200.0.12" }],
    ],
    says: [
      [
        'wireguard.peers["us-west/roamer"]',
        "stands in 10.0.0.0/16, and sends 10.0.0.0/16 of us-west into the tunnel, its own LAN included: keep peers out of regions with a hub.",
      ],
    ],
    right: [
      [
        "regions camp",
        {
          awsRegion: "us-west-2",
          vpcCidr: "10.130.0.0/16",
          availabilityZones: ["us-west-2a"],
          subnets: { public: ["10.130.1.0/24"] },
          ami: "ami-0123456789abcdef0",
        },
      ],
      [
        "hosts camp",
        {
          roamer: {
            role: "vpn-peer",
            address: "10.130.1.30",
            instanceType: "t3.nano",
            securityGroups: ["hub"],
            elasticIp: true,
          },
        },
      ],
      ["wireguard peers camp/roamer", { address: "10.200.0.12" }],
    ],
  },
  {
    rule: "a route that a peering has",
    wrong: [
      [
        "regions camp",
        {
          awsRegion: "us-west-2",
          vpcCidr: "10.130.0.0/16",
          availabilityZones: ["us-west-2a"],
          subnets: { public: ["10.130.1.0/24"] },
          ami: "ami-0123456789abcdef0",
        },
      ],
      [
        "hosts camp",
        {
          roamer: {
            role: "vpn-peer",
            address: "10.130.1.30",
            instanceType: "t3.nano",
            securityGroups: ["hub"],
            elasticIp: true,
          },
        },
      ],
      ["wireguard peers camp/roamer", { address: "10.200.0.12", routes: ["10.130.1.0/24"] }],
      ["peerings 1", ["camp", "us-west"]],
    ],
    says: [
      [
        'wireguard.peers["camp/roamer"].routes[0]',
        "would lead us-west to 10.130.1.0/24 through the tunnel, and its peering with camp already leads there: remove one of the two.",
      ],
    ],
    right: [
      [
        "regions camp",
        {
          awsRegion: "us-west-2",
          vpcCidr: "10.130.0.0/16",
          availabilityZones: ["us-west-2a"],
          subnets: { public: ["10.130.1.0/24"] },
          ami: "ami-0123456789abcdef0",
        },
      ],
      [
        "hosts camp",
        {
          roamer: {
            role: "vpn-peer",
            address: "10.130.1.30",
            instanceType: "t3.nano",
            securityGroups: ["hub"],
            elasticIp: true,
          },
        },
      ],
      ["wireguard peers camp/roamer", { address: "10.200.0.12", routes: ["10.130.1.0/24"] }],
    ],
  },
];

describe("rules about the VPN", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
