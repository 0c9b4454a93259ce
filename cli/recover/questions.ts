/**
 * How to find out whether a pending create made something: one question per resource type, answered by read-only
 * provider functions. A type that is missing here stops recovery with its name, because guessing would lose or
 * duplicate a resource.
 */
import { crc32 } from "node:zlib";
import { urnHash } from "../../components/aws/tags.ts";
import { nameQuestion, type NameQuestion } from "./route53.ts";
import type { ResourceState } from "./state.ts";

export type Question =
  /** Taggable in AWS: ask for everything of the type that carries the stack's name and the hash of this URN. */
  | {
      readonly ask: "aws-tag";
      readonly urn: string;
      readonly type: TaggedType;
      readonly region: string;
      readonly stack: string;
      readonly hash: string;
    }
  | {
      readonly ask: "aws-route";
      readonly urn: string;
      readonly region: string;
      readonly routeTableId: string;
      readonly destination: string;
    }
  | {
      readonly ask: "aws-route-table-association";
      readonly urn: string;
      readonly region: string;
      readonly routeTableId: string;
      readonly subnetId: string;
    }
  | {
      readonly ask: "aws-endpoint-route-table";
      readonly urn: string;
      readonly region: string;
      readonly vpcEndpointId: string;
      readonly routeTableId: string;
    }
  | {
      readonly ask: "aws-db-subnet-group";
      readonly urn: string;
      readonly region: string;
      readonly name: string;
      readonly subnetIds: readonly string[];
    }
  /** Of a name of its own: ask for the one of that name, which is ours if it carries our tags. */
  | {
      readonly ask: "aws-named";
      readonly urn: string;
      readonly type: NamedType;
      /** `undefined` for what AWS has once for all regions. */
      readonly region: string | undefined;
      readonly name: string;
      readonly stack: string;
      readonly hash: string;
    }
  | {
      readonly ask: "aws-eip-association";
      readonly urn: string;
      readonly region: string;
      readonly allocationId: string;
      readonly instanceId: string;
    }
  | {
      readonly ask: "cloudflare-record";
      readonly urn: string;
      readonly zoneId: string;
      readonly name: string;
      readonly type: string;
      /** What tells it from others of its name and type; `data` where the program says that instead. */
      readonly content?: string;
      readonly data?: Readonly<Record<string, unknown>>;
    }
  | NameQuestion
  /** Of what no function of the provider lists: a person looks, by this command, and tells. */
  | { readonly ask: "aws-unlisted"; readonly urn: string; readonly look: string }
  | { readonly ask: "cloudflare-zone"; readonly urn: string; readonly name: string }
  /** Of an account or a zone: ask for everything of the type with this name, or whatever else tells it from others. */
  | {
      readonly ask: "cloudflare-owned";
      readonly urn: string;
      readonly type: OwnedType;
      /** The account's or the zone's id. */
      readonly owner: string;
      readonly key: string;
    }
  /** Nothing to find: what the create makes is in the state only, or making it again changes nothing. */
  | { readonly ask: "nothing"; readonly urn: string; readonly reason: string };

/** Tag key under which every taggable resource carries the hash of its URN (see components/aws/tags.ts). */
export const urnTag = "urn";

/**
 * The id that the upstream provider gives a route: `r-<route table><CRC-32 of the destination>`
 * (terraform-provider-aws, internal/service/ec2/vpc_route.go, routeCreateID).
 */
export function routeId(routeTableId: string, destination: string): string {
  return `r-${routeTableId}${crc32(destination)}`;
}

/** The same for an endpoint's route table (vpc_endpoint_route_table_association.go). */
export function endpointRouteTableId(vpcEndpointId: string, routeTableId: string): string {
  return `a-${vpcEndpointId}${crc32(routeTableId)}`;
}

