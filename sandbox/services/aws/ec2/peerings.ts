/**
 * VPC peering connections.
 *
 * A connection between regions is seen in both, with the same id and status but with tags of their own; it is
 * stored once in each region and changed in both. A deleted connection is gone at once; AWS shows it as `deleted`
 * for about two hours, which every reader skips.
 */
import { blocksOverlap, storedBlock } from "../cidr.ts";
import { ApiError } from "../errors.ts";
import { accountId, newId, type Ec2, type Tags } from "./account.ts";
import type { PeeringVpcInfo, Vpc, VpcPeeringConnection } from "./records.ts";
import { newTags } from "./tags.ts";

export interface CreatePeeringInput {
  readonly vpcId: string;
  readonly peerVpcId: string;
  readonly peerOwnerId: string | undefined;
  readonly peerRegion: string | undefined;
  readonly tags: Tags;
}

const acceptanceDays = 7;

function vpcInfo(ec2: Ec2, vpc: Vpc): PeeringVpcInfo {
  return {
    CidrBlock: vpc.CidrBlock,
    CidrBlockSet: [{ CidrBlock: vpc.CidrBlock }],
    OwnerId: accountId,
    Region: ec2.region.name,
    VpcId: vpc.VpcId,
  };
}

export function createPeering(ec2: Ec2, input: CreatePeeringInput): VpcPeeringConnection {
  const operation = "CreateVpcPeeringConnection";
  const requester = ec2.find(operation, "vpcs", input.vpcId);
  const peerRegion = input.peerRegion ?? ec2.region.name;
  const remote = ec2.in(peerRegion);
  if (remote === undefined) {
    throw new ApiError(operation, "InvalidParameterValue", `Invalid value '${peerRegion}' for PeerRegion.`);
  }
  if (input.peerVpcId === input.vpcId) {
    throw new ApiError(
      operation,
      "InvalidParameterValue",
      "Requester VPC and accepter VPC of a peering connection must differ",
    );
  }
  refuseDuplicate(ec2, operation, input);
  requireOutstandingQuota(ec2, operation);
  const accepter =
    (input.peerOwnerId ?? accountId) === accountId ? remote.get("vpcs", input.peerVpcId) : undefined;
  const fits =
    accepter !== undefined &&
    !blocksOverlap(storedBlock(requester.CidrBlock), storedBlock(accepter.CidrBlock));
  const id = newId("pcx");
  const peering: VpcPeeringConnection = {
    AccepterVpcInfo:
      accepter === undefined
        ? { OwnerId: input.peerOwnerId ?? accountId, Region: peerRegion, VpcId: input.peerVpcId }
        : vpcInfo(remote, accepter),
    RequesterVpcInfo: vpcInfo(ec2, requester),
    ...(fits ? { ExpirationTime: new Date(Date.now() + acceptanceDays * 86_400_000).toISOString() } : {}),
    Status: fits
      ? { Code: "pending-acceptance", Message: `Pending Acceptance by ${accountId}` }
      : { Code: "failed", Message: "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range" },
    Tags: newTags(operation, input.tags),
    VpcPeeringConnectionId: id,
  };
  if (remote.region !== ec2.region && fits) {
    remote.put("vpc-peering-connections", id, { ...peering, Tags: [] });
  }
  return ec2.put("vpc-peering-connections", id, peering);
}

function refuseDuplicate(ec2: Ec2, operation: string, input: CreatePeeringInput): void {
  const pair = [input.vpcId, input.peerVpcId].sort().join();
  const existing = ec2.list(
    "vpc-peering-connections",
    (peering) =>
      peering.Status.Code !== "failed" &&
      [peering.RequesterVpcInfo.VpcId, peering.AccepterVpcInfo.VpcId].sort().join() === pair,
  );
  if (existing.length > 0) {
    throw new ApiError(
      operation,
      "VpcPeeringConnectionAlreadyExists",
      `A VpcPeeringConnection already exists between ${input.vpcId} and ${input.peerVpcId}`,
    );
  }
}

/** Requests count where they were made; the accepter's region sees them too. */
function requireOutstandingQuota(ec2: Ec2, operation: string): void {
  const outstanding = ec2.list(
    "vpc-peering-connections",
    ({ Status, RequesterVpcInfo }) =>
      Status.Code === "pending-acceptance" && RequesterVpcInfo.Region === ec2.region.name,
  );
  if (outstanding.length >= ec2.quotas.outstandingPeeringsPerRegion) {
    throw new ApiError(
      operation,
      "OutstandingVpcPeeringConnectionLimitExceeded",
      "The maximum number of outstanding VPC peering connection requests has been reached.",
    );
  }
}

function requireActiveQuota(ec2: Ec2, operation: string, vpcId: string): void {
  const active = ec2.list(
    "vpc-peering-connections",
    (peering) =>
      peering.Status.Code === "active" &&
      [peering.RequesterVpcInfo.VpcId, peering.AccepterVpcInfo.VpcId].includes(vpcId),
  );
  if (active.length >= ec2.quotas.activePeeringsPerVpc) {
    throw new ApiError(
      operation,
      "VpcPeeringConnectionsPerVpcLimitExceeded",
      `The maximum number of active VPC peering connections of ${vpcId} has been reached.`,
    );
  }
}

