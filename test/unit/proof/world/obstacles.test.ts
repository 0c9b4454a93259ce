/**
 * Every obstacle that the proof knows: a question that passes on prod, and stops at just that obstacle where one thing
 * is taken away or put in its way. A kind of obstacle without a case here does not compile.
 */
import { describe, expect, it } from "vitest";
import type { Obstacle } from "../../../../components/proof/world/obstacle.ts";
import { ask, passing, planWith, proverOf, stranger } from "../subject.ts";
import {
  onGeneration,
  onHost,
  onRegions,
  withoutAclRules,
  withoutAllowed,
  withoutGroupRules,
  withoutRoute,
  withOutputRule,
  withRule,
  type Fault,
} from "./faults.ts";

interface Case {
  readonly what: string;
  /** Source, destination and traffic, which pass on prod. */
  readonly asked: readonly [from: string, to: string, traffic: string];
  readonly fault: Fault;
  /** All of it but its kind. */
  readonly obstacle: object;
}

const api = "10.0.10.11";
const toApi = ["us-west/lb-1", api, "8080/tcp"] as const;
const byVpn = ["edge-home/lucidia", api, "8080/tcp"] as const;
const outwards = ["us-west/api-1", stranger, "443/tcp"] as const;
const hub = "us-west/hub-1";

const cases: Readonly<Record<Obstacle["kind"], readonly Case[]>> = {
  "security-group": [
    {
      what: "the receiver's groups",
      asked: toApi,
      fault: withoutGroupRules("ingress", 8080),
      obstacle: { host: "us-west/api-1", direction: "ingress" },
    },
    {
      what: "the sender's groups",
      asked: toApi,
      fault: withoutGroupRules("egress", 8080),
      obstacle: { host: "us-west/lb-1", direction: "egress" },
    },
  ],
  "network-acl": [
    {
      what: "the ACL around the receiver's subnet",
      asked: toApi,
      fault: withoutAclRules("private", "ingress"),
      obstacle: { subnet: "us-west/private/us-west-2a", direction: "ingress" },
    },
    {
      what: "the same, for the answer: it remembers nothing",
      asked: toApi,
      fault: withoutAclRules("private", "egress"),
      obstacle: { subnet: "us-west/private/us-west-2a", direction: "egress" },
    },
    {
      what: "the ACL around the sender's subnet",
      asked: toApi,
      fault: withoutAclRules("public", "egress"),
      obstacle: { subnet: "us-west/public/us-west-2a", direction: "egress" },
    },
  ],
  nftables: [
    {
      what: "the receiver's own table",
      asked: toApi,
      fault: withRule("us-west/api-1", "input", "tcp dport 8080 drop"),
      obstacle: { host: "us-west/api-1", hook: "input" },
    },
    {
      what: "the sender's own table",
      asked: ["edge-home/lucidia", api, "8080/tcp"],
      fault: withOutputRule("edge-home/lucidia", "tcp dport 8080 drop"),
      obstacle: { host: "edge-home/lucidia", hook: "output" },
    },
    {
      what: "the table of who forwards",
      asked: byVpn,
      fault: withRule(hub, "forward", "tcp dport 8080 drop"),
      obstacle: { host: hub, hook: "forward" },
    },
  ],
  "subnet-route": [
    {
      what: "no way to the internet",
      asked: outwards,
      fault: withoutRoute("0.0.0.0/0"),
      obstacle: { subnet: "us-west/private/us-west-2a" },
    },
  ],
  "private-outside": [
    {
      what: "no way to the other VPC but by the internet",
      asked: ["us-west/api-1", "10.1.10.11", "8080/tcp"],
      fault: withoutRoute("10.1.0.0/16"),
      obstacle: {},
    },
  ],
  "host-route": [
    {
      what: "a machine without a gateway",
      asked: ["coral-reef/node-1", stranger, "443/tcp"],
      fault: onGeneration("coral-reef/node-1", ({ interfaces }) => ({
        interfaces: interfaces.map((link) => ({ ...link, gateway: undefined })),
      })),
      obstacle: { host: "coral-reef/node-1" },
    },
  ],
  "no-public-address": [
    {
      what: "an instance that has lost its Elastic IP, in a subnet that gives none",
      asked: ["us-west/lb-1", stranger, "443/tcp"],
      fault: (whole) =>
        onHost("us-west/lb-1", (host) => ({
          ...host,
          instance: host.instance && { ...host.instance, elasticIp: false },
        }))(
          onRegions((region) => ({
            ...region,
            subnets: region.subnets.map((subnet) => ({ ...subnet, mapPublicIpOnLaunch: false })),
          }))(whole),
        ),
      obstacle: { host: "us-west/lb-1" },
    },
  ],
  "address-check": [
    {
      what: "a hub that may not forward",
      asked: byVpn,
      fault: onHost(hub, (host) => ({
        ...host,
        instance: host.instance && { ...host.instance, sourceDestCheck: true },
      })),
      obstacle: { host: hub },
    },
  ],
  forwarding: [
    {
      what: "a hub whose kernel passes nothing on",
      asked: byVpn,
      fault: onGeneration(hub, () => ({ sysctls: {} })),
      obstacle: { host: hub },
    },
  ],
  "allowed-ips": [
    {
      what: "no peer has the destination",
      asked: [hub, "10.200.0.10", "22/tcp"],
      fault: withoutAllowed(hub, "10.200.0.10/32"),
      obstacle: { host: hub, peer: undefined },
    },
    {
      what: "the peer is not taken for the sender",
      asked: byVpn,
      fault: withoutAllowed(hub, "10.200.0.10/32"),
      obstacle: { host: hub, peer: "edge-home/lucidia" },
    },
  ],
  "tunnel-down": [
    {
      what: "a hub that lets no call in",
      asked: byVpn,
      fault: withRule(hub, "input", "udp dport 51820 drop"),
      obstacle: { host: "edge-home/lucidia", peer: hub },
    },
  ],
};

const plan = planWith();
const prod = proverOf(plan);

describe.each(Object.entries(cases))("%s", (kind, ofKind) => {
  it.each(ofKind)("$what", ({ asked: [from, to, traffic], fault, obstacle }) => {
    expect(passing(prod, from, to, traffic)).toBe(traffic);
    expect(prod.stopOf(ask(prod, from, to, traffic))).toBeUndefined();
    const prover = proverOf(fault(plan));
    expect(passing(prover, from, to, traffic)).toBe("nothing");
    expect(prover.stopOf(ask(prover, from, to, traffic))?.obstacle).toEqual({ kind, ...obstacle });
  });
});
