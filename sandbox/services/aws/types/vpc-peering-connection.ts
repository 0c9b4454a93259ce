/** aws_vpc_peering_connection, from internal/service/ec2/vpc_peering_connection.go. */
import { createPeering, deletePeering } from "../ec2/peerings.ts";
import { during, ProviderError, unless } from "../errors.ts";
import { flag, requiredText, text, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import {
  acceptIfAsked,
  applyOptions,
  changedOptions,
  optionsProperty,
  readPeering,
  requirePeering,
} from "./peering-options.ts";

const properties: Table = {
  acceptStatus: { kind: "text", mode: "computed" },
  accepter: optionsProperty,
  autoAccept: { kind: "bool", mode: "optional" },
  peerOwnerId: { kind: "text", mode: "optional-computed", replaces: true },
  peerRegion: { kind: "text", mode: "optional-computed", replaces: true },
  peerVpcId: { kind: "text", mode: "required", replaces: true },
  requester: optionsProperty,
  vpcId: { kind: "text", mode: "required", replaces: true },
};

function create({ ec2, tags }: Context, inputs: Properties): string {
  const peerRegion = text(inputs, "peerRegion");
  if (peerRegion !== undefined && flag(inputs, "autoAccept") === true) {
    throw new ProviderError(
      "`peer_region` cannot be set whilst `auto_accept` is `true` when creating an EC2 VPC Peering Connection",
    );
  }
  const peering = during("creating EC2 VPC Peering Connection", () =>
    createPeering(ec2, {
      vpcId: requiredText(inputs, "vpcId"),
      peerVpcId: requiredText(inputs, "peerVpcId"),
      peerOwnerId: text(inputs, "peerOwnerId"),
      peerRegion,
      tags,
    }),
  );
  const id = peering.VpcPeeringConnectionId;
  if (peering.Status.Code === "failed") {
    throw new ProviderError(
      `waiting for EC2 VPC Peering Connection (${id}) create: unexpected state 'failed', wanted target ` +
        `'active, pending-acceptance'. last error: ${peering.Status.Message}`,
      { created: { id } },
    );
  }
  acceptIfAsked(ec2, id, inputs);
  applyOptions(ec2, id, inputs, true);
  return id;
}

export const vpcPeeringConnection: ResourceType = {
  token: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
  upstream: {
    resource: "aws_vpc_peering_connection",
    file: "internal/service/ec2/vpc_peering_connection.go",
    sdk: "sdkv2",
  },
  properties,
  tagged: true,
  create,
  read: ({ ec2 }, id) => readPeering(ec2, id),
  update: ({ ec2 }, id, { after, changed }) => {
    requirePeering(ec2, id);
    acceptIfAsked(ec2, id, after);
    applyOptions(ec2, id, changedOptions(after, changed), true);
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting EC2 VPC Peering Connection (${id})`, () =>
      unless(["InvalidVpcPeeringConnectionID.NotFound", "InvalidStateTransition"], () => {
        deletePeering(ec2, id);
      }),
    );
  },
};
