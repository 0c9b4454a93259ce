/** What a host's role puts on it. */
import type { NetworkConfig } from "../config/schema.ts";
import { isPulled, namesOf } from "./cloudflare/zones.ts";
import { forwardedFlows, managementSources } from "./access.ts";
import type { GenerationPart, ListenPlan } from "./generation.ts";
import { api } from "./host/api.ts";
import type { Balancer } from "./host/balancer.ts";
import { cloudflared } from "./host/cloudflared.ts";
import { exporter } from "./host/exporter.ts";
import { firewall } from "./host/firewall.ts";
import { forwarding } from "./host/forwarding.ts";
import { haproxyBalancer } from "./host/haproxy.ts";
import { cloudInitFile, identity } from "./host/identity.ts";
import { lan } from "./host/lan.ts";
import { internalNetworks, publicResolvers } from "./host/networks.ts";
import { namesStandIn } from "./host/names-stand-in.ts";
import { nginxBalancer } from "./host/nginx.ts";
import { cloudflareAuthority, type OriginPulls } from "./host/origin-pulls.ts";
import { ownedService } from "./host/owned-service.ts";
import { resolver } from "./host/resolver.ts";
import { sshd, type Login } from "./host/sshd.ts";
import { time, timeServers } from "./host/time.ts";
import { outbound } from "./host/tower-firewall.ts";
import { hubTunnel, peerTunnel } from "./host/wireguard.ts";
import { sortedEntries } from "./keys.ts";
import { aptProxyParts, packageProxyParts } from "./packages.ts";
import { domainsInside, standInsOf } from "./private-dns.ts";
import { forwards, missing, networkOf, placeAt, placeOf, tunnelAddressOf, type Place } from "./place.ts";
import {
  gatewayLinks,
  isRackGateway,
  storageLinks,
  towerLinks,
  towerManagementAddress,
  type HostLinks,
} from "./tower-links.ts";
import { managementNetworks, rackGatewayParts, storageParts, towerParts } from "./towers.ts";
import { databaseParts, prometheusParts, redisParts, storesOf } from "./stores.ts";
import { planVpn } from "./vpn.ts";

/** Raspberry Pi OS's name of the wired interface; newer systems may have others. */
const defaultInterface = "eth0";

function hubResolver({ config, site }: Place): GenerationPart {
  const vpn = planVpn(config);
  return resolver({
    address: config.wireguard.hubs[site]?.address ?? missing(site, "hub"),
    clients: vpn.network,
    forwardTo: publicResolvers,
    forwardFirst: false,
    outsideTunnel: [],
    // Peers ask the hub about everything, and only a VPC's resolver knows these.
    inside: domainsInside(config, site),
  });
}

/** What is behind a peer has no tunnel of its own, and asks the peer. */
function lanMemberParts(place: Place): GenerationPart[] {
  const { config, site, host, key } = place;
  const peer = placeAt(config, `${site}/${host.behind ?? missing(key, "peer that it is behind")}`);
  return [lanResolver(place, [peer.address])];
}

function lanResolver(place: Place, forwardTo: readonly string[]): GenerationPart {
  const endpoints = sortedEntries(place.config.wireguard.hubs).map(([, { endpoint }]) => endpoint);
  return resolver({
    address: place.address,
    clients: networkOf(place),
    forwardTo,
    forwardFirst: true,
    outsideTunnel: [...endpoints, timeServers].sort(),
    inside: [],
  });
}

function balancerOf(place: Place): Balancer {
  const { config, site, key, hostname, address } = place;
  const neighbours = sortedEntries(config.hosts[site] ?? {});
  const backends = neighbours
    .filter(([, { role }]) => role === "api")
    .map(([name, host]) => ({ name, address: placeOf(config, site, name, host).address }));
  const all = neighbours
    .filter(([, { role }]) => role === "load-balancer")
    .flatMap(([name]) => namesOf(`${site}/${name}`, config));
  const names = [...new Set(all)].sort();
  return {
    ...{ key, hostname, address, ipv6: hasIpv6(place), names, backends },
    originPulls: originPullsOf(config, names),
  };
}

