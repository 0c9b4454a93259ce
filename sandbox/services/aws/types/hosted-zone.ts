/** aws_route53_zone, from internal/service/route53/zone.go. Private zones alone. */
import { fromTagList } from "../ec2/account.ts";
import { during, unless } from "../errors.ts";
import { flag, isObject, objects, requiredText, text, type Json, type Properties } from "../json.ts";
import { zoneIdOf, type ZoneVpc } from "../route53/hosted-zone.ts";
import { deleteRecordSet, isOwnRecordSet, nameServersOf, recordSetsOf } from "../route53/record-sets.ts";
import {
  associateVpc,
  createHostedZone,
  deleteHostedZone,
  disassociateVpc,
  findZone,
  tagZone,
  updateZoneComment,
} from "../route53/zones.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { length } from "../validators.ts";
import { withoutDot } from "./names.ts";

const publicZones = "public hosted zones; Cloudflare has those";

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  comment: { kind: "text", mode: "optional", default: "Managed by Pulumi", validate: length(0, 256) },
  delegationSetId: {
    kind: "text",
    mode: "optional",
    replaces: true,
    conflictsWith: ["vpcs"],
    notSimulated: publicZones,
  },
  enableAcceleratedRecovery: { kind: "bool", mode: "optional-computed", notSimulated: publicZones },
  forceDestroy: { kind: "bool", mode: "optional", default: false },
  name: { kind: "text", mode: "required", replaces: true, validate: length(1, 1024), same: sameName },
  nameServers: { kind: "list", mode: "computed" },
  primaryNameServer: { kind: "text", mode: "computed" },
  vpcs: {
    kind: "object-set",
    mode: "optional",
    upstream: "vpc",
    conflictsWith: ["delegationSetId"],
    same: sameVpcs,
    properties: {
      vpcId: { kind: "text", mode: "required" },
      vpcRegion: { kind: "text", mode: "optional-computed" },
    },
  },
  zoneId: { kind: "text", mode: "computed" },
};

/** With or without a dot at its end, which the state does not keep. */
function sameName(before: Json | undefined, after: Json | undefined): boolean {
  return typeof before === "string" && typeof after === "string" && before === withoutDot(after);
}

/** The set goes by the VPCs' ids alone (sdkv2.SimpleSchemaSetFunc). */
function sameVpcs(before: Json | undefined, after: Json | undefined): boolean {
  const ids = (value: Json | undefined): string =>
    (Array.isArray(value) ? value : [])
      .map((each) => (isObject(each) ? JSON.stringify(each.vpcId) : ""))
      .sort()
      .join();
  return ids(before) === ids(after);
}

function vpcsOf({ providerRegion = "" }: Context, inputs: Properties): ZoneVpc[] {
  return objects(inputs, "vpcs").map((each) => ({
    VPCId: requiredText(each, "vpcId"),
    VPCRegion: text(each, "vpcRegion") ?? providerRegion,
  }));
}

function create(context: Context, inputs: Properties): string {
  const { ec2, tags } = context;
  const name = requiredText(inputs, "name");
  const [vpc, ...others] = vpcsOf(context, inputs);
  if (vpc === undefined) throw new Error("a zone without a VPC passed the check");
  const zone = during(`creating Route53 Hosted Zone (${name})`, () =>
    createHostedZone(ec2, { name, comment: text(inputs, "comment") ?? "", vpc }, tags),
  );
  const id = zoneIdOf(zone);
  for (const other of others) associate(context, id, other);
  return id;
}

function associate({ ec2 }: Context, id: string, vpc: ZoneVpc): void {
  during(`associating Route53 Hosted Zone (${id}) with VPC (${vpc.VPCId})`, () => {
    associateVpc(ec2, id, vpc);
  });
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const zone = ec2.get("hosted-zones", id);
  if (zone === undefined) return undefined;
  const nameServers = nameServersOf(ec2, zone);
  return {
    arn: `arn:aws:route53:::hostedzone/${id}`,
    comment: zone.Config.Comment,
    delegationSetId: "",
    enableAcceleratedRecovery: false,
    name: withoutDot(zone.Name),
    nameServers,
    primaryNameServer: nameServers[0] ?? "",
    tagsAll: fromTagList(zone.Tags),
    vpcs: zone.VPCs.map(({ VPCId, VPCRegion }) => ({ vpcId: VPCId, vpcRegion: VPCRegion })),
    zoneId: id,
  };
}

export const hostedZone: ResourceType = {
  token: "aws:route53/zone:Zone",
  upstream: { resource: "aws_route53_zone", file: "internal/service/route53/zone.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  global: true,
  setTags: ({ ec2, tags }, id) => {
    tagZone(ec2, id, tags);
  },
  validate: (inputs) =>
    objects(inputs, "vpcs").length === 0 ? [`the sandbox's AWS has no ${publicZones}: name a VPC`] : [],
  create,
  read,
  update: (context, id, { before, after, changed }) => {
    const { ec2 } = context;
    if (changed.has("comment")) {
      during(`updating Route53 Hosted Zone (${id}) comment`, () => {
        updateZoneComment(ec2, id, text(after, "comment") ?? "");
      });
    }
    if (changed.has("vpcs")) {
      const [old, wanted] = [vpcsOf(context, before), vpcsOf(context, after)];
      const lacks = (list: readonly ZoneVpc[], { VPCId }: ZoneVpc): boolean =>
        !list.some((each) => each.VPCId === VPCId);
      // A zone is never without one.
      for (const vpc of wanted.filter((each) => lacks(old, each))) associate(context, id, vpc);
      for (const vpc of old.filter((each) => lacks(wanted, each))) {
        during(`disassociating Route53 Hosted Zone (${id}) from VPC (${vpc.VPCId})`, () => {
          disassociateVpc(ec2, id, vpc);
        });
      }
    }
    return undefined;
  },
  delete: ({ ec2 }, id, state) => {
    during(`deleting Route53 Hosted Zone (${id})`, () =>
      unless(["NoSuchHostedZone"], () => {
        const zone = findZone(ec2, "DeleteHostedZone", id);
        if (flag(state, "forceDestroy") === true) {
          for (const set of recordSetsOf(ec2, id)) {
            if (!isOwnRecordSet(zone, set)) deleteRecordSet(ec2, zone, set.Name, set.Type);
          }
        }
        deleteHostedZone(ec2, id);
      }),
    );
  },
};
