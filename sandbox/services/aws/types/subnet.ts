/** aws_subnet, from internal/service/ec2/vpc_subnet.go. */
import { fromTagList, type Ec2 } from "../ec2/account.ts";
import { associateSubnetIpv6, disassociateSubnetIpv6, ipv6BlockOf } from "../ec2/ipv6.ts";
import type { Subnet } from "../ec2/records.ts";
import { createSubnet, deleteSubnet, modifySubnetAttribute } from "../ec2/subnets.ts";
import { during, unless } from "../errors.ts";
import { flag, requiredText, text, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { isIpv4Block, isIpv6Block, oneOf } from "../validators.ts";

const ipam = "address managers (IPAM)";
const outposts = "Outposts";

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  assignIpv6AddressOnCreation: { kind: "bool", mode: "optional", default: false },
  availabilityZone: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: ["availabilityZoneId"],
  },
  availabilityZoneId: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    conflictsWith: ["availabilityZone"],
  },
  cidrBlock: { kind: "text", mode: "optional-computed", replaces: true, validate: isIpv4Block },
  customerOwnedIpv4Pool: {
    kind: "text",
    mode: "optional",
    requiredWith: ["mapCustomerOwnedIpOnLaunch", "outpostArn"],
    notSimulated: outposts,
  },
  enableDns64: { kind: "bool", mode: "optional", default: false },
  enableLniAtDeviceIndex: { kind: "int", mode: "optional", notSimulated: outposts },
  enableResourceNameDnsARecordOnLaunch: { kind: "bool", mode: "optional", default: false },
  enableResourceNameDnsAaaaRecordOnLaunch: { kind: "bool", mode: "optional", default: false },
  ipv4IpamPoolId: {
    kind: "text",
    mode: "optional",
    replaces: true,
    conflictsWith: ["customerOwnedIpv4Pool"],
    notSimulated: ipam,
  },
  ipv4NetmaskLength: {
    kind: "int",
    mode: "optional",
    replaces: true,
    conflictsWith: ["cidrBlock", "customerOwnedIpv4Pool"],
    requiredWith: ["ipv4IpamPoolId"],
    notSimulated: ipam,
  },
  ipv6CidrBlock: { kind: "text", mode: "optional-computed", validate: isIpv6Block },
  ipv6CidrBlockAssociationId: { kind: "text", mode: "computed" },
  ipv6IpamPoolId: { kind: "text", mode: "optional", replaces: true, notSimulated: ipam },
  ipv6Native: { kind: "bool", mode: "optional", replaces: true, default: false },
  ipv6NetmaskLength: {
    kind: "int",
    mode: "optional",
    replaces: true,
    conflictsWith: ["ipv6CidrBlock"],
    requiredWith: ["ipv6IpamPoolId"],
    notSimulated: ipam,
  },
  mapCustomerOwnedIpOnLaunch: {
    kind: "bool",
    mode: "optional",
    requiredWith: ["customerOwnedIpv4Pool", "outpostArn"],
    notSimulated: outposts,
  },
  mapPublicIpOnLaunch: { kind: "bool", mode: "optional", default: false },
  outpostArn: { kind: "text", mode: "optional", replaces: true, notSimulated: outposts },
  ownerId: { kind: "text", mode: "computed" },
  privateDnsHostnameTypeOnLaunch: {
    kind: "text",
    mode: "optional-computed",
    validate: oneOf("ip-name", "resource-name"),
  },
  vpcId: { kind: "text", mode: "required", replaces: true },
};

/** What ModifySubnetAttribute sets, from the properties that can change in place. */
function attributesFrom(inputs: Properties, old: Subnet): Partial<Subnet> {
  const dns = old.PrivateDnsNameOptionsOnLaunch;
  return {
    AssignIpv6AddressOnCreation: flag(inputs, "assignIpv6AddressOnCreation") ?? false,
    EnableDns64: flag(inputs, "enableDns64") ?? false,
    MapPublicIpOnLaunch: flag(inputs, "mapPublicIpOnLaunch") ?? false,
    PrivateDnsNameOptionsOnLaunch: {
      EnableResourceNameDnsAAAARecord: flag(inputs, "enableResourceNameDnsAaaaRecordOnLaunch") ?? false,
      EnableResourceNameDnsARecord: flag(inputs, "enableResourceNameDnsARecordOnLaunch") ?? false,
      HostnameType: text(inputs, "privateDnsHostnameTypeOnLaunch") ?? dns.HostnameType,
    },
  };
}

