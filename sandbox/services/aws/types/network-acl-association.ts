/** aws_network_acl_association, from internal/service/ec2/vpc_network_acl_association.go. */
import { defaultNetworkAcl, findAclAssociation, replaceNetworkAclAssociation } from "../ec2/network-acls.ts";
import { during, unless } from "../errors.ts";
import { requiredText } from "../json.ts";
import type { ResourceType } from "../table.ts";
import { associateSubnet } from "./network-acl.ts";

export const networkAclAssociation: ResourceType = {
  token: "aws:ec2/networkAclAssociation:NetworkAclAssociation",
  upstream: {
    resource: "aws_network_acl_association",
    file: "internal/service/ec2/vpc_network_acl_association.go",
    sdk: "sdkv2",
  },
  properties: {
    networkAclId: { kind: "text", mode: "required", replaces: true },
    subnetId: { kind: "text", mode: "required", replaces: true },
  },
  tagged: false,
  create: ({ ec2 }, inputs) =>
    associateSubnet(ec2, requiredText(inputs, "networkAclId"), requiredText(inputs, "subnetId")),
  read: ({ ec2 }, id) => {
    const found = findAclAssociation(ec2, (each) => each.NetworkAclAssociationId === id);
    return found && { networkAclId: found.acl.NetworkAclId, subnetId: found.association.SubnetId };
  },
  /** The subnet goes back to its VPC's default ACL; where somebody moved it meanwhile, it stays there. */
  delete: ({ ec2 }, id) => {
    const found = findAclAssociation(ec2, (each) => each.NetworkAclAssociationId === id);
    if (found === undefined) return;
    during(`deleting EC2 Network ACL Association (${id})`, () =>
      unless(["InvalidAssociationID.NotFound"], () => {
        replaceNetworkAclAssociation(ec2, id, defaultNetworkAcl(ec2, found.acl.VpcId).NetworkAclId);
      }),
    );
  },
};
