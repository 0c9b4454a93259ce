/** The tunnel `wg0` of hubs and peers. */
import type { GenerationPart, TunnelPeerPlan } from "../generation.ts";
import type { HubPlan, VpnPeerPlan, VpnPlan } from "../model.ts";

/**
 * The MTU is pinned because `wg-quick` would derive 8921 from EC2's 9001, which the path to a home does not carry.
 * The address has the VPN's prefix, so that peers of one hub find each other through it.
 */
function tunnel(
  vpn: VpnPlan,
  address: string,
  listenPort: number | undefined,
  peers: readonly TunnelPeerPlan[],
): GenerationPart {
  const prefixLength = vpn.network.split("/")[1] ?? "";
  const port = listenPort === undefined ? [] : [{ from: listenPort, to: listenPort }];
  return {
    packages: ["wireguard-tools"],
    // From everywhere: peers move, and what is not signed by one of them gets no answer.
    listens: port.map((ports) => ({ protocol: "udp", ports, from: [], reason: "WireGuard" })),
    tunnels: [{ interface: "wg0", address: `${address}/${prefixLength}`, listenPort, mtu: vpn.mtu, peers }],
  };
}

/** Peers call: a hub knows no endpoints. Once they have called, its keepalives tell it when one is gone. */
export function hubTunnel(vpn: VpnPlan, hub: HubPlan): GenerationPart {
  const peers = vpn.peers.map(({ host, allowedIps }): TunnelPeerPlan => ({
    name: host,
    publicKey: { kind: "wireguard-public-key", host },
    endpoint: undefined,
    allowedIps,
    keepaliveSeconds: vpn.keepaliveSeconds,
  }));
  return tunnel(vpn, hub.tunnelAddress, vpn.port, peers);
}

export function peerTunnel(vpn: VpnPlan, peer: VpnPeerPlan): GenerationPart {
  const hubs = vpn.hubs.map(({ host, endpoint, allowedIps }): TunnelPeerPlan => ({
    name: host,
    publicKey: { kind: "wireguard-public-key", host },
    endpoint: `${endpoint}:${vpn.port}`,
    allowedIps,
    keepaliveSeconds: vpn.keepaliveSeconds,
  }));
  return tunnel(vpn, peer.tunnelAddress, undefined, hubs);
}
