/** The way to the internet and from it: gateways, NAT, Elastic IPs, IPv6, and what blocks them. */
import { describe } from "vitest";
import { cases } from "./cases.ts";
import { add, fields, ingress, routes } from "./changes.ts";
import { fromNetwork, permission } from "./network.ts";
import { stranger } from "./questions.ts";

describe("the internet", () => {
  cases([
    [
      "is not reached without a public address",
      [fields("NetworkInterfaces", "eni-0eb", { Association: undefined, PrivateIpAddresses: [] })],
      "web",
      stranger,
      "443/tcp",
      "blocked internet gateway of vpc-0a: the sender has no public address",
    ],
    [
      "reaches a secondary address by its Elastic IP",
      [
        fields("NetworkInterfaces", "eni-0eb", {
          PrivateIpAddresses: [
            { PrivateIpAddress: "10.0.1.10", Primary: true },
            { PrivateIpAddress: "10.0.1.11", Primary: false },
          ],
        }),
        add("Addresses", {
          AllocationId: "eipalloc-1",
          PublicIp: "54.0.0.11",
          NetworkInterfaceId: "eni-0eb",
          PrivateIpAddress: "10.0.1.11",
        }),
      ],
      stranger,
      "54.0.0.11",
      "443/tcp",
      "pass",
    ],
    [
      "does not reach an Elastic IP that is nowhere",
      [add("Addresses", { AllocationId: "eipalloc-1", PublicIp: "54.0.0.11" })],
      stranger,
      "54.0.0.11",
      "443/tcp",
      "blocked internet: the Elastic IP eipalloc-1 is at no interface",
    ],
    [
      "cannot tell of one at an interface that is not there",
      [
        add("Addresses", {
          AllocationId: "eipalloc-1",
          PublicIp: "54.0.0.11",
          NetworkInterfaceId: "eni-0ff",
        }),
      ],
      stranger,
      "54.0.0.11",
      "443/tcp",
      "unknown internet",
    ],
    [
      "does not come in without a gateway",
      [fields("InternetGateways", "igw-0a", { Attachments: [] })],
      stranger,
      "web public",
      "443/tcp",
      "blocked internet gateway of vpc-0a: the VPC has none",
    ],
    [
      "cannot tell of one that only says at which instance it is",
      [add("Addresses", { PublicIp: "54.0.0.11", InstanceId: "i-0ff" })],
      stranger,
      "54.0.0.11",
      "443/tcp",
      "unknown internet",
    ],
    [
      "comes in by a public address that only the instance tells of",
      [
        fields("NetworkInterfaces", "eni-0eb", {
          Association: undefined,
          PrivateIpAddresses: [],
          Attachment: undefined,
        }),
        fields("Instances", "i-0eb", { PublicIpAddress: "54.0.0.10" }),
      ],
      stranger,
      "54.0.0.10",
      "80/tcp",
      "blocked network interface of i-0eb, security group sg-0eb: no ingress rule matches",
    ],
    ["is reached through a NAT gateway", [], "app", stranger, "443/tcp", "pass"],
    [
      "does not come in by one",
      [],
      stranger,
      "54.0.0.7",
      "443/tcp",
      "blocked NAT gateway nat-0a: lets nothing in",
    ],
    [
      "is not reached by one that has failed",
      [fields("NatGateways", "nat-0a", { State: "failed" })],
      "app",
      stranger,
      "443/tcp",
      "blocked route table of subnet-0a2: nat-0a is failed",
    ],
    [
      "is not reached by one whose subnet has no way out",
      [routes("rtb-0a1", "0.0.0.0/0")],
      "app",
      stranger,
      "443/tcp",
      "blocked route table of subnet-0a1: has no route there",
    ],
    [
      "is not reached by a private one",
      [fields("NatGateways", "nat-0a", { ConnectivityType: "private" })],
      "app",
      stranger,
      "443/tcp",
      "blocked internet gateway of vpc-0a: the sender has no public address",
    ],
    [
      "is seen by it as the NAT gateway's address",
      [ingress("sg-0eb", permission("tcp", 443, 443, fromNetwork("54.0.0.7/32")))],
      "app",
      "54.0.0.10",
      "443/tcp",
      "pass",
    ],
    ["comes in by IPv6", [], "2001:db8::9", "web ipv6", "443/tcp", "pass"],
    [
      "does not by an egress-only gateway",
      [],
      "2001:db8::9",
      "app ipv6",
      "443/tcp",
      "blocked egress-only gateway of vpc-0a: lets nothing in",
    ],
    ["is reached by one", [], "app", "2001:db8::9", "443/tcp", "pass"],
    [
      "is not reached by IPv6 without a route",
      [routes("rtb-0a0", "::/0")],
      "app",
      "2001:db8::9",
      "443/tcp",
      "blocked route table of subnet-0a2",
    ],
    [
      "does not reach an IPv6 address that nobody has",
      [],
      "2001:db8::9",
      "2600:a:0:1::99",
      "443/tcp",
      "blocked internet: nobody in vpc-0a",
    ],
    [
      "does not carry private addresses",
      [routes("rtb-0a1", undefined)],
      "web",
      "10.9.0.1",
      "443/tcp",
      "blocked internet: private addresses",
    ],
    [
      "is kept out where public access is blocked",
      [
        fields("Subnets", "subnet-0a1", {
          BlockPublicAccessStates: { InternetGatewayBlockMode: "block-bidirectional" },
        }),
      ],
      stranger,
      "web public",
      "443/tcp",
      "blocked internet gateway of vpc-0a: AWS's block of public access (bidirectional)",
    ],
    [
      "is reached by NAT where only what comes in is",
      [fields("Vpcs", "vpc-0a", { BlockPublicAccessStates: { InternetGatewayBlockMode: "block-ingress" } })],
      "app",
      stranger,
      "443/tcp",
      "pass",
    ],
    [
      "is not reached by others then",
      [fields("Vpcs", "vpc-0a", { BlockPublicAccessStates: { InternetGatewayBlockMode: "block-ingress" } })],
      "web",
      stranger,
      "443/tcp",
      "blocked",
    ],
    [
      "is kept out by an interface that denies it",
      [fields("NetworkInterfaces", "eni-0eb", { DenyAllIgwTraffic: true })],
      "2001:db8::9",
      "web ipv6",
      "443/tcp",
      "blocked",
    ],
  ]);
});
