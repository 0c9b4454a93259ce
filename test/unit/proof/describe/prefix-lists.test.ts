/** Prefix lists, and the endpoints of AWS's services. */
import { describe } from "vitest";
import { cases } from "./cases.ts";
import { add, entries, fields, ingress, routes } from "./changes.ts";
import { entry, permission } from "./network.ts";
import { stranger } from "./questions.ts";

describe("prefix lists and endpoints", () => {
  const s3 = add("PrefixLists", {
    PrefixListId: "pl-63a5400a",
    PrefixListName: "com.amazonaws.us-west-2.s3",
    Cidrs: ["52.218.128.0/17"],
  });
  const unread = add("PrefixLists", {
    PrefixListId: "pl-63a5400a",
    PrefixListName: "com.amazonaws.us-west-2.s3",
  });
  const endpoint = add("VpcEndpoints", {
    VpcEndpointId: "vpce-0a",
    VpcEndpointType: "Gateway",
    VpcId: "vpc-0a",
    ServiceName: "com.amazonaws.us-west-2.s3",
    State: "available",
  });
  const route = routes("rtb-0a0", "0.0.0.0/0", {
    DestinationPrefixListId: "pl-63a5400a",
    GatewayId: "vpce-0a",
    State: "active",
    Origin: "CreateRoute",
  });
  cases([
    ["lead to AWS's service", [s3, endpoint, route], "app", "52.218.200.1", "443/tcp", "pass"],
    [
      "and nowhere else",
      [s3, endpoint, route],
      "app",
      stranger,
      "443/tcp",
      "blocked route table of subnet-0a2",
    ],
    [
      "past the groups",
      [
        s3,
        endpoint,
        route,
        fields("SecurityGroups", "sg-0a0", {
          IpPermissionsEgress: [
            permission("tcp", 443, 443, { PrefixListIds: [{ PrefixListId: "pl-63a5400a" }] }),
          ],
        }),
      ],
      "app",
      "52.218.200.1",
      "443/tcp",
      "pass",
    ],
    [
      "which know who is not in the list",
      [
        s3,
        endpoint,
        fields("SecurityGroups", "sg-0a0", {
          IpPermissionsEgress: [
            permission("tcp", 443, 443, { PrefixListIds: [{ PrefixListId: "pl-63a5400a" }] }),
          ],
        }),
      ],
      "app",
      stranger,
      "443/tcp",
      "blocked network interface of i-0a0",
    ],
    [
      "answers pass the ACL",
      [s3, endpoint, route, entries(entry(90, false, "deny", { CidrBlock: "52.218.0.0/16" }))],
      "app",
      "52.218.200.1",
      "443/tcp",
      "blocked the answer: subnet-0a2, network ACL acl-0a",
    ],
    [
      "of an endpoint that is not there yet",
      [s3, endpoint, route, fields("VpcEndpoints", "vpce-0a", { State: "pending" })],
      "app",
      "52.218.200.1",
      "443/tcp",
      "blocked",
    ],
    [
      "whose networks are not there cannot be told",
      [unread, endpoint, route],
      "app",
      "52.218.200.1",
      "443/tcp",
      "unknown route table of subnet-0a2: nobody can tell which route counts",
    ],
    ["decide nothing within the VPC", [unread, endpoint, route], "app", "web", "443/tcp", "pass"],
    [
      "in a group, whose networks are not there",
      [
        ingress(
          "sg-0eb",
          permission("tcp", 443, 443, { PrefixListIds: [{ PrefixListId: "pl-0123456789abcdef0" }] }),
        ),
      ],
      stranger,
      "web public",
      "443/tcp",
      "unknown network interface of i-0eb",
    ],
    [
      "of two lists with one network AWS draws",
      [
        s3,
        add("PrefixLists", { PrefixListId: "pl-0123456789abcdef0", Entries: [{ Cidr: "52.218.128.0/17" }] }),
        endpoint,
        route,
        routes("rtb-0a0", undefined, {
          DestinationPrefixListId: "pl-0123456789abcdef0",
          NatGatewayId: "nat-0a",
          State: "active",
        }),
      ],
      "app",
      "52.218.200.1",
      "443/tcp",
      "unknown route table of subnet-0a2: two prefix lists",
    ],
  ]);
});
