/** What makes a host pass on packets between the VPN and the network it stands in. */
import type { GenerationPart } from "../generation.ts";

export interface Forwarding {
  /** Bytes: the MTU of the tunnel. */
  readonly mtu: number;
  /** Networks towards which the host hides what comes from the tunnel behind its own address; may be empty. */
  readonly masqueradeTo: readonly string[];
}

export function forwarding({ mtu, masqueradeTo }: Forwarding): GenerationPart {
  // 20 bytes of IPv4 and 20 of TCP header. An ICMP "too big" often never arrives, so the ends are told beforehand.
  const clamp = `tcp flags & (syn | rst) == syn tcp option maxseg size set ${mtu - 40}`;
  return {
    packages: ["nftables", "procps"],
    sysctls: { "net.ipv4.ip_forward": "1" },
    chains: [
      {
        name: "clamp",
        hook: { type: "filter", at: "forward", priority: "mangle", policy: "accept" },
        rules: [`iifname "wg0" ${clamp}`, `oifname "wg0" ${clamp}`],
      },
      ...(masqueradeTo.length === 0
        ? []
        : [
            {
              name: "postrouting",
              hook: { type: "nat", at: "postrouting", priority: "srcnat", policy: "accept" },
              rules: [`iifname "wg0" ip daddr { ${masqueradeTo.join(", ")} } masquerade`],
            } as const,
          ]),
    ],
  };
}