/** Applies a change in both regions; each keeps its own tags. */
function changeBoth(
  ec2: Ec2,
  peering: VpcPeeringConnection,
  change: (record: VpcPeeringConnection) => VpcPeeringConnection,
): void {
  const names = new Set([peering.RequesterVpcInfo.Region, peering.AccepterVpcInfo.Region]);
  for (const name of names) {
    const side = ec2.in(name);
    const record = side?.get("vpc-peering-connections", peering.VpcPeeringConnectionId);
    if (side !== undefined && record !== undefined) {
      side.put("vpc-peering-connections", peering.VpcPeeringConnectionId, change(record));
    }
  }
}

/** Only the accepter's side can accept. */
export function acceptPeering(ec2: Ec2, peeringId: string): void {
  const operation = "AcceptVpcPeeringConnection";
  const peering = ec2.find(operation, "vpc-peering-connections", peeringId);
  const { AccepterVpcInfo: accepter, RequesterVpcInfo: requester } = peering;
  if (accepter.Region !== ec2.region.name) {
    throw new ApiError(
      operation,
      "OperationNotPermitted",
      `Incorrect region (${ec2.region.name}) specified for this request. ` +
        `VPC peering connection ${peeringId} must be accepted in region ${accepter.Region}`,
    );
  }
  if (peering.Status.Code !== "pending-acceptance") {
    throw new ApiError(
      operation,
      "InvalidStateTransition",
      `Invalid state transition for ${peeringId}, attempted to transition from ${peering.Status.Code} to active`,
    );
  }
  requireActiveQuota(ec2, operation, accepter.VpcId);
  const other = ec2.in(requester.Region);
  if (other !== undefined) {
    requireActiveQuota(other, operation, requester.VpcId);
  }
  const options = {
    AllowDnsResolutionFromRemoteVpc: false,
    AllowEgressFromLocalClassicLinkToRemoteVpc: false,
    AllowEgressFromLocalVpcToRemoteClassicLink: false,
  } as const;
  changeBoth(ec2, peering, (record) => {
    const active: VpcPeeringConnection = {
      ...record,
      AccepterVpcInfo: { ...record.AccepterVpcInfo, PeeringOptions: { ...options } },
      RequesterVpcInfo: { ...record.RequesterVpcInfo, PeeringOptions: { ...options } },
      Status: { Code: "active", Message: "Active" },
    };
    delete active.ExpirationTime;
    return active;
  });
}

export type PeeringSide = "accepter" | "requester";

/** Whether the other side's private names resolve to private addresses from this side. */
export function modifyPeeringOptions(
  ec2: Ec2,
  peeringId: string,
  change: Partial<Record<PeeringSide, boolean>>,
): void {
  const operation = "ModifyVpcPeeringConnectionOptions";
  const peering = ec2.find(operation, "vpc-peering-connections", peeringId);
  if (peering.Status.Code !== "active") {
    throw new ApiError(
      operation,
      "OperationNotPermitted",
      `Peering ${peeringId} is not active. Peering options can be added only to active peerings.`,
    );
  }
  for (const side of ["accepter", "requester"] as const) {
    const allow = change[side];
    if (allow === undefined) {
      continue;
    }
    const info = side === "accepter" ? peering.AccepterVpcInfo : peering.RequesterVpcInfo;
    requireOwnSide(ec2, operation, peeringId, side, info);
    if (allow) {
      requireDnsOfBoth(ec2, operation, peering);
    }
    changeBoth(ec2, peering, (record) => {
      const own = side === "accepter" ? record.AccepterVpcInfo : record.RequesterVpcInfo;
      if (own.PeeringOptions !== undefined) {
        own.PeeringOptions.AllowDnsResolutionFromRemoteVpc = allow;
      }
      return record;
    });
  }
}

function requireOwnSide(
  ec2: Ec2,
  operation: string,
  peeringId: string,
  side: PeeringSide,
  info: PeeringVpcInfo,
): void {
  if (info.Region !== ec2.region.name) {
    throw new ApiError(
      operation,
      "OperationNotPermitted",
      `Incorrect region (${ec2.region.name}) specified for this request. ` +
        `The ${side} options of VPC peering connection ${peeringId} must be modified in region ${info.Region}`,
    );
  }
}

/**
 * Both VPCs need DNS names and DNS resolution (vpc/latest/peering/vpc-peering-dns.html). The page names the
 * condition but no error code, so the code here is ours.
 */
function requireDnsOfBoth(ec2: Ec2, operation: string, peering: VpcPeeringConnection): void {
  for (const side of [peering.RequesterVpcInfo, peering.AccepterVpcInfo]) {
    const attributes = ec2.in(side.Region)?.get("vpc-attributes", side.VpcId);
    if (attributes?.EnableDnsHostnames !== true || !attributes.EnableDnsSupport) {
      throw new ApiError(
        operation,
        "OperationNotPermitted",
        `VPC ${side.VpcId} must have enableDnsHostnames and enableDnsSupport set to true ` +
          `for DNS resolution over ${peering.VpcPeeringConnectionId}`,
      );
    }
  }
}

export function deletePeering(ec2: Ec2, peeringId: string): void {
  const operation = "DeleteVpcPeeringConnection";
  const peering = ec2.find(operation, "vpc-peering-connections", peeringId);
  if (peering.Status.Code === "failed") {
    throw new ApiError(
      operation,
      "InvalidStateTransition",
      `Invalid state transition for ${peeringId}, attempted to transition from failed to deleting`,
    );
  }
  for (const side of [peering.RequesterVpcInfo, peering.AccepterVpcInfo]) {
    ec2.in(side.Region)?.remove("vpc-peering-connections", peeringId);
  }
}
