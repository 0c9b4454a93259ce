/** The VPN: every peer has a tunnel to every hub, hubs have none to each other. */
import type { NetworkConfig } from "../config/schema.ts";
import { sortedEntries } from "./keys.ts";
import type { HubPlan, VpnPeerPlan, VpnPlan } from "./model.ts";

/**
 * WireGuard routes by AllowedIPs, longest prefix first, and an exact duplicate silently moves to the last peer. So
 * each hub stands for its own VPC and its own address alone, and each peer for itself and what is behind it.
 */
export function planVpn(config: NetworkConfig): VpnPlan {
  const { network, port, mtu, keepaliveSeconds } = config.wireguard;
  const hubs = sortedEntries(config.wireguard.hubs).map(([region, hub]): HubPlan => {
    const vpc = config.regions[region]?.vpcCidr;
    if (vpc === undefined) throw new Error(`the hub's region ${region} does not exist`);
    return {
      host: `${region}/${hub.host}`,
      region,
      tunnelAddress: hub.address,
      endpoint: hub.endpoint,
      allowedIps: [vpc, `${hub.address}/32`],
    };
  });
  const peers = sortedEntries(config.wireguard.peers).map(([host, peer]): VpnPeerPlan => ({
    host,
    tunnelAddress: peer.address,
    allowedIps: [`${peer.address}/32`, ...peer.routes],
  }));
  return { network, port, mtu, keepaliveSeconds, hubs, peers };
}
