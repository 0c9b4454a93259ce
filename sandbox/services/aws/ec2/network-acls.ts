/**
 * Network ACLs: their entries, and which subnets they stand around.
 *
 * Entries are looked at in the order of their numbers, and the first that matches decides; every ACL ends in one that
 * denies everything and cannot be taken away (vpc/latest/userguide/nacl-basics.html). A subnet always has exactly one
 * ACL, so an association is never made or deleted but only moved.
 */
import { canonicalBlock, canonicalIpv6Block, parseBlock } from "../cidr.ts";
import { ApiError } from "../errors.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import type { NetworkAcl, NetworkAclEntry } from "./records.ts";
import { newTags } from "./tags.ts";

/** The number of the entry that denies everything, and from there on the one of IPv6. */
const closingNumber = 32767;
const closingIpv6 = 32768;
const icmp = "1";
const icmpv6 = "58";

function closing(egress: boolean): NetworkAclEntry {
  return {
    CidrBlock: "0.0.0.0/0",
    Egress: egress,
    Protocol: "-1",
    RuleAction: "deny",
    RuleNumber: closingNumber,
  };
}

function putAcl(
  ec2: Ec2,
  vpcId: string,
  acl: Pick<NetworkAcl, "Entries" | "IsDefault" | "Tags">,
): NetworkAcl {
  const id = newId("acl");
  return ec2.put("network-acls", id, {
    Associations: [],
    NetworkAclId: id,
    OwnerId: accountId,
    VpcId: vpcId,
    ...acl,
  });
}

function closingOfIpv6(egress: boolean): NetworkAclEntry {
  return {
    Egress: egress,
    Ipv6CidrBlock: "::/0",
    Protocol: "-1",
    RuleAction: "deny",
    RuleNumber: closingIpv6,
  };
}

/** Whether the entry is AWS's own last one, of either family. */
export function isClosing({ RuleNumber }: NetworkAclEntry): boolean {
  return RuleNumber >= closingNumber;
}

/**
 * A VPC that gets IPv6 has it closed by every ACL and opened by its default one, unless somebody has changed what that
 * lets in (vpc/latest/userguide/default-network-acl.html).
 */
export function openDefaultNetworkAclToIpv6(ec2: Ec2, vpcId: string): void {
  for (const acl of ec2.list("network-acls", ({ VpcId }) => VpcId === vpcId)) {
    const opened = [true, false].flatMap((egress): NetworkAclEntry[] => {
      const made = acl.Entries.filter((entry) => entry.Egress === egress && !isClosing(entry));
      const untouched = made.length === 1 && made[0]?.RuleNumber === 100 && made[0].RuleAction === "allow";
      const open: NetworkAclEntry = { ...closingOfIpv6(egress), RuleAction: "allow", RuleNumber: 101 };
      return [...(acl.IsDefault && untouched ? [open] : []), closingOfIpv6(egress)];
    });
    const kept = acl.Entries.filter(({ RuleNumber }) => RuleNumber !== closingIpv6);
    const entries = [...kept, ...opened].sort((a, b) => a.RuleNumber - b.RuleNumber);
    ec2.put("network-acls", acl.NetworkAclId, { ...acl, Entries: entries });
  }
}

/** The one that AWS makes with a VPC lets everything pass. */
export function createDefaultNetworkAcl(ec2: Ec2, vpcId: string): NetworkAcl {
  const open = (egress: boolean): NetworkAclEntry => ({
    ...closing(egress),
    RuleAction: "allow",
    RuleNumber: 100,
  });
  const entries = [true, false].flatMap((egress) => [open(egress), closing(egress)]);
  return putAcl(ec2, vpcId, { Entries: entries, IsDefault: true, Tags: [] });
}