function create({ ec2, tags }: Context, inputs: Properties): string {
  const subnet = during("creating EC2 Subnet", () =>
    createSubnet(ec2, {
      vpcId: requiredText(inputs, "vpcId"),
      cidrBlock: text(inputs, "cidrBlock"),
      ipv6CidrBlock: text(inputs, "ipv6CidrBlock"),
      availabilityZone: text(inputs, "availabilityZone"),
      availabilityZoneId: text(inputs, "availabilityZoneId"),
      tags,
    }),
  );
  during(`modifying EC2 Subnet (${subnet.SubnetId})`, () => {
    modifySubnetAttribute(ec2, subnet.SubnetId, attributesFrom(inputs, subnet));
  });
  return subnet.SubnetId;
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const subnet = ec2.get("subnets", id);
  const dns = subnet?.PrivateDnsNameOptionsOnLaunch;
  return (
    subnet && {
      arn: subnet.SubnetArn,
      assignIpv6AddressOnCreation: subnet.AssignIpv6AddressOnCreation,
      availabilityZone: subnet.AvailabilityZone,
      availabilityZoneId: subnet.AvailabilityZoneId,
      cidrBlock: subnet.CidrBlock,
      enableDns64: subnet.EnableDns64,
      enableResourceNameDnsARecordOnLaunch: dns?.EnableResourceNameDnsARecord,
      enableResourceNameDnsAaaaRecordOnLaunch: dns?.EnableResourceNameDnsAAAARecord,
      ipv6CidrBlock: ipv6BlockOf(subnet) ?? "",
      ipv6CidrBlockAssociationId: subnet.Ipv6CidrBlockAssociationSet[0]?.AssociationId ?? "",
      ipv6Native: subnet.Ipv6Native,
      mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch,
      ownerId: subnet.OwnerId,
      privateDnsHostnameTypeOnLaunch: dns?.HostnameType,
      tagsAll: fromTagList(subnet.Tags),
      vpcId: subnet.VpcId,
    }
  );
}

function refuseIpv6Only(inputs: Properties): string[] {
  return flag(inputs, "ipv6Native") === true
    ? ['"ipv6Native" is not simulated by the sandbox\'s AWS: subnets without IPv4']
    : [];
}

/** modifySubnetIPv6CIDRBlockAssociation: the old block goes before the new one comes. */
function changeIpv6(ec2: Ec2, id: string, wanted: string): void {
  if (ipv6BlockOf(ec2.find("DescribeSubnets", "subnets", id)) !== undefined) disassociateSubnetIpv6(ec2, id);
  associateSubnetIpv6(ec2, id, wanted);
}

export const subnet: ResourceType = {
  token: "aws:ec2/subnet:Subnet",
  upstream: { resource: "aws_subnet", file: "internal/service/ec2/vpc_subnet.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  validate: refuseIpv6Only,
  // CustomizeDiff: where interfaces have got addresses without asking, their subnet's block stays.
  replaces: ({ before, changed }) =>
    changed.has("ipv6CidrBlock") && flag(before, "assignIpv6AddressOnCreation") === true
      ? ["ipv6CidrBlock"]
      : [],
  recomputes: ({ changed }) => (changed.has("ipv6CidrBlock") ? ["ipv6CidrBlockAssociationId"] : []),
  create,
  read,
  update: ({ ec2 }, id, { after, changed }) => {
    during(`modifying EC2 Subnet (${id})`, () => {
      const block = text(after, "ipv6CidrBlock");
      if (changed.has("ipv6CidrBlock") && block !== undefined) changeIpv6(ec2, id, block);
      const old = ec2.find("ModifySubnetAttribute", "subnets", id);
      modifySubnetAttribute(ec2, id, attributesFrom(after, old));
    });
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting EC2 Subnet (${id})`, () =>
      unless(["InvalidSubnetID.NotFound"], () => {
        deleteSubnet(ec2, id);
      }),
    );
  },
  retriesDelete: ["DependencyViolation"],
};
