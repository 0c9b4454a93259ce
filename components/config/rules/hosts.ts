/** Hosts stand where they can: in a region as instances, at a site as machines. */
import { formatAddress, includes, parseCidr } from "../ip.ts";
import { suggestion } from "../problem.ts";
import {
  addressAt,
  addressOf,
  duplicateAddresses,
  entries,
  isOff,
  items,
  lacks,
  lacksHost,
  names,
  placedHosts,
  subnetsOf,
  type Finding,
  type LooseConfig,
  type PlacedHost,
} from "./rule.ts";
import { instancesOf, lacksPublicAddress, subnetOf } from "./instances.ts";
import { quotaOf } from "./quotas.ts";
import { regionsOf } from "./security-groups.ts";

/** Every host's place is a region or a site. */
export function* hostPlacesExist(config: LooseConfig): Iterable<Finding> {
  const known = [...names(config.regions), ...names(config.sites)];
  for (const [place] of entries(config.hosts)) {
    if (!lacks(config.regions, place) || (config.sites !== undefined && place in config.sites)) continue;
    const message = `is no place: there is neither regions.${place} nor sites.${place}; ${suggestion(place, known)}`;
    yield { path: ["hosts", place], message };
  }
}

/** Hosts at sites. */
function machinesOf(config: LooseConfig): PlacedHost[] {
  return placedHosts(config).filter(
    ({ place }) => config.sites?.[place] !== undefined && lacks(config.regions, place),
  );
}

/** What an instance cannot be made without, and what only a machine has. */
export function* instancesAreComplete(config: LooseConfig): Iterable<Finding> {
  const needed = {
    address: "the instance's private address, which also tells its subnet",
    instanceType: "an EC2 instance type such as t3.micro",
    securityGroups: "a list of security groups",
  };
  for (const { path, host } of instancesOf(config)) {
    for (const [option, what] of entries(needed)) {
      if (!lacks(host, option)) continue;
      yield { path: [...path, option], message: `is missing: it must be ${what}.` };
    }
    if (host.bootstrap !== undefined) {
      const message =
        "is for machines at a site: an instance is met with the host key from its user data. Remove it.";
      yield { path: [...path, "bootstrap"], message };
    }
  }
}

/** What can stand at a site. */
const machineRoles = ["vpn-peer", "lan-member", "tower", "storage"];

/** What is reached through a VPN peer of its place. */
const rolesBehind = ["lan-member", "tower", "storage"];

/** What a machine cannot be met without, and what only an instance has. */
export function* machinesAreComplete(config: LooseConfig): Iterable<Finding> {
  const instanceOptions = [
    "address",
    "instanceType",
    "securityGroups",
    "elasticIp",
    "sessionManager",
    "rootVolumeGiB",
  ];
  for (const { path, host, place, name } of machinesOf(config)) {
    const nodes = config.sites?.[place]?.nodes;
    if (lacks(nodes, name)) {
      const message = `is no node of the site: put its address at sites.${place}.nodes.${name}; ${suggestion(name, names(nodes))}`;
      yield { path, message };
    }
    for (const option of instanceOptions.filter((key) => key in host)) {
      const reason =
        option === "address" ? `sites.${place}.nodes has the address` : "it is for instances in a region";
      yield {
        path: [...path, option],
        message: `does not belong to a machine at a site: ${reason}. Remove it.`,
      };
    }
    if (lacks(host, "bootstrap")) {
      const message =
        "is missing: it must be a map with the user and hostKey with which the machine is met first.";
      yield { path: [...path, "bootstrap"], message };
    }
    if (host.role !== undefined && !machineRoles.includes(host.role)) {
      const message = `must be vpn-peer, lan-member, tower or storage, but is ${host.role}: only an instance in a region can be that.`;
      yield { path: [...path, "role"], message };
    }
  }
}

