/** NAT gateways as AWS describes them, with their interfaces. */
import { Gate } from "../rules/gate.ts";
import { neverPublic, parseAddress } from "../sets/addresses.ts";
import { pointsOf, type Intervals, type Point } from "../sets/intervals.ts";
import type { TrafficTable } from "../sets/traffic.ts";
import type { Eni, NatNode } from "../world/model.ts";
import type { Described, Export } from "./collect.ts";
import type { Interface } from "./interfaces.ts";
import type { NatGateway } from "./records.ts";

/** Addresses that VPCs have of themselves, without asking anybody. */
export const nameless: Intervals = neverPublic;

interface NatAddress {
  readonly inside: Point;
  readonly outside: Point | undefined;
  readonly interfaceId: string | undefined;
}

function addressesOf({ NatGatewayAddresses }: NatGateway): NatAddress[] {
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
              interfaceId: NetworkInterfaceId,
            },
          ],
    );
}

function natNode(
  { id, value, file }: Described<NatGateway>,
  table: TrafficTable,
  of: Export,
): NatNode | undefined {
  const { SubnetId: subnet, State: state = "available", VpcId: region } = value;
  const addresses = addressesOf(value);
  const [first] = addresses;
  if (state !== "available" || subnet === undefined || first === undefined) return undefined;
  const isPublic = value.ConnectivityType !== "private";
  const outside = addresses.flatMap((one): [Point, Point][] =>
    !isPublic || one.outside === undefined ? [] : [[one.inside, one.outside]],
  );
  if (outside.length > 1) {
    const consequence =
      "AWS chooses one of them for each connection: the answer is about the primary one, and receivers that take only some of them may be misjudged";
    of.notes.add({ file, object: id, field: "NatGatewayAddresses", consequence });
  }
  const open = new Gate(
    { rules: [], otherwise: { verdict: "accept", origin: { where: id, rule: "", path: id } } },
    table,
  );
  const eni: Eni = {
    host: id,
    link: "eth0",
    region,
    subnet,
    address: first.inside,
    ipv6: undefined,
    publicAddress: outside[0]?.[1],
    own: pointsOf(addresses.map(({ inside }) => inside)),
    publicAddresses: new Map(outside),
    nat: id,
    checks: false,
    ingress: open,
    egress: open,
  };
  return { key: id, subnet, publicAddress: eni.publicAddress, eni };
}

/** Those that carry something; a route to any other one leads nowhere, or nobody knows where. */
export function natsOf(of: Export, table: TrafficTable): Map<string, NatNode> {
  const found = new Map<string, NatNode>();
  for (const one of of.natGateways.values()) {
    const node = natNode(one, table, of);
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
