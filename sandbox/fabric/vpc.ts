/** A VPC as a router: its tables, gates and doors. Its NAT gateways and the namespaces of its instances, too. */
import type { Cloud, Endpoint, Peering, Vpc } from "./cloud.ts";
import { familyOf } from "./blocks.ts";
import type { FlowPolicy } from "./flows.ts";
import {
  aclGates,
  chain,
  deviceOf,
  groupGates,
  isGated,
  mapOf,
  readGate,
  RESOLVER_MARK,
  setOf,
  type Gate,
  type Port,
} from "./gates.ts";
import { addressAt, parseBlock } from "./ipv4.ts";
import { stableNumbers } from "./names.ts";
import { LINK_LOCAL_RESOLVER, RESOLVER } from "./resolver.ts";
import { doorTo, kernelRoutes, resolveRoutes, toEndpoint, type ResolvedRoute } from "./routing.ts";
import {
  ANYWHERE,
  FORWARDING,
  FORWARDING_IPV6,
  MAIN_TABLE,
  NO_IPV6,
  NOT_FORWARDING,
  WITH_IPV6,
  type Link,
  type NamespaceState,
  type Rule,
} from "./state.ts";
import { instanceIpv6, ipv6Router, type Ipv6Router } from "./vpc-ipv6.ts";

/** Table with one way out: to the VPC's resolver. */
const RESOLVER_TABLE = 100;
/** Tables of VPCs start above those that the kernel and the fabric use themselves. */
const FIRST_TABLE = 1000;
const TABLES = 2 ** 30;

/** A connection that was cut off must not come back in the middle, from its other end. */
const NOT_LOOSE = { path: "net/netfilter/nf_conntrack_tcp_loose", value: "0" };

export interface VpcParts {
  readonly namespaces: readonly NamespaceState[];
  readonly links: readonly Link[];
  /** Public addresses that the internet is to send here. */
  readonly publicAddresses: readonly string[];
  /** `undefined` where the VPC has no IPv6. */
  readonly ipv6: Ipv6Router["byGateway"] | undefined;
}

export interface VpcSurroundings {
  readonly cloud: Cloud;
  /** Address under which this VPC's questions reach its resolver. */
  readonly resolverSource: string;
}

export function machineNamespace(name: string): string {
  return `h-${name}`;
}

function prefixLengthOf(endpoint: Endpoint): number {
  return parseBlock(endpoint.subnet.cidr).prefixLength;
}

/** AWS reserves the first address of a subnet for its router. */
export function gatewayOf(endpoint: Endpoint): string {
  return addressAt(endpoint.subnet.cidr, 1);
}

/** AWS reserves the address at the VPC's base plus two for its resolver. */
export function resolverAddress(vpc: Vpc): string {
  const first = vpc.cidrs[0];
  if (first === undefined) {
    throw new Error(`${vpc.id} has no address block`);
  }
  return addressAt(first, 2);
}

function portsOf(vpc: Vpc): Port[] {
  return vpc.endpoints.map((endpoint) => ({ device: deviceOf(endpoint), endpoint }));
}

/** Endpoints that the internet gateway translates: those with a public address in a subnet routed to it. */
function publicPorts(ports: readonly Port[], routes: ReadonlyMap<string, readonly ResolvedRoute[]>): Port[] {
  return ports.filter(
    ({ endpoint }) =>
      endpoint.publicAddress !== undefined &&
      (routes.get(endpoint.subnet.routeTable) ?? []).some(
        ({ destination, target }) =>
          familyOf(destination) === "ip" && typeof target === "object" && target.device === "igw",
      ),
  );
}

function guards(
  vpc: Vpc,
  ports: readonly Port[],
  peerings: readonly Peering[],
  open: readonly Port[],
): string[] {
  const unchecked = ports.filter((port) => !port.endpoint.sourceDestCheck);
  const doors = peerings.map((peering) => `oifname "${doorTo(peering)}" ip saddr != @own drop`);
  return [
    ...setOf(
      "bound",
      "ifname . ipv4_addr",
      ports.map(({ device, endpoint }) => `"${device}" . ${endpoint.privateAddress}`),
    ),
    ...setOf(
      "unchecked",
      "ifname",
      unchecked.map((port) => `"${port.device}"`),
    ),
    ...setOf("own", "ipv4_addr", vpc.cidrs, "interval"),
    ...setOf(
      "public_addresses",
      "ipv4_addr",
      open.map(({ endpoint }) => endpoint.publicAddress ?? ""),
    ),
    ...setOf(
      "translated",
      "ipv4_addr",
      open.map(({ endpoint }) => endpoint.privateAddress),
    ),
    ...chain("source_check", [
      "type filter hook prerouting priority raw; policy accept;",
      'iifname "igw" ip daddr != @public_addresses drop',
      'iifname "e-*" iifname != @unchecked iifname . ip saddr != @bound drop',
      ...[resolverAddress(vpc), LINK_LOCAL_RESOLVER].flatMap((address) =>
        ["udp", "tcp"].map(
          (protocol) =>
            `iifname "e-*" ip daddr ${address} ${protocol} dport 53 meta mark set ${RESOLVER_MARK}`,
        ),
      ),
    ]),
    ...chain("destination_check", [
      "type filter hook forward priority -20; policy accept;",
      'oifname "e-*" oifname != @unchecked oifname . ip daddr != @bound drop',
      'oifname "igw" ip saddr != @translated drop',
      // A peering joins the address ranges of two VPCs and carries nothing that comes from elsewhere.
      ...doors,
    ]),
    // The router itself is nobody's to talk to.
    ...chain("router", ["type filter hook input priority 0; policy drop;"]),
  ];
}