/** AWS keeps the first four addresses of a subnet (network, router, DNS, future use) and the last. */
export function* instanceAddressesFit(config: LooseConfig): Iterable<Finding> {
  for (const instance of instancesOf(config)) {
    const { place, region, host } = instance;
    const path = [...instance.path, "address"];
    const [address] = addressAt(path, host.address);
    if (address === undefined) continue;
    const subnets = subnetsOf(place, region);
    const subnet = subnetOf(instance);
    if (subnet === undefined) {
      const known = subnets.map(({ cidr }) => cidr).join(", ");
      const message = `is outside every subnet of ${place}: ${address.text} must lie within one of ${known}.`;
      if (subnets.length > 0) yield { path, message };
      continue;
    }
    const { first, last } = subnet.range;
    if (address.number <= first + 3 || address.number === last) {
      const message = `is reserved by AWS: ${address.text} is one of the first four or the last of ${subnet.cidr}. Use one from ${formatAddress(first + 4)} to ${formatAddress(last - 1)}.`;
      yield { path, message, rule: "aws/reserved-addresses" };
    }
  }
}

export function* instanceAddressesAreDistinct(config: LooseConfig): Iterable<Finding> {
  yield* duplicateAddresses(
    instancesOf(config).flatMap(({ path, host }) => addressAt([...path, "address"], host.address)),
  );
}

export function* instanceGroupsExist(config: LooseConfig): Iterable<Finding> {
  const groupsPerInstance = quotaOf(config, "securityGroupsPerInterface");
  for (const { path, place, host } of instancesOf(config)) {
    const groups = items(host.securityGroups);
    const known = entries(config.securityGroups)
      .filter(([, group]) => regionsOf(config, group).includes(place))
      .map(([name]) => name);
    for (const [index, group] of groups) {
      const here = [...path, "securityGroups", index];
      if (groups.some(([earlier, name]) => earlier < index && name === group)) {
        yield { path: here, message: `is named twice: the instance has ${group} already.` };
      } else if (lacks(config.securityGroups, group)) {
        const message = `names no group: there is no securityGroups.${group}; ${suggestion(group, known)}`;
        yield { path: here, message };
      } else if (config.securityGroups?.[group] !== undefined && !known.includes(group)) {
        const message = `names a group that ${place} does not have: add ${place} to securityGroups.${group}.regions.`;
        yield { path: here, message };
      }
    }
    const list = [...path, "securityGroups"];
    if (host.securityGroups?.length === 0) {
      yield { path: list, message: "is empty, so AWS would use the VPC's default group: name at least one." };
    } else if (groups.length > groupsPerInstance) {
      const message = `has ${groups.length} groups, and AWS takes ${groupsPerInstance} on an interface: join some.`;
      yield { path: list, message, rule: "aws/quota-groups-per-interface" };
    }
  }
}

/** A public address is of use in a public subnet only, and some roles need one. */
export function* publicAddressesFit(config: LooseConfig): Iterable<Finding> {
  for (const instance of instancesOf(config)) {
    const { host, path } = instance;
    const subnet = subnetOf(instance);
    if (subnet === undefined) continue;
    const here = [...path, "elasticIp"];
    if (host.elasticIp === true && subnet.tier !== "public") {
      const message = `is of no use in the ${subnet.tier} subnet ${subnet.cidr}, which no route joins to the internet: move the host to a public subnet, or leave it out.`;
      yield { path: here, message };
    } else if (host.role === "hub" && (isOff(host, "elasticIp") || subnet.tier !== "public")) {
      const message =
        "must be true, in a public subnet: peers and the operator dial the hub's public address.";
      yield { path: here, message };
    } else if (host.role === "vpn-peer" && lacksPublicAddress(instance, subnet)) {
      const message =
        "must be true (or the region's mapPublicIpOnLaunch), in a public subnet: the operator first meets the peer at its public address.";
      yield { path: here, message };
    }
  }
}