const repeatable: Readonly<Record<string, string>> = {
  "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter":
    "accepting an accepted peering changes nothing",
  "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions": "setting the same options changes nothing",
  "aws:ec2/networkAclAssociation:NetworkAclAssociation":
    "a subnet always has an association, and each create replaces it",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "attaching an attached policy changes nothing",
  "aws:iam/rolePolicy:RolePolicy": "writing a role's policy again makes it the same",
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "the group exists with its VPC and is only adopted",
  "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig":
    "a tunnel has one configuration, and writing it again makes it the same",
  "cloudflare:index/zoneDnssec:ZoneDnssec": "signing a signed zone changes nothing",
  "cloudflare:index/zoneSetting:ZoneSetting":
    "every zone has the setting, and setting it again changes nothing",
  "command:remote:Command": "every script of this program can be repeated",
  "command:remote:CopyToRemote": "copying again changes nothing",
  "command:local:Command": "every script of this program can be repeated",
};

/** The types that are found by their tags. */
const taggedTypes = [
  "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
  "aws:ec2/eip:Eip",
  "aws:ec2/flowLog:FlowLog",
  "aws:ec2/instance:Instance",
  "aws:ec2/internetGateway:InternetGateway",
  "aws:ec2/natGateway:NatGateway",
  "aws:ec2/networkAcl:NetworkAcl",
  "aws:ec2/routeTable:RouteTable",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ec2/subnet:Subnet",
  "aws:ec2/vpc:Vpc",
  "aws:ec2/vpcEndpoint:VpcEndpoint",
  "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
] as const;

export type TaggedType = (typeof taggedTypes)[number];

/** The types that are found by their name, and told from somebody else's by their tags. */
const namedTypes = [
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:iam/instanceProfile:InstanceProfile",
  "aws:iam/role:Role",
] as const;

export type NamedType = (typeof namedTypes)[number];

/** Types that are found in a list of their owner's, by one of their inputs. */
const ownedTypes = {
  "cloudflare:index/loadBalancer:LoadBalancer": { owner: "zoneId", key: "name" },
  "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": { owner: "accountId", key: "description" },
  "cloudflare:index/loadBalancerPool:LoadBalancerPool": { owner: "accountId", key: "name" },
  "cloudflare:index/ruleset:Ruleset": { owner: "zoneId", key: "phase" },
  "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": {
    owner: "accountId",
    key: "domain",
  },
  "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": { owner: "accountId", key: "name" },
  "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": {
    owner: "accountId",
    key: "name",
  },
} as const;

export type OwnedType = keyof typeof ownedTypes;

function isOwned(type: string): type is OwnedType {
  return type in ownedTypes;
}

/** `urn:pulumi:STACK::PROJECT::TYPES::NAME` → `STACK`. */
function stackOf(urn: string): string {
  return urn.slice("urn:pulumi:".length, urn.indexOf("::"));
}

function cannotLook(resource: ResourceState, property: string): Error {
  return new Error(`the pending create of ${resource.urn} has no "${property}" by which to look for it`);
}

function text(resource: ResourceState, property: string): string {
  const value = resource.inputs?.[property];
  if (typeof value === "string") return value;
  throw cannotLook(resource, property);
}

/** What a DNS record says, in either of its two forms. */
function recordSaying(resource: ResourceState): { content: string } | { data: Record<string, unknown> } {
  const { data } = resource.inputs ?? {};
  if (typeof data !== "object" || data === null) return { content: text(resource, "content") };
  return { data: data as Record<string, unknown> };
}

function texts(resource: ResourceState, property: string): string[] {
  const value = resource.inputs?.[property];
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw cannotLook(resource, property);
}

/**
 * The question that settles a pending create.
 * @throws Error for a type that recovery does not know, or inputs without what it is found by.
 */