function translation(open: readonly Port[], around: VpcSurroundings): string[] {
  const pairs = open.map(({ endpoint }) => [endpoint.publicAddress ?? "", endpoint.privateAddress] as const);
  return [
    ...mapOf(
      "to_private",
      "ipv4_addr : ipv4_addr",
      pairs.map(([outside, inside]) => `${outside} : ${inside}`),
    ),
    ...mapOf(
      "to_public",
      "ipv4_addr : ipv4_addr",
      pairs.map(([outside, inside]) => `${inside} : ${outside}`),
    ),
    ...chain("destination_nat", [
      "type nat hook prerouting priority dstnat;",
      'iifname "igw" dnat to ip daddr map @to_private',
      `meta mark ${RESOLVER_MARK} dnat to ${LINK_LOCAL_RESOLVER}`,
    ]),
    ...chain("source_nat", [
      "type nat hook postrouting priority srcnat;",
      'oifname "igw" snat to ip saddr map @to_public',
      `oifname "dns" snat to ${around.resolverSource}`,
    ]),
  ];
}

/** Of the ports, those that are translated are open. */
interface Gated {
  readonly ports: readonly Port[];
  readonly open: readonly Port[];
  readonly gates: ReadonlyMap<string, Gate>;
}

/** Which connections may outlive a change of the gates. */
function flowPolicy(vpc: Vpc, cloud: Cloud, { ports, open, gates }: Gated): FlowPolicy {
  return {
    devices: Object.fromEntries(
      ports.flatMap(({ device, endpoint }) =>
        [endpoint.privateAddress, ...endpoint.ipv6Addresses].map((address) => [address, device]),
      ),
    ),
    gates: Object.fromEntries(
      ports.filter(isGated).map(({ device }) => [device, gates.get(device) ?? { egress: [], ingress: [] }]),
    ),
    groupMembers: cloud.groupMembers,
    translated: Object.fromEntries(
      open.map(({ endpoint }) => [endpoint.privateAddress, endpoint.publicAddress ?? ""]),
    ),
    resolvers: [resolverAddress(vpc), LINK_LOCAL_RESOLVER],
  };
}

function routerState(
  vpc: Vpc,
  ports: readonly Port[],
  around: VpcSurroundings,
  problems: string[],
): { router: NamespaceState; publicAddresses: string[]; ipv6: Ipv6Router | undefined } {
  const { cloud } = around;
  const peerings = cloud.peerings.filter(
    (peering) => peering.requester === vpc.id || peering.accepter === vpc.id,
  );
  const tables = stableNumbers(
    vpc.routeTables.map((table) => table.RouteTableId),
    FIRST_TABLE,
    TABLES,
  );
  const resolved = new Map(
    vpc.routeTables.map(
      (table) => [table.RouteTableId, resolveRoutes(table, vpc, ports, peerings, problems)] as const,
    ),
  );
  const open = publicPorts(ports, resolved);
  const gates = new Map(
    ports.map((port) => [port.device, readGate(cloud, port.endpoint, problems)] as const),
  );
  const ipv6 = ipv6Router(vpc, { cloud, ports, peerings, gates, resolved, tables }, problems);
  const rules: Rule[] = [
    { priority: 100, table: RESOLVER_TABLE, mark: RESOLVER_MARK },
    ...ports.map((port) => ({
      priority: 200,
      table: tables.get(port.endpoint.subnet.routeTable) ?? MAIN_TABLE,
      fromDevice: port.device,
    })),
    ...(ipv6?.rules ?? []),
  ];
  const router: NamespaceState = {
    role: vpc.id,
    exclusive: true,
    sysctls: [...FORWARDING, ...(ipv6 === undefined ? NO_IPV6 : FORWARDING_IPV6), NOT_LOOSE],
    bridges: [],
    addresses: [
      ...ports
        .filter((port) => port.endpoint.kind === "instance")
        .map((port) => ({ device: port.device, cidr: `${gatewayOf(port.endpoint)}/32` })),
      ...(ipv6?.addresses ?? []),
    ],
    routes: [
      { destination: ANYWHERE, table: RESOLVER_TABLE, type: "unicast", device: "dns" },
      // Whatever comes by another way than from an endpoint (IGW, peerings) goes to an endpoint or nowhere.
      ...ports.flatMap((port) => toEndpoint(port, MAIN_TABLE, "ip")),
      { destination: ANYWHERE, table: MAIN_TABLE, type: "unreachable" },
      ...[...resolved].flatMap(([id, routes]) =>
        kernelRoutes(routes, ports, tables.get(id) ?? MAIN_TABLE, "ip"),
      ),
      ...(ipv6?.routes ?? []),
    ],
    rules,
    nft: [
      ...guards(vpc, ports, peerings, open),
      ...aclGates(vpc, ports, problems, "ip"),
      ...groupGates(cloud, ports, gates, "ip"),
      ...translation(open, around),
    ],
    ...(ipv6 === undefined ? {} : { nft6: ipv6.nft6 }),
    flows: flowPolicy(vpc, cloud, { ports, open, gates }),
  };
  return { router, publicAddresses: open.map(({ endpoint }) => endpoint.publicAddress ?? ""), ipv6 };
}

