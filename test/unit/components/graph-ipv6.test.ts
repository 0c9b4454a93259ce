/** Prod with IPv6: what is asked of AWS and Cloudflare besides. */
import { beforeAll, describe, expect, it } from "vitest";

import type { NetworkOutputs } from "../../../components/outputs.ts";
import { changed } from "../config/subject.ts";
import { runProgram, type ProgramRun } from "./program.ts";

let run: ProgramRun;

beforeAll(async () => {
  const network = changed(
    ["regions us-west ipv6", "hosts"],
    ["regions eu-west ipv6", "networks"],
    ["securityGroups public ingress 0 source", "anywhere"],
    [
      "securityGroups internal ingress 3",
      { port: "8080-8090", protocol: "tcp", source: "vpc-eu-west", description: "Internal services" },
    ],
    ["dns zones blackroad.io records 5", { name: "www", type: "AAAA", host: "us-west/lb-1" }],
  );
  run = await runProgram("prod", { config: { "blackroad-network:network": JSON.stringify(network) } });
}, 120_000);

/** Inputs of a resource, by the last part of its type. */
function inputsOf(noun: string, name: string): Readonly<Record<string, unknown>> {
  const found = run.resources.filter(
    (each) => /^(?:aws|cloudflare):/.test(each.type) && each.type.endsWith(`:${noun}`) && each.name === name,
  );
  expect([noun, name, found.length]).toEqual([noun, name, 1]);
  return found[0]?.inputs ?? {};
}

const namesOf = (noun: string): string[] =>
  run.resources
    .filter(({ type }) => type.endsWith(`:${noun}`))
    .map(({ name }) => name)
    .sort();

describe("prod with IPv6", () => {
  it("asks Amazon for each VPC's network, and divides it by the subnets' numbers", () => {
    expect(inputsOf("Vpc", "us-west")).toMatchObject({ assignGeneratedIpv6CidrBlock: true });
    expect(inputsOf("Subnet", "us-west/public/us-west-2b").ipv6CidrBlock).toBe("2001:db8:1:102::/64");
    expect(inputsOf("Subnet", "us-west/database/us-west-2a").ipv6CidrBlock).toBe("2001:db8:1:114::/64");
    expect(inputsOf("Subnet", "eu-west/private/eu-west-1a").ipv6CidrBlock).toBe("2001:db8:2:20a::/64");
  });

  it("has one egress-only gateway for each VPC, and the routes to it", () => {
    expect(namesOf("EgressOnlyInternetGateway")).toEqual([
      "eu-west/egress-only-gateway",
      "us-west/egress-only-gateway",
    ]);
    expect(inputsOf("Route", "us-west/private/us-west-2a/::-0")).toMatchObject({
      destinationIpv6CidrBlock: "::/0",
      egressOnlyGatewayId: "id(EgressOnlyInternetGateway us-west/egress-only-gateway)",
    });
    expect(inputsOf("Route", "us-west/public/::-0")).toMatchObject({
      destinationIpv6CidrBlock: "::/0",
      gatewayId: "id(InternetGateway us-west/internet-gateway)",
    });
    expect(inputsOf("Route", "us-west/public/ipv6-eu-west")).toMatchObject({
      destinationIpv6CidrBlock: "2001:db8:2:200::/56",
    });
    expect(namesOf("Route").filter((name) => /database.*::-0/.test(name))).toEqual([]);
  });

  it("gives hosts their addresses where the region does, and publishes them", () => {
    expect(inputsOf("Instance", "us-west/lb-1").ipv6Addresses).toEqual(["2001:db8:1:101::14"]);
    expect(inputsOf("Instance", "eu-west/lb-1").ipv6Addresses).toBeUndefined();
    expect(inputsOf("DnsRecord", "blackroad.io/www.blackroad.io/AAAA/us-west/lb-1")).toMatchObject({
      type: "AAAA",
      content: "2001:db8:1:101::14",
    });
    const outputs = run.outputs as unknown as NetworkOutputs;
    expect(outputs.regions["us-west"]).toMatchObject({ ipv6Cidr: "2001:db8:1:100::/56" });
    expect(outputs.hosts["us-west/lb-1"]).toMatchObject({ ipv6Address: "2001:db8:1:101::14" });
    expect(outputs.hosts["eu-west/lb-1"]).not.toHaveProperty("ipv6Address");
  });

  it("opens groups and ACLs by both families", () => {
    expect(inputsOf("SecurityGroupIngressRule", "us-west/public/ingress/tcp-443/::-0")).toMatchObject({
      cidrIpv6: "::/0",
      ipProtocol: "tcp",
    });
    const [rule = ""] = namesOf("SecurityGroupIngressRule").filter((name) =>
      /^us-west\/internal\/ingress\/.*\/ipv6-eu-west$/.test(name),
    );
    expect(inputsOf("SecurityGroupIngressRule", rule).cidrIpv6).toBe("2001:db8:2:200::/56");
    expect(inputsOf("NetworkAcl", "us-west/database").ingress).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ protocol: "6", ipv6CidrBlock: "2001:db8:1:10a::/64" }),
        expect.objectContaining({ protocol: "58", icmpType: 2, icmpCode: -1, ipv6CidrBlock: "::/0" }),
      ]),
    );
  });
});