function originPullsOf(config: NetworkConfig, names: readonly string[]): OriginPulls | undefined {
  const pulled = names.filter((name) => isPulled(config, name));
  if (pulled.length === 0) return undefined;
  return {
    authority: config.cloudflare.originPullAuthority ?? cloudflareAuthority,
    direct: names.filter((name) => !pulled.includes(name)),
  };
}

/** Where the mesh is to answer about names, until it does. */
function standInParts(place: Place): GenerationPart[] {
  const domains = standInsOf(place);
  return domains.length === 0 ? [] : [namesStandIn(place.address, domains)];
}

function apiPart(place: Place): GenerationPart {
  const { config, hostname, site, address } = place;
  return api({ software: config.software.api, hostname, site, address, stores: storesOf(place) });
}

/** A host on which a package of the owner's does everything. */
function servicePart({ host, name, key, hostname, site, address }: Place): GenerationPart {
  const services = sortedEntries(host.services ?? {}).map(([service, port]) => ({ name: service, port }));
  return ownedService({
    software: host.software ?? missing(key, "software"),
    description: `Services of ${name}`,
    ...{ hostname, site, address, services, clients: internalNetworks, stores: [] },
  });
}

function partsOfRole(place: Place): GenerationPart[] {
  switch (place.host.role) {
    case "hub":
      return [hubResolver(place), ...packageProxyParts(place)];
    case "vpn-peer":
      return [
        lanResolver(
          place,
          planVpn(place.config).hubs.map(({ tunnelAddress }) => tunnelAddress),
        ),
        ...rackGatewayParts(place),
      ];
    case "lan-member":
      return lanMemberParts(place);
    case "load-balancer": {
      const balancer = balancerOf(place);
      return [place.host.balancer === "haproxy" ? haproxyBalancer(balancer) : nginxBalancer(balancer)];
    }
    case "api":
      return [apiPart(place), ...standInParts(place)];
    case "redis":
      return redisParts(place);
    case "database":
      return databaseParts(place);
    case "prometheus":
      return prometheusParts(place);
    case "service":
      return [servicePart(place)];
    case "tower":
      return towerParts(place);
    case "storage":
      return storageParts(place);
  }
}

/** What the configuration says that others run on the host. */
function serviceListens({ host }: Place): ListenPlan[] {
  if (host.role === "service") return [];
  return sortedEntries(host.services ?? {}).map(([name, port]) => ({
    protocol: "tcp",
    ports: { from: port, to: port },
    from: internalNetworks,
    reason: name,
  }));
}

function isInstance({ config, site }: Place): boolean {
  return config.sites[site] === undefined;
}

/** Whether the host has an IPv6 address. */
function hasIpv6({ config, site }: Place): boolean {
  return config.regions[site]?.ipv6 === "hosts";
}

/** Debian's cloud images ask for addresses by both families; the VPC's router answers from its link-local address. */
const dhcpv6: ListenPlan = {
  protocol: "udp",
  ports: { from: 546, to: 546 },
  from: ["fe80::/10"],
  reason: "DHCPv6: an answer to a multicast belongs to no connection",
};

/** What an instance gets from its platform, and a machine from nobody. */
function addressParts(place: Place): GenerationPart[] {
  const { config, site, host, address } = place;
  const lanSite = config.sites[site];
  const name = host.interface ?? defaultInterface;
  if (lanSite === undefined) {
    const dhcp: ListenPlan = {
      protocol: "udp",
      ports: { from: 68, to: 68 },
      from: [networkOf(place)],
      reason: "DHCP: an answer to a broadcast belongs to no connection",
    };
    const listens = hasIpv6(place) ? [dhcp, dhcpv6] : [dhcp];
    return [{ files: [cloudInitFile()], listens }];
  }
  const several = severalLinks(place, name);
  if (several !== undefined) return [several.part];
  return [lan({ interface: name, address, network: lanSite.network, gateway: lanSite.gateway })];
}