function natGateway(vpc: Vpc, endpoint: Endpoint): NamespaceState {
  return {
    role: endpoint.id,
    exclusive: true,
    sysctls: [...FORWARDING, ...NO_IPV6],
    bridges: [],
    addresses: [{ device: "eth0", cidr: `${endpoint.privateAddress}/32` }],
    routes: [{ destination: ANYWHERE, table: MAIN_TABLE, type: "unicast", device: "eth0" }],
    rules: [],
    nft: [
      ...setOf("own", "ipv4_addr", vpc.cidrs, "interval"),
      ...chain("forward", [
        "type filter hook forward priority 0; policy drop;",
        "ct state vmap { established : accept, related : accept, invalid : drop }",
        "ip saddr @own accept",
      ]),
      ...chain("input", ["type filter hook input priority 0; policy drop;"]),
      ...chain("source_nat", [
        "type nat hook postrouting priority srcnat;",
        `oifname "eth0" snat to ${endpoint.privateAddress}`,
      ]),
    ],
  };
}

function endpointLink(vpc: Vpc, port: Port): Link {
  const { endpoint, device } = port;
  if (endpoint.kind === "nat") {
    return {
      a: { namespace: vpc.id, name: device },
      b: { namespace: endpoint.id, name: "eth0" },
      kind: "line",
    };
  }
  if (endpoint.kind === "resolver") {
    return { a: { namespace: vpc.id, name: device }, b: { namespace: RESOLVER, name: device }, kind: "line" };
  }
  return {
    a: { namespace: vpc.id, name: device, proxyArp: true },
    b: {
      namespace: machineNamespace(endpoint.instanceId ?? endpoint.id),
      name: `eth${endpoint.deviceIndex}`,
      mac: endpoint.mac,
    },
    kind: "ethernet",
  };
}

function instanceNamespaces(endpoints: readonly Endpoint[]): NamespaceState[] {
  const ids = new Set(endpoints.flatMap(({ instanceId }) => (instanceId === undefined ? [] : [instanceId])));
  return [...ids].sort().map((id) => {
    const own = endpoints.filter((endpoint) => endpoint.instanceId === id);
    const ipv6 = instanceIpv6(own);
    return {
      role: machineNamespace(id),
      exclusive: false,
      sysctls: [...NOT_FORWARDING, ...(ipv6.addresses.length === 0 ? [] : WITH_IPV6)],
      bridges: [],
      addresses: [
        ...own.map((endpoint) => ({
          device: `eth${endpoint.deviceIndex}`,
          cidr: `${endpoint.privateAddress}/${prefixLengthOf(endpoint)}`,
        })),
        ...ipv6.addresses,
      ],
      routes: [
        ...own
          .filter((endpoint) => endpoint.deviceIndex === 0)
          .map((endpoint) => ({
            destination: ANYWHERE,
            table: MAIN_TABLE,
            type: "unicast" as const,
            device: "eth0",
            via: gatewayOf(endpoint),
          })),
        ...ipv6.routes,
      ],
      rules: [],
      nft: [],
    };
  });
}

/** Namespace of a VPC's router and of its NAT gateways and instances, with the links inside the VPC. */
export function vpcParts(vpc: Vpc, around: VpcSurroundings, problems: string[]): VpcParts {
  const ports = portsOf(vpc);
  const { router, publicAddresses, ipv6 } = routerState(vpc, ports, around, problems);
  return {
    namespaces: [
      router,
      ...vpc.endpoints.filter(({ kind }) => kind === "nat").map((endpoint) => natGateway(vpc, endpoint)),
      ...instanceNamespaces(vpc.endpoints),
    ],
    links: ports.map((port) => endpointLink(vpc, port)),
    publicAddresses,
    ipv6: ipv6?.byGateway,
  };
}

export function peeringLink(peering: Peering): Link {
  return {
    a: { namespace: peering.requester, name: doorTo(peering) },
    b: { namespace: peering.accepter, name: doorTo(peering) },
    kind: "line",
  };
}
