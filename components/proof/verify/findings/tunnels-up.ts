/** Tunnels whose ends do not find each other: everything behind them is cut off at once. */
import type { PlanRule } from "./rule.ts";

export const tunnelsComeUp: PlanRule = {
  id: "vpn/tunnel-down",
  source: "https://www.wireguard.com/quickstart/",
  *find({ prover }) {
    const told = new Set<string>();
    for (const host of prover.world.hosts.values()) {
      for (const { attachment } of host.links.values()) {
        if (attachment.kind !== "tunnel") continue;
        for (const { value } of attachment.tunnel.allowed.entries) {
          const pair = [host.key, value.host].sort().join(" and ");
          if (told.has(pair)) continue;
          told.add(pair);
          const { up, reason } = prover.tunnelState(attachment.tunnel, value.host);
          if (!up)
            yield { path: "wireguard", message: `has a tunnel that stays down, between ${pair}: ${reason}.` };
        }
      }
    }
  },
};
