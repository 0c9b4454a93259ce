/** Domain names as the API stores them: lower case, Punycode, complete, without the last dot. */
import { isIP } from "node:net";
import { domainToASCII } from "node:url";

/** A label of a record's name: letters, digits, hyphens and (as in `_dmarc`) underscores. RFC 1035, 2.3.4. */
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

function toAscii(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (/^[\u0020-\u007e]*$/.test(lower)) return lower;
  // Label by label: the underscores and the star of DNS names are none of the URL standard's hosts.
  const labels = lower
    .split(".")
    .map((part) => (/^[\u0020-\u007e]*$/.test(part) ? part : domainToASCII(part)));
  return labels.includes("") ? undefined : labels.join(".");
}

function validName(name: string, wildcard: boolean): boolean {
  if (name.length === 0 || name.length > 253) return false;
  return name
    .split(".")
    .every((part, index) => (wildcard && index === 0 && part === "*") || label.test(part));
}

/** A host that a record may point to; `undefined` if it is none (an address, a URL, an invalid name). */
export function normaliseHost(text: string): string | undefined {
  const name = toAscii(text.trim().replace(/\.$/, ""));
  if (name === undefined || !validName(name, false) || isIP(name) !== 0) return undefined;
  // A last label of digits alone can only be a mistaken address.
  return /(?:^|\.)\d+$/.test(name) ? undefined : name;
}

/** The name of a zone: at least two labels, without underscores. */
export function normaliseZoneName(text: string): string | undefined {
  const name = normaliseHost(text);
  return name !== undefined && name.includes(".") && !name.includes("_") ? name : undefined;
}

/** Whether `name` is `zone` itself or lies below it. */
export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** A record's complete name; `@` is the zone itself, and a name that does not end with the zone gets it appended. */
export function normaliseRecordName(text: string, zone: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === "@") return zone;
  const name = toAscii(trimmed.replace(/\.$/, ""));
  if (name === undefined) return undefined;
  const complete = isWithin(name, zone) ? name : `${name}.${zone}`;
  return validName(complete, true) ? complete : undefined;
}
