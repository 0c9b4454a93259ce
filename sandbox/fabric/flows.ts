/**
 * Which tracked connections may live on when gates have changed.
 *
 * Gates let pass what belongs to a connection that was accepted once. So where a permission goes, its connections
 * have to be taken out of the kernel's table, and only they: an SSH session that is still allowed must not hang.
 */
import type { Allowance, Direction, Gate } from "./gates.ts";
import { blockHas, familyOf, prefixLengthOf } from "./blocks.ts";
import { MAIN_TABLE, type NamespaceState } from "./state.ts";

/** A connection as conntrack knows it. */
export interface Flow {
  /** IANA's number. */
  readonly protocol: number;
  readonly source: string;
  /** As its first packet said, before the destination was translated. */
  readonly destination: string;
  /** Who answers: the destination after translation. */
  readonly answerFrom: string;
  /** Whom the answer is sent to: the source after translation. */
  readonly answerTo: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number };
}

/** What of a VPC's router decides about connections, besides its routes and rules. */
export interface FlowPolicy {
  /** From the addresses of an endpoint inside the VPC to its device. */
  readonly devices: Readonly<Record<string, string>>;
  /** By device; endpoints without groups (NAT gateways) have none. */
  readonly gates: Readonly<Record<string, Gate>>;
  readonly groupMembers: ReadonlyMap<string, readonly string[]>;
  /** From private to public address. */
  readonly translated: Readonly<Record<string, string>>;
  readonly resolvers: readonly string[];
}

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };

/** One line of `conntrack --dump --output extended`; `undefined` if it is not a connection of IPv4 or IPv6. */
export function parseFlow(line: string): Flow | undefined {
  const [, , name, number] = line.trim().split(/\s+/);
  if (!/^ipv[46] /.test(line) || name === undefined) {
    return undefined;
  }
  const fields = [...line.matchAll(/\b(src|dst|sport|dport|type|code|id)=(\S+)/g)];
  // The first of a name is the original direction's, the second the answer's.
  const values = (key: string) => fields.filter((field) => field[1] === key).map((field) => field[2] ?? "");
  const [source, answerFrom] = values("src");
  const [destination, answerTo] = values("dst");
  if (
    source === undefined ||
    destination === undefined ||
    answerFrom === undefined ||
    answerTo === undefined
  ) {
    return undefined;
  }
  const [sourcePort] = values("sport");
  const [destinationPort] = values("dport");
  const [type] = values("type");
  const [code] = values("code");
  const [id] = values("id");
  return {
    protocol: PROTOCOLS[name] ?? Number(number),
    source,
    destination,
    answerFrom,
    answerTo,
    ...(sourcePort === undefined ? {} : { sourcePort: Number(sourcePort) }),
    ...(destinationPort === undefined ? {} : { destinationPort: Number(destinationPort) }),
    ...(type === undefined ? {} : { icmp: { type: Number(type), code: Number(code), id: Number(id) } }),
  };
}

/** The arguments by which `conntrack --delete` finds a flow. */
export function flowArguments(flow: Flow): string[] {
  const option = (name: string, value: number | undefined) =>
    value === undefined ? [] : [name, String(value)];
  const [family, icmp] = familyOf(flow.source) === "ip" ? ["ipv4", "icmp"] : ["ipv6", "icmpv6"];
  return [
    ...["--family", family],
    ...["--proto", String(flow.protocol)],
    ...["--orig-src", flow.source, "--orig-dst", flow.destination],
    ...option("--sport", flow.sourcePort),
    ...option("--dport", flow.destinationPort),
    ...option(`--${icmp}-type`, flow.icmp?.type),
    ...option(`--${icmp}-code`, flow.icmp?.code),
    ...option(`--${icmp}-id`, flow.icmp?.id),
  ];
}

function matches(allowance: Allowance, flow: Flow, other: string, policy: FlowPolicy): boolean {
  const { protocol, ports, icmpType, icmpCode, block, group } = allowance;
  const port = flow.destinationPort ?? -1;
  return (
    (protocol === undefined || protocol === flow.protocol) &&
    (ports === undefined || (port >= ports[0] && port <= ports[1])) &&
    (icmpType === undefined || icmpType === flow.icmp?.type) &&
    (icmpCode === undefined || icmpCode === flow.icmp?.code) &&
    (block === undefined || blockHas(block, other)) &&
    (group === undefined || policy.groupMembers.get(group)?.includes(other) === true)
  );
}

/** The device by which a packet that came from `device` leaves for `address`; `undefined` if it does not leave. */
export function lookUp(
  state: NamespaceState,
  device: string | undefined,
  address: string,
): string | undefined {
  const table =
    state.rules.find((rule) => rule.fromDevice !== undefined && rule.fromDevice === device)?.table ??
    MAIN_TABLE;
  const candidates = state.routes
    .filter((route) => route.table === table && blockHas(route.destination, address))
    .sort((a, b) => prefixLengthOf(b.destination) - prefixLengthOf(a.destination));
  return candidates[0]?.device;
}

function passes(gate: Gate | undefined, direction: Direction, flow: Flow, policy: FlowPolicy): boolean {
  const other = direction === "egress" ? flow.answerFrom : flow.source;
  return gate === undefined || gate[direction].some((allowance) => matches(allowance, flow, other, policy));
}

/** Whether a flow through a VPC's router would be accepted today. */
export function isAllowed(flow: Flow, state: NamespaceState, policy: FlowPolicy): boolean {
  if (policy.resolvers.includes(flow.destination)) {
    return true;
  }
  const inward = flow.answerFrom !== flow.destination;
  const outward = flow.answerTo !== flow.source;
  if (inward && policy.translated[flow.answerFrom] !== flow.destination) {
    return false;
  }
  if (outward && policy.translated[flow.source] !== flow.answerTo) {
    return false;
  }
  const sender = policy.devices[flow.source];
  const receiver = policy.devices[flow.answerFrom];
  // Who is no endpoint is reached by a door, or by an endpoint that forwards: the one that the routes name.
  const from = sender ?? (inward ? "igw" : lookUp(state, receiver, flow.source));
  const to = receiver ?? lookUp(state, sender, flow.answerFrom);
  if (from === undefined || to === undefined) {
    return false;
  }
  return (
    passes(policy.gates[from], "egress", flow, policy) && passes(policy.gates[to], "ingress", flow, policy)
  );
}

/** The lines of a table that are gone, each told apart by the chain or set that it stood in. */
export function removedLines(before: readonly string[], after: readonly string[]): string[] {
  const placed = (lines: readonly string[]) => {
    let place = "";
    return lines.map((line) => {
      place = /^\S.*\{$/.test(line) ? line : place;
      return `${place} ${line.trim()}`;
    });
  };
  const kept = new Set(placed(after));
  return placed(before).filter((line) => !kept.has(line));
}
