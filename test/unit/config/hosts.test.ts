/** What the rules say about hosts that do not fit together. */
import { describe, expect, it } from "vitest";
import { hostKey } from "./stack.ts";
import { absent, told, type Case } from "./subject.ts";

const cases: readonly Case[] = [
  {
    rule: "hosts at a place that is not there",
    wrong: [["hosts us-east", {}]],
    says: [
      [
        "hosts.us-east",
        "is no place: there is neither regions.us-east nor sites.us-east; did you mean us-west? Known: eu-west, us-west, coral-reef, edge-home.",
      ],
    ],
    right: [["hosts eu-west lb-1 elasticIp", true]],
  },
  {
    rule: "an instance without a type",
    wrong: [["hosts us-west api-1 instanceType", absent]],
    says: [
      ["hosts.us-west.api-1.instanceType", "is missing: it must be an EC2 instance type such as t3.micro."],
    ],
    right: [["hosts us-west api-1 instanceType", "t4g.small"]],
  },
  {
    rule: "an instance without an address and groups",
    wrong: [
      ["hosts us-west api-1 address", absent],
      ["hosts us-west api-1 securityGroups", absent],
    ],
    says: [
      [
        "hosts.us-west.api-1.address",
        "is missing: it must be the instance's private address, which also tells its subnet.",
      ],
      ["hosts.us-west.api-1.securityGroups", "is missing: it must be a list of security groups."],
    ],
    right: [["hosts us-west api-1 securityGroups", ["internal", "updates"]]],
  },
  {
    rule: "an instance with a LAN",
    wrong: [["hosts us-west api-1 bootstrap", { user: "pi", hostKey: hostKey }]],
    says: [
      [
        "hosts.us-west.api-1.bootstrap",
        "is for machines at a site: an instance is met with the host key from its user data. Remove it.",
      ],
    ],
    right: [["hosts us-west api-1 rootVolumeGiB", 20]],
  },
  {
    rule: "a machine that is no node",
    wrong: [["sites edge-home nodes lucidia-alt", absent]],
    says: [
      [
        "hosts.edge-home.lucidia-alt",
        "is no node of the site: put its address at sites.edge-home.nodes.lucidia-alt; did you mean lucidia? Known: blackroad-pi, lucidia.",
      ],
    ],
    right: [["sites edge-home nodes tv", "192.168.4.7"]],
  },
  {
    rule: "a machine with an instance's options",
    wrong: [
      ["hosts edge-home lucidia address", "192.168.4.38"],
      ["hosts edge-home lucidia elasticIp", true],
    ],
    says: [
      [
        "hosts.edge-home.lucidia.address",
        "does not belong to a machine at a site: sites.edge-home.nodes has the address. Remove it.",
      ],
      [
        "hosts.edge-home.lucidia.elasticIp",
        "does not belong to a machine at a site: it is for instances in a region. Remove it.",
      ],
    ],
    right: [["hosts edge-home lucidia bootstrap address", "192.168.4.38"]],
  },
  {
    rule: "a machine that nobody has met",
    wrong: [["hosts edge-home lucidia bootstrap", absent]],
    says: [
      [
        "hosts.edge-home.lucidia.bootstrap",
        "is missing: it must be a map with the user and hostKey with which the machine is met first.",
      ],
    ],
    right: [["hosts edge-home lucidia bootstrap user", "debian"]],
  },
  {
    rule: "a hub at a site",
    wrong: [
      ["hosts edge-home blackroad-pi role", "api"],
      ["wireguard peers edge-home/blackroad-pi", absent],
    ],
    says: [
      [
        "hosts.edge-home.blackroad-pi.role",
        "must be vpn-peer, lan-member, tower or storage, but is api: only an instance in a region can be that.",
      ],
    ],
    right: [["wireguard peers edge-home/blackroad-pi routes", ["192.168.5.0/24"]]],
  },
  {
    rule: "an address outside every subnet",
    wrong: [["hosts us-west api-1 address", "10.0.12.11"]],
    says: [
      [
        "hosts.us-west.api-1.address",
        "is outside every subnet of us-west: 10.0.12.11 must lie within one of 10.0.1.0/24, 10.0.2.0/24, 10.0.10.0/24, 10.0.11.0/24, 10.0.20.0/24, 10.0.21.0/24.",
      ],
    ],
    right: [["hosts us-west api-1 address", "10.0.11.11"]],
  },
  {
    rule: "the spec's 10.0.10.1, which AWS keeps",
    wrong: [["hosts us-west api-1 address", "10.0.10.1"]],
    says: [
      [
        "hosts.us-west.api-1.address",
        "is reserved by AWS: 10.0.10.1 is one of the first four or the last of 10.0.10.0/24. Use one from 10.0.10.4 to 10.0.10.254.",
      ],
    ],
    right: [["hosts us-west api-1 address", "10.0.10.4"]],
  },
  {
    rule: "the fourth address of a subnet",
    wrong: [["hosts us-west api-1 address", "10.0.10.3"]],
    says: [
      [
        "hosts.us-west.api-1.address",
        "is reserved by AWS: 10.0.10.3 is one of the first four or the last of 10.0.10.0/24. Use one from 10.0.10.4 to 10.0.10.254.",
      ],
    ],
    right: [["hosts us-west api-1 address", "10.0.10.5"]],
  },
  {
    rule: "the last address of a subnet",
    wrong: [["hosts us-west api-1 address", "10.0.10.255"]],
    says: [
      [
        "hosts.us-west.api-1.address",
        "is reserved by AWS: 10.0.10.255 is one of the first four or the last of 10.0.10.0/24. Use one from 10.0.10.4 to 10.0.10.254.",
      ],
    ],
    right: [["hosts us-west api-1 address", "10.0.10.254"]],
  },
  {
    rule: "an address with two owners",
    wrong: [["hosts us-west lb-1 address", "10.0.1.10"]],
    says: [
      [
        "hosts.us-west.lb-1.address",
        "is taken: 10.0.1.10 is already hosts.us-west.hub-1.address. Use another address.",
      ],
    ],
    right: [["hosts us-west lb-1 address", "10.0.2.10"]],
  },
  {
    rule: "a group that is not there",
    wrong: [["hosts us-west api-1 securityGroups 0", "intern"]],
    says: [
      [
        "hosts.us-west.api-1.securityGroups[0]",
        "names no group: there is no securityGroups.intern; did you mean internal? Known: database, discovery, hub, internal, metrics, monitoring, ollama, packages, public, ssh-from-hub, updates, vault.",
      ],
    ],
    right: [["hosts us-west api-1 securityGroups 0", "database"]],
  },
  {
    rule: "a group of other regions",
    wrong: [
      ["securityGroups spare", { regions: ["eu-west"] }],
      ["hosts us-west api-1 securityGroups 3", "spare"],
    ],
    says: [
      [
        "hosts.us-west.api-1.securityGroups[3]",
        "names a group that us-west does not have: add us-west to securityGroups.spare.regions.",
      ],
    ],
    right: [
      ["securityGroups spare", { regions: ["eu-west"] }],
      ["hosts eu-west api-1 securityGroups 3", "spare"],
    ],
  },
  {
    rule: "a group twice",
    wrong: [["hosts us-west api-1 securityGroups 3", "updates"]],
    says: [["hosts.us-west.api-1.securityGroups[3]", "is named twice: the instance has updates already."]],
    right: [["hosts us-west api-1 securityGroups 3", "public"]],
  },
  {
    rule: "no group",
    wrong: [["hosts us-west api-1 securityGroups", []]],
    says: [
      [
        "hosts.us-west.api-1.securityGroups",
        "is empty, so AWS would use the VPC's default group: name at least one.",
      ],
    ],
    right: [["hosts us-west api-1 securityGroups", ["internal", "updates"]]],
  },
  {
    rule: "more groups than AWS takes",
    wrong: [
      [
        "hosts us-west api-1 securityGroups",
        ["internal", "ssh-from-hub", "updates", "public", "database", "hub"],
      ],
    ],
    says: [
      ["hosts.us-west.api-1.securityGroups", "has 6 groups, and AWS takes 5 on an interface: join some."],
    ],
    right: [
      ["hosts us-west api-1 securityGroups", ["internal", "ssh-from-hub", "updates", "public", "database"]],
    ],
  },
  {
    rule: "a public address in a private subnet",
    wrong: [["hosts us-west api-1 elasticIp", true]],
    says: [
      [
        "hosts.us-west.api-1.elasticIp",
        "is of no use in the private subnet 10.0.10.0/24, which no route joins to the internet: move the host to a public subnet, or leave it out.",
      ],
    ],
    right: [["hosts us-west api-1 elasticIp", false]],
  },
  {
    rule: "a hub without a public address",
    wrong: [
      ["hosts eu-west hub-1 elasticIp", false],
      ["dns zones blackroad.io records 3 host", "eu-west/hub-1"],
    ],
    says: [
      [
        "hosts.eu-west.hub-1.elasticIp",
        "must be true, in a public subnet: peers and the operator dial the hub's public address.",
      ],
      [
        'dns.zones["blackroad.io"].records[3].host',
        "names a host whose public address does not stay: set elasticIp of eu-west/hub-1, or use one of eu-west/lb-1, us-west/hub-1, us-west/lb-1, us-west/lb-2.",
      ],
    ],
    right: [["hosts eu-west hub-1 elasticIp", true]],
  },
  {
    rule: "a VPN peer without a public address",
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
          },
        },
      ],
      ["wireguard peers camp/roamer", { address: "10.200.0.12" }],
    ],
    says: [
      [
        "hosts.camp.roamer.elasticIp",
        "must be true (or the region's mapPublicIpOnLaunch), in a public subnet: the operator first meets the peer at its public address.",
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
          mapPublicIpOnLaunch: true,
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
          },
        },
      ],
      ["wireguard peers camp/roamer", { address: "10.200.0.12" }],
    ],
  },
];

describe("rules about hosts", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
