/** Who is behind an interface, and what can be told of them. */
import { describe } from "vitest";
import { cases } from "./cases.ts";
import { add, bare, fields, ingress, routes, type Change } from "./changes.ts";
import { eni, fromNetwork, permission, to } from "./network.ts";
import { stranger } from "./questions.ts";

describe("hosts", () => {
  const offCheck = fields("NetworkInterfaces", "eni-0eb", { SourceDestCheck: false });
  const throughWeb = routes(
    "rtb-0a0",
    "0.0.0.0/0",
    to("0.0.0.0/0", { NetworkInterfaceId: "eni-0eb", InstanceId: "i-0eb" }),
  );
  const groups = ingress("sg-0eb", permission("-1", -1, -1, fromNetwork("0.0.0.0/0")));
  const shut = fields("SecurityGroups", "sg-0a0", { IpPermissionsEgress: [] });
  const state = (Name: string): Change => fields("Instances", "i-0eb", { State: { Name } });
  cases([
    [
      "that are stopped answer nobody",
      [state("stopped")],
      stranger,
      "web public",
      "443/tcp",
      "blocked i-0eb, i-0eb: the instance is stopped",
    ],
    [
      "and ask nobody",
      [state("stopped")],
      "web",
      "app",
      "8080/tcp",
      "blocked i-0eb, i-0eb: the instance is stopped",
    ],
    [
      "with the check on pass nothing on",
      [throughWeb, groups],
      "app",
      stranger,
      "443/tcp",
      "blocked network interface of i-0eb: source/destination check",
    ],
    [
      "with the check off may pass it on",
      [throughWeb, groups, offCheck],
      "app",
      stranger,
      "443/tcp",
      "unknown i-0eb: it is for somebody else, and only the host itself can tell",
    ],
    [
      "and may take it into a tunnel of their own",
      [offCheck],
      "web",
      "192.168.7.1",
      "443/tcp",
      "unknown i-0eb: it is set up to forward",
    ],
    ["with the check on do not", [], "web", "192.168.7.1", "443/tcp", "blocked internet: private addresses"],
    [
      "do not where their group stops it before",
      [throughWeb, offCheck],
      "app",
      stranger,
      "80/tcp",
      "blocked network interface of i-0eb, security group sg-0eb",
    ],
    [
      "have several interfaces",
      [
        add(
          "NetworkInterfaces",
          eni(
            "eni-0e2",
            { vpc: "vpc-0a", subnet: "subnet-0a2", address: "10.0.10.20", groups: ["sg-0eb"] },
            { Attachment: { InstanceId: "i-0eb", DeviceIndex: 1 } },
          ),
        ),
      ],
      "app",
      "10.0.10.20",
      "443/tcp",
      "pass",
    ],
    [
      "with networks of their own may pass them on",
      [fields("NetworkInterfaces", "eni-0eb", { Ipv4Prefixes: [{ Ipv4Prefix: "10.0.1.32/28" }] })],
      "app",
      "10.0.1.35",
      "443/tcp",
      "unknown i-0eb",
    ],
    [
      "that are load balancers have targets that nobody sees",
      [bare("i-0eb", { InterfaceType: "network_load_balancer" })],
      stranger,
      "web public",
      "443/tcp",
      "unknown eni-0eb",
    ],
    [
      "that are Lambda's take nothing",
      [bare("i-0eb", { InterfaceType: "lambda" })],
      "app",
      "10.0.1.10",
      "443/tcp",
      "blocked eni-0eb",
    ],
    [
      "that are endpoints take connections",
      [bare("i-0eb", { InterfaceType: "vpc_endpoint" })],
      "app",
      "10.0.1.10",
      "443/tcp",
      "pass",
    ],
    [
      "and open none",
      [bare("i-0eb", { InterfaceType: "vpc_endpoint" })],
      "eni-0eb",
      "10.0.10.10",
      "8080/tcp",
      "blocked eni-0eb, eni-0eb: it opens no connections",
    ],
    [
      "that are attached to nothing answer nobody",
      [bare("i-0eb", { Status: "available" })],
      "app",
      "10.0.1.10",
      "443/tcp",
      "blocked eni-0eb, eni-0eb: the interface is attached to nothing",
    ],
    [
      "that nobody has get nothing",
      [],
      "app",
      "10.0.1.99",
      "443/tcp",
      "blocked VPC vpc-0a: nobody has the address",
    ],
    ["of AWS's own are beyond the proof", [], "app", "10.0.0.2", "53/udp", "unknown VPC vpc-0a"],
    ["and at the link", [], "app", "169.254.169.254", "80/tcp", "unknown VPC vpc-0a"],
    ["of IPv6 too", [], "app", "fd00:ec2::253", "53/udp", "unknown VPC vpc-0a"],
    ["in each subnet", [], "app", "10.0.10.1", "icmp", "unknown VPC vpc-0a"],
    ["and are looked at by no group and no ACL", [shut], "app", "10.0.0.2", "53/udp", "unknown VPC vpc-0a"],
    ["over a peering they are nobody's", [], "app", "10.1.0.2", "53/udp", "blocked peering pcx-0ab"],
  ]);
});
