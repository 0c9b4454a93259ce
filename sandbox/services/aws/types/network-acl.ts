/** aws_network_acl with its rules inline, from internal/service/ec2/vpc_network_acl.go. */
import { fromTagList, type Ec2 } from "../ec2/account.ts";
import { canonicalIpv6Block } from "../cidr.ts";
import {
  createNetworkAcl,
  createNetworkAclEntry,
  defaultNetworkAcl,
  deleteNetworkAcl,
  deleteNetworkAclEntry,
  findAclAssociation,
  isClosing,
  replaceNetworkAclAssociation,
} from "../ec2/network-acls.ts";
import type { NetworkAclEntry } from "../ec2/records.ts";
import { during, ProviderError } from "../errors.ts";
import {
  canonical,
  integer,
  objects,
  requiredText,
  text,
  texts,
  type Json,
  type Properties,
} from "../json.ts";
import type { Context, Property, ResourceType, Table } from "../table.ts";
import { between, isIpv4Block, isIpv6Block, oneOf } from "../validators.ts";

/** The protocols of networkACLProtocolNumber that anybody names; others go by their number. */
const protocols: Readonly<Record<string, number>> = {
  all: -1,
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  "ipv6-icmp": 58,
  sctp: 132,
};

/** The API speaks numbers only. */
function protocolNumber(name: string): number | undefined {
  const number = protocols[name] ?? (/^-?\d{1,3}$/.test(name) ? Number(name) : undefined);
  return number === undefined || number < -1 || number > 254 ? undefined : number;
}

const port: Property = { kind: "int", mode: "required", validate: between(0, 65535) };

const ruleProperties: Table = {
  action: {
    kind: "text",
    mode: "required",
    validate: (value, name) =>
      oneOf("allow", "deny")(typeof value === "string" ? value.toLowerCase() : value, name),
  },
  cidrBlock: { kind: "text", mode: "optional", validate: isIpv4Block },
  fromPort: port,
  icmpCode: { kind: "int", mode: "optional" },
  icmpType: { kind: "int", mode: "optional" },
  ipv6CidrBlock: { kind: "text", mode: "optional", validate: isIpv6Block },
  protocol: {
    kind: "text",
    mode: "required",
    validate: (value, name) =>
      typeof value === "string" && protocolNumber(value) === undefined
        ? `"${name}" : unsupported NACL protocol: ${value}`
        : undefined,
  },
  ruleNo: { kind: "int", mode: "required", validate: between(1, 32766) },
  toPort: port,
};

type Rule = Record<string, Json>;

/** Of a rule what networkACLRuleHash looks at: names of protocols are numbers, and what is left out is zero. */
function identity(rule: Rule): string {
  return canonical([
    integer(rule, "fromPort") ?? 0,
    integer(rule, "toPort") ?? 0,
    integer(rule, "ruleNo") ?? 0,
    requiredText(rule, "action").toLowerCase(),
    protocolNumber(requiredText(rule, "protocol")) ?? 0,
    text(rule, "cidrBlock") ?? "",
    canonicalIpv6Block(text(rule, "ipv6CidrBlock") ?? "") ?? "",
    integer(rule, "icmpType") ?? 0,
    integer(rule, "icmpCode") ?? 0,
  ]);
}

const ruleSet: Property = {
  kind: "object-set",
  mode: "optional-computed",
  properties: ruleProperties,
  same: (before, after) =>
    Array.isArray(before) &&
    Array.isArray(after) &&
    canonical(objects({ before }, "before").map(identity).sort()) ===
      canonical(objects({ after }, "after").map(identity).sort()),
};

function entryOf(rule: Rule, egress: boolean): NetworkAclEntry {
  const protocol = protocolNumber(requiredText(rule, "protocol")) ?? 0;
  const [from, to] = [integer(rule, "fromPort") ?? 0, integer(rule, "toPort") ?? 0];
  if (protocol === -1 && (from !== 0 || to !== 0)) {
    throw new ProviderError(
      `to_port (${to}) and from_port (${from}) must both be 0 to use the 'all' "-1" protocol!`,
    );
  }
  const [cidr, ipv6] = [text(rule, "cidrBlock") ?? "", text(rule, "ipv6CidrBlock") ?? ""];
  return {
    ...(cidr === "" ? {} : { CidrBlock: cidr }),
    ...(ipv6 === "" ? {} : { Ipv6CidrBlock: ipv6 }),
    Egress: egress,
    PortRange: { From: from, To: to },
    Protocol: String(protocol),
    RuleAction: requiredText(rule, "action").toLowerCase() === "allow" ? "allow" : "deny",
    RuleNumber: integer(rule, "ruleNo") ?? 0,
    ...(protocol === 1 || protocol === 58
      ? { IcmpTypeCode: { Type: integer(rule, "icmpType") ?? 0, Code: integer(rule, "icmpCode") ?? 0 } }
      : {}),
  };
}

function showEntry(entry: NetworkAclEntry): Rule {
  return {
    action: entry.RuleAction,
    cidrBlock: entry.CidrBlock ?? "",
    fromPort: entry.PortRange?.From ?? 0,
    icmpCode: entry.IcmpTypeCode?.Code ?? 0,
    icmpType: entry.IcmpTypeCode?.Type ?? 0,
    ipv6CidrBlock: entry.Ipv6CidrBlock ?? "",
    protocol: entry.Protocol,
    ruleNo: entry.RuleNumber,
    toPort: entry.PortRange?.To ?? 0,
  };
}

