/** VPCs, with the route table, network ACL and security group that AWS creates with each. */
import { canonicalBlock, parseBlock } from "../cidr.ts";
import { ApiError } from "../errors.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import { createDefaultNetworkAcl } from "./network-acls.ts";
import type { Vpc, VpcAttributes } from "./records.ts";
import { createRouteTable } from "./route-tables.ts";
import { createDefaultSecurityGroup } from "./security-groups.ts";
import { newTags } from "./tags.ts";

export interface CreateVpcInput {
  readonly cidrBlock: string | undefined;
  readonly instanceTenancy: string;
  readonly tags: Tags;
}

/** The DHCP options that an account has from the beginning, one set per region. */
function defaultDhcpOptionsId(ec2: Ec2): string {
  return `dopt-0${ec2.region.index.toString(16).padStart(16, "0")}`;
}

export function createVpc(ec2: Ec2, input: CreateVpcInput): Vpc {
  const operation = "CreateVpc";
  if (input.cidrBlock === undefined) {
    throw new ApiError(operation, "MissingParameter", "The request must contain the parameter cidrBlock");
  }
  const block = parseBlock(input.cidrBlock);
  if (block === undefined) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Value (${input.cidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  }
  if (block.bits < 16 || block.bits > 28) {
    throw new ApiError(operation, "InvalidVpc.Range", `The CIDR '${input.cidrBlock}' is invalid.`);
  }
  if (ec2.list("vpcs").length >= ec2.quotas.vpcsPerRegion) {
    throw new ApiError(operation, "VpcLimitExceeded", "The maximum number of VPCs has been reached.");
  }
  const vpcId = newId("vpc");
  const cidr = canonicalBlock(block);
  const vpc = ec2.put("vpcs", vpcId, {
    CidrBlock: cidr,
    CidrBlockAssociationSet: [
      { AssociationId: newId("vpc-cidr-assoc"), CidrBlock: cidr, CidrBlockState: { State: "associated" } },
    ],
    DhcpOptionsId: defaultDhcpOptionsId(ec2),
    InstanceTenancy: input.instanceTenancy,
    Ipv6CidrBlockAssociationSet: [],
    IsDefault: false,
    OwnerId: accountId,
    State: "available",
    Tags: newTags(operation, input.tags),
    VpcId: vpcId,
  });
  ec2.put("vpc-attributes", vpcId, {
    VpcId: vpcId,
    EnableDnsHostnames: false,
    EnableDnsSupport: true,
    EnableNetworkAddressUsageMetrics: false,
  });
  createRouteTable(ec2, { vpcId, tags: {}, main: true });
  createDefaultNetworkAcl(ec2, vpcId);
  createDefaultSecurityGroup(ec2, vpcId);
  return vpc;
}

/** AWS takes one attribute per request; so does every caller. */
export function modifyVpcAttribute(
  ec2: Ec2,
  vpcId: string,
  change: Partial<Omit<VpcAttributes, "VpcId">>,
): void {
  const operation = "ModifyVpcAttribute";
  const attributes = { ...ec2.find(operation, "vpc-attributes", vpcId), ...change };
  if (attributes.EnableDnsHostnames && !attributes.EnableDnsSupport) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      "enableDnsHostnames cannot be true while enableDnsSupport is false",
    );
  }
  ec2.put("vpc-attributes", vpcId, attributes);
}

export function modifyVpcTenancy(ec2: Ec2, vpcId: string, tenancy: string): void {
  const operation = "ModifyVpcTenancy";
  const vpc = ec2.find(operation, "vpcs", vpcId);
  if (tenancy !== "default") {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Value (${tenancy}) for parameter instanceTenancy is invalid. Only 'default' is supported.`,
    );
  }
  ec2.put("vpcs", vpcId, { ...vpc, InstanceTenancy: tenancy });
}

export function deleteVpc(ec2: Ec2, vpcId: string): void {
  const operation = "DeleteVpc";
  ec2.find(operation, "vpcs", vpcId);
  const mine = (record: { VpcId: string }): boolean => record.VpcId === vpcId;
  const tables = ec2.list("route-tables", mine);
  const groups = ec2.list("security-groups", mine);
  const acls = ec2.list("network-acls", mine);
  const inUse =
    ec2.list("subnets", mine).length > 0 ||
    ec2.list("network-interfaces", mine).length > 0 ||
    ec2.list("vpc-endpoints", mine).length > 0 ||
    ec2.list("internet-gateways", (gateway) => gateway.Attachments.some(mine)).length > 0 ||
    ec2.list("egress-only-internet-gateways", (gateway) => gateway.Attachments.some(mine)).length > 0 ||
    tables.some((table) => !table.Associations.some((association) => association.Main)) ||
    groups.some((group) => group.GroupName !== "default") ||
    acls.some((acl) => !acl.IsDefault);
  if (inUse) {
    throw new ApiError(
      operation,
      "DependencyViolation",
      `The vpc '${vpcId}' has dependencies and cannot be deleted.`,
    );
  }
  tables.forEach((table) => {
    ec2.remove("route-tables", table.RouteTableId);
  });
  acls.forEach((acl) => {
    ec2.remove("network-acls", acl.NetworkAclId);
  });
  for (const group of groups) {
    for (const rule of ec2.list("security-group-rules", (rule) => rule.GroupId === group.GroupId)) {
      ec2.remove("security-group-rules", rule.SecurityGroupRuleId);
    }
    ec2.remove("security-groups", group.GroupId);
  }
  for (const log of ec2.list("flow-logs", ({ ResourceId }) => ResourceId === vpcId)) {
    ec2.remove("flow-logs", log.FlowLogId);
  }
  deletePeeringsOf(ec2, vpcId);
  ec2.remove("vpc-attributes", vpcId);
  ec2.remove("vpcs", vpcId);
}

/** AWS deletes a VPC's peering connections with it, at both ends. */
function deletePeeringsOf(ec2: Ec2, vpcId: string): void {
  const ofVpc = ec2.list("vpc-peering-connections", (peering) =>
    [peering.RequesterVpcInfo.VpcId, peering.AccepterVpcInfo.VpcId].includes(vpcId),
  );
  for (const peering of ofVpc) {
    for (const side of [peering.RequesterVpcInfo, peering.AccepterVpcInfo]) {
      ec2.in(side.Region)?.remove("vpc-peering-connections", peering.VpcPeeringConnectionId);
    }
  }
}
