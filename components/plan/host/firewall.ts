/**
 * A host's own table, `inet blackroad`: the network guide's rules, with what its parts listen on.
 *
 * A packet is accepted where something on the host takes it and says from whom; everything else is dropped. What the
 * host sends is not filtered, and what it passes on only where a flow is meant.
 */
import { contains, rangeOf, type Range } from "../../config/ip.ts";
import type { ChainPlan, GenerationPart, ListenPlan, SetPlan } from "../generation.ts";
import { internalNetworks } from "./networks.ts";

/** Packets that a host passes on. */
export interface ForwardedFlow {
  /** Whether they come out of the tunnel or go into it. */
  readonly direction: "from-tunnel" | "into-tunnel";
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  /** In one phrase. */
  readonly reason: string;
}

export interface Firewall {
  /** What all parts of the host listen on, but for SSH. */
  readonly listens: readonly ListenPlan[];
  /** Addresses and networks from which SSH is opened as often as it takes. */
  readonly management: readonly string[];
  /** Networks that alone may open SSH, `management` among them; without it everybody may. */
  readonly ssh?: readonly string[];
  readonly flows: readonly ForwardedFlow[];
}

/** Seconds within which a fourth new SSH connection of one source is dropped (network guide, `--seconds 60`). */
const sshWindowSeconds = 60;

/**
 * One for each connection that a source may open within the window (network guide, `--hitcount 4` drops the fourth).
 * A source that opens one is put into the first set that it is not in, and leaves it when the window has passed.
 */
const sshSets = ["ssh_first", "ssh_second", "ssh_third"] as const;

/** Sources that are remembered at once. Where they are more, new ones are not let in, save for management. */
const sshSources = 65535;

export function firewall(args: Firewall): GenerationPart {
  const { listens, management, flows } = args;
  const chains = [input(listens, args.ssh ?? []), ssh(management), forward(flows)];
  return { packages: ["nftables"], sets: sets(), chains };
}

function sets(): SetPlan[] {
  const declaration = `type ipv4_addr; size ${sshSources}; flags dynamic,timeout; timeout ${sshWindowSeconds}s;`;
  return sshSets.map((name) => ({ name, declaration }));
}

function input(listens: readonly ListenPlan[], sshFrom: readonly string[]): ChainPlan {
  return {
    name: "input",
    hook: { type: "filter", at: "input", priority: "filter", policy: "drop" },
    rules: [
      'iifname "lo" accept',
      "ct state established,related accept",
      `${from(internalNetworks)}meta l4proto icmp accept comment "ICMP from the internal network"`,
      // Without them the host could not even answer that it has no IPv6 service: neighbours would not find it.
      'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept comment "IPv6 neighbours"',
      `${from(sshFrom)}tcp dport 22 ct state new goto ssh`,
      ...[...new Set([...listens].sort(byPort).flatMap(listenRules))],
    ],
  };
}

function byPort(a: ListenPlan, b: ListenPlan): number {
  return a.ports.from - b.ports.from || (a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : 0);
}

/** What everybody may come to takes both families; networks have a rule for each that is among them. */
function listenRules({ protocol, ports, from: sources, reason }: ListenPlan): string[] {
  const range = ports.from === ports.to ? `${ports.from}` : `${ports.from}-${ports.to}`;
  const rule = `${protocol} dport ${range} accept comment "${reason}"`;
  const ipv6 = sources.filter((source) => source.includes(":"));
  const ipv4 = sources.filter((source) => !ipv6.includes(source));
  return [
    ...(sources.length > 0 && ipv4.length === 0 ? [] : [`${from(ipv4)}${rule}`]),
    ...ipv6.map((network) => `ip6 saddr ${network} ${rule}`),
  ];
}

/**
 * Also what a source opens in vain counts: it is let in again once it has been quiet for the whole window. The sets are
 * of IPv4, so by IPv6 nobody comes in: the ways by which hosts are managed are IPv4's.
 */
function ssh(management: readonly string[]): ChainPlan {
  const isIn = sshSets.map((set) => `ip saddr @${set}`).join(" ");
  const stays = sshSets.map((set) => `update @${set} { ip saddr }`).join(" ");
  return {
    name: "ssh",
    hook: undefined,
    rules: [
      ...(management.length === 0 ? [] : [`${from(management)}accept comment "management"`]),
      `${isIn} ${stays} drop comment "the fourth within ${sshWindowSeconds} s"`,
      ...sshSets.map((set) => `ip saddr != @${set} add @${set} { ip saddr } accept`),
    ],
  };
}

function forward(flows: readonly ForwardedFlow[]): ChainPlan {
  return {
    name: "forward",
    hook: { type: "filter", at: "forward", priority: "filter", policy: "drop" },
    rules: flows.length === 0 ? [] : ["ct state established,related accept", ...flows.map(flowRule)],
  };
}

function flowRule({ direction, sources, destinations, reason }: ForwardedFlow): string {
  const interfaces =
    direction === "from-tunnel" ? 'iifname "wg0" oifname != "wg0"' : 'iifname != "wg0" oifname "wg0"';
  return `${interfaces} ip saddr ${members(sources)} ip daddr ${members(destinations)} accept comment "${reason}"`;
}

/** The match of a source, with a space behind it; nothing where everybody may come. */
function from(networks: readonly string[]): string {
  return networks.length === 0 ? "" : `ip saddr ${members(networks)} `;
}

/** Addresses and networks as nft matches them. It refuses a set with a member in another, so those are left out. */
export function members(networks: readonly string[]): string {
  const range = (network: string): Range => rangeOf(network.includes("/") ? network : `${network}/32`);
  const distinct = [...new Set(networks)].sort();
  const outermost = distinct.filter(
    (inner) => !distinct.some((outer) => outer !== inner && contains(range(outer), range(inner))),
  );
  return outermost.length === 1 ? outermost.join("") : `{ ${outermost.join(", ")} }`;
}
