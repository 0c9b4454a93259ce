/** Changes on hosts: to a tunnel's peers, to a host's own nftables, and to whether it forwards. */
import type { ChainPlan, TunnelPeerPlan } from "../../components/plan/generation.ts";
import type { HostPlan } from "../../components/plan/model.ts";
import { isIpv6 } from "./described-names.ts";
import { withHost, type Actor, type Draw, type Mutation } from "./mutation.ts";

/** The network around an IPv4 network, two bits wider. */
function wider(network: string): string {
  const [address = "", length = "32"] = network.split("/");
  const bits = Math.max(8, Number(length) - 2);
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = number - (number % 2 ** (32 - bits));
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${bits}`;
}

/** A peer's AllowedIPs lose a network, or get a wider one in its place; routes follow, as wg-quick makes them. */
export function allowedIps({ plan, pick }: Draw): Mutation | undefined {
  const host = pick(plan.hosts.filter(({ generation }) => generation.tunnels.length > 0));
  const tunnel = pick(host?.generation.tunnels ?? []);
  const peer = pick(tunnel?.peers.filter(({ allowedIps: all }) => all.length > 1) ?? []);
  const network = pick(peer?.allowedIps.filter((one) => !isIpv6(one)) ?? []);
  if (host === undefined || tunnel === undefined || peer === undefined || network === undefined)
    return undefined;
  const wide = pick([undefined, wider(network)]);
  const others = tunnel.peers.flatMap(({ allowedIps: all }) => all);
  if (wide !== undefined && others.includes(wide)) return undefined;
  const after = peer.allowedIps.flatMap((one) => (one === network ? (wide ?? []) : one));
  const changed: TunnelPeerPlan = { ...peer, allowedIps: after };
  return {
    words: `${host.key}: ${network} of peer ${peer.name} becomes ${wide ?? "nothing"}`,
    plan: withHost(plan, host.key, (one) => ({
      ...one,
      generation: {
        ...one.generation,
        tunnels: one.generation.tunnels.map((each) =>
          each === tunnel
            ? { ...each, peers: each.peers.map((kept) => (kept === peer ? changed : kept)) }
            : each,
        ),
      },
    })),
    apply: async ({ onHost }) => {
      const link = tunnel.interface;
      const shown = await onHost(host.key, ["wg", "show", link, "allowed-ips"]);
      const key = keyOfPeer(shown, peer.allowedIps);
      const set = async (
        networks: readonly string[],
        gone: string,
        come: string | undefined,
      ): Promise<void> => {
        await onHost(host.key, ["wg", "set", link, "peer", key, "allowed-ips", networks.join(",")]);
        // The interface's own network may have made a route of its own unnecessary.
        await onHost(host.key, ["sh", "-c", `ip route del ${gone} dev ${link} 2>/dev/null || true`]);
        if (come !== undefined) await onHost(host.key, ["ip", "route", "replace", come, "dev", link]);
      };
      await set(after, network, wide);
      return async () => {
        await set(peer.allowedIps, wide ?? network, network);
      };
    },
  };
}

/** Reads `wg show wg0 allowed-ips`: the public key of the peer that has these. */
function keyOfPeer(shown: string, networks: readonly string[]): string {
  const wanted = [...networks].sort().join(" ");
  for (const line of shown.trim().split("\n")) {
    const [key = "", allowed = ""] = line.split("\t");
    if (allowed.split(" ").sort().join(" ") === wanted) return key;
  }
  throw new Error(`no peer has the AllowedIPs ${wanted}: ${shown}`);
}

const table = ["inet", "blackroad"];
const forwardingSetting = "net.ipv4.ip_forward";

/** Rules that hosts might have been given by hand, ahead of their own. */
const byHand = [
  "tcp dport 7000-7010 accept",
  "udp dport { 7000, 7005 } accept",
  "tcp dport 9100 drop",
  "ip saddr 10.0.0.0/16 tcp dport 22 drop",
  "meta l4proto icmp accept",
  "ip saddr 10.0.0.0/9 udp dport 7000 accept",
  "meta l4proto ipv6-icmp accept",
];

/** Rules that decide something; what sets a segment's size, for one, does not. */
const deciding = /\b(?:accept|drop|reject|masquerade|jump|goto)\b/;

/** Whether packets come to the chain: they do not to one for what is forwarded where nothing is. */
function isMet({ hook }: ChainPlan, { generation }: HostPlan): boolean {
  return hook !== undefined && (hook.at !== "forward" || generation.sysctls[forwardingSetting] === "1");
}

/** A chain of a host's own loses a rule, or gets one more; of those that hide senders, it loses one. */
export function nftRule({ plan, pick }: Draw): Mutation | undefined {
  const host = pick(plan.hosts);
  const chain = pick(host?.generation.chains.filter((each) => isMet(each, host)) ?? []);
  if (host === undefined || chain === undefined) return undefined;
  const added = chain.hook?.type === "filter" ? pick([undefined, pick(byHand)]) : undefined;
  const index = pick(chain.rules.flatMap((rule, at) => (deciding.test(rule) ? [at] : [])));
  if (added === undefined && index === undefined) return undefined;
  const rules = added === undefined ? chain.rules.filter((_, at) => at !== index) : [added, ...chain.rules];
  return {
    words: `${host.key}: ${chain.name} ${added === undefined ? `loses "${chain.rules[index ?? 0]}"` : `gets "${added}"`}`,
    plan: withHost(plan, host.key, (one) => ({
      ...one,
      generation: {
        ...one.generation,
        chains: one.generation.chains.map((each) => (each === chain ? { ...each, rules } : each)),
      },
    })),
    apply: async ({ onHost }) => {
      const saved = await onHost(host.key, ["nft", "--stateless", "list", "table", ...table]);
      const change =
        added === undefined
          ? `delete rule ${table.join(" ")} ${chain.name} handle ${await handleOf(onHost, host.key, chain, index ?? 0)}`
          : `insert rule ${table.join(" ")} ${chain.name} ${added}`;
      await onHost(host.key, ["nft", "--file", "-"], `${change}\n`);
      return async () => {
        await onHost(host.key, ["nft", "--file", "-"], `delete table ${table.join(" ")}\n${saved}`);
      };
    },
  };
}

async function handleOf(
  onHost: Actor["onHost"],
  host: string,
  chain: ChainPlan,
  index: number,
): Promise<number> {
  const text = await onHost(host, ["nft", "--json", "list", "chain", ...table, chain.name]);
  const { nftables } = JSON.parse(text) as { nftables: { rule?: { handle: number } }[] };
  const handles = nftables.flatMap(({ rule }) => (rule === undefined ? [] : [rule.handle]));
  const handle = handles[index];
  if (handles.length !== chain.rules.length || handle === undefined) {
    throw new Error(`${host}: ${chain.name} has ${handles.length} rules, not ${chain.rules.length}`);
  }
  return handle;
}

/** A host that forwards does so no more. */
export function forwarding({ plan, pick }: Draw): Mutation | undefined {
  const host = pick(plan.hosts.filter(({ generation }) => generation.sysctls[forwardingSetting] === "1"));
  if (host === undefined) return undefined;
  return {
    words: `${host.key} does not forward`,
    plan: withHost(plan, host.key, (one) => ({
      ...one,
      generation: { ...one.generation, sysctls: { ...one.generation.sysctls, [forwardingSetting]: "0" } },
    })),
    apply: async ({ onHost }) => {
      await onHost(host.key, ["sysctl", "-w", `${forwardingSetting}=0`]);
      return async () => {
        await onHost(host.key, ["sysctl", "-w", `${forwardingSetting}=1`]);
      };
    },
  };
}
