/** What the rules say about regions, subnets, sites, peerings and the operator that do not fit together. */
import { describe, expect, it } from "vitest";
import { absent, told, type Case, type Change } from "./subject.ts";

/** No subnets of the ledger. */
const writtenOnly: readonly Change[] = [
  ["regions us-west subnets database", ["10.0.20.0/24", "10.0.21.0/24"]],
  ["regions us-west tiers", []],
];

const cases: readonly Case[] = [
  {
    rule: "an operator from nowhere",
    wrong: [["operator cidrs", []]],
    says: [
      ["operator.cidrs", "is empty, so nobody could reach the hubs: name the operator's public networks."],
    ],
    right: [["operator cidrs", ["198.51.100.0/24"]]],
  },
  {
    rule: "an operator without a key",
    wrong: [["operator authorizedKeys", []]],
    says: [
      [
        "operator.authorizedKeys",
        "is empty, so nobody could log in to any host: add the operator's OpenSSH public key (`ssh-add -L` prints it).",
      ],
    ],
    right: [["operator user", "debian"]],
  },
  {
    rule: "an operator from everywhere",
    wrong: [["operator cidrs 0", "0.0.0.0/0"]],
    says: [
      [
        "operator.cidrs[0]",
        "is too wide: 0.0.0.0/0 would open SSH on the hubs to much of the internet. Name the operator's own addresses.",
      ],
    ],
    right: [["operator cidrs 0", "198.0.0.0/8"]],
  },
  {
    rule: "an operator at a private address",
    wrong: [["operator cidrs 0", "192.168.1.0/24"]],
    says: [
      [
        "operator.cidrs[0]",
        "is private: the hubs see the public address from which 192.168.1.0/24 goes out. Put in that one.",
      ],
    ],
    right: [["operator cidrs 0", "192.169.1.0/24"]],
  },
  {
    rule: "an operator's network twice",
    wrong: [["operator cidrs 1", "203.0.113.7/32"]],
    says: [["operator.cidrs[1]", "is named twice: 203.0.113.7/32 is in the list already."]],
    right: [["operator cidrs 1", "203.0.113.8/32"]],
  },
  {
    rule: "VPCs that overlap",
    wrong: [
      ["regions eu-west vpcCidr", "10.0.0.0/16"],
      ["regions eu-west subnets", {}],
      ["regions eu-west nat", "none"],
      ["hosts eu-west", {}],
      ["wireguard hubs eu-west", absent],
      ["dns zones blackroad.io records 3 host", "us-west/lb-1"],
    ],
    says: [
      [
        "regions.eu-west.vpcCidr",
        "is reserved for us-west-2 (docs/addresses.md): leave it out, or use a free slot (2 to 7, 56 to 63) or a network outside 10.0.0.0/10.",
      ],
      [
        "regions.us-west.vpcCidr",
        "overlaps regions.eu-west.vpcCidr: 10.0.0.0/16 and 10.0.0.0/16 share addresses. Use a range of its own.",
      ],
    ],
    right: [
      ["regions eu-west vpcCidr", "10.2.0.0/16"],
      ["regions eu-west subnets", {}],
      ["regions eu-west nat", "none"],
      ["hosts eu-west", {}],
      ["wireguard hubs eu-west", absent],
      ["dns zones blackroad.io records 3 host", "us-west/lb-1"],
    ],
  },
  {
    rule: "a site inside a VPC",
    wrong: [["sites cabin", { network: "10.1.64.0/24", gateway: "10.1.64.1", nodes: {} }]],
    says: [
      [
        "sites.cabin.network",
        "overlaps regions.eu-west.vpcCidr: 10.1.64.0/24 and 10.1.0.0/16 share addresses. Use a range of its own.",
      ],
    ],
    right: [["sites cabin", { network: "10.2.64.0/24", gateway: "10.2.64.1", nodes: {} }]],
  },
  {
    rule: "two sites with one range",
    wrong: [["sites cabin", { network: "192.168.0.0/16", gateway: "192.168.0.1", nodes: {} }]],
    says: [
      [
        "sites.edge-home.network",
        "overlaps sites.cabin.network: 192.168.4.0/24 and 192.168.0.0/16 share addresses. Use a range of its own.",
      ],
      [
        'wireguard.peers["edge-home/lucidia"].routes[0]',
        "is not behind edge-home/lucidia: 192.168.4.0/24 overlaps sites.cabin.network (192.168.0.0/16), which is reached another way.",
      ],
    ],
    right: [["sites cabin", { network: "192.168.5.0/24", gateway: "192.168.5.1", nodes: {} }]],
  },
  {
    rule: "operators of a site who stand elsewhere",
    wrong: [["sites edge-home operators", ["192.168.4.250/32", "192.168.5.0/24", "192.168.0.0/16"]]],
    says: [
      [
        "sites.edge-home.operators[1]",
        "is not on the site's LAN: 192.168.5.0/24 must lie within 192.168.4.0/24.",
      ],
      [
        "sites.edge-home.operators[2]",
        "is not on the site's LAN: 192.168.0.0/16 must lie within 192.168.4.0/24.",
      ],
    ],
    right: [["sites edge-home operators", ["192.168.4.250/32", "192.168.4.0/24"]]],
  },
  {
    rule: "a VPN inside a site",
    wrong: [["sites cabin", { network: "10.200.0.0/16", gateway: "10.200.0.1", nodes: {} }]],
    says: [
      [
        "wireguard.network",
        "overlaps sites.cabin.network: 10.200.0.0/24 and 10.200.0.0/16 share addresses. Use a range of its own.",
      ],
    ],
    right: [["sites cabin", { network: "10.201.0.0/16", gateway: "10.201.0.1", nodes: {} }]],
  },
  {
    rule: "a place that is a region and a site",
    wrong: [["sites us-west", { network: "192.168.7.0/24", gateway: "192.168.7.1", nodes: {} }]],
    says: [["sites.us-west", "is also a region's name (regions.us-west): a place is one or the other."]],
    right: [["sites us-north", { network: "192.168.7.0/24", gateway: "192.168.7.1", nodes: {} }]],
  },
  {
    rule: "a zone of another region",
    wrong: [...writtenOnly, ["regions us-west availabilityZones 1", "us-west-1b"]],
    says: [
      [
        "regions.us-west.availabilityZones[1]",
        "is not a zone of us-west-2: it must be one such as us-west-2a.",
      ],
    ],
    right: [...writtenOnly, ["regions us-west availabilityZones 1", "us-west-2c"]],
  },
  {
    rule: "a zone twice",
    wrong: [...writtenOnly, ["regions us-west availabilityZones 2", "us-west-2a"]],
    says: [
      [
        "regions.us-west.availabilityZones[2]",
        "is named twice: us-west-2a stands for one subnet of each tier.",
      ],
    ],
    right: [...writtenOnly, ["regions us-west availabilityZones 2", "us-west-2c"]],
  },
  {
    rule: "a zone by its id",
    wrong: [["regions us-west availabilityZones 1", "us-west-2bb"]],
    says: [
      [
        "regions.us-west.availabilityZones[1]",
        'must be an availability zone such as us-west-2a, or its id such as usw2-az1, but is "us-west-2bb".',
      ],
    ],
    right: [["regions us-west availabilityZones 1", "usw2-az2"]],
  },
  {
    rule: "a subnet outside its VPC",
    wrong: [["regions us-west subnets public 1", "10.1.2.0/24"]],
    says: [
      ["regions.us-west.subnets.public[1]", "is outside the VPC: 10.1.2.0/24 must lie within 10.0.0.0/16."],
    ],
    right: [["regions us-west subnets public 1", "10.0.99.0/24"]],
  },
  {
    rule: "a subnet larger than its VPC",
    wrong: [...writtenOnly, ["regions us-west vpcCidr", "10.0.0.0/20"]],
    says: [
      [
        "regions.us-west.subnets.database[0]",
        "is outside the VPC: 10.0.20.0/24 must lie within 10.0.0.0/20.",
      ],
      [
        "regions.us-west.subnets.database[1]",
        "is outside the VPC: 10.0.21.0/24 must lie within 10.0.0.0/20.",
      ],
    ],
    right: [...writtenOnly, ["regions us-west vpcCidr", "10.0.0.0/16"]],
  },
  {
    rule: "subnets that overlap",
    wrong: [...writtenOnly, ["regions us-west subnets database 1", "10.0.10.0/25"]],
    says: [
      [
        "regions.us-west.subnets.database[1]",
        "overlaps regions.us-west.subnets.private[0]: 10.0.10.0/25 and 10.0.10.0/24 share addresses. Use a range of its own.",
      ],
    ],
    right: [...writtenOnly, ["regions us-west subnets database 1", "10.0.12.0/25"]],
  },
  {
    rule: "subnets that are the same",
    wrong: [...writtenOnly, ["regions us-west subnets private 1", "10.0.10.0/24"]],
    says: [
      [
        "regions.us-west.subnets.private[1]",
        "overlaps regions.us-west.subnets.private[0]: 10.0.10.0/24 and 10.0.10.0/24 share addresses. Use a range of its own.",
      ],
    ],
    right: [...writtenOnly, ["regions us-west subnets private 1", "10.0.12.0/24"]],
  },
  {
    rule: "more subnets than zones",
    wrong: [["regions us-west subnets public 2", "10.0.3.0/24"]],
    says: [
      [
        "regions.us-west.subnets.public[2]",
        "has no availability zone: it is public subnet number 3, and the region has 2 zones. Add a zone to availabilityZones or remove the subnet.",
      ],
    ],
    right: [["regions us-west subnets database 1", "10.0.21.0/24"]],
  },
  {
    rule: "NAT that serves nothing",
    wrong: [
      [
        "regions asia",
        {
          awsRegion: "ap-northeast-1",
          vpcCidr: "10.2.0.0/16",
          availabilityZones: ["ap-northeast-1a"],
          subnets: { public: ["10.2.1.0/24"] },
          nat: "single",
          ami: "ami-0123456789abcdef0",
        },
      ],
    ],
    says: [["regions.asia.nat", "serves nothing: the region has no private subnet. Use none."]],
    right: [
      [
        "regions asia",
        {
          awsRegion: "ap-northeast-1",
          vpcCidr: "10.2.0.0/16",
          availabilityZones: ["ap-northeast-1a"],
          subnets: { public: ["10.2.1.0/24"] },
          nat: "none",
          ami: "ami-0123456789abcdef0",
        },
      ],
    ],
  },
  {
    rule: "NAT without a public subnet",
    wrong: [
      [
        "regions asia",
        {
          awsRegion: "ap-northeast-1",
          vpcCidr: "10.2.0.0/16",
          availabilityZones: ["ap-northeast-1a"],
          subnets: { private: ["10.2.1.0/24"] },
          nat: "single",
          ami: "ami-0123456789abcdef0",
        },
      ],
    ],
    says: [
      ["regions.asia.nat", "needs a public subnet to stand in: add one to subnets.public, or use none."],
    ],
    right: [
      [
        "regions asia",
        {
          awsRegion: "ap-northeast-1",
          vpcCidr: "10.2.0.0/16",
          availabilityZones: ["ap-northeast-1a"],
          subnets: { public: ["10.2.2.0/24"], private: ["10.2.1.0/24"] },
          nat: "single",
          ami: "ami-0123456789abcdef0",
        },
      ],
    ],
  },
  {
    rule: "NAT in each zone without public subnets there",
    wrong: [
      ...writtenOnly,
      ["regions us-west nat", "perZone"],
      ["regions us-west subnets public", ["10.0.1.0/24"]],
    ],
    says: [
      [
        "regions.us-west.nat",
        "needs a public subnet in each zone with a private one: there are 1 public and 2 private subnets. Add public ones, or use single.",
      ],
    ],
    right: [
      ...writtenOnly,
      ["regions us-west nat", "single"],
      ["regions us-west subnets public", ["10.0.1.0/24"]],
    ],
  },
  {
    rule: "a peering with a region that is not there",
    wrong: [["peerings 0 1", "eu-wst"]],
    says: [
      [
        "peerings[0][1]",
        "names no region: there is no regions.eu-wst; did you mean eu-west? Known: eu-west, us-west.",
      ],
    ],
    right: [["peerings", []]],
  },
  {
    rule: "a peering with oneself",
    wrong: [["peerings 0 1", "us-west"]],
    says: [["peerings[0]", "joins us-west to itself: name two different regions."]],
    right: [["peerings 0", ["eu-west", "us-west"]]],
  },
  {
    rule: "a peering twice",
    wrong: [["peerings 1", ["eu-west", "us-west"]]],
    says: [["peerings[1]", "is there already: peerings[0] joins eu-west and us-west in both directions."]],
    right: [["peerings", [["eu-west", "us-west"]]]],
  },
  {
    rule: "a node outside its site",
    wrong: [
      ["sites edge-home nodes lucidia", "192.168.5.38"],
      ["hosts edge-home lucidia-alt behind", "lucidia"],
    ],
    says: [
      ["sites.edge-home.nodes.lucidia", "is outside the site: 192.168.5.38 must lie within 192.168.4.0/24."],
    ],
    right: [["sites edge-home nodes lucidia", "192.168.4.138"]],
  },
  {
    rule: "a gateway outside its site",
    wrong: [["sites edge-home gateway", "192.168.5.1"]],
    says: [["sites.edge-home.gateway", "is outside the site: 192.168.5.1 must lie within 192.168.4.0/24."]],
    right: [["sites edge-home gateway", "192.168.4.254"]],
  },
  {
    rule: "a node at the broadcast address",
    wrong: [["sites edge-home nodes lucidia", "192.168.4.255"]],
    says: [
      [
        "sites.edge-home.nodes.lucidia",
        "is the LAN's own: 192.168.4.255 is its network or broadcast address. Use one from 192.168.4.1 to 192.168.4.254.",
      ],
    ],
    right: [["sites edge-home nodes lucidia", "192.168.4.254"]],
  },
  {
    rule: "a node at its router's address",
    wrong: [["sites edge-home nodes lucidia", "192.168.4.1"]],
    says: [
      [
        "sites.edge-home.nodes.lucidia",
        "is taken: 192.168.4.1 is already sites.edge-home.gateway. Use another address.",
      ],
    ],
    right: [["sites edge-home nodes lucidia", "192.168.4.2"]],
  },
  {
    rule: "two nodes at one address",
    wrong: [["sites edge-home nodes lucidia", "192.168.4.64"]],
    says: [
      [
        "sites.edge-home.nodes.lucidia",
        "is taken: 192.168.4.64 is already sites.edge-home.nodes.blackroad-pi. Use another address.",
      ],
    ],
    right: [["sites edge-home nodes lucidia", "192.168.4.65"]],
  },
];

describe("rules about regions, subnets, sites, peerings and the operator", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