/** One that somebody makes lets nothing pass until it is given entries. */
export function createNetworkAcl(ec2: Ec2, vpcId: string, tags: Tags): NetworkAcl {
  const operation = "CreateNetworkAcl";
  const { Ipv6CidrBlockAssociationSet: ipv6 } = ec2.find(operation, "vpcs", vpcId);
  if (ec2.list("network-acls", (acl) => acl.VpcId === vpcId).length >= ec2.quotas.networkAclsPerVpc) {
    throw new ApiError(
      operation,
      "NetworkAclLimitExceeded",
      "The maximum number of network ACLs has been reached.",
    );
  }
  const entries = [true, false].flatMap((egress) => [
    closing(egress),
    ...(ipv6.length === 0 ? [] : [closingOfIpv6(egress)]),
  ]);
  return putAcl(ec2, vpcId, { Entries: entries, IsDefault: false, Tags: newTags(operation, tags) });
}

/** An entry's ports, or type and code, as the API stores them: only what the protocol has. */
function matchOf(operation: string, entry: NetworkAclEntry): Partial<NetworkAclEntry> {
  const { Protocol, PortRange, IcmpTypeCode } = entry;
  if (Protocol === icmp || Protocol === icmpv6) {
    if (IcmpTypeCode === undefined) {
      throw new ApiError(
        operation,
        "InvalidParameterValue",
        `The parameter IcmpTypeCode is required for protocol ${Protocol}.`,
      );
    }
    return { IcmpTypeCode };
  }
  if (Protocol !== "6" && Protocol !== "17") return {};
  if (PortRange === undefined || PortRange.From > PortRange.To) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Invalid TCP/UDP port range (${PortRange?.From ?? ""}:${PortRange?.To ?? ""})`,
    );
  }
  return { PortRange };
}

/** The entry's block, of the one family or the other, in canonical form. */
function blockOf(operation: string, entry: NetworkAclEntry): Partial<NetworkAclEntry> {
  const { CidrBlock, Ipv6CidrBlock } = entry;
  const block = CidrBlock === undefined ? undefined : parseBlock(CidrBlock);
  const ipv6 = Ipv6CidrBlock === undefined ? undefined : canonicalIpv6Block(Ipv6CidrBlock);
  if (block !== undefined && Ipv6CidrBlock === undefined) return { CidrBlock: canonicalBlock(block) };
  if (ipv6 !== undefined && CidrBlock === undefined) return { Ipv6CidrBlock: ipv6 };
  const parameter = CidrBlock === undefined && Ipv6CidrBlock !== undefined ? "ipv6CidrBlock" : "cidrBlock";
  throw new ApiError(
    operation,
    "InvalidParameterValue",
    `Value (${CidrBlock ?? Ipv6CidrBlock ?? ""}) for parameter ${parameter} is invalid. This is not a valid CIDR block.`,
  );
}

export function createNetworkAclEntry(ec2: Ec2, aclId: string, entry: NetworkAclEntry): void {
  const operation = "CreateNetworkAclEntry";
  const acl = ec2.find(operation, "network-acls", aclId);
  const blocks = blockOf(operation, entry);
  if (entry.RuleNumber < 1 || entry.RuleNumber >= closingNumber) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Value (${entry.RuleNumber}) for parameter ruleNumber is invalid.`,
    );
  }
  const own = acl.Entries.filter(({ Egress }) => Egress === entry.Egress);
  if (own.some(({ RuleNumber }) => RuleNumber === entry.RuleNumber)) {
    throw new ApiError(
      operation,
      "NetworkAclEntryAlreadyExists",
      `The network acl entry identified by ${entry.RuleNumber} already exists.`,
    );
  }
  if (own.length >= ec2.quotas.rulesPerNetworkAcl) {
    throw new ApiError(
      operation,
      "NetworkAclEntryLimitExceeded",
      "The maximum number of network acl entries has been reached.",
    );
  }
  const { Egress, Protocol, RuleAction, RuleNumber } = entry;
  const added: NetworkAclEntry = {
    ...blocks,
    Egress,
    Protocol,
    RuleAction,
    RuleNumber,
    ...matchOf(operation, entry),
  };
  acl.Entries = [...acl.Entries, added].sort((a, b) => a.RuleNumber - b.RuleNumber);
  ec2.put("network-acls", aclId, acl);
}

