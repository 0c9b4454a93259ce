/** The VPN: peers call the hubs. */
import type { NetworkConfig } from "../../config/schema.ts";
import type { FlowPlan } from "../model.ts";
import { planVpn } from "../vpn.ts";
import { hostEnd, meant } from "./flow.ts";

/** Peers stand behind routers whose addresses nobody knows beforehand, so a hub takes calls from the whole internet. */
export function vpnFlows(config: NetworkConfig): FlowPlan[] {
  const { hubs, peers, port } = planVpn(config);
  const traffic = [`${port}/udp`];
  const hubEnds = hubs.map(({ host }) => hostEnd(host));
  if (peers.length === 0) return [];
  return [
    meant(
      peers.map(({ host }) => hostEnd(host)),
      hubEnds,
      traffic,
      { reason: "WireGuard to every hub", path: "wireguard.peers" },
    ),
    meant([{ kind: "internet" }], hubEnds, traffic, {
      reason: "WireGuard from wherever a peer stands",
      path: "wireguard.hubs",
    }),
  ];
}
