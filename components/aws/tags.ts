import { createHash } from "node:crypto";

/**
 * The tags that every taggable AWS resource carries.
 *
 * | tag | value | who sets it |
 * | --- | --- | --- |
 * | `Name` | the resource's plan key, for people | the component |
 * | `site` | the region's key in the configuration | the component |
 * | `owner` | who answers for it, from the configuration | {@link registerAwsConventions} |
 * | `stack` | the Pulumi stack | {@link registerAwsConventions} |
 * | `urn` | {@link urnHash} of the resource's URN | {@link registerAwsConventions} |
 *
 * The root volume of an instance has its instance's. Without tags is what AWS makes by itself and takes along with the
 * thing that it belongs to: network interfaces of instances and NAT gateways, a VPC's main route table and its default
 * ACL.
 *
 * `stack` and `urn` together name one resource of one stack. When an update dies between the moment AWS made a
 * resource and the moment Pulumi wrote its id down, the state still knows the URN, so the resource can be found by
 * these two tags and imported or deleted. AWS limits a tag's value to 256 characters and URNs can be longer, hence
 * the hash.
 */
export interface Tags {
  readonly Name: string;
  readonly site: string;
  readonly [name: string]: string;
}

/** Hexadecimal digits of the hash: 128 bits, so two URNs of one stack never share a tag. */
const urnHashLength = 32;

/**
 * The value of the `urn` tag: the first 32 hexadecimal digits of SHA-256 over the URN's UTF-8 bytes. It depends on
 * the URN alone, so it is known in a preview and to whoever reads the state.
 */
export function urnHash(urn: string): string {
  return createHash("sha256").update(urn, "utf8").digest("hex").slice(0, urnHashLength);
}
