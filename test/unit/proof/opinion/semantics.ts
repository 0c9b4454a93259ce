/**
 * What decides about a packet, in SMT-LIB, as AWS's and netfilter's documentation has it. Nothing here is taken from
 * components/proof: where the two differ, one of them has misread the documentation.
 */
import type { NetworkAclRulePlan, NetworkName, SecurityRulePlan } from "../../../../components/plan/model.ts";
import {
  and,
  byte,
  inNetwork,
  inPorts,
  isProtocol,
  ite,
  not,
  numbers,
  or,
  type AddressField,
  type Family,
  type Term,
} from "./packet.ts";

/** The fields that a packet is judged by: an answer has the other's addresses, and its own destination port. */
export interface Header {
  readonly src: string;
  readonly dst: string;
  /** Destination port. */
  readonly port: string;
  readonly type: string;
}

export const asked: Header = { src: "src", dst: "dst", port: "dport", type: "type" };

interface CloudRule {
  readonly protocol: "tcp" | "udp" | "icmp" | "all";
  readonly ports: { readonly from: number; readonly to: number } | undefined;
}

function protocolMatches({ protocol, ports }: CloudRule, { port }: Header, family: Family): Term {
  if (protocol === "all") return "true";
  if (protocol === "icmp") return isProtocol(family === "ipv4" ? numbers.icmp : numbers.icmpv6);
  const range = ports === undefined ? "true" : inPorts(port, ports.from, ports.to);
  return and(isProtocol(numbers[protocol]), range);
}

/** Which addresses the members of each group have. */
export type Members = ReadonlyMap<string, readonly string[]>;

/**
 * An interface's security groups: "you can specify allow rules, but not deny rules", and all rules of all groups count
 * together. A group as source stands for the private addresses of the interfaces that are in it
 * (vpc/latest/userguide/security-group-rules.html).
 */
export function securityGroups(
  rules: readonly SecurityRulePlan[],
  direction: "ingress" | "egress",
  members: Members,
  header: Header,
  family: Family,
): Term {
  const peer = direction === "ingress" ? header.src : header.dst;
  const own = rules.filter((rule) => rule.direction === direction);
  return or(
    ...own.map((rule) => {
      const networks =
        rule.peer.kind === "security-group" ? (members.get(rule.peer.group) ?? []) : [textOf(rule.peer.cidr)];
      const isPeer = or(...networks.map((network) => inNetwork(peer, network, family)));
      // "icmp" is protocol 58 where the peer is an IPv6 network; a group's name leaves it at 1.
      const isGroup = rule.peer.kind === "security-group";
      return and(isPeer, protocolMatches(rule, header, isGroup ? "ipv4" : family));
    }),
  );
}

function textOf(cidr: NetworkName): string {
  if (typeof cidr !== "string") throw new Error("the test's rules name networks by their numbers");
  return cidr;
}

/** An entry of an ACL. The plan's only allow; AWS's can deny, too. */
export type AclEntry = NetworkAclRulePlan & { readonly verdict: "accept" | "drop" };

/**
 * One direction of an ACL: "evaluated starting with the lowest numbered rule. As soon as a rule matches traffic, it's
 * applied regardless of any higher-numbered rule that might contradict it", and the last denies
 * (vpc/latest/userguide/nacl-basics.html).
 */
export function networkAcl(
  entries: readonly AclEntry[],
  direction: "ingress" | "egress",
  header: Header,
  family: Family,
): Term {
  const peer = direction === "ingress" ? header.src : header.dst;
  const byNumber = entries
    .filter((entry) => entry.direction === direction)
    .sort((a, b) => b.number - a.number);
  return byNumber.reduce<Term>((rest, entry) => {
    const isType = entry.icmpType === undefined ? "true" : `(= ${header.type} ${byte(entry.icmpType)})`;
    const matches = and(
      inNetwork(peer, textOf(entry.cidr), family),
      protocolMatches(entry, header, family),
      isType,
    );
    return ite(matches, entry.verdict === "accept" ? "true" : "false", rest);
  }, "false");
}

/** A route table: of all routes that match, the one with the longest prefix (VPC_Route_Tables.html). */
export function longestPrefix(
  networks: readonly string[],
  index: number,
  field: string,
  family: Family,
): Term {
  const length = (network: string): number => Number(network.split("/")[1]);
  const own = networks[index] ?? "";
  const longer = networks.filter((network) => length(network) > length(own));
  return and(
    inNetwork(field, own, family),
    not(or(...longer.map((network) => inNetwork(field, network, family)))),
  );
}

