/** What the kernel should look like, computed from the describe JSON and the world alone. Pure. */
import type { Machine } from "../hosts/machine.ts";
import { readCloud, type Cloud } from "./cloud.ts";
import type { Describe } from "./describe.ts";
import {
  egressOnlyCustomer,
  internetGatewayCustomer,
  internetHost,
  internetLinks,
  internetNamespace,
  OPERATOR,
  operatorNamespace,
  type Customer,
} from "./internet.ts";
import { linkName } from "./names.ts";
import { resolverCustomer, resolverLinks, resolverNamespace, resolverSources } from "./resolver.ts";
import { gatewayOf as siteGatewayOf, prefixLengthAt } from "./site-networks.ts";
import { siteCustomer, siteLinks, siteNamespaces } from "./site.ts";
import { NOT_FORWARDING, type FabricState, type Link, type NamespaceState } from "./state.ts";
import { gatewayOf, machineNamespace, peeringLink, resolverAddress, vpcParts } from "./vpc.ts";
import type { World } from "./world.ts";

/** The namespace of the sandbox's services: no links. */
export const CONTROL = "ctl";

const CONTROL_NAMESPACE: NamespaceState = {
  role: CONTROL,
  exclusive: true,
  sysctls: NOT_FORWARDING,
  bridges: [],
  addresses: [],
  routes: [],
  rules: [],
  nft: [],
};

function instanceMachines(cloud: Cloud, fullName: (role: string) => string): Machine[] {
  return cloud.vpcs.flatMap((vpc) =>
    vpc.endpoints.flatMap((endpoint) => {
      const instance = cloud.running.get(endpoint.instanceId ?? "");
      // Without user data nobody could ever log in; such an instance is a namespace and no more.
      if (endpoint.deviceIndex !== 0 || instance?.userData === undefined) {
        return [];
      }
      return [
        {
          name: instance.id,
          namespace: fullName(machineNamespace(instance.id)),
          kind: "instance" as const,
          hostname: instance.hostname,
          address: endpoint.privateAddress,
          gateway: gatewayOf(endpoint),
          prefixLength: Number(endpoint.subnet.cidr.split("/")[1]),
          dns: [resolverAddress(vpc)],
          userData: instance.userData,
          instanceId: instance.id,
        },
      ];
    }),
  );
}

function siteMachines(world: World, fullName: (role: string) => string): Machine[] {
  return Object.values(world.sites).flatMap((site) =>
    Object.entries(site.machines)
      .filter(([, machine]) => machine.kind === "pi")
      .map(([name, machine]) => ({
        name,
        namespace: fullName(machineNamespace(name)),
        kind: "pi" as const,
        hostname: name,
        address: machine.address,
        gateway: siteGatewayOf(site, machine),
        prefixLength: prefixLengthAt(site, machine.address),
        dns: [site.gateway],
        ...(machine.user === undefined ? {} : { user: machine.user }),
        ...(machine.disks === undefined ? {} : { disks: machine.disks }),
        ...(machine.serves === undefined ? {} : { serves: machine.serves }),
      })),
  );
}

/** Machines on the internet with their addresses, of IPv6 where some VPC has it. */
function internetHosts({ internet }: World, cloud: Cloud): [string, string[]][] {
  const hasIpv6 = cloud.vpcs.some(({ ipv6Cidrs }) => ipv6Cidrs.length > 0);
  return Object.entries(internet.hosts).map(([name, address]) => {
    const ipv6 = hasIpv6 ? internet.ipv6.hosts[name] : undefined;
    return [name, ipv6 === undefined ? [address] : [address, ipv6]];
  });
}

/** @throws if two things have got one name; nothing is realised then. */
function refuseDuplicates(namespaces: readonly NamespaceState[], links: readonly Link[]): void {
  const names = [
    ...namespaces.map((namespace) => namespace.role),
    ...links.flatMap(({ a, b }) => [`${a.namespace} ${a.name}`, `${b.namespace} ${b.name}`]),
  ];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Error(`two parts of the fabric are called ${JSON.stringify(twice)}`);
  }
}

/**
 * @param fullName from a namespace's role to its name in this sandbox
 * @throws if the described cloud or the world contradicts itself so that nothing of it can be realised
 */
export function desiredState(
  describe: Describe,
  world: World,
  fullName: (role: string) => string,
): FabricState {
  const cloud = readCloud(describe);
  const problems = [...cloud.problems];
  const vpcs = cloud.vpcs.map((vpc) => vpc.id);
  const sources = resolverSources(vpcs);
  const customers: Customer[] = [
    { namespace: OPERATOR, far: "wan", near: "op", addresses: [world.operator] },
    resolverCustomer(vpcs),
    ...internetHosts(world, cloud).map(([name, addresses]) => ({
      namespace: name,
      far: "wan",
      near: linkName("x", name),
      addresses,
    })),
    ...Object.entries(world.sites).map(([name, site]) => siteCustomer(name, site)),
  ];
  const namespaces: NamespaceState[] = [resolverNamespace(cloud.vpcs, problems)];
  const links: Link[] = [...cloud.peerings.map(peeringLink), ...resolverLinks(vpcs)];
  for (const vpc of cloud.vpcs) {
    const parts = vpcParts(vpc, { cloud, resolverSource: sources.get(vpc.id) ?? "" }, problems);
    namespaces.push(...parts.namespaces);
    links.push(...parts.links);
    if (vpc.internetGateway !== undefined) {
      const addresses = [...parts.publicAddresses, ...(parts.ipv6?.igw ?? [])];
      customers.push(internetGatewayCustomer(vpc.id, addresses));
    }
    if (vpc.egressOnlyGateway !== undefined && parts.ipv6 !== undefined) {
      customers.push(egressOnlyCustomer(vpc.id, parts.ipv6.eigw));
    }
  }
  for (const [name, site] of Object.entries(world.sites)) {
    namespaces.push(...siteNamespaces(name, site, world));
    links.push(...siteLinks(name, site));
  }
  for (const [name, addresses] of internetHosts(world, cloud)) {
    namespaces.push(internetHost(name, addresses, world));
  }
  namespaces.push(CONTROL_NAMESPACE, internetNamespace(world, customers), operatorNamespace(world));
  links.push(...internetLinks(customers));
  refuseDuplicates(namespaces, links);
  return {
    revision: describe.revision,
    namespaces,
    links,
    machines: [...instanceMachines(cloud, fullName), ...siteMachines(world, fullName)].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    ),
    stopped: cloud.stopped,
    problems,
  };
}
