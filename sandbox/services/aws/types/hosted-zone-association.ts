/** aws_route53_zone_association, from internal/service/route53/zone_association.go. */
import { accountId } from "../ec2/account.ts";
import { during, ProviderError, unless } from "../errors.ts";
import { requiredText, text } from "../json.ts";
import type { ZoneVpc } from "../route53/hosted-zone.ts";
import { associateVpc, disassociateVpc, hasVpc } from "../route53/zones.ts";
import type { Context, ResourceType } from "../table.ts";

/** `ZONE:VPC:REGION`, where older states have no region. */
function parseId({ providerRegion = "" }: Context, id: string): { zoneId: string; vpc: ZoneVpc } {
  const [zoneId = "", vpcId = "", region = providerRegion, ...rest] = id.split(":");
  if (zoneId === "" || vpcId === "" || rest.length > 0) {
    throw new ProviderError(
      `Unexpected format of ID ("${id}"), expected ZONEID:VPCID or ZONEID:VPCID:VPCREGION`,
    );
  }
  return { zoneId, vpc: { VPCId: vpcId, VPCRegion: region } };
}

export const hostedZoneAssociation: ResourceType = {
  token: "aws:route53/zoneAssociation:ZoneAssociation",
  upstream: {
    resource: "aws_route53_zone_association",
    file: "internal/service/route53/zone_association.go",
    sdk: "sdkv2",
  },
  properties: {
    owningAccount: { kind: "text", mode: "computed" },
    vpcId: { kind: "text", mode: "required", replaces: true },
    vpcRegion: { kind: "text", mode: "optional-computed", replaces: true },
    zoneId: { kind: "text", mode: "required", replaces: true },
  },
  tagged: false,
  global: true,
  create: ({ ec2, providerRegion = "" }, inputs) => {
    const [zoneId, vpcId] = [requiredText(inputs, "zoneId"), requiredText(inputs, "vpcId")];
    const region = text(inputs, "vpcRegion") ?? providerRegion;
    during(`associating Route 53 Hosted Zone (${zoneId}) to EC2 VPC (${vpcId})`, () => {
      associateVpc(ec2, zoneId, { VPCId: vpcId, VPCRegion: region });
    });
    return `${zoneId}:${vpcId}:${region}`;
  },
  read: (context, id) => {
    const { zoneId, vpc } = parseId(context, id);
    const zone = context.ec2.get("hosted-zones", zoneId);
    if (zone === undefined || !hasVpc(zone, vpc)) return undefined;
    return { owningAccount: accountId, vpcId: vpc.VPCId, vpcRegion: vpc.VPCRegion, zoneId };
  },
  delete: (context, id) => {
    const { zoneId, vpc } = parseId(context, id);
    during(`disassociating Route 53 Hosted Zone (${zoneId}) from EC2 VPC (${vpc.VPCId})`, () =>
      unless(["NoSuchHostedZone", "VPCAssociationNotFound"], () => {
        disassociateVpc(context.ec2, zoneId, vpc);
      }),
    );
  },
};