export interface NftMatch {
  readonly iif?: { readonly name: string; readonly negated: boolean };
  readonly oif?: { readonly name: string; readonly negated: boolean };
  readonly states?: readonly string[];
  readonly addresses: readonly {
    readonly field: AddressField;
    readonly networks: readonly string[];
    readonly negated: boolean;
  }[];
  readonly ports?: {
    readonly protocol: "tcp" | "udp";
    readonly ranges: readonly (readonly [from: number, to: number])[];
    readonly negated: boolean;
  };
  readonly protocols?: readonly ("tcp" | "udp" | "icmp")[];
}

export type NftVerdict =
  "accept" | "drop" | "counter" | "reject" | { readonly jump: string } | { readonly goto: string };

export interface NftRuleModel {
  readonly match: NftMatch;
  readonly verdict: NftVerdict;
}

export interface NftChains {
  readonly policy: "accept" | "drop";
  /** The base chain's rules. */
  readonly base: readonly NftRuleModel[];
  readonly others: ReadonlyMap<string, readonly NftRuleModel[]>;
}

export interface NftContext {
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly state: string;
}

function nftMatches(match: NftMatch, context: NftContext, header: Header, family: Family): Term {
  const named = (given: NftMatch["iif"], actual: string | undefined): boolean => {
    if (given === undefined) return true;
    return (given.name === actual) !== given.negated;
  };
  if (!named(match.iif, context.iif) || !named(match.oif, context.oif)) return "false";
  if (match.states !== undefined && !match.states.includes(context.state)) return "false";
  const terms = match.addresses.map(({ field, networks, negated }) => {
    // `ip saddr` and `ip6 saddr` look at packets of their own family alone, also with `!=`.
    const isOther = networks.some((network) => network.includes(":")) !== (family === "ipv6");
    if (isOther) return "false";
    const inside = or(...networks.map((network) => inNetwork(header[field], network, family)));
    return negated ? not(inside) : inside;
  });
  if (match.ports !== undefined) {
    const { protocol, ranges, negated } = match.ports;
    const inside = or(...ranges.map(([from, to]) => inPorts(header.port, from, to)));
    terms.push(isProtocol(numbers[protocol]), negated ? not(inside) : inside);
  }
  if (match.protocols !== undefined)
    terms.push(or(...match.protocols.map((name) => isProtocol(numbers[name]))));
  return and(...terms);
}

/**
 * Whether a base chain lets the packet pass. Rules in their order; accept, drop and reject end it, `jump` comes back to
 * the rule after it, `goto` does not: "after the new chain evaluation will continue at the last chain instead of the one
 * containing the goto statement" (nft(8), VERDICT STATEMENT). What falls out of the base chain meets its policy.
 */
export function nftChain(chains: NftChains, context: NftContext, header: Header, family: Family): Term {
  const evaluate = (rules: readonly NftRuleModel[], after: Term): Term =>
    rules.reduceRight<Term>((rest, { match, verdict }) => {
      const condition = nftMatches(match, context, header, family);
      if (condition === "false" || verdict === "counter") return rest;
      if (verdict === "accept") return ite(condition, "true", rest);
      if (verdict === "drop" || verdict === "reject") return ite(condition, "false", rest);
      if ("jump" in verdict)
        return ite(condition, evaluate(chains.others.get(verdict.jump) ?? [], rest), rest);
      return ite(condition, evaluate(chains.others.get(verdict.goto) ?? [], after), rest);
    }, after);
  return evaluate(chains.base, chains.policy === "accept" ? "true" : "false");
}

/** The rule as one writes it for nft. */
export function nftText({ match, verdict }: NftRuleModel): string {
  const list = (values: readonly string[]): string =>
    values.length === 1 ? (values[0] ?? "") : `{ ${values.join(", ")} }`;
  const link = (word: string, given: NftMatch["iif"]): string =>
    given === undefined ? "" : `${word} ${given.negated ? "!= " : ""}"${given.name}"`;
  const words = [link("iifname", match.iif), link("oifname", match.oif)];
  if (match.states !== undefined) words.push(`ct state ${match.states.join(",")}`);
  for (const { field, networks, negated } of match.addresses) {
    const family = networks.some((network) => network.includes(":")) ? "ip6" : "ip";
    words.push(`${family} ${field === "src" ? "saddr" : "daddr"} ${negated ? "!= " : ""}${list(networks)}`);
  }
  if (match.ports !== undefined) {
    const { protocol, ranges, negated } = match.ports;
    const texts = ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
    words.push(`${protocol} dport ${negated ? "!= " : ""}${list(texts)}`);
  }
  if (match.protocols !== undefined) words.push(`meta l4proto ${list(match.protocols)}`);
  if (typeof verdict === "string") words.push(verdict);
  else if ("jump" in verdict) words.push(`jump ${verdict.jump}`);
  else words.push(`goto ${verdict.goto}`);
  return words.filter((word) => word !== "").join(" ");
}