/** Time comes by the network that the host stands in, never through a tunnel, which needs the time to come up. */
function timePart(place: Place): GenerationPart {
  const { config, site, host } = place;
  const name = host.interface ?? defaultInterface;
  const uplink = severalLinks(place, name)?.uplink ?? name;
  return time({ interface: config.sites[site] === undefined ? undefined : uplink });
}

/** A tunnel, if the host has one, and what passes packets on between it and the networks around. */
function tunnelParts(place: Place): GenerationPart[] {
  const { config, key, site, host } = place;
  const vpn = planVpn(config);
  if (host.role === "hub") {
    const hub = vpn.hubs.find(({ region }) => region === site) ?? missing(site, "hub");
    return [hubTunnel(vpn, hub), forwarding({ mtu: vpn.mtu, masqueradeTo: [] })];
  }
  if (host.role !== "vpn-peer") return [];
  const peer = vpn.peers.find((candidate) => candidate.host === key) ?? missing(key, "place in the VPN");
  const { routes = [], masquerade = false } = config.wireguard.peers[key] ?? {};
  const passing = forwarding({ mtu: vpn.mtu, masqueradeTo: masquerade ? routes : [] });
  return [peerTunnel(vpn, peer), ...(forwards(place) ? [passing] : [])];
}

function loginOf({ config, host }: Place): Login {
  const { user, authorizedKeys } = config.operator;
  return { user: host.bootstrap?.user ?? user, authorizedKeys };
}

/** Of all that is on a host, what the management path needs in order to lead to it. */
export function reachabilityParts(place: Place): GenerationPart[] {
  return [
    identity(place.name, place.hostname),
    sshd({ isInstance: isInstance(place), login: loginOf(place) }),
    ...addressParts(place),
    ...tunnelParts(place),
  ];
}

/** The links of a host that has more than one; `undefined` for all others. */
function severalLinks(place: Place, port: string): HostLinks | undefined {
  if (place.host.role === "tower") return towerLinks(place);
  if (place.host.role === "storage") return storageLinks(place, port);
  return isRackGateway(place) ? gatewayLinks(place) : undefined;
}

/** Where measurements are asked for: in the tunnel where there is one. */
function exporterOf(place: Place): GenerationPart {
  const tunnelAddress = tunnelAddressOf(place);
  const own = place.host.role === "tower" ? towerManagementAddress(place) : place.address;
  return exporter({ address: tunnelAddress ?? own, inTunnel: tunnelAddress !== undefined });
}

/** Towers and what belongs to them are opened to their management network only, and towers open what is meant only. */
function firewallOf(place: Place, parts: readonly GenerationPart[]): GenerationPart[] {
  const { role } = place.host;
  const apart = role === "tower" || role === "storage" || isRackGateway(place);
  const management = managementSources(place);
  const rules = firewall({
    listens: parts.flatMap(({ listens }) => listens ?? []),
    management,
    flows: forwardedFlows(place),
    ...(apart ? { ssh: [...managementNetworks(place), ...management] } : {}),
  });
  return role === "tower" ? [rules, outbound(parts.flatMap(({ sends }) => sends ?? []))] : [rules];
}

/** The connectors of the tunnels that end on the host. */
function connectorParts({ config, key }: Place): GenerationPart[] {
  return sortedEntries(config.cloudflare.tunnels)
    .filter(([, { host }]) => host === key)
    .map(([name]) => cloudflared(name));
}

/** Everything that is on a host, its firewall last: it opens what the others listen on. */
export function partsOf(place: Place): GenerationPart[] {
  const parts = [
    ...reachabilityParts(place),
    timePart(place),
    exporterOf(place),
    ...aptProxyParts(place),
    ...partsOfRole(place),
    ...connectorParts(place),
    { listens: serviceListens(place) },
  ];
  return [...parts, ...firewallOf(place, parts)];
}
