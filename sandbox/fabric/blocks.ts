/** Addresses and blocks of both families, as text. */
import ipaddr from "ipaddr.js";
import { contains, parseAddress, parseBlock } from "./ipv4.ts";

/** As nftables names tables' families. */
export type Family = "ip" | "ip6";

/** Of an address or a block. */
export function familyOf(text: string): Family {
  return text.includes(":") ? "ip6" : "ip";
}

/** Whether an address lies in a block; never where they are of two families. */
export function blockHas(block: string, address: string): boolean {
  if (familyOf(block) !== familyOf(address)) return false;
  return familyOf(block) === "ip"
    ? contains(parseBlock(block), parseAddress(address))
    : ipaddr.IPv6.parse(address).match(ipaddr.IPv6.parseCIDR(block));
}

export function prefixLengthOf(block: string): number {
  return familyOf(block) === "ip" ? parseBlock(block).prefixLength : ipaddr.IPv6.parseCIDR(block)[1];
}

/** The block that has one address alone. */
export function hostBlock(address: string): string {
  return `${address}/${familyOf(address) === "ip" ? 32 : 128}`;
}

/** @throws if the text is no IPv6 address. */
export function parseIpv6(text: string): ipaddr.IPv6 {
  if (familyOf(text) !== "ip6" || !ipaddr.IPv6.isValid(text)) {
    throw new Error(`not an IPv6 address: ${JSON.stringify(text)}`);
  }
  return ipaddr.IPv6.parse(text);
}
