/** What the rules say about security groups that do not fit together. */
import { describe, expect, it } from "vitest";
import { told, type Case } from "./subject.ts";

/** So many networks from which operators come. The hub's group makes a rule of each, beside three others. */
const operators = (count: number): string[] =>
  Array.from({ length: count }, (_, last) => `203.0.113.${last}/32`);

const cases: readonly Case[] = [
  {
    rule: "a group that looks like AWS's ids",
    wrong: [["securityGroups sg-spare", {}]],
    says: [
      [
        "securityGroups.sg-spare",
        "begins with sg-, as AWS's own ids do: leave the prefix out; only references have it.",
      ],
    ],
    right: [["securityGroups spare", {}]],
  },
  {
    rule: "a group of the name that every VPC has",
    wrong: [["securityGroups default", {}]],
    says: [["securityGroups.default", "is the name of the group that every VPC has: use another."]],
    right: [["securityGroups defaults", {}]],
  },
  {
    rule: "a group for a region that is not there",
    wrong: [["securityGroups public regions", ["us-west", "eu-west", "us-est"]]],
    says: [
      [
        "securityGroups.public.regions[2]",
        "names no region: there is no regions.us-est; did you mean us-west? Known: eu-west, us-west.",
      ],
    ],
    right: [["securityGroups public regions", ["us-west", "eu-west"]]],
  },
  {
    rule: "a port for all protocols",
    wrong: [["securityGroups internal egress 0 port", 443]],
    says: [
      [
        "securityGroups.internal.egress[0].port",
        "does not go with protocol all, which has no ports: write port: all, or protocol tcp or udp.",
      ],
    ],
    right: [["securityGroups internal egress 0", { port: 443, protocol: "tcp", destination: "10.0.0.0/8" }]],
  },
  {
    rule: "a port for ICMP",
    wrong: [["securityGroups internal egress 0", { port: 8, protocol: "icmp", destination: "10.0.0.0/8" }]],
    says: [
      [
        "securityGroups.internal.egress[0].port",
        "does not go with protocol icmp, which has no ports: write port: all, or protocol tcp or udp.",
      ],
    ],
    right: [
      ["securityGroups internal egress 0", { port: "all", protocol: "icmp", destination: "10.0.0.0/8" }],
    ],
  },
  {
    rule: "a range that runs backwards",
    wrong: [["securityGroups internal ingress 0 port", "8090-8080"]],
    says: [
      [
        "securityGroups.internal.ingress[0].port",
        "is no range of ports: 8090-8080 must run upwards, within 1-65535.",
      ],
    ],
    right: [["securityGroups internal ingress 0 port", "8080-8080"]],
  },
  {
    rule: "a range beyond the last port",
    wrong: [["securityGroups internal ingress 0 port", "8080-65536"]],
    says: [
      [
        "securityGroups.internal.ingress[0].port",
        "is no range of ports: 8080-65536 must run upwards, within 1-65535.",
      ],
    ],
    right: [["securityGroups internal ingress 0 port", "8080-65535"]],
  },
  {
    rule: "a reference to a group that is not there",
    wrong: [["securityGroups database ingress 0 source", "sg-internl"]],
    says: [
      [
        "securityGroups.database.ingress[0].source",
        "names no group: there is no securityGroups.internl; did you mean internal? Known: database, discovery, hub, internal, metrics, monitoring, ollama, packages, public, ssh-from-hub, updates, vault.",
      ],
    ],
    right: [["securityGroups database ingress 0 source", "sg-public"]],
  },
  {
    rule: "a reference to a group of other regions",
    wrong: [
      ["securityGroups spare", { regions: ["us-west"] }],
      ["securityGroups database ingress 0 source", "sg-spare"],
    ],
    says: [
      [
        "securityGroups.database.ingress[0].source",
        "names a group that eu-west does not have, and AWS references groups within a region only: give spare the same regions as database, or use a network.",
      ],
    ],
    right: [
      ["securityGroups spare", {}],
      ["securityGroups database ingress 0 source", "sg-spare"],
    ],
  },
  {
    rule: "the same rule twice",
    wrong: [["securityGroups public ingress 2", { port: "443-443", protocol: "tcp", source: "0.0.0.0/0" }]],
    says: [
      [
        "securityGroups.public.ingress[2]",
        "says the same as ingress[0], and AWS refuses duplicates: remove one.",
      ],
    ],
    right: [["securityGroups public ingress 2", { port: 443, protocol: "udp", source: "0.0.0.0/0" }]],
  },
  {
    rule: "the same rule by another name",
    wrong: [["securityGroups hub ingress 2", { port: 22, protocol: "tcp", source: "203.0.113.7/32" }]],
    says: [
      [
        "securityGroups.hub.ingress[2]",
        "says the same as ingress[1], and AWS refuses duplicates: remove one.",
      ],
    ],
    right: [["securityGroups hub ingress 2", { port: 22, protocol: "tcp", source: "203.0.113.8/32" }]],
  },
  {
    rule: "more rules than AWS takes",
    wrong: [["operator cidrs", operators(58)]],
    says: [
      [
        "securityGroups.hub.ingress",
        "makes 62 rules for IPv4 (one for each network of operator and of cloudflare), and AWS takes 60: join networks, split the group, or set quotas.rulesPerSecurityGroup.",
      ],
    ],
    // So many networks have no room in an ACL.
    right: [
      ["operator cidrs", operators(56)],
      ["regions us-west networkAcls", false],
      ["regions eu-west networkAcls", false],
    ],
  },
];

describe("rules about security groups", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
