/** Arithmetic on IPv4 blocks, and the canonical form of IPv6 ones. */
import ipaddr from "ipaddr.js";

export interface Block {
  /** The first address as an unsigned 32-bit number, exactly as written: host bits are not cleared. */
  readonly address: number;
  readonly bits: number;
}

export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) {
    return undefined;
  }
  let value = 0;
  for (const part of match.slice(1)) {
    const octet = Number(part);
    if (octet > 255 || String(octet) !== part) {
      return undefined;
    }
    value = value * 256 + octet;
  }
  return value;
}

export function formatIpv4(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".");
}

export function parseBlock(text: string): Block | undefined {
  const [address, bits, ...rest] = text.split("/");
  if (address === undefined || bits === undefined || rest.length > 0 || !/^\d{1,2}$/.test(bits)) {
    return undefined;
  }
  const value = parseIpv4(address);
  const length = Number(bits);
  return value === undefined || length > 32 ? undefined : { address: value, bits: length };
}

/** How many addresses a block has. */
export function blockSize(block: Block): number {
  return 2 ** (32 - block.bits);
}

/** The first address of the network that a block names, with its host bits cleared. */
export function networkOf(block: Block): number {
  return Math.floor(block.address / blockSize(block)) * blockSize(block);
}

/** The block as AWS stores it: host bits cleared. */
export function canonicalBlock(block: Block): string {
  return `${formatIpv4(networkOf(block))}/${block.bits}`;
}

export function blockContains(outer: Block, inner: Block): boolean {
  return (
    outer.bits <= inner.bits &&
    networkOf(inner) >= networkOf(outer) &&
    networkOf(inner) < networkOf(outer) + blockSize(outer)
  );
}

export function blockHolds(block: Block, address: number): boolean {
  return address >= networkOf(block) && address < networkOf(block) + blockSize(block);
}

export function blocksOverlap(left: Block, right: Block): boolean {
  return blockContains(left, right) || blockContains(right, left);
}

/** A block that is known to be valid because it was checked when it was stored. */
export function storedBlock(text: string): Block {
  const block = parseBlock(text);
  if (block === undefined) {
    throw new Error(`the stored block ${JSON.stringify(text)} is not an IPv4 CIDR`);
  }
  return block;
}

/** An IPv6 address as a number; `undefined` if it is none. */
export function parseIpv6(text: string): bigint | undefined {
  if (!text.includes(":") || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text)
    .toByteArray()
    .reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

/** In the one spelling that AWS prints. */
export function formatIpv6(value: bigint): string {
  const bytes = Array.from({ length: 16 }, (_, index) => Number((value >> BigInt(120 - 8 * index)) & 255n));
  return new ipaddr.IPv6(bytes).toRFC5952String();
}

export interface Ipv6Block {
  /** The first address, host bits cleared. */
  readonly address: bigint;
  readonly bits: number;
}

export function parseIpv6Block(text: string): Ipv6Block | undefined {
  const [address = "", bits = ""] = (canonicalIpv6Block(text) ?? "").split("/");
  const value = parseIpv6(address);
  return value === undefined ? undefined : { address: value, bits: Number(bits) };
}

/** Whether the one block has all of the other; texts that are no blocks have nothing. */
export function ipv6BlockContains(outer: string, inner: string): boolean {
  const [a, b] = [parseIpv6Block(outer), parseIpv6Block(inner)];
  if (a === undefined || b === undefined) return false;
  const rest = BigInt(128 - a.bits);
  return a.bits <= b.bits && a.address >> rest === b.address >> rest;
}

export function ipv6BlocksOverlap(left: string, right: string): boolean {
  return ipv6BlockContains(left, right) || ipv6BlockContains(right, left);
}

/** The canonical text of an IPv6 block, host bits cleared; `undefined` if it is none. */
export function canonicalIpv6Block(text: string): string | undefined {
  if (!text.includes(":") || !ipaddr.IPv6.isValidCIDR(text)) {
    return undefined;
  }
  const bits = ipaddr.IPv6.parseCIDR(text)[1];
  return `${ipaddr.IPv6.networkAddressFromCIDR(text).toRFC5952String()}/${bits}`;
}