/** Hosts fetch their packages from the internet, so every one of them has a way out. */
export function* instancesReachPackages(config: LooseConfig): Iterable<Finding> {
  for (const instance of instancesOf(config)) {
    const { host, path, region, place } = instance;
    const subnet = subnetOf(instance);
    if (subnet === undefined || host.role === undefined || host.role === "lan-member") continue;
    // Of these, publicAddressesFit says more.
    if (host.role === "hub" || host.role === "vpn-peer") continue;
    const here = [...path, "address"];
    if (subnet.tier === "public" && lacksPublicAddress(instance, subnet)) {
      const message =
        "is in a public subnet without a public address, so the host cannot fetch its packages: set elasticIp.";
      yield { path: here, message };
    } else if (subnet.tier === "private" && (region.nat === "none" || lacks(region, "nat"))) {
      const message = `is in a private subnet without NAT, so the host cannot fetch its packages (a peer lends no NAT gateway): set regions.${place}.nat to single.`;
      const peered = items(config.peerings).some(([, pair]) => pair.includes(place));
      yield { path: here, message, ...(peered ? { rule: "aws/peering-not-transitive" as const } : {}) };
    } else if (subnet.tier === "database" && host.role !== "database") {
      const message =
        "is in a database subnet, which has no way to the internet, so the host cannot fetch its packages (for databases the hub does): use a private one.";
      yield { path: here, message };
    }
  }
}

/** What is a hub, or is reached through a VPN peer. */
const rolesWithoutHub = ["hub", "vpn-peer", "lan-member", "tower", "storage"];

/** The operator passes the region's hub on the way to its other instances. */
export function* instancesHaveHubs(config: LooseConfig): Iterable<Finding> {
  for (const { path, place, host } of instancesOf(config)) {
    if (host.role === undefined || rolesWithoutHub.includes(host.role)) continue;
    if (!lacks(config.wireguard?.hubs, place)) continue;
    const message = `cannot be reached: ${place} has no hub for the operator to pass. Add wireguard.hubs.${place}.`;
    yield { path, message };
  }
}

export function* loadBalancersHaveApis(config: LooseConfig): Iterable<Finding> {
  for (const { path, place, host } of instancesOf(config)) {
    const neighbours = entries(config.hosts?.[place]).map(([, neighbour]) => neighbour.role);
    if (host.role !== "load-balancer" || neighbours.includes("api") || neighbours.includes(undefined))
      continue;
    const message = `has nothing behind it: ${place} has no host of role api. Add one, or remove the load balancer.`;
    yield { path, message };
  }
}

/** A service is a package and the ports that it serves. */
export function* servicesAreComplete(config: LooseConfig): Iterable<Finding> {
  const needed = {
    software: "the owner's package that the host runs, such as blackroad-vault",
    services: "a map from names to TCP ports",
  };
  for (const { path, host } of placedHosts(config)) {
    if (host.role !== "service") continue;
    for (const [option, what] of entries(needed)) {
      const isEmpty =
        option === "services" && host.services !== undefined && names(host.services).length === 0;
      if (lacks(host, option) || isEmpty)
        yield { path: [...path, option], message: `is missing: it must be ${what}.` };
    }
  }
}

/** Who may say what others run. */
const rolesWithServices = ["vpn-peer", "lan-member", "service"];

/** Options that mean something to some hosts only. */
export function* optionsFitHosts(config: LooseConfig): Iterable<Finding> {
  for (const { path, place, host } of placedHosts(config)) {
    const { role } = host;
    if (role !== undefined && role !== "load-balancer" && "balancer" in host) {
      const message = `is for a load-balancer, and this host has the role ${role}: remove it.`;
      yield { path: [...path, "balancer"], message };
    }
    if (role !== undefined && !rolesWithServices.includes(role) && "services" in host) {
      const message = `is for a vpn-peer, a lan-member or a service, and this host has the role ${role}, on which the program alone runs services: remove it.`;
      yield { path: [...path, "services"], message };
    }
    if (role !== undefined && role !== "service" && "software" in host) {
      const message = `is for a service, and this host has the role ${role}: remove it.`;
      yield { path: [...path, "software"], message };
    }
    if (config.regions?.[place] !== undefined && "interface" in host) {
      const message = "is for machines at a site: an instance gets its address from AWS. Remove it.";
      yield { path: [...path, "interface"], message };
    }
  }
}

