/** NAT gateways as AWS describes them, with their interfaces. */
import { neverPublic, parseAddress } from "../sets/addresses.ts";
import type { Intervals } from "../sets/intervals.ts";
import type { TrafficTable } from "../sets/traffic.ts";
import type { NatNode } from "../world/model.ts";
import { natNode, type NatAddress } from "../world/nat.ts";
import type { Described, Export } from "./collect.ts";
import type { Interface } from "./interfaces.ts";
import type { NatGateway } from "./records.ts";

/** Addresses that VPCs have of themselves, without asking anybody. */
export const nameless: Intervals = neverPublic;

/** A gateway's address, and the interface that has it. */
interface DescribedAddress extends NatAddress {
  readonly NetworkInterfaceId: string | undefined;
}

/** A gateway's addresses that are in use, the primary one first. */
export function addressesOf({ NatGatewayAddresses }: NatGateway): DescribedAddress[] {
  const over = new Set(["unassigning", "disassociating", "failed"]);
  return NatGatewayAddresses.filter(({ Status }) => !over.has(Status ?? ""))
    .toSorted((a, b) => Number(b.IsPrimary ?? false) - Number(a.IsPrimary ?? false))
    .flatMap(({ PrivateIp, PublicIp, NetworkInterfaceId }) =>
      PrivateIp === undefined
        ? []
        : [
            {
              inside: parseAddress(PrivateIp),
              outside: PublicIp === undefined ? undefined : parseAddress(PublicIp),
              NetworkInterfaceId,
            },
          ],
    );
}

function describedNat(
  { id, value, file }: Described<NatGateway>,
  table: TrafficTable,
  of: Export,
): NatNode | undefined {
  const { SubnetId: subnet, State: state = "available", VpcId: region } = value;
  const addresses = addressesOf(value);
  const [first, ...others] = addresses;
  if (state !== "available" || subnet === undefined || first === undefined) return undefined;
  const isPublic = value.ConnectivityType !== "private";
  const known = [first, ...others].map(({ inside, outside }) => ({
    inside,
    outside: isPublic ? outside : undefined,
  })) as [NatAddress, ...NatAddress[]];
  if (known.filter(({ outside }) => outside !== undefined).length > 1) {
    const consequence =
      "AWS chooses one of them for each connection: the answer is about the primary one, and receivers that take only some of them may be misjudged";
    of.notes.add({ file, object: id, field: "NatGatewayAddresses", consequence });
  }
  return natNode({ key: id, region, subnet }, known, table);
}

/** Those that carry something; a route to any other one leads nowhere, or nobody knows where. */
export function natsOf(of: Export, table: TrafficTable): Map<string, NatNode> {
  const found = new Map<string, NatNode>();
  for (const one of of.natGateways.values()) {
    const node = describedNat(one, table, of);
    if (node !== undefined) found.set(one.id, node);
  }
  return found;
}

/** Whether an interface is a NAT gateway's, which is told of by the gateway itself. */
export function isOfNat({ type, id }: Interface, { natGateways }: Export): boolean {
  return (
    type === "nat_gateway" ||
    [...natGateways.values()].some(({ value }) =>
      value.NatGatewayAddresses.some(({ NetworkInterfaceId }) => NetworkInterfaceId === id),
    )
  );
}
