/** What the three types of a peering connection share (modifyVPCPeeringConnectionOptions and its neighbours). */
import { acceptPeering, modifyPeeringOptions, type PeeringSide } from "../ec2/peerings.ts";
import type { Ec2 } from "../ec2/account.ts";
import { fromTagList } from "../ec2/account.ts";
import type { VpcPeeringConnection } from "../ec2/records.ts";
import { during, ProviderError } from "../errors.ts";
import { flag, object, type Json, type Properties } from "../json.ts";
import type { Property } from "../table.ts";

/** The options of one side, `accepter` or `requester`. */
export const optionsProperty: Property = {
  kind: "object",
  mode: "optional-computed",
  properties: { allowRemoteVpcDnsResolution: { kind: "bool", mode: "optional", default: false } },
};

/** The connection, unless it is in a state in which it counts as gone. */
export function livePeering(ec2: Ec2, id: string): VpcPeeringConnection | undefined {
  const peering = ec2.get("vpc-peering-connections", id);
  return peering?.Status.Code === "failed" ? undefined : peering;
}

export function requirePeering(ec2: Ec2, id: string): VpcPeeringConnection {
  const peering = livePeering(ec2, id);
  if (peering === undefined) {
    throw new ProviderError(`reading EC2 VPC Peering Connection (${id}): couldn't find resource`);
  }
  return peering;
}

export function acceptIfAsked(ec2: Ec2, id: string, inputs: Properties): void {
  if (flag(inputs, "autoAccept") === true && livePeering(ec2, id)?.Status.Code === "pending-acceptance") {
    during(`accepting EC2 VPC Peering Connection (${id})`, () => {
      acceptPeering(ec2, id);
    });
  }
}

/**
 * Sets the options that are given.
 *
 * @param checkActive whether the provider itself refuses a connection that is not active, in its own words.
 */
export function applyOptions(ec2: Ec2, id: string, inputs: Properties, checkActive: boolean): void {
  const change: Partial<Record<PeeringSide, boolean>> = {};
  for (const side of ["accepter", "requester"] as const) {
    const options = object(inputs, side);
    if (options !== undefined) {
      change[side] = flag(options, "allowRemoteVpcDnsResolution") ?? false;
    }
  }
  if (Object.keys(change).length === 0) {
    return;
  }
  const status = livePeering(ec2, id)?.Status.Code;
  if (checkActive && status !== "active") {
    throw new ProviderError(
      `Unable to modify EC2 VPC Peering Connection Options. EC2 VPC Peering Connection (${id}) is not active ` +
        `(current status: ${status ?? "gone"}). Please set the \`auto_accept\` attribute to \`true\` or activate ` +
        "the EC2 VPC Peering Connection manually.",
    );
  }
  during(`modifying EC2 VPC Peering Connection (${id}) Options`, () => {
    modifyPeeringOptions(ec2, id, change);
  });
}

/** Only what changed is sent, so that an untouched side is not set from the wrong region. */
export function changedOptions(after: Properties, changed: ReadonlySet<string>): Properties {
  return {
    accepter: changed.has("accepter") ? after.accepter : undefined,
    requester: changed.has("requester") ? after.requester : undefined,
  };
}

/** The options of both sides; none before the connection is active. */
export function readOptions(peering: VpcPeeringConnection): Properties {
  const flatten = (options: VpcPeeringConnection["AccepterVpcInfo"]["PeeringOptions"]): Json | undefined =>
    options && { allowRemoteVpcDnsResolution: options.AllowDnsResolutionFromRemoteVpc };
  return {
    accepter: flatten(peering.AccepterVpcInfo.PeeringOptions),
    requester: flatten(peering.RequesterVpcInfo.PeeringOptions),
  };
}

/** resourceVPCPeeringConnectionRead, which serves the connection and its accepter. */
export function readPeering(ec2: Ec2, id: string): Properties | undefined {
  const peering = livePeering(ec2, id);
  return (
    peering && {
      acceptStatus: peering.Status.Code,
      ...readOptions(peering),
      peerOwnerId: peering.AccepterVpcInfo.OwnerId,
      peerRegion: peering.AccepterVpcInfo.Region,
      peerVpcId: peering.AccepterVpcInfo.VpcId,
      tagsAll: fromTagList(peering.Tags),
      vpcId: peering.RequesterVpcInfo.VpcId,
    }
  );
}
