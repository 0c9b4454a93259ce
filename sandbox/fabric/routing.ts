/** Route tables of a VPC as routing tables of the kernel. */
import type { Peering, Vpc } from "./cloud.ts";
import type { DescribedRoute, DescribedRouteTable } from "./describe.ts";
import type { Port } from "./gates.ts";
import { blockHas, parseBlock } from "./ipv4.ts";
import { linkName } from "./names.ts";
import { ANYWHERE, type Route } from "./state.ts";

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
  return port === undefined ? "nowhere" : { device: port.device, via: port.endpoint.privateAddress };
}

/** A VPC delivers to its endpoints one by one. */
export function toEndpoint(port: Port, table: number): Route {
  const destination = `${port.endpoint.privateAddress}/32`;
  return { destination, table, type: "unicast", device: port.device };
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
    if (route.DestinationCidrBlock != null) {
      const target = targetOf(route, vpc, ports, peerings);
      resolved.push({ destination: route.DestinationCidrBlock, target });
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
  const longest = Math.max(...matches.map((route) => parseBlock(route.destination).prefixLength));
  return matches.some(
    (route) => parseBlock(route.destination).prefixLength === longest && route.target === "local",
  );
}

/** A described table as a table of the kernel. What no route matches is dropped, as in AWS. */
export function kernelRoutes(
  routes: readonly ResolvedRoute[],
  ports: readonly Port[],
  table: number,
): Route[] {
  const kernel: Route[] = ports
    // A route to a middlebox that is more specific than the VPC's own takes precedence over it.
    .filter((port) => isLocal(routes, port.endpoint.privateAddress))
    .map((port) => toEndpoint(port, table));
  for (const { destination, target } of routes) {
    if (target === "local") {
      kernel.push({ destination, table, type: "unreachable" });
    } else if (target === "nowhere") {
      kernel.push({ destination, table, type: "blackhole" });
    } else if (!kernel.some((route) => route.destination === destination)) {
      kernel.push({ destination, table, type: "unicast", ...target });
    }
  }
  if (!routes.some((route) => route.destination === ANYWHERE)) {
    kernel.push({ destination: ANYWHERE, table, type: "blackhole" });
  }
  return kernel;
}
