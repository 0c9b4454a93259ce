/** Route tables as AWS describes them, and where each route leads. */
import { PrefixMap, type PrefixEntry } from "../rules/prefixes.ts";
import { networks, type SymbolSpace } from "../sets/addresses.ts";
import { difference, type Intervals } from "../sets/intervals.ts";
import { publicV4 } from "../world/public.ts";
import type { VpcTarget } from "../world/model.ts";
import { networksOf, type Described, type Export } from "./collect.ts";
import type { Route, RouteTable } from "./records.ts";
import { everyAddress } from "./sides.ts";

/** Where a route may lead, by what the VPC has. */
export interface RouteContext {
  readonly export: Export;
  readonly space: SymbolSpace;
  /** NAT gateways that carry something. */
  readonly nats: ReadonlySet<string>;
  /** Interfaces by the VPC that they are in. */
  readonly interfaceVpc: ReadonlyMap<string, string>;
  /** The other VPC of each peering that is active and has both ends in the export. */
  readonly peers: (vpc: string, peering: string) => string | undefined;
  readonly networksOfVpc: (vpc: string) => Intervals;
}

const blackhole = (reason: string): VpcTarget => ({ kind: "blackhole", reason });
const unknown = (reason: string): VpcTarget => ({ kind: "unknown", reason });

