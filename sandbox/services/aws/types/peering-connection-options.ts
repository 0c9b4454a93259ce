/** aws_vpc_peering_connection_options, from internal/service/ec2/vpc_peering_connection_options.go. */
import { requiredText } from "../json.ts";
import type { ResourceType } from "../table.ts";
import {
  applyOptions,
  changedOptions,
  livePeering,
  optionsProperty,
  readOptions,
  requirePeering,
} from "./peering-options.ts";

export const peeringConnectionOptions: ResourceType = {
  token: "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions",
  upstream: {
    resource: "aws_vpc_peering_connection_options",
    file: "internal/service/ec2/vpc_peering_connection_options.go",
    sdk: "sdkv2",
  },
  properties: {
    accepter: optionsProperty,
    requester: optionsProperty,
    vpcPeeringConnectionId: { kind: "text", mode: "required", replaces: true },
  },
  tagged: false,
  create: ({ ec2 }, inputs) => {
    const id = requiredText(inputs, "vpcPeeringConnectionId");
    requirePeering(ec2, id);
    applyOptions(ec2, id, inputs, false);
    return id;
  },
  read: ({ ec2 }, id) => {
    const peering = livePeering(ec2, id);
    return peering && { vpcPeeringConnectionId: id, ...readOptions(peering) };
  },
  update: ({ ec2 }, id, { after, changed }) => {
    requirePeering(ec2, id);
    applyOptions(ec2, id, changedOptions(after, changed), false);
    return undefined;
  },
  delete: () => undefined,
};