export function questionFor(resource: ResourceState): Question {
  const { urn, type } = resource;
  // The engine notes the create of a component, too, for the moment that its registration takes.
  if (resource.custom === false) return { ask: "nothing", urn, reason: "a component is in the state only" };
  const reason = repeatable[type];
  if (reason !== undefined) return { ask: "nothing", urn, reason };
  if (type.startsWith("tls:") || type.startsWith("random:") || type.startsWith("pulumi:")) {
    return { ask: "nothing", urn, reason: "it exists in the state only" };
  }
  const tagged = taggedTypes.find((known) => known === type);
  if (tagged !== undefined) {
    const region = text(resource, "region");
    return { ask: "aws-tag", urn, type: tagged, region, stack: stackOf(urn), hash: urnHash(urn) };
  }
  const named = namedTypes.find((known) => known === type);
  if (named !== undefined) {
    const region = named.startsWith("aws:iam/") ? undefined : text(resource, "region");
    const name = text(resource, "name");
    return { ask: "aws-named", urn, type: named, region, name, stack: stackOf(urn), hash: urnHash(urn) };
  }
  if (isOwned(type)) {
    const { owner, key } = ownedTypes[type];
    return { ask: "cloudflare-owned", urn, type, owner: text(resource, owner), key: text(resource, key) };
  }
  const known = naturalQuestion(resource) ?? ofNames(resource);
  if (known !== undefined) return known;
  throw new Error(
    `recovery does not know how to look for a ${type} (${urn}); find it by hand and use ` +
      "`pulumi refresh --import-pending-creates URN ID`",
  );
}

function ofNames(resource: ResourceState): Question | undefined {
  const { urn, type } = resource;
  if (type !== "aws:route53/resolverRuleAssociation:ResolverRuleAssociation") {
    return nameQuestion(resource, { text, texts, stack: stackOf(urn), hash: urnHash(urn) });
  }
  const filters = [
    ["ResolverRuleId", text(resource, "resolverRuleId")],
    ["VPCId", text(resource, "vpcId")],
  ].map(([name = "", value = ""]) => `Name=${name},Values=${value}`);
  const command = "aws route53resolver list-resolver-rule-associations";
  const look = `${command} --region ${text(resource, "region")} --filters ${filters.join(" ")}`;
  return { ask: "aws-unlisted", urn, look };
}

/** A route's input that names its destination. */
function destinationOf({ inputs }: ResourceState): string {
  return inputs?.destinationIpv6CidrBlock === undefined ? "destinationCidrBlock" : "destinationIpv6CidrBlock";
}

/** Of what carries no tags: by what it is, or what it joins. */
function naturalQuestion(resource: ResourceState): Question | undefined {
  const { urn, type } = resource;
  switch (type) {
    case "aws:ec2/route:Route":
      return {
        ask: "aws-route",
        urn,
        region: text(resource, "region"),
        routeTableId: text(resource, "routeTableId"),
        destination: text(resource, destinationOf(resource)),
      };
    case "aws:ec2/routeTableAssociation:RouteTableAssociation":
      return {
        ask: "aws-route-table-association",
        urn,
        region: text(resource, "region"),
        routeTableId: text(resource, "routeTableId"),
        subnetId: text(resource, "subnetId"),
      };
    case "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation":
      return {
        ask: "aws-endpoint-route-table",
        urn,
        region: text(resource, "region"),
        vpcEndpointId: text(resource, "vpcEndpointId"),
        routeTableId: text(resource, "routeTableId"),
      };
    case "aws:rds/subnetGroup:SubnetGroup":
      return {
        ask: "aws-db-subnet-group",
        urn,
        region: text(resource, "region"),
        name: text(resource, "name"),
        subnetIds: texts(resource, "subnetIds"),
      };
    case "aws:ec2/eipAssociation:EipAssociation":
      return {
        ask: "aws-eip-association",
        urn,
        region: text(resource, "region"),
        allocationId: text(resource, "allocationId"),
        instanceId: text(resource, "instanceId"),
      };
    case "cloudflare:index/dnsRecord:DnsRecord":
      return {
        ask: "cloudflare-record",
        urn,
        zoneId: text(resource, "zoneId"),
        name: text(resource, "name"),
        type: text(resource, "type"),
        ...recordSaying(resource),
      };
    case "cloudflare:index/zone:Zone":
      return { ask: "cloudflare-zone", urn, name: text(resource, "name") };
    default:
      return undefined;
  }
}