export function deleteNetworkAclEntry(ec2: Ec2, aclId: string, egress: boolean, number: number): void {
  const operation = "DeleteNetworkAclEntry";
  const acl = ec2.find(operation, "network-acls", aclId);
  const kept = acl.Entries.filter((entry) => entry.Egress !== egress || entry.RuleNumber !== number);
  if (kept.length === acl.Entries.length || number >= closingNumber) {
    throw new ApiError(
      operation,
      "InvalidNetworkAclEntry.NotFound",
      `The network acl entry identified by ${number} does not exist`,
    );
  }
  ec2.put("network-acls", aclId, { ...acl, Entries: kept });
}

interface Association {
  readonly acl: NetworkAcl;
  readonly association: NetworkAcl["Associations"][number];
}

export function findAclAssociation(
  ec2: Ec2,
  matches: (association: NetworkAcl["Associations"][number]) => boolean,
): Association | undefined {
  for (const acl of ec2.list("network-acls")) {
    const association = acl.Associations.find(matches);
    if (association !== undefined) return { acl, association };
  }
  return undefined;
}

export function defaultNetworkAcl(ec2: Ec2, vpcId: string): NetworkAcl {
  const [acl] = ec2.list("network-acls", (candidate) => candidate.VpcId === vpcId && candidate.IsDefault);
  if (acl === undefined) throw new Error(`the VPC ${vpcId} has no default network ACL`);
  return acl;
}

function associate(ec2: Ec2, aclId: string, subnetId: string): string {
  const acl = ec2.find("ReplaceNetworkAclAssociation", "network-acls", aclId);
  const id = newId("aclassoc");
  acl.Associations.push({ NetworkAclAssociationId: id, NetworkAclId: aclId, SubnetId: subnetId });
  ec2.put("network-acls", aclId, acl);
  return id;
}

/** Every new subnet stands behind its VPC's default ACL. */
export function associateDefaultNetworkAcl(ec2: Ec2, vpcId: string, subnetId: string): void {
  associate(ec2, defaultNetworkAcl(ec2, vpcId).NetworkAclId, subnetId);
}

/** Moves a subnet to another ACL of its VPC. @returns the id of the association that takes the old one's place */
export function replaceNetworkAclAssociation(ec2: Ec2, associationId: string, aclId: string): string {
  const operation = "ReplaceNetworkAclAssociation";
  const found = findAclAssociation(ec2, (each) => each.NetworkAclAssociationId === associationId);
  if (found === undefined) {
    throw new ApiError(
      operation,
      "InvalidAssociationID.NotFound",
      `The association ID '${associationId}' does not exist`,
    );
  }
  const { acl, association } = found;
  const target = ec2.find(operation, "network-acls", aclId);
  if (target.VpcId !== acl.VpcId) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      `Network ACL ${aclId} and subnet ${association.SubnetId} belong to different networks`,
    );
  }
  acl.Associations = acl.Associations.filter((each) => each !== association);
  ec2.put("network-acls", acl.NetworkAclId, acl);
  return associate(ec2, aclId, association.SubnetId);
}

export function deleteNetworkAcl(ec2: Ec2, aclId: string): void {
  const operation = "DeleteNetworkAcl";
  const acl = ec2.find(operation, "network-acls", aclId);
  if (acl.IsDefault) {
    throw new ApiError(operation, "InvalidParameterValue", `cannot delete default network ACL ${aclId}`);
  }
  if (acl.Associations.length > 0) {
    throw new ApiError(
      operation,
      "DependencyViolation",
      `The networkAcl '${aclId}' has dependencies and cannot be deleted.`,
    );
  }
  ec2.remove("network-acls", aclId);
}
