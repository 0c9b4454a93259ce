/** Where a route leads: to a block of the one family or the other. */
import {
  blockContains,
  canonicalBlock,
  canonicalIpv6Block,
  ipv6BlockContains,
  parseBlock,
  storedBlock,
} from "../cidr.ts";
import { ApiError } from "../errors.ts";
import type { Route, Vpc } from "./records.ts";

export type Destination = Pick<Route, "DestinationCidrBlock" | "DestinationIpv6CidrBlock">;

/** The destination of a family, as AWS stores it. */
export function destinationOf(operation: string, text: string): Destination {
  const block = parseBlock(text);
  if (block !== undefined) return { DestinationCidrBlock: canonicalBlock(block) };
  const ipv6 = canonicalIpv6Block(text);
  if (ipv6 !== undefined) return { DestinationIpv6CidrBlock: ipv6 };
  const parameter = text.includes(":") ? "destinationIpv6CidrBlock" : "destinationCidrBlock";
  throw new ApiError(
    operation,
    "InvalidParameterValue",
    `Value (${text}) for parameter ${parameter} is invalid. This is not a valid CIDR block.`,
  );
}

/** The destination of a route, but for those by prefix lists. */
export function destinationText(route: Destination): string | undefined {
  return route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock;
}

/** Whether a destination is one of the VPC's own blocks, or a part of one. */
export function isWithin(vpc: Vpc, { DestinationCidrBlock, DestinationIpv6CidrBlock }: Destination): boolean {
  if (DestinationCidrBlock !== undefined) {
    return blockContains(storedBlock(vpc.CidrBlock), storedBlock(DestinationCidrBlock));
  }
  return vpc.Ipv6CidrBlockAssociationSet.some(({ Ipv6CidrBlock }) =>
    ipv6BlockContains(Ipv6CidrBlock, DestinationIpv6CidrBlock ?? ""),
  );
}
