/** AllowedIPs: WireGuard gives a network that two peers claim to the last of them, without a word. */
import type { TunnelPeerPlan } from "../../../plan/generation.ts";
import { cidrOverlaps } from "./networks.ts";
import type { PlanRule } from "./rule.ts";

interface Claim {
  readonly peer: string;
  readonly network: string;
}

function claimsOf(peers: readonly TunnelPeerPlan[]): Claim[] {
  return peers.flatMap(({ name, allowedIps }) => allowedIps.map((network) => ({ peer: name, network })));
}

export const allowedIpsAreApart: PlanRule = {
  id: "vpn/allowed-ips-apart",
  source: "https://www.wireguard.com/#cryptokey-routing",
  *find({ plan }) {
    for (const { key, generation } of plan.hosts) {
      for (const { peers, interface: name } of generation.tunnels) {
        const claims = claimsOf(peers);
        for (const [index, { peer, network }] of claims.entries()) {
          const other = claims
            .slice(0, index)
            .find((earlier) => earlier.peer !== peer && cidrOverlaps(earlier.network, network));
          if (other === undefined) continue;
          yield {
            path: "wireguard",
            message: `gives ${name} of ${key} two ways to one address: ${network} of ${peer} overlaps ${other.network} of ${other.peer}, so packets go to the longer prefix's peer alone, and are taken from it alone.`,
          };
        }
      }
    }
  },
};
