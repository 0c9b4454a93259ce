/**
 * IPv6 arithmetic for the configuration and the plan: a thin layer above ipaddr.js.
 *
 * Addresses and networks stay text, in the one spelling that RFC 5952 recommends, because AWS stores rules and routes
 * in that one and would differ from any other forever.
 */
import ipaddr from "ipaddr.js";

interface Network {
  /** The network's first address. */
  readonly first: bigint;
  /** 0 to 128. */
  readonly prefix: number;
}

const bits = 128n;

function numberOf(address: ipaddr.IPv6): bigint {
  return address.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

function format(number: bigint): string {
  const bytes = Array.from({ length: 16 }, (_, index) => Number((number >> BigInt(120 - 8 * index)) & 0xffn));
  return new ipaddr.IPv6(bytes).toRFC5952String();
}

function parseLoose(text: string): Network | undefined {
  const match = /^([0-9a-fA-F:]+)\/(\d{1,3})$/.exec(text);
  const [, address = "", length = ""] = match ?? [];
  const prefix = Number(length);
  if (match === null || prefix > 128 || !ipaddr.IPv6.isValid(address)) return undefined;
  const size = 1n << (bits - BigInt(prefix));
  const number = numberOf(ipaddr.IPv6.parse(address));
  return { first: number - (number % size), prefix };
}

/** The canonical spelling of a network (`2001:DB8::7/32` → `2001:db8::/32`); `undefined` where there is none. */
export function canonicalIpv6Cidr(text: string): string | undefined {
  const network = parseLoose(text);
  return network === undefined ? undefined : `${format(network.first)}/${network.prefix}`;
}

function networkOf(text: string): Network {
  const network = parseLoose(text);
  if (network === undefined) throw new Error(`${text} is not an IPv6 network`);
  return network;
}

/** Whether every address of `inner` lies in `outer`; both are networks. */
export function ipv6Contains(outer: string, inner: string): boolean {
  const [a, b] = [networkOf(outer), networkOf(inner)];
  return (
    a.prefix <= b.prefix && b.first >> (bits - BigInt(a.prefix)) === a.first >> (bits - BigInt(a.prefix))
  );
}

/** Prefixes of what AWS gives a VPC and of a subnet in it (vpc/latest/userguide/vpc-cidr-blocks.html). */
const vpcPrefix = 56;
const subnetPrefix = 64;

/**
 * The /64 of a number (0 to 255) in a VPC's /56.
 * @throws where the network is no /56, which is all that Amazon gives
 */
export function ipv6Subnet(vpc: string, number: number): string {
  const { first, prefix } = networkOf(vpc);
  if (prefix !== vpcPrefix) throw new Error(`${vpc} is no /${vpcPrefix}`);
  return `${format(first + (BigInt(number) << BigInt(128 - subnetPrefix)))}/${subnetPrefix}`;
}

/** The address of a number in a subnet: 10 is `…::a`. */
export function ipv6Address(subnet: string, number: number): string {
  return format(networkOf(subnet).first + BigInt(number));
}
