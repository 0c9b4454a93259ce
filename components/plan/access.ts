/** Who may open SSH to a host as often as it takes, and which packets a host passes on. */
import { cidrIncludes } from "../config/ip.ts";
import type { ForwardedFlow } from "./host/firewall.ts";
import { sortedEntries } from "./keys.ts";
import { hubKey, missing, networkOf, placeAt, type Place } from "./place.ts";
import { isRackGateway, rackAt } from "./tower-links.ts";
import { planVpn } from "./vpn.ts";

/** Tunnel addresses of all hubs, from which the operator comes to peers and to what is behind them. */
function hubTunnels({ config }: Place): string[] {
  return sortedEntries(config.wireguard.hubs).map(([, { address }]) => address);
}

/**
 * As whom a host of a peer's LAN sees what comes through that peer: the hubs, or the peer itself where it hides them
 * behind its own address.
 */
function throughPeer(place: Place, peerKey: string): string[] {
  const masquerades = place.config.wireguard.peers[peerKey]?.masquerade ?? false;
  return masquerades ? [placeAt(place.config, peerKey).address] : hubTunnels(place);
}

/** Keys of other peers of the place that have the host among their routes. */
export function neighbouringPeers({ config, key, site, address }: Place): string[] {
  return sortedEntries(config.wireguard.peers)
    .filter(
      ([peer, { routes }]) =>
        peer !== key && peer.startsWith(`${site}/`) && routes.some((route) => cidrIncludes(route, address)),
    )
    .map(([peer]) => peer);
}

/**
 * From where the host's management paths come, and who stands on its LAN in order to set it right: the program must not
 * lock itself out by coming too often.
 */
export function managementSources(place: Place): string[] {
  return [...pathSources(place), ...(place.config.sites[place.site]?.operators ?? [])];
}

function pathSources(place: Place): string[] {
  const { config, site, host, key } = place;
  switch (host.role) {
    case "hub":
      return config.operator.cidrs;
    case "vpn-peer": {
      const neighbours = neighbouringPeers(place).flatMap((peer) => throughPeer(place, peer));
      // An instance is met at its public address.
      const operator = config.sites[site] === undefined ? config.operator.cidrs : [];
      return [...hubTunnels(place), ...neighbours, ...operator];
    }
    case "lan-member":
    case "tower":
    case "storage":
      return throughPeer(place, `${site}/${host.behind ?? missing(key, "peer that it is behind")}`);
    case "load-balancer":
    case "api":
    case "redis":
    case "database":
    case "prometheus":
    case "service":
      return [placeAt(config, hubKey(config, site) ?? missing(key, "hub in its region")).address];
  }
}

/** Into a rack leads its management, for the hubs alone, and its API. */
function rackFlows(place: Place): ForwardedFlow[] {
  const { management, api } = rackAt(place).vlans;
  const hubs = planVpn(place.config).hubs;
  const clients = [place.config.wireguard.network, ...hubs.flatMap(({ allowedIps }) => allowedIps)];
  return [
    {
      direction: "from-tunnel",
      sources: hubTunnels(place),
      destinations: [management.network],
      reason: "management of the rack",
    },
    {
      direction: "from-tunnel",
      sources: clients,
      destinations: [api.network],
      reason: "clients of the rack",
    },
  ];
}

/** A hub joins its region to its peers; a peer lets the hubs' regions in to what is behind it. */
export function forwardedFlows(place: Place): ForwardedFlow[] {
  const { config, key, host } = place;
  const vpn = planVpn(config);
  if (host.role === "hub") {
    const near = [networkOf(place)];
    const far = vpn.peers.flatMap(({ allowedIps }) => allowedIps);
    if (far.length === 0) return [];
    return [
      { direction: "from-tunnel", sources: far, destinations: near, reason: "the VPN to the region" },
      { direction: "into-tunnel", sources: near, destinations: far, reason: "the region to the VPN" },
    ];
  }
  const { routes = [], masquerade = false } = config.wireguard.peers[key] ?? {};
  if (routes.length === 0) return [];
  if (isRackGateway(place)) return rackFlows(place);
  const far = vpn.hubs.flatMap(({ allowedIps }) => allowedIps);
  const inwards = {
    direction: "from-tunnel",
    sources: far,
    destinations: routes,
    reason: "the VPN to the LAN",
  } as const;
  const outwards = {
    direction: "into-tunnel",
    sources: routes,
    destinations: far,
    reason: "the LAN to the VPN",
  } as const;
  // Where the peer hides the VPN from its LAN, the LAN knows no way into it, and none is meant.
  return masquerade ? [inwards] : [inwards, outwards];
}
