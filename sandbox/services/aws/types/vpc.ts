/** aws_vpc, from internal/service/ec2/vpc_.go. */
import { fromTagList, type Ec2 } from "../ec2/account.ts";
import { associateVpcIpv6, disassociateVpcIpv6 } from "../ec2/ipv6.ts";
import { createVpc, deleteVpc, modifyVpcAttribute, modifyVpcTenancy } from "../ec2/vpcs.ts";
import { during, unless } from "../errors.ts";
import { flag, text, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { isNetwork, oneOf } from "../validators.ts";

const ipam = "address managers (IPAM)";

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  assignGeneratedIpv6CidrBlock: {
    kind: "bool",
    mode: "optional",
    conflictsWith: ["ipv6IpamPoolId"],
  },
  cidrBlock: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    validate: isNetwork(16, 28),
    conflictsWith: ["ipv4NetmaskLength"],
  },
  defaultNetworkAclId: { kind: "text", mode: "computed" },
  defaultRouteTableId: { kind: "text", mode: "computed" },
  defaultSecurityGroupId: { kind: "text", mode: "computed" },
  dhcpOptionsId: { kind: "text", mode: "computed" },
  enableDnsHostnames: { kind: "bool", mode: "optional-computed" },
  enableDnsSupport: { kind: "bool", mode: "optional", default: true },
  enableNetworkAddressUsageMetrics: { kind: "bool", mode: "optional-computed" },
  instanceTenancy: {
    kind: "text",
    mode: "optional",
    default: "default",
    validate: oneOf("default", "dedicated"),
  },
  ipv4IpamPoolId: { kind: "text", mode: "optional", replaces: true, notSimulated: ipam },
  ipv4NetmaskLength: {
    kind: "int",
    mode: "optional",
    replaces: true,
    conflictsWith: ["cidrBlock"],
    requiredWith: ["ipv4IpamPoolId"],
    notSimulated: ipam,
  },
  ipv6AssociationId: { kind: "text", mode: "computed" },
  ipv6CidrBlock: {
    kind: "text",
    mode: "optional-computed",
    conflictsWith: ["ipv6NetmaskLength", "assignGeneratedIpv6CidrBlock"],
    requiredWith: ["ipv6IpamPoolId"],
    notSimulated: ipam,
  },
  ipv6CidrBlockNetworkBorderGroup: {
    kind: "text",
    mode: "optional-computed",
    requiredWith: ["assignGeneratedIpv6CidrBlock"],
    notSimulated: "border groups other than the region's",
  },
  ipv6IpamPoolId: {
    kind: "text",
    mode: "optional",
    conflictsWith: ["assignGeneratedIpv6CidrBlock"],
    notSimulated: ipam,
  },
  ipv6NetmaskLength: {
    kind: "int",
    mode: "optional",
    conflictsWith: ["ipv6CidrBlock"],
    requiredWith: ["ipv6IpamPoolId"],
    notSimulated: ipam,
  },
  mainRouteTableId: { kind: "text", mode: "computed" },
  ownerId: { kind: "text", mode: "computed" },
};

/** Each switch of the table and the attribute that ModifyVpcAttribute takes for it. */
const attributes = [
  ["enableDnsHostnames", "EnableDnsHostnames"],
  ["enableDnsSupport", "EnableDnsSupport"],
  ["enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics"],
] as const;

function create({ ec2, tags }: Context, inputs: Properties): string {
  return during("creating EC2 VPC", () => {
    const vpc = createVpc(ec2, {
      cidrBlock: text(inputs, "cidrBlock"),
      instanceTenancy: text(inputs, "instanceTenancy") ?? "default",
      tags,
    });
    for (const [name, attribute] of attributes) {
      const value = flag(inputs, name);
      if (value !== undefined) {
        modifyVpcAttribute(ec2, vpc.VpcId, { [attribute]: value });
      }
    }
    if (flag(inputs, "assignGeneratedIpv6CidrBlock") === true) {
      associateVpcIpv6(ec2, vpc.VpcId);
    }
    return vpc.VpcId;
  });
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const vpc = ec2.get("vpcs", id);
  const settings = ec2.get("vpc-attributes", id);
  if (vpc === undefined || settings === undefined) {
    return undefined;
  }
  const mine = (record: { VpcId: string }): boolean => record.VpcId === id;
  const [mainTable] = ec2.list(
    "route-tables",
    (table) => mine(table) && table.Associations.some((association) => association.Main),
  );
  const [acl] = ec2.list("network-acls", (candidate) => mine(candidate) && candidate.IsDefault);
  const [group] = ec2.list(
    "security-groups",
    (candidate) => mine(candidate) && candidate.GroupName === "default",
  );
  const [ipv6] = vpc.Ipv6CidrBlockAssociationSet;
  return {
    arn: ec2.arn(`vpc/${id}`),
    assignGeneratedIpv6CidrBlock: ipv6 === undefined ? undefined : true,
    cidrBlock: vpc.CidrBlock,
    defaultNetworkAclId: acl?.NetworkAclId,
    defaultRouteTableId: mainTable?.RouteTableId,
    defaultSecurityGroupId: group?.GroupId,
    dhcpOptionsId: vpc.DhcpOptionsId,
    enableDnsHostnames: settings.EnableDnsHostnames,
    enableDnsSupport: settings.EnableDnsSupport,
    enableNetworkAddressUsageMetrics: settings.EnableNetworkAddressUsageMetrics,
    instanceTenancy: vpc.InstanceTenancy,
    ipv6AssociationId: ipv6?.AssociationId ?? "",
    ipv6CidrBlock: ipv6?.Ipv6CidrBlock ?? "",
    ipv6CidrBlockNetworkBorderGroup: ipv6?.NetworkBorderGroup ?? "",
    mainRouteTableId: mainTable?.RouteTableId,
    ownerId: vpc.OwnerId,
    tagsAll: fromTagList(vpc.Tags),
  };
}

function switchIpv6(ec2: Ec2, id: string, on: boolean): void {
  const [old] = ec2.find("DescribeVpcs", "vpcs", id).Ipv6CidrBlockAssociationSet;
  if (on && old === undefined) associateVpcIpv6(ec2, id);
  if (!on && old !== undefined) disassociateVpcIpv6(ec2, old.AssociationId);
}

export const vpc: ResourceType = {
  token: "aws:ec2/vpc:Vpc",
  upstream: { resource: "aws_vpc", file: "internal/service/ec2/vpc_.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  // CustomizeDiff: Amazon chooses the network.
  recomputes: ({ changed }) =>
    changed.has("assignGeneratedIpv6CidrBlock")
      ? ["ipv6AssociationId", "ipv6CidrBlock", "ipv6CidrBlockNetworkBorderGroup"]
      : [],
  create,
  read,
  update: ({ ec2 }, id, { after, changed }) => {
    during(`updating EC2 VPC (${id})`, () => {
      for (const [name, attribute] of attributes) {
        if (changed.has(name)) {
          modifyVpcAttribute(ec2, id, { [attribute]: flag(after, name) ?? false });
        }
      }
      if (changed.has("assignGeneratedIpv6CidrBlock")) {
        switchIpv6(ec2, id, flag(after, "assignGeneratedIpv6CidrBlock") === true);
      }
      if (changed.has("instanceTenancy")) {
        modifyVpcTenancy(ec2, id, text(after, "instanceTenancy") ?? "default");
      }
    });
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting EC2 VPC (${id})`, () =>
      unless(["InvalidVpcID.NotFound"], () => {
        deleteVpc(ec2, id);
      }),
    );
  },
  retriesDelete: ["DependencyViolation"],
};
