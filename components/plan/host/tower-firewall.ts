/**
 * What a tower may open to others: the document's outbound table, with what else the plan knows of. What may come in
 * is in {@link firewall}, as on every host.
 */
import type { ChainPlan, GenerationPart, SendPlan } from "../generation.ts";
import { members } from "./firewall.ts";
import { publicResolvers } from "./networks.ts";

const send = (protocol: "tcp" | "udp", port: number, to: readonly string[], reason: string): SendPlan => ({
  protocol,
  ports: { from: port, to: port },
  to,
  reason,
});

/** The table's rows for every mode. Debian's archive speaks clear HTTP, which the table does not have. */
export const outboundTable: readonly SendPlan[] = [
  send("tcp", 443, [], "HTTPS (updates, APIs)"),
  send("tcp", 80, [], "Debian packages"),
  send("udp", 53, publicResolvers, "DNS resolution"),
  send("tcp", 53, publicResolvers, "DNS resolution"),
  send("udp", 123, [], "Time sync"),
];

/** The table's last row, for the mode that has peers to reach. */
export const webRtc: SendPlan = { protocol: "udp", ports: undefined, to: [], reason: "WebRTC (dynamic)" };

function sendRule({ protocol, ports, to, reason }: SendPlan): string {
  const destination = to.length === 0 ? "" : `ip daddr ${members(to)} `;
  const range =
    ports === undefined
      ? `meta l4proto ${protocol}`
      : `${protocol} dport ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}`;
  return `${destination}${range} accept comment "${reason}"`;
}

/** The chain of what the host opens; everything else it tries is refused at once, so that programs need not wait. */
export function outbound(sends: readonly SendPlan[]): GenerationPart {
  const chain: ChainPlan = {
    name: "output",
    hook: { type: "filter", at: "output", priority: "filter", policy: "drop" },
    rules: [
      'oifname "lo" accept',
      "ct state established,related accept",
      // Connections are known from the moment on at which a table asks for their state. Of one that is older, such as
      // that by which this table comes, the next packet may be an answer, and would count as a new connection.
      'tcp sport 22 accept comment "SSH that is older than this table"',
      "meta l4proto { icmp, icmpv6 } accept",
      ...new Set(sends.map(sendRule)),
      "reject with icmpx admin-prohibited",
    ],
  };
  return { chains: [chain] };
}
