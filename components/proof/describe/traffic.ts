/** Protocols, ports and ICMP types as AWS writes them. */
import { intersection, isEmpty } from "../sets/intervals.ts";
import {
  allTraffic,
  echoRequest,
  icmpTraffic,
  noTraffic,
  portTraffic,
  protocolTraffic,
  type TrafficSet,
} from "../sets/traffic.ts";

/** What a rule matches: what it does for sure, and what it may match or not. */
export interface Match {
  readonly sure: TrafficSet;
  readonly maybe: TrafficSet;
}

/** Of a rule of which nothing else is known. */
export const everything: Match = { sure: allTraffic, maybe: noTraffic };

/** AWS takes names of these, and IANA's numbers of all. */
const numbers: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58 };

function numberOf(protocol: string): number | undefined {
  const named = numbers[protocol.toLowerCase()];
  if (named !== undefined) return named;
  return /^\d{1,3}$/.test(protocol) && Number(protocol) < 256 ? Number(protocol) : undefined;
}

/**
 * ICMP by type and code, -1 for each of them. The proof tells types apart and no codes. Echoes have one code each;
 * of any other type a rule for one code matches a part, and nobody can tell which part is asked about.
 */
function icmpMatch(family: "icmp" | "icmpv6", type = -1, code = -1): Match {
  if (type === -1) return { sure: icmpTraffic(family), maybe: noTraffic };
  const set = icmpTraffic(family, type);
  if (code === -1) return { sure: set, maybe: noTraffic };
  const isEcho = !isEmpty(intersection(set, echoRequest)) || (family === "icmp" ? type === 0 : type === 129);
  if (isEcho) return { sure: code === 0 ? set : noTraffic, maybe: noTraffic };
  return { sure: noTraffic, maybe: set };
}

/**
 * What a rule matches.
 * @param range ports of TCP and UDP; both -1, or left out, for all
 * @param icmp type and code
 */
export function matchOf(
  protocol: string,
  range: { readonly from: number | undefined; readonly to: number | undefined },
  icmp: { readonly type: number | undefined; readonly code: number | undefined },
): Match {
  if (protocol === "-1" || protocol === "all") return everything;
  const number = numberOf(protocol);
  if (number === undefined) return { sure: noTraffic, maybe: allTraffic };
  if (number === 1 || number === 58) return icmpMatch(number === 1 ? "icmp" : "icmpv6", icmp.type, icmp.code);
  if (number !== 6 && number !== 17) return { sure: protocolTraffic(number), maybe: noTraffic };
  const { from = -1, to = -1 } = range;
  const isAll = from === -1 || to === -1;
  const name = number === 6 ? "tcp" : "udp";
  return { sure: isAll ? protocolTraffic(name) : portTraffic(name, from, to), maybe: noTraffic };
}

/** `tcp 443`, `icmp type 8`, `all traffic`: the rule's own words. */
export function trafficWords(protocol: string, from: number | undefined, to: number | undefined): string {
  if (protocol === "-1" || protocol === "all") return "all traffic";
  const number = numberOf(protocol);
  const name = Object.keys(numbers).find((one) => numbers[one] === number) ?? `protocol ${protocol}`;
  if (from === undefined || from === -1) return name;
  if (name.startsWith("icmp"))
    return `${name} type ${from}${to === undefined || to === -1 ? "" : ` code ${to}`}`;
  return from === to ? `${name} ${from}` : `${name} ${from}-${to ?? ""}`;
}
