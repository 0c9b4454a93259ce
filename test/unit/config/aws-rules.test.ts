/** Every rule of AWS that a stack's file can break is told with its place, its id and AWS's own page. */
import { describe, expect, it } from "vitest";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { sources } from "../../../components/config/sources.ts";
import { breaches, crowd, list, lonely } from "./aws-breaches.ts";
import { absent, broken, type Change, changed, told } from "./subject.ts";

describe("AWS's rules", () => {
  it.each(breaches)("$rule is told at $path", ({ rule, changes, path }) => {
    expect(broken(...changes)).toContainEqual([rule, path]);
  });

  it("that are quotas give way to those that the stack says its account has", () => {
    expect(broken(["quotas", { elasticIpsPerRegion: 3 }])).not.toEqual([]);
    expect(broken(["quotas", { elasticIpsPerRegion: 4 }])).toEqual([]);
    expect(broken(...crowd, ["quotas", { vpcsPerRegion: 6, internetGatewaysPerRegion: 6 }])).toEqual([]);
  });

  it("count a group's rules for IPv4 and IPv6 apart, and a reference to a group as one of each", () => {
    const rule =
      (source: string) =>
      (port: number): object => ({ port: 1000 + port, protocol: "tcp", source });
    const rules = (references: number, networks: number): Change => [
      "securityGroups public ingress",
      [...list(references, rule("sg-hub")), ...list(networks, (port) => rule("10.0.0.0/8")(100 + port))],
    ];
    expect(broken(rules(20, 40))).toEqual([]);
    expect(broken(rules(20, 41))).toEqual([["aws/quota-group-rules", "securityGroups.public.ingress"]]);
    // IPv4 and IPv6.
    expect(broken(rules(61, 0))).toHaveLength(2);
  });

  it("count the rules of a tier's ACL when they are compiled, AWS's own included", () => {
    const ports = (count: number): Change => [
      "securityGroups public ingress",
      list(count, (index) => ({ port: 100 + index, protocol: "tcp", source: "0.0.0.0/0" })),
    ];
    // The VPC, SSH from the operator, three kinds of answers, and AWS's own.
    expect(broken(ports(20 - 6))).toEqual([]);
    const rule = "aws/quota-acl-rules";
    expect(broken(ports(20 - 5))).toEqual([
      [rule, "regions.eu-west.subnets.public"],
      [rule, "regions.us-west.subnets.public"],
    ]);
    expect(broken(ports(20 - 5), ["quotas", { rulesPerNetworkAcl: 21 }])).toEqual([]);
    expect(told(ports(40 - 5), ["quotas", { rulesPerNetworkAcl: 40 }])[0]?.[1]).toContain(
      "would have 41 ingress rules in its network ACL, compiled from its hosts' security groups and AWS's own that denies the rest, and the account's quota is 40. AWS grants nobody more than 40",
    );
    expect(told(["quotas", { rulesPerNetworkAcl: 41 }])).not.toEqual([]);
  });

  it("know what AWS grants nobody more of", () => {
    const path = "quotas.securityGroupsPerInterface";
    const rule = "aws/quota-groups-per-interface";
    expect(broken(["quotas", { securityGroupsPerInterface: 17 }])).toEqual([[rule, path]]);
    expect(broken(["quotas", { securityGroupsPerInterface: 16 }])).toEqual([]);
    expect(broken(["quotas", { securityGroupsPerInterface: 10, rulesPerSecurityGroup: 101 }])).toEqual([
      [rule, path],
    ]);
  });

  it("let no account have more peerings of a VPC than AWS grants", () => {
    const path = "quotas.activePeeringsPerVpc";
    expect(told(["quotas", { activePeeringsPerVpc: 126 }])).toEqual([
      [path, "must be at most 125, but is 126: AWS grants nobody more."],
    ]);
    expect(told(["quotas", { activePeeringsPerVpc: 125 }])).toEqual([]);
  });

  it("know which ids the zones of a region have", () => {
    const zones = (awsRegion: string, ...ids: string[]): Change => [
      "regions far",
      lonely(awsRegion, { availabilityZones: ids }),
    ];
    for (const [awsRegion, prefix] of [
      ["us-west-2", "usw2"],
      ["eu-central-1", "euc1"],
      ["ap-southeast-1", "apse1"],
      ["ap-northeast-2", "apne2"],
      ["us-gov-west-1", "usgw1"],
      ["cn-northwest-1", "cnnw1"],
      // Of a form that nobody knows yet nothing is said.
      ["us-iso-east-1", "whatever1"],
    ] as const) {
      const slot: Change = ["regions far slot", 5];
      const found = broken(zones(awsRegion, `${prefix}-az1`, `${prefix}-az4`), slot, ["account", absent]);
      expect(found, awsRegion).toEqual([]);
    }
    expect(told(zones("ap-southeast-1", "aps1-az1"))).toEqual([
      [
        "regions.far.availabilityZones[0]",
        "is not a zone of ap-southeast-1: it must be one such as apse1-az1.",
      ],
    ]);
  });

  it("each has a breach here", () => {
    const known = Object.keys(sources).filter((id) => id.startsWith("aws/"));
    expect(new Set(breaches.map(({ rule }) => rule))).toEqual(new Set(known));
  });

  it("are printed with the page that states them", () => {
    expect(() => parseNetworkConfig(changed(["hosts us-west api-1 address", "10.0.10.3"]))).toThrow(
      `Use one from 10.0.10.4 to 10.0.10.254.\n    aws/reserved-addresses: ${sources["aws/reserved-addresses"]}`,
    );
  });
});
