/** What the schema says to values that are wrong by themselves. */
import { describe, expect, it } from "vitest";
import { hostKey, operatorKey } from "./stack.ts";
import { absent, told, type Case } from "./subject.ts";

const cases: readonly Case[] = [
  {
    rule: "an unknown key, with the one that was meant",
    wrong: [["regions us-west vpc_cidr", "10.0.0.0/16"]],
    says: [
      [
        "regions.us-west.vpc_cidr",
        "is not a known key: did you mean vpcCidr? Known: awsRegion, vpcCidr, slot, availabilityZones, tiers, subnets, nat, natZone, gatewayEndpoints, flowLogs, networkAcls, sessionManager, ipv6, mapPublicIpOnLaunch, ami.",
      ],
    ],
    right: [["regions us-west mapPublicIpOnLaunch", true]],
  },
  {
    rule: "an unknown key that is near to nothing",
    wrong: [["operator favouriteColour", "blue"]],
    says: [["operator.favouriteColour", "is not a known key: Known: cidrs, user, authorizedKeys."]],
    right: [["operator user", "debian"]],
  },
  {
    rule: "an operator's key that is there already, under another comment",
    wrong: [["operator authorizedKeys", [operatorKey, operatorKey.replace("operator@test", "old laptop")]]],
    says: [
      ["operator.authorizedKeys[1]", "is the same key as operator.authorizedKeys[0]. Leave one of them out."],
    ],
    right: [["operator authorizedKeys", [operatorKey, hostKey]]],
  },
  {
    rule: "a missing key",
    wrong: [["wireguard network", absent]],
    says: [["wireguard.network", "is missing: it must be a private IPv4 network such as 10.0.0.0/16."]],
    right: [["regions us-west nat", "perZone"]],
  },
  {
    rule: "a map where text belongs",
    wrong: [["owner", { name: "BlackRoad" }]],
    says: [["owner", "must be a name of at most 64 letters, digits, spaces and .@_-, but is a map."]],
    right: [["owner", "BlackRoad"]],
  },
  {
    rule: "text where a list belongs",
    wrong: [["operator cidrs", "203.0.113.7/32"]],
    says: [
      [
        "operator.cidrs",
        `must be a list of the operator's public networks, such as [203.0.113.7/32], but is "203.0.113.7/32".`,
      ],
    ],
    right: [["operator cidrs", ["203.0.113.7/32", "198.51.100.0/24"]]],
  },
  {
    rule: "a list where a map belongs",
    wrong: [["sites edge-home", []]],
    says: [["sites.edge-home", "must be a map with a site's network, gateway and nodes, but is a list."]],
    right: [["sites cabin", { network: "192.168.7.0/24", gateway: "192.168.7.1", nodes: {} }]],
  },
  {
    rule: "no network",
    wrong: [["regions us-west subnets public 1", "10.0.2.0"]],
    says: [
      [
        "regions.us-west.subnets.public[1]",
        'must be an IPv4 network such as 10.0.0.0/16, but is "10.0.2.0".',
      ],
    ],
    right: [["regions us-west subnets public 1", "10.0.9.0/24"]],
  },
  {
    rule: "a network with host bits",
    wrong: [["regions us-west subnets public 1", "10.0.2.1/24"]],
    says: [
      [
        "regions.us-west.subnets.public[1]",
        "is not canonical: 10.0.2.1/24 has bits set behind its prefix. Write 10.0.2.0/24.",
      ],
    ],
    right: [["regions us-west subnets public 1", "10.0.2.0/25"]],
  },
  {
    rule: "a network with a prefix of more than 32 bits",
    wrong: [["operator cidrs 0", "203.0.113.7/33"]],
    says: [["operator.cidrs[0]", 'must be an IPv4 network such as 10.0.0.0/16, but is "203.0.113.7/33".']],
    right: [["operator cidrs 0", "203.0.113.7/32"]],
  },
  {
    rule: "a network of others",
    wrong: [["sites edge-home network", "192.186.4.0/24"]],
    says: [
      [
        "sites.edge-home.network",
        "is not private: 192.186.4.0/24 belongs to others. Use a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10.",
      ],
    ],
    right: [["wireguard network", "10.200.0.0/23"]],
  },
  {
    rule: "a network larger than AWS takes",
    wrong: [["regions us-west vpcCidr", "10.0.0.0/15"]],
    says: [
      [
        "regions.us-west.vpcCidr",
        "has a prefix of /15: it must be between /16 and /28, the sizes that AWS takes.",
      ],
    ],
    right: [["regions us-west subnets database 0", "10.0.20.0/28"]],
  },
  {
    rule: "no address",
    wrong: [["sites edge-home nodes lucidia", "192.168.4.038"]],
    says: [
      [
        "sites.edge-home.nodes.lucidia",
        'must be an IPv4 address such as 10.0.1.10, in decimal without leading zeros, but is "192.168.4.038".',
      ],
    ],
    right: [["sites edge-home nodes lucidia", "192.168.4.39"]],
  },
  {
    rule: "a name that is no DNS label",
    wrong: [["sites edge-home nodes Lucidia", "192.168.4.40"]],
    says: [
      [
        "sites.edge-home.nodes.Lucidia",
        'must be a name of lower-case letters, digits and hyphens, beginning with a letter and at most 32 long, but is "Lucidia".',
      ],
    ],
    right: [["sites edge-home nodes lucidia-3", "192.168.4.40"]],
  },
  {
    rule: "a word that is no choice",
    wrong: [["regions us-west nat", "multi"]],
    says: [["regions.us-west.nat", 'must be none, single or perZone, but is "multi".']],
    right: [["regions us-west nat", "perZone"]],
  },
  {
    rule: "a number out of range",
    wrong: [["wireguard mtu", 1500]],
    says: [
      [
        "wireguard.mtu",
        "must be at most 1420, but is 1500: WireGuard adds 80 bytes, and 1500 pass the internet.",
      ],
    ],
    right: [["wireguard mtu", 1380]],
  },
  {
    rule: "a port that is none",
    wrong: [["securityGroups hub ingress 0 port", "https"]],
    says: [
      [
        "securityGroups.hub.ingress[0].port",
        'must be a port such as 443, a range such as "8080-8090", or all, but is "https".',
      ],
    ],
    right: [["securityGroups hub ingress 0 port", "51820-51821"]],
  },
  {
    rule: "a port that is out of range",
    wrong: [["securityGroups hub ingress 0 port", 65536]],
    says: [
      [
        "securityGroups.hub.ingress[0].port",
        'must be a port such as 443, a range such as "8080-8090", or all, but is 65536.',
      ],
    ],
    right: [["securityGroups hub ingress 0 port", 65535]],
  },
  {
    rule: "a rule's other side that is none",
    wrong: [["securityGroups internal ingress 0 source", "10.0.0.1/8"]],
    says: [
      [
        "securityGroups.internal.ingress[0].source",
        "is not canonical: 10.0.0.1/8 has bits set behind its prefix. Write 10.0.0.0/8.",
      ],
    ],
    right: [["securityGroups internal ingress 0 source", "operator"]],
  },
  {
    rule: "a description with characters that AWS refuses",
    wrong: [["securityGroups hub description", "the hub's rules"]],
    says: [
      [
        "securityGroups.hub.description",
        'must be at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, the characters that AWS takes, but is "the hub\'s rules".',
      ],
    ],
    right: [["securityGroups hub description", "rules of the hub"]],
  },
  {
    rule: "a placeholder that is still there",
    wrong: [["regions us-west ami", "REPLACE-ME"]],
    says: [["regions.us-west.ami", "still says REPLACE-ME: put in an AMI id such as ami-0123456789abcdef0."]],
    right: [["regions us-west ami", "ami-0fedcba9876543210"]],
  },
  {
    rule: "a placeholder for the operator's key",
    wrong: [["operator authorizedKeys 0", "REPLACE-ME"]],
    says: [
      [
        "operator.authorizedKeys[0]",
        "still says REPLACE-ME: put in an OpenSSH public key of the operator (`ssh-add -L` prints those of the agent).",
      ],
    ],
    right: [["operator authorizedKeys 1", hostKey]],
  },
  {
    rule: "a private key where the public one belongs",
    wrong: [["operator authorizedKeys 0", "-----BEGIN OPENSSH PRIVATE KEY-----"]],
    says: [
      ["operator.authorizedKeys[0]", "is a private key: put in the public one (the file that ends in .pub)."],
    ],
    right: [["operator authorizedKeys 0", hostKey]],
  },
  {
    rule: "a key that was cut short",
    wrong: [["hosts edge-home lucidia bootstrap hostKey", operatorKey.slice(0, 50)]],
    says: [
      [
        "hosts.edge-home.lucidia.bootstrap.hostKey",
        "is not a whole ssh-ed25519 key: its base64 part is cut short or mistyped.",
      ],
    ],
    right: [["hosts edge-home lucidia bootstrap hostKey", operatorKey]],
  },
  {
    rule: "a host key of a type that today's sshd does not offer",
    wrong: [["hosts edge-home lucidia bootstrap hostKey", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ"]],
    says: [
      [
        "hosts.edge-home.lucidia.bootstrap.hostKey",
        'must begin with its type (ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521), as in the file that ends in .pub, but begins with "ssh-rsa".',
      ],
    ],
    right: [["hosts edge-home lucidia bootstrap hostKey", hostKey]],
  },
  {
    rule: "an endpoint that is no full name",
    wrong: [["wireguard hubs us-west endpoint", "vpn"]],
    says: [
      [
        "wireguard.hubs.us-west.endpoint",
        'must be a full host name in lower case without a trailing dot, such as vpn.blackroad.io, but is "vpn".',
      ],
    ],
    right: [
      ["wireguard hubs us-west endpoint", "ws.blackroad.io"],
      ["dns zones blackroad.io records 1 host", "us-west/hub-1"],
    ],
  },
  {
    rule: "paths of names with dots are quoted as pulumi config set --path wants them",
    wrong: [["dns zones blackroad.io managed", "yes"]],
    says: [['dns.zones["blackroad.io"].managed', 'must be true or false, but is "yes".']],
    right: [["dns zones blackroad.io managed", false]],
  },
  {
    rule: "a peering of more than two",
    wrong: [["peerings 0", ["us-west", "eu-west", "us-west"]]],
    says: [["peerings[0]", "must be a pair of regions such as [us-west, eu-west], but is a list."]],
    right: [["peerings 0", ["eu-west", "us-west"]]],
  },
  {
    rule: "nothing at all",
    wrong: [["", "10.0.0.0/16"]],
    says: [["", 'must be a map with the network\'s options, but is "10.0.0.0/16".']],
    right: [["owner", "Somebody"]],
  },
];

describe("the schema", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