const directions = [
  ["egress", true],
  ["ingress", false],
] as const;

/** Deletes first what is not wanted any more: a new rule may have the number of an old one. */
function updateRules(
  ec2: Ec2,
  id: string,
  egress: boolean,
  old: readonly Rule[],
  wanted: readonly Rule[],
): void {
  const [before, after] = [new Set(old.map(identity)), new Set(wanted.map(identity))];
  for (const rule of old.filter((each) => !after.has(identity(each)))) {
    during(`deleting EC2 Network ACL (${id}) Entry`, () => {
      deleteNetworkAclEntry(ec2, id, egress, integer(rule, "ruleNo") ?? 0);
    });
  }
  for (const rule of wanted.filter((each) => !before.has(identity(each)))) {
    during(`creating EC2 Network ACL (${id}) Entry`, () => {
      createNetworkAclEntry(ec2, id, entryOf(rule, egress));
    });
  }
}

/** networkACLAssociationCreate: the subnet's association with whichever ACL is replaced. */
export function associateSubnet(ec2: Ec2, aclId: string, subnetId: string): string {
  const found = findAclAssociation(ec2, ({ SubnetId }) => SubnetId === subnetId);
  if (found === undefined) {
    throw new ProviderError(
      `reading EC2 Network ACL Association for EC2 Subnet (${subnetId}): couldn't find resource`,
    );
  }
  return during(`creating EC2 Network ACL (${aclId}) Association`, () =>
    replaceNetworkAclAssociation(ec2, found.association.NetworkAclAssociationId, aclId),
  );
}

/** Subnets that leave an ACL go back to their VPC's default. */
function releaseSubnets(ec2: Ec2, id: string, subnetIds: readonly string[]): void {
  for (const { NetworkAclAssociationId, SubnetId } of ec2.get("network-acls", id)?.Associations ?? []) {
    if (!subnetIds.includes(SubnetId)) continue;
    const vpcId = ec2.get("network-acls", id)?.VpcId ?? "";
    replaceNetworkAclAssociation(ec2, NetworkAclAssociationId, defaultNetworkAcl(ec2, vpcId).NetworkAclId);
  }
}

function create({ ec2, tags }: Context, inputs: Properties): string {
  const acl = during("creating EC2 Network ACL", () =>
    createNetworkAcl(ec2, requiredText(inputs, "vpcId"), tags),
  );
  for (const [direction, egress] of directions) {
    updateRules(ec2, acl.NetworkAclId, egress, [], objects(inputs, direction));
  }
  for (const subnet of texts(inputs, "subnetIds")) associateSubnet(ec2, acl.NetworkAclId, subnet);
  return acl.NetworkAclId;
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const acl = ec2.get("network-acls", id);
  const shown = (egress: boolean): Rule[] =>
    (acl?.Entries ?? []).filter((entry) => entry.Egress === egress && !isClosing(entry)).map(showEntry);
  return (
    acl && {
      arn: ec2.arn(`network-acl/${id}`),
      egress: shown(true),
      ingress: shown(false),
      ownerId: acl.OwnerId,
      subnetIds: acl.Associations.map(({ SubnetId }) => SubnetId),
      tagsAll: fromTagList(acl.Tags),
      vpcId: acl.VpcId,
    }
  );
}

export const networkAcl: ResourceType = {
  token: "aws:ec2/networkAcl:NetworkAcl",
  upstream: { resource: "aws_network_acl", file: "internal/service/ec2/vpc_network_acl.go", sdk: "sdkv2" },
  properties: {
    arn: { kind: "text", mode: "computed" },
    egress: ruleSet,
    ingress: ruleSet,
    ownerId: { kind: "text", mode: "computed" },
    subnetIds: { kind: "set", mode: "optional-computed" },
    vpcId: { kind: "text", mode: "required", replaces: true },
  },
  tagged: true,
  create,
  read,
  update: ({ ec2 }, id, { before, after, changed }) => {
    for (const [direction, egress] of directions) {
      if (changed.has(direction)) {
        updateRules(ec2, id, egress, objects(before, direction), objects(after, direction));
      }
    }
    if (changed.has("subnetIds")) {
      const [old, wanted] = [texts(before, "subnetIds"), texts(after, "subnetIds")];
      releaseSubnets(
        ec2,
        id,
        old.filter((subnet) => !wanted.includes(subnet)),
      );
      for (const subnet of wanted.filter((each) => !old.includes(each))) associateSubnet(ec2, id, subnet);
    }
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    const acl = ec2.get("network-acls", id);
    if (acl === undefined) return;
    // Those that other resources made as well.
    releaseSubnets(
      ec2,
      id,
      acl.Associations.map(({ SubnetId }) => SubnetId),
    );
    during(`deleting EC2 Network ACL (${id})`, () => {
      deleteNetworkAcl(ec2, id);
    });
  },
  import: ({ ec2 }, id) => {
    if (ec2.get("network-acls", id)?.IsDefault === true) {
      throw new ProviderError("use the `aws_default_network_acl` resource instead");
    }
    return { id, state: {} };
  },
};