/** What the program itself runs on machines and virtual ones, by TCP port. */
const ownPorts = new Map([
  [22, "SSH"],
  [53, "DNS"],
  [9100, "the node exporter"],
]);

/** A port has one program. */
export function* servicePortsAreFree(config: LooseConfig): Iterable<Finding> {
  for (const { path, host } of placedHosts(config)) {
    const seen = new Map<number, string>();
    for (const [name, port] of entries(host.services)) {
      const here = [...path, "services", name];
      const own = ownPorts.get(port);
      const other = seen.get(port);
      if (own !== undefined) {
        yield { path: here, message: `is taken: ${own} has port ${port} on this host. Use another port.` };
      } else if (other !== undefined) {
        yield {
          path: here,
          message: `is taken: the service ${other} has port ${port} already. Use another port.`,
        };
      }
      seen.set(port, name);
    }
  }
}

/** Only LAN members, towers and storage are behind another host: a VPN peer of their place with a route to them. */
export function* lanMembersAreBehindPeers(config: LooseConfig): Iterable<Finding> {
  for (const placed of placedHosts(config)) {
    const { path, place, host } = placed;
    const here = [...path, "behind"];
    if (host.role === undefined) continue;
    if (!rolesBehind.includes(host.role)) {
      if (host.behind !== undefined) {
        const message = `is for a lan-member, tower or storage, and this host is a ${host.role}: remove it.`;
        yield { path: here, message };
      }
      continue;
    }
    const peers = entries(config.hosts?.[place]).filter(([, { role }]) => role === "vpn-peer");
    const known = peers.map(([name]) => name);
    if (host.behind === undefined) {
      const message = `is missing: it must be the VPN peer of ${place} through which the host is reached; ${suggestion("", known)}`;
      if (lacks(host, "behind")) yield { path: here, message };
    } else if (lacksHost(config, `${place}/${host.behind}`) || isOther(config, place, host.behind)) {
      const message = `names no VPN peer of ${place}: ${suggestion(host.behind, known)}`;
      yield { path: here, message };
    } else yield* routeLeadsTo(config, placed, `${place}/${host.behind}`);
  }
}

/** Whether the host is surely something else than a VPN peer. */
function isOther(config: LooseConfig, place: string, name: string): boolean {
  const role = config.hosts?.[place]?.[name]?.role;
  return role !== undefined && role !== "vpn-peer";
}

function* routeLeadsTo(config: LooseConfig, placed: PlacedHost, peerKey: string): Iterable<Finding> {
  const peer = config.wireguard?.peers?.[peerKey];
  const [address] = addressAt([], addressOf(config, placed));
  if (peer === undefined || address === undefined) return;
  const ranges = items(peer.routes).flatMap(([, cidr]) => parseCidr(cidr) ?? []);
  if (ranges.some((range) => includes(range, address.number))) return;
  const message = `has no route to the host: add a network with ${address.text} to wireguard.peers["${peerKey}"].routes.`;
  yield { path: [...placed.path, "behind"], message };
}

/** The canary is a host. */
export function* canaryExists(config: LooseConfig): Iterable<Finding> {
  const canary = config.rollout?.canary;
  if (canary === undefined || !lacksHost(config, canary)) return;
  const known = placedHosts(config).map(({ key }) => key);
  yield { path: ["rollout", "canary"], message: `names no host; ${suggestion(canary, known)}` };
}
