/** What zones and record sets of Route 53 have in common. */
import { ApiError } from "../errors.ts";
import type { Tag } from "../ec2/records.ts";

export interface ZoneVpc {
  VPCRegion: string;
  VPCId: string;
}

/** What `get-hosted-zone` tells, and the tags, which the API tells by another call. */
export interface HostedZone {
  CallerReference: string;
  Config: { Comment: string; PrivateZone: true };
  /** `/hostedzone/Z…` */
  Id: string;
  /** With a dot at its end. */
  Name: string;
  Tags: Tag[];
  /** In the order in which they joined. */
  VPCs: ZoneVpc[];
}

export function refuse(operation: string, code: string, detail: string, statusCode = 400): never {
  throw new ApiError(operation, code, detail, statusCode, "Route 53");
}

/** `/hostedzone/Z…` → `Z…` */
export function zoneIdOf({ Id }: Pick<HostedZone, "Id">): string {
  return Id.slice("/hostedzone/".length);
}

/** In lower case, with a dot at its end, as Route 53 keeps it. */
export function qualified(name: string): string {
  return `${name.toLowerCase().replace(/\.$/, "")}.`;
}
