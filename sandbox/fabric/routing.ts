/** Route tables of a VPC as routing tables of the kernel. */
import type { Peering, Vpc } from "./cloud.ts";
import type { DescribedRoute, DescribedRouteTable } from "./describe.ts";
import type { Port } from "./gates.ts";
import { blockHas, familyOf, hostBlock, prefixLengthOf, type Family } from "./blocks.ts";
import { linkName } from "./names.ts";
import { ANYWHERE_OF, type Route } from "./state.ts";

/** Name of a peering's link, the same at both ends. */
export function doorTo(peering: Peering): string {
  return linkName("p", peering.id);
}

export type Target = { readonly device: string; readonly via?: string } | "local" | "nowhere";

/** Where a described route leads, judged by what exists and not by the State that it claims. */
function targetOf(
  route: DescribedRoute,
  vpc: Vpc,
  ports: readonly Port[],
  peerings: readonly Peering[],
): Target {
  if (route.State === "blackhole") {
    return "nowhere";
  }
  if (route.GatewayId === "local") {
    return "local";
  }
  if (route.GatewayId != null) {
    return route.GatewayId === vpc.internetGateway ? { device: "igw" } : "nowhere";
  }
  if (route.EgressOnlyInternetGatewayId != null) {
    return route.EgressOnlyInternetGatewayId === vpc.egressOnlyGateway ? { device: "eigw" } : "nowhere";
  }
  if (route.NatGatewayId != null) {
    const port = ports.find((each) => each.endpoint.id === route.NatGatewayId);
    return port === undefined ? "nowhere" : { device: port.device };
  }
  if (route.VpcPeeringConnectionId != null) {
    const peering = peerings.find((each) => each.id === route.VpcPeeringConnectionId);
    return peering === undefined ? "nowhere" : { device: doorTo(peering) };
  }
  const port = ports.find(({ endpoint }) =>
    route.NetworkInterfaceId != null
      ? endpoint.id === route.NetworkInterfaceId
      : endpoint.instanceId !== undefined &&
        endpoint.instanceId === route.InstanceId &&
        endpoint.deviceIndex === 0,
  );
  if (port === undefined) return "nowhere";
  const family = route.DestinationCidrBlock == null ? "ip6" : "ip";
  const [via] = addressesOf(port, family);
  return via === undefined ? "nowhere" : { device: port.device, via };
}

/** The addresses of an endpoint inside the VPC, of one family. */
export function addressesOf({ endpoint }: Port, family: Family): readonly string[] {
  return family === "ip" ? [endpoint.privateAddress] : endpoint.ipv6Addresses;
}

/** A VPC delivers to its endpoints one by one. */
export function toEndpoint(port: Port, table: number, family: Family): Route[] {
  return addressesOf(port, family).map((address) => ({
    destination: hostBlock(address),
    table,
    type: "unicast",
    device: port.device,
  }));
}

/** A described route and where it leads. */
export interface ResolvedRoute {
  readonly destination: string;
  readonly target: Target;
}

/** The routes of a described table; those that cannot be realised are told in `problems` and lead nowhere. */
export function resolveRoutes(
  table: DescribedRouteTable,
  vpc: Vpc,
  ports: readonly Port[],
  peerings: readonly Peering[],
  problems: string[],
): ResolvedRoute[] {
  const resolved: ResolvedRoute[] = [];
  for (const route of table.Routes) {
    const destination = route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock;
    if (destination != null) {
      resolved.push({ destination, target: targetOf(route, vpc, ports, peerings) });
    } else if (route.DestinationPrefixListId != null) {
      const blocks = vpc.prefixLists.get(route.DestinationPrefixListId);
      if (blocks === undefined) {
        problems.push(
          `${table.RouteTableId}: nobody knows the prefix list ${route.DestinationPrefixListId}, so its route is left out`,
        );
      }
      // Behind a gateway endpoint is one of AWS's own services, and no such service stands in the sandbox. What an
      // endpoint takes over does not go to the internet any more, and that much can be seen.
      for (const destination of blocks ?? []) resolved.push({ destination, target: "nowhere" });
    }
  }
  return resolved;
}

/** Whether the longest match for an address is the VPC's own route. */
function isLocal(routes: readonly ResolvedRoute[], address: string): boolean {
  const matches = routes.filter((route) => blockHas(route.destination, address));
  const longest = Math.max(...matches.map((route) => prefixLengthOf(route.destination)));
  return matches.some((route) => prefixLengthOf(route.destination) === longest && route.target === "local");
}

/** A described table as a table of the kernel for one family. What no route matches is dropped, as in AWS. */
export function kernelRoutes(
  described: readonly ResolvedRoute[],
  ports: readonly Port[],
  table: number,
  family: Family,
): Route[] {
  const routes = described.filter(({ destination }) => familyOf(destination) === family);
  const kernel: Route[] = ports
    // A route to a middlebox that is more specific than the VPC's own takes precedence over it.
    .filter((port) => addressesOf(port, family).every((address) => isLocal(routes, address)))
    .flatMap((port) => toEndpoint(port, table, family));
  for (const { destination, target } of routes) {
    if (target === "local") {
      kernel.push({ destination, table, type: "unreachable" });
    } else if (target === "nowhere") {
      kernel.push({ destination, table, type: "blackhole" });
    } else if (!kernel.some((route) => route.destination === destination)) {
      kernel.push({ destination, table, type: "unicast", ...target });
    }
  }
  const anywhere = ANYWHERE_OF[family];
  if (!routes.some((route) => route.destination === anywhere)) {
    kernel.push({ destination: anywhere, table, type: "blackhole" });
  }
  return kernel;
}
