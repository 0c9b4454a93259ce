/** States and differences of states as `ip` commands. Pure. */
import type { Family } from "./blocks.ts";
import type { Address, Link, LinkEnd, NamespaceState, Route, Rule } from "./state.ts";

/** Marks our routes and rules in the kernel (`ip route … proto`); a number that no routing daemon has registered. */
export const PROTOCOL = 73;

/** Both ends of every line have this locally administered address; see {@link Link}. */
const LINE_MAC = "02:00:00:00:00:01";

/** Identifies one end of a link among all. */
export function endKey(end: LinkEnd): string {
  return `${end.namespace} ${end.name}`;
}

/** Links with equal keys are the same link. */
export function linkKey(link: Link): string {
  const words = [link.kind, endKey(link.a), link.a.mac ?? "", endKey(link.b), link.b.mac ?? ""];
  return [...words, ...(link.mtu === undefined ? [] : [link.mtu])].join(" ");
}

function routeKey(route: Route): string {
  return `${route.destination} table ${route.table}`;
}

function routeLine(route: Route): string {
  const way = [
    ...(route.via === undefined ? [] : [`via ${route.via}`]),
    ...(route.device === undefined ? [] : [`dev ${route.device}`]),
    ...(route.via === undefined ? [] : ["onlink"]),
  ];
  return [`route replace ${route.type} ${routeKey(route)} proto ${PROTOCOL}`, ...way].join(" ");
}

function ruleText(rule: Rule): string {
  return [
    `pref ${rule.priority}`,
    ...(rule.source === undefined ? [] : [`from ${rule.source}`]),
    ...(rule.fromDevice === undefined ? [] : [`iif ${rule.fromDevice}`]),
    ...(rule.mark === undefined ? [] : [`fwmark ${rule.mark}`]),
    `lookup ${rule.table} protocol ${PROTOCOL}`,
  ].join(" ");
}

/** A command about a rule; only rules do not tell their family by an address. */
function ruleLine(verb: "add" | "del", family: Family, text: string): string {
  return `${family === "ip6" ? IPV6_LINE : ""}rule ${verb} ${text}`;
}

/** What a line begins with that is for `ip -6`. */
export const IPV6_LINE = "-6 ";

/** An address as `ip address` takes it. */
export function addressText(address: Address): string {
  return `${address.cidr} dev ${address.device}`;
}

function ruleKey(rule: Rule): string {
  return `${rule.family ?? "ip"} ${ruleText(rule)}`;
}

/** The command that makes a pair of links; `name` tells the full name of a namespace. */
export function addLine(link: Link, name: (role: string) => string): string {
  const words = (end: LinkEnd) => {
    const address = link.kind === "line" ? LINE_MAC : end.mac;
    return [
      end.name,
      ...(address === undefined ? [] : [`address ${address}`]),
      `netns ${name(end.namespace)}`,
    ].join(" ");
  };
  return `link add ${words(link.a)} type veth peer name ${words(link.b)}`;
}

/** The command that makes one end of a link ready; it may be repeated. */
export function setLine(link: Link, end: LinkEnd): string {
  return [
    `link set dev ${end.name}`,
    ...(link.kind === "line" ? ["arp off"] : []),
    ...(link.mtu === undefined ? [] : [`mtu ${link.mtu}`]),
    ...(end.bridge === undefined ? [] : [`master ${end.bridge}`]),
    "up",
  ].join(" ");
}

export interface Change {
  readonly before: NamespaceState;
  readonly after: NamespaceState;
}

/** What is left of a namespace when one of its devices has gone. */
export function without(state: NamespaceState, device: string): NamespaceState {
  return {
    ...state,
    addresses: state.addresses.filter((address) => address.device !== device),
    routes: state.routes.filter((route) => route.device !== device),
  };
}

/** A namespace that was just made. */
export function nothing(after: NamespaceState): NamespaceState {
  return { ...after, bridges: [], addresses: [], routes: [], rules: [], nft: [], nft6: [] };
}

/** The `ip` commands that turn one state of a namespace into another: additions first, then removals. */
export function changeLines({ before, after }: Change): { add: string[]; remove: string[] } {
  const had = {
    addresses: new Set(before.addresses.map(addressText)),
    routes: new Set(before.routes.map(routeLine)),
    rules: new Set(before.rules.map(ruleKey)),
  };
  const wanted = {
    addresses: new Set(after.addresses.map(addressText)),
    routes: new Set(after.routes.map(routeKey)),
    rules: new Set(after.rules.map(ruleKey)),
  };
  return {
    add: [
      ...[...wanted.addresses]
        .filter((each) => !had.addresses.has(each))
        // Nobody else has it, so nobody is asked; until nobody had answered, it could not be used.
        .map((each) => `address replace ${each}${each.includes(":") ? " nodad" : ""}`),
      ...after.routes.map(routeLine).filter((line) => !had.routes.has(line)),
      ...after.rules
        .filter((rule) => !had.rules.has(ruleKey(rule)))
        .map((rule) => ruleLine("add", rule.family ?? "ip", ruleText(rule))),
    ],
    remove: [
      ...before.rules
        .filter((rule) => !wanted.rules.has(ruleKey(rule)))
        .map((rule) => ruleLine("del", rule.family ?? "ip", ruleText(rule))),
      ...before.routes
        .filter((route) => !wanted.routes.has(routeKey(route)))
        .map((route) => `route del ${route.type} ${routeKey(route)}`),
      ...[...had.addresses]
        .filter((each) => !wanted.addresses.has(each))
        .map((each) => `address del ${each}`),
    ],
  };
}
