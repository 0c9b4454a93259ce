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

/** The canonical text of an IPv6 block, host bits cleared; `undefined` if it is none. */
export function canonicalIpv6Block(text: string): string | undefined {
  if (!text.includes(":") || !ipaddr.IPv6.isValidCIDR(text)) {
    return undefined;
  }
  const bits = ipaddr.IPv6.parseCIDR(text)[1];
  return `${ipaddr.IPv6.networkAddressFromCIDR(text).toRFC5952String()}/${bits}`;
}
