/** Tunnels whose ends do not find each other: everything behind them is cut off at once. */
import { Adviser, tunnelCause } from "../advice.ts";
import type { PlanRule } from "./rule.ts";

export const tunnelsComeUp: PlanRule = {
  id: "vpn/tunnel-down",
  source: "https://www.wireguard.com/quickstart/",
  *find({ plan, prover }) {
    const adviser = new Adviser(plan, prover.world);
    const down = new Map<string, { pairs: string[]; path: string; reason: string }>();
    const seen = new Set<string>();
    for (const host of prover.world.hosts.values()) {
      for (const { attachment } of host.links.values()) {
        if (attachment.kind !== "tunnel") continue;
        for (const { value } of attachment.tunnel.allowed.entries) {
          const pair = [host.key, value.host].sort().join(" and ");
          if (seen.has(pair)) continue;
          seen.add(pair);
          const { up, reason, carrier } = prover.tunnelState(attachment.tunnel, value.host);
          if (up) continue;
          const [advice] = carrier === undefined ? [] : adviser.advise([{ root: carrier }]);
          const { key, path } = advice ?? { key: tunnelCause(reason), path: "wireguard" };
          const known = down.get(key) ?? { pairs: [], path, reason };
          down.set(key, { ...known, pairs: [...known.pairs, pair] });
        }
      }
    }
    for (const [cause, { pairs, path, reason }] of down) {
      const [first = "", ...others] = pairs;
      const more = others.length === 0 ? "" : `, and so do those between ${others.join(", ")}`;
      yield { path, cause, message: `keeps the tunnel down between ${first}: ${reason}${more}.` };
    }
  },
};
