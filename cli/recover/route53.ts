/** How what belongs to Route 53 is found: its names are no region's, and few of its types carry tags that are listed. */
import * as aws from "@pulumi/aws";
import type { ResourceState } from "./state.ts";

/** One question per type of Route 53; see questions.ts. */
export type NameQuestion =
  | {
      readonly ask: "aws-hosted-zone";
      readonly urn: string;
      readonly name: string;
      readonly stack: string;
      readonly hash: string;
    }
  | {
      readonly ask: "aws-zone-association";
      readonly urn: string;
      readonly zoneId: string;
      readonly vpcId: string;
      readonly vpcRegion: string;
    }
  | {
      readonly ask: "aws-record-set";
      readonly urn: string;
      readonly zoneId: string;
      readonly name: string;
      readonly type: string;
      readonly values: readonly string[];
    }
  /** No list tells its tags; its security group is nobody else's. */
  | {
      readonly ask: "aws-resolver-endpoint";
      readonly urn: string;
      readonly region: string;
      readonly securityGroupIds: readonly string[];
    }
  | {
      readonly ask: "aws-resolver-rule";
      readonly urn: string;
      readonly region: string;
      readonly domainName: string;
      readonly resolverEndpointId: string;
      readonly stack: string;
      readonly hash: string;
    };

/** The readers of a pending create's inputs; each throws where what is read is not there. */
export interface InputReaders {
  readonly text: (resource: ResourceState, property: string) => string;
  readonly texts: (resource: ResourceState, property: string) => string[];
  /** Of the resource's own URN. */
  readonly stack: string;
  readonly hash: string;
}

/** `undefined` for a type that is none of Route 53's. */
export function nameQuestion(resource: ResourceState, inputs: InputReaders): NameQuestion | undefined {
  const { urn, type } = resource;
  const { stack, hash } = inputs;
  const text = (property: string): string => inputs.text(resource, property);
  switch (type) {
    case "aws:route53/zone:Zone":
      return { ask: "aws-hosted-zone", urn, name: text("name"), stack, hash };
    case "aws:route53/zoneAssociation:ZoneAssociation":
      return {
        ask: "aws-zone-association",
        urn,
        zoneId: text("zoneId"),
        vpcId: text("vpcId"),
        vpcRegion: text("vpcRegion"),
      };
    case "aws:route53/record:Record":
      return {
        ask: "aws-record-set",
        urn,
        zoneId: text("zoneId"),
        name: text("name"),
        type: text("type"),
        values: inputs.texts(resource, "records"),
      };
    case "aws:route53/resolverEndpoint:ResolverEndpoint":
      return {
        ask: "aws-resolver-endpoint",
        urn,
        region: text("region"),
        securityGroupIds: inputs.texts(resource, "securityGroupIds"),
      };
    case "aws:route53/resolverRule:ResolverRule":
      return {
        ask: "aws-resolver-rule",
        urn,
        region: text("region"),
        domainName: text("domainName"),
        resolverEndpointId: text("resolverEndpointId"),
        stack,
        hash,
      };
    default:
      return undefined;
  }
}

/** The id that the upstream provider gives a zone's association (zone_association.go). */
export function zoneAssociationId(zoneId: string, vpcId: string, vpcRegion: string): string {
  return `${zoneId}:${vpcId}:${vpcRegion}`;
}

/** The same for a record set without a set identifier (record.go, createRecordImportID). */
export function recordSetId(zoneId: string, name: string, type: string): string {
  return `${zoneId}_${name.toLowerCase()}_${type}`;
}

const noZone = /no matching Route ?53 ?Hosted Zone|couldn't find resource|NoSuchHostedZone/i;
const noneMatched = /no Route53 Resolver \w+s? matched/i;

async function unless<T>(found: Promise<T>, none: RegExp): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (none.test(String(error))) return undefined;
    throw error;
  }
}

/** Tags of ours by which the zone with this id is told from others of its name. */
async function tagsOf(zoneId: string) {
  const zone = await unless(aws.route53.getZone({ zoneId }), noZone);
  return zone && { name: zone.name, tags: zone.tags };
}

async function associations({ zoneId, vpcId, vpcRegion }: NameQuestion & { ask: "aws-zone-association" }) {
  const zone = await tagsOf(zoneId);
  if (zone === undefined) return [];
  const joined = await unless(aws.route53.getZone({ ...zone, privateZone: true, vpcId }), noZone);
  return joined?.zoneId === zoneId ? [zoneAssociationId(zoneId, vpcId, vpcRegion)] : [];
}

/** One that says something else is somebody else's: making ours will be refused, and tell why. */
async function recordSets({ zoneId, name, type, values }: NameQuestion & { ask: "aws-record-set" }) {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const { resourceRecordSets } = await aws.route53.getRecords({ zoneId, nameRegex: `^${escaped}\\.$` });
  const wanted = JSON.stringify([...values].sort());
  const found = resourceRecordSets.filter(
    (set) =>
      set.type === type && JSON.stringify(set.resourceRecords.map(({ value }) => value).sort()) === wanted,
  );
  return found.length === 0 ? [] : [recordSetId(zoneId, name, type)];
}

/** The ids under which what was asked for exists. */
export async function answerNames(question: NameQuestion): Promise<readonly string[]> {
  switch (question.ask) {
    case "aws-hosted-zone": {
      const { name, stack, hash } = question;
      const args = { name, privateZone: true, tags: { stack, urn: hash } };
      const zone = await unless(aws.route53.getZone(args), noZone);
      return zone === undefined ? [] : [zone.zoneId];
    }
    case "aws-zone-association":
      return associations(question);
    case "aws-record-set":
      return recordSets(question);
    case "aws-resolver-endpoint": {
      const { region, securityGroupIds } = question;
      const filters = [
        { name: "Direction", values: ["OUTBOUND"] },
        { name: "SecurityGroupIds", values: [...securityGroupIds] },
      ];
      const endpoint = await unless(aws.route53.getResolverEndpoint({ region, filters }), noneMatched);
      return endpoint === undefined ? [] : [endpoint.id];
    }
    case "aws-resolver-rule": {
      const { region, domainName, resolverEndpointId, stack, hash } = question;
      const args = { region, domainName, resolverEndpointId, ruleType: "FORWARD" };
      const rule = await unless(aws.route53.getResolverRule(args), noneMatched);
      return rule?.tags.stack === stack && rule.tags.urn === hash ? [rule.id] : [];
    }
  }
}
