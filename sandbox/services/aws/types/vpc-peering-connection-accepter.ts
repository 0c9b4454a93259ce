/** aws_vpc_peering_connection_accepter, from internal/service/ec2/vpc_peering_connection_accepter.go. */
import { replaceTags } from "../ec2/tags.ts";
import { during } from "../errors.ts";
import { requiredText, type Properties } from "../json.ts";
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
  peerOwnerId: { kind: "text", mode: "computed" },
  peerRegion: { kind: "text", mode: "computed" },
  peerVpcId: { kind: "text", mode: "computed" },
  requester: optionsProperty,
  vpcId: { kind: "text", mode: "computed" },
  vpcPeeringConnectionId: { kind: "text", mode: "required", replaces: true },
};

function create({ ec2, tags }: Context, inputs: Properties): string {
  const id = requiredText(inputs, "vpcPeeringConnectionId");
  requirePeering(ec2, id);
  acceptIfAsked(ec2, id, inputs);
  applyOptions(ec2, id, inputs, true);
  if (Object.keys(tags).length > 0) {
    during(`setting EC2 VPC Peering Connection (${id}) tags`, () => {
      replaceTags(ec2, id, tags);
    });
  }
  return id;
}

export const vpcPeeringConnectionAccepter: ResourceType = {
  token: "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
  upstream: {
    resource: "aws_vpc_peering_connection_accepter",
    file: "internal/service/ec2/vpc_peering_connection_accepter.go",
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
  // The connection belongs to its requester; deleting the accepter only forgets it.
  delete: () => undefined,
  import: (_context, id) => ({ id, state: { vpcPeeringConnectionId: id } }),
};