/** Networks for documentation (RFC 5737): no prefix list of AWS's own services has them. */
const documentation = networks(["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]);

/** What leads out of what the proof follows, by the field that names it. */
const beyond: readonly (readonly [field: keyof Route, what: string])[] = [
  ["TransitGatewayId", "transit gateway"],
  ["LocalGatewayId", "local gateway"],
  ["CarrierGatewayId", "carrier gateway"],
  ["CoreNetworkArn", "core network"],
  ["OdbNetworkArn", "ODB network"],
];

export class RouteTables {
  readonly #context: RouteContext;
  readonly #made = new Map<string, PrefixMap<VpcTarget>>();

  constructor(context: RouteContext) {
    this.#context = context;
  }

  /** The table as the VPC's router reads it: AWS's own order first among routes to the same network. */
  map(table: Described<RouteTable>): PrefixMap<VpcTarget> {
    const known = this.#made.get(table.id);
    if (known !== undefined) return known;
    const entries = table.value.Routes?.flatMap((route) => this.#entries(table, route)) ?? this.#lost(table);
    const made = new PrefixMap(settled(entries), this.#context.space);
    this.#made.set(table.id, made);
    return made;
  }

  /** AWS prints an empty list too: where there is none, somebody has taken it away. */
  #lost(table: Described<RouteTable>): Ranked[] {
    const value = this.#unknown(table, "Routes", "a list that the export does not have");
    return ["0.0.0.0/0", "::/0"].map((network) => ({ network, value, rank: 0, list: undefined }));
  }

  #entries(table: Described<RouteTable>, route: Route): Ranked[] {
    const value = this.#target(table, route);
    const { DestinationPrefixListId: list } = route;
    const network = route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock;
    // Static routes go before prefix lists, and both before what a gateway has propagated
    // (vpc/latest/userguide/route-tables-priority.html).
    if (network !== undefined) {
      const rank = route.Origin === "EnableVgwRoutePropagation" ? 2 : 0;
      return [{ network, value, rank, list: undefined }];
    }
    const known = list === undefined ? undefined : this.#context.export.prefixLists.get(list);
    const inList = known === undefined ? undefined : networksOf(known.value);
    if (inList !== undefined) return inList.map((one) => ({ network: one, value, rank: 1, list }));
    this.#note(table, list ?? "a route without a destination", "it is not known which addresses it is for");
    return [{ network: list ?? "?", value, rank: 1, list, possible: this.#possible(table, value) }];
  }

  /** Where the networks of an unknown list may be. */
  #possible({ value: { VpcId } }: Described<RouteTable>, target: VpcTarget): Intervals {
    // Lists of AWS's services, which gateway endpoints have, hold public addresses of theirs alone.
    if (target.kind === "gateway-endpoint") return difference(publicV4, documentation);
    // Only to what stands within the VPC may a route be longer than the VPC's own.
    const isInside = ["instance", "nat-gateway", "unknown"].includes(target.kind);
    return isInside ? everyAddress : difference(everyAddress, this.#context.networksOfVpc(VpcId));
  }

  #note({ id, file }: Described<RouteTable>, field: string, why: string): void {
    const consequence = `${why}: what hangs on the route cannot be answered`;
    this.#context.export.notes.add({ file, object: id, field, consequence });
  }

  #unknown(table: Described<RouteTable>, field: string, what: string): VpcTarget {
    this.#note(table, field, `${what} is beyond the proof`);
    return unknown(`it leads to ${what}, which the proof does not follow`);
  }

  #target(table: Described<RouteTable>, route: Route): VpcTarget {
    const { State: state = "active", unknown: fields } = route;
    if (state === "blackhole") return blackhole("the route is a blackhole: its target is gone");
    if (state !== "active") return this.#unknown(table, "State", `a route that is ${state}`);
    if (fields.length > 0) return this.#unknown(table, fields.join(", "), `what ${fields.join(", ")} says`);
    for (const [field, what] of beyond) {
      const id = route[field];
      if (typeof id === "string") return this.#unknown(table, field, `the ${what} ${id}`);
    }
    return this.#known(table, route) ?? this.#unknown(table, "target", "a target that is not known");
  }

  #known(table: Described<RouteTable>, route: Route): VpcTarget | undefined {
    const { GatewayId, NatGatewayId, EgressOnlyInternetGatewayId, NetworkInterfaceId, InstanceId } = route;
    const { VpcPeeringConnectionId: peering } = route;
    if (GatewayId !== undefined) return this.#gateway(table, GatewayId);
    if (NatGatewayId !== undefined) return this.#nat(table, NatGatewayId);
    if (EgressOnlyInternetGatewayId !== undefined)
      return this.#egressOnly(table, EgressOnlyInternetGatewayId);
    if (peering !== undefined) return this.#peering(table, peering);
    const target = NetworkInterfaceId ?? this.#interfaceOf(InstanceId);
    if (target !== undefined) return this.#interface(table, target);
    return InstanceId === undefined
      ? undefined
      : this.#unknown(table, "InstanceId", `${InstanceId}, which the export does not have`);
  }

  #interfaceOf(instance: string | undefined): string | undefined {
    if (instance === undefined) return undefined;
    const interfaces = this.#context.export.instances.get(instance)?.value.NetworkInterfaces ?? [];
    return (
      interfaces[0]?.NetworkInterfaceId ?? (this.#context.interfaceVpc.has(instance) ? instance : undefined)
    );
  }

  #interface(table: Described<RouteTable>, id: string): VpcTarget {
    if (this.#context.interfaceVpc.get(id) === table.value.VpcId) return { kind: "instance", host: id };
    return this.#unknown(table, "NetworkInterfaceId", `${id}, which the export does not have in the VPC`);
  }

  #gateway(table: Described<RouteTable>, id: string): VpcTarget {
    const { internetGateways, endpoints } = this.#context.export;
    if (id === "local") return { kind: "local" };
    if (id.startsWith("igw-")) {
      const gateway = internetGateways.get(id)?.value;
      if (gateway === undefined)
        return this.#unknown(table, "GatewayId", `${id}, which the export does not have`);
      const isAttached = gateway.Attachments.some(
        ({ VpcId, State }) => VpcId === table.value.VpcId && (State === undefined || isHere(State)),
      );
      return isAttached ? { kind: "internet-gateway" } : blackhole(`${id} is not attached to the VPC`);
    }
    if (id.startsWith("vpce-")) {
      const endpoint = endpoints.get(id)?.value;
      if (endpoint?.VpcEndpointType !== "Gateway") {
        const what = endpoint === undefined ? `${id}, which the export does not have` : `the endpoint ${id}`;
        return this.#unknown(table, "GatewayId", what);
      }
      const state = endpoint.State?.toLowerCase() ?? "available";
      return state === "available"
        ? { kind: "gateway-endpoint", endpoint: id }
        : blackhole(`${id} is ${state}`);
    }
    return this.#unknown(
      table,
      "GatewayId",
      id.startsWith("vgw-") ? `the VPN gateway ${id}` : `the gateway ${id}`,
    );
  }

  #egressOnly(table: Described<RouteTable>, id: string): VpcTarget {
    const gateway = this.#context.export.egressOnlyGateways.get(id)?.value;
    const field = "EgressOnlyInternetGatewayId";
    if (gateway === undefined) return this.#unknown(table, field, `${id}, which the export does not have`);
    const isAttached = gateway.Attachments.some(
      ({ VpcId, State }) => VpcId === table.value.VpcId && (State === undefined || isHere(State)),
    );
    return isAttached ? { kind: "egress-only-gateway" } : blackhole(`${id} is not attached to the VPC`);
  }

  #nat(table: Described<RouteTable>, id: string): VpcTarget {
    if (this.#context.nats.has(id)) return { kind: "nat-gateway", nat: id };
    const gateway = this.#context.export.natGateways.get(id)?.value;
    const field = "NatGatewayId";
    if (gateway === undefined) return this.#unknown(table, field, `${id}, which the export does not have`);
    const { State: state = "available" } = gateway;
    if (state !== "available") return blackhole(`${id} is ${state}`);
    return this.#unknown(table, field, `the NAT gateway ${id}, which has no subnet or address in the export`);
  }

  #peering(table: Described<RouteTable>, id: string): VpcTarget {
    const { peerings } = this.#context.export;
    const peering = peerings.get(id)?.value;
    const field = "VpcPeeringConnectionId";
    if (peering === undefined) return this.#unknown(table, field, `${id}, which the export does not have`);
    const status = peering.Status?.Code ?? "active";
    if (status !== "active") return blackhole(`${id} is ${status}`);
    if (this.#context.peers(table.value.VpcId, id) !== undefined) return { kind: "peering", peering: id };
    const sides = [peering.RequesterVpcInfo, peering.AccepterVpcInfo];
    const other = sides.find((side) => side?.VpcId !== table.value.VpcId);
    const where = [other?.Region, other?.OwnerId].filter((part) => part !== undefined).join(", ");
    const what = `${other?.VpcId ?? "a VPC"}${where === "" ? "" : ` (${where})`} over ${id}, which the export does not have`;
    return this.#unknown(table, field, what);
  }
}

function isHere(state: string): boolean {
  return state === "available" || state === "attached";
}

interface Ranked extends PrefixEntry<VpcTarget> {
  readonly rank: number;
  readonly list: string | undefined;
}

/** Which of two prefix lists with one network counts, AWS decides by chance. */
function settled(entries: readonly Ranked[]): PrefixEntry<VpcTarget>[] {
  const ordered = entries.toSorted((a, b) => a.rank - b.rank);
  return ordered.map(({ network, value, list, rank, possible }) => {
    const isDrawn = ordered.some(
      (other) =>
        rank === 1 &&
        other.rank === 1 &&
        other.network === network &&
        other.list !== list &&
        JSON.stringify(other.value) !== JSON.stringify(value),
    );
    const entry = { network, value: isDrawn ? unknown("two prefix lists have the same network") : value };
    return possible === undefined ? entry : { ...entry, possible };
  });
}
