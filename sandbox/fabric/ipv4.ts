/** Addresses and blocks of IPv4 as numbers. */

export interface Block {
  /** First address, as an unsigned 32-bit number. */
  readonly base: number;
  readonly prefixLength: number;
}

/** `10.0.1.5` → 167772421. @throws if the text is not a dotted quad. */
export function parseAddress(text: string): number {
  const parts = text.split(".");
  const octets = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (octets.length !== 4 || octets.some((octet) => octet > 255)) {
    throw new Error(`not an IPv4 address: ${JSON.stringify(text)}`);
  }
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

/** `10.0.0.0/16`. @throws if it is not a block, or if bits are set behind the prefix. */
export function parseBlock(text: string): Block {
  const [address, length, rest] = text.split("/");
  if (address === undefined || length === undefined || rest !== undefined || !/^\d{1,2}$/.test(length)) {
    throw new Error(`not an IPv4 block: ${JSON.stringify(text)}`);
  }
  const block = { base: parseAddress(address), prefixLength: Number(length) };
  if (block.prefixLength > 32 || block.base % 2 ** (32 - block.prefixLength) !== 0) {
    throw new Error(`not an IPv4 block: ${JSON.stringify(text)}`);
  }
  return block;
}

export function contains(block: Block, address: number): boolean {
  return address >= block.base && address < block.base + 2 ** (32 - block.prefixLength);
}

/** The n-th address of a block. */
export function addressAt(block: string, index: number): string {
  return formatAddress(parseBlock(block).base + index);
}
