/** Private hosted zones of Route 53 (docs.aws.amazon.com/Route53/latest/APIReference). They lie where IAM's roles do. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Ec2, Tags } from "../ec2/account.ts";
import { newTags } from "../ec2/tags.ts";
import { qualified, refuse, zoneIdOf, type HostedZone, type ZoneVpc } from "./hosted-zone.ts";
import { createOwnRecordSets, isOwnRecordSet, recordSetsOf } from "./record-sets.ts";

export function findZone(ec2: Ec2, operation: string, id: string): HostedZone {
  const zone = ec2.get("hosted-zones", id);
  return zone ?? refuse(operation, "NoSuchHostedZone", `No hosted zone found with ID: ${id}`, 404);
}

/** A VPC that there is, and that knows no other zone of the name. */
function requireVpc(ec2: Ec2, operation: string, name: string, vpc: ZoneVpc): void {
  const { VPCRegion: region, VPCId: id } = vpc;
  if (ec2.in(region)?.get("vpcs", id) === undefined) {
    refuse(operation, "InvalidVPCId", `The VPC: ${id} in region ${region} that you provided is not found`);
  }
  const other = ec2.list("hosted-zones", (zone) => zone.Name === name && hasVpc(zone, vpc))[0];
  if (other !== undefined) {
    const detail = `The VPC ${id} in region ${region} has already been associated with the hosted zone ${zoneIdOf(other)} with the same domain name.`;
    refuse(operation, "ConflictingDomainExists", detail);
  }
}

export function hasVpc({ VPCs }: HostedZone, { VPCId, VPCRegion }: ZoneVpc): boolean {
  return VPCs.some((each) => each.VPCId === VPCId && each.VPCRegion === VPCRegion);
}

export interface CreateZoneInput {
  readonly name: string;
  readonly comment: string;
  /** Without one the zone would be public. */
  readonly vpc: ZoneVpc;
}

export function createHostedZone(ec2: Ec2, input: CreateZoneInput, tags: Tags): HostedZone {
  const operation = "CreateHostedZone";
  const name = qualified(input.name);
  if (!/^(?:[a-z0-9_-]{1,63}\.)+$/.test(name) || name.length > 255) {
    refuse(operation, "InvalidDomainName", `${input.name} is not a valid domain name`);
  }
  requireVpc(ec2, operation, name, input.vpc);
  if (ec2.list("hosted-zones").length >= ec2.quotas.hostedZonesPerAccount) {
    const detail =
      "This operation can't be completed because the current account has reached its limit of zones";
    refuse(operation, "TooManyHostedZones", detail);
  }
  const id = `Z0${randomBytes(9).toString("hex").toUpperCase()}`;
  const zone = ec2.put("hosted-zones", id, {
    CallerReference: randomUUID(),
    Config: { Comment: input.comment, PrivateZone: true },
    Id: `/hostedzone/${id}`,
    Name: name,
    Tags: newTags("ChangeTagsForResource", tags),
    VPCs: [input.vpc],
  });
  createOwnRecordSets(ec2, zone);
  return zone;
}

export function updateZoneComment(ec2: Ec2, id: string, comment: string): void {
  const zone = findZone(ec2, "UpdateHostedZoneComment", id);
  ec2.put("hosted-zones", id, { ...zone, Config: { ...zone.Config, Comment: comment } });
}

export function associateVpc(ec2: Ec2, id: string, vpc: ZoneVpc): void {
  const operation = "AssociateVPCWithHostedZone";
  const zone = findZone(ec2, operation, id);
  requireVpc(ec2, operation, zone.Name, vpc);
  if (zone.VPCs.length >= ec2.quotas.vpcsPerHostedZone) {
    refuse(operation, "LimitsExceeded", "Limits Exceeded: MAX_VPCS_ASSOCIATED_BY_ZONE");
  }
  ec2.put("hosted-zones", id, { ...zone, VPCs: [...zone.VPCs, vpc] });
}

/** The VPC need not exist any more. */
export function disassociateVpc(ec2: Ec2, id: string, vpc: ZoneVpc): void {
  const operation = "DisassociateVPCFromHostedZone";
  const zone = findZone(ec2, operation, id);
  if (!hasVpc(zone, vpc)) {
    const detail = `The VPC: ${vpc.VPCId} is not associated with the hosted zone: ${id}.`;
    refuse(operation, "VPCAssociationNotFound", detail, 404);
  }
  const others = zone.VPCs.filter(
    ({ VPCId, VPCRegion }) => VPCId !== vpc.VPCId || VPCRegion !== vpc.VPCRegion,
  );
  if (others.length === 0) {
    const detail = `The VPC: ${vpc.VPCId} is the last VPC that is associated with the hosted zone: ${id}.`;
    refuse(operation, "LastVPCAssociation", detail);
  }
  ec2.put("hosted-zones", id, { ...zone, VPCs: others });
}

export function tagZone(ec2: Ec2, id: string, tags: Tags): void {
  const operation = "ChangeTagsForResource";
  ec2.put("hosted-zones", id, { ...findZone(ec2, operation, id), Tags: newTags(operation, tags) });
}

export function deleteHostedZone(ec2: Ec2, id: string): void {
  const operation = "DeleteHostedZone";
  const zone = findZone(ec2, operation, id);
  const sets = recordSetsOf(ec2, id);
  if (sets.some((set) => !isOwnRecordSet(zone, set))) {
    const detail =
      "The specified hosted zone contains non-required resource record sets and so cannot be deleted.";
    refuse(operation, "HostedZoneNotEmpty", detail);
  }
  for (const { Name, Type } of sets) ec2.remove("record-sets", `${id}_${Name}_${Type}`);
  ec2.remove("hosted-zones", id);
}

/** As `get-hosted-zone` prints it. */
export function describeZone(ec2: Ec2, zone: HostedZone) {
  const { CallerReference, Config, Id, Name, VPCs } = zone;
  const ResourceRecordSetCount = recordSetsOf(ec2, zoneIdOf(zone)).length;
  return { HostedZone: { Id, Name, CallerReference, Config, ResourceRecordSetCount }, VPCs };
}

export type DescribedZone = ReturnType<typeof describeZone>;
