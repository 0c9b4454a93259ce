/**
 * Who is behind an interface: an instance, or something of AWS's. What AWS's own answers say nothing about, such as an
 * instance's firewall, is taken for letting everything pass and named; what decides and cannot be seen is undecided.
 */
import { Gate, type GateRule, type GateRules } from "../rules/gate.ts";
import { PrefixMap } from "../rules/prefixes.ts";
import { isV6Point, type SymbolSpace } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import { allTraffic, linuxPorts, type EphemeralPorts, type TrafficTable } from "../sets/traffic.ts";
import type { Eni, HostNode, HostRoute, Link } from "../world/model.ts";
import type { Export } from "./collect.ts";
import type { Interface } from "./interfaces.ts";
import { somebody } from "./sides.ts";

/** Where Windows' clients open connections from; NAT gateways, load balancers and Lambda take all of the second. */
const windowsPorts: EphemeralPorts = { from: 49152, to: 65535 };
export const widePorts: EphemeralPorts = { from: 1024, to: 65535 };

/** What is known of whoever is behind an interface. */
interface Character {
  /** What it does with what is for itself: takes it, drops it, or nobody can tell. */
  readonly takes: "all" | "nothing" | "unknown";
  /** Whether it opens connections. */
  readonly opens: "all" | "nothing" | "unknown";
  /** Why, or what it is that is not seen. */
  readonly reason: string;
  readonly clients: EphemeralPorts | undefined;
}

const ownFirewall = "its own firewall, and whether anything listens";

function characterOfInstance(of: Export, id: string): Character {
  const instance = of.instances.get(id);
  if (instance === undefined) {
    of.notes.add({
      file: "",
      object: id,
      field: "Instances",
      consequence: "the export does not have the instance: whether it runs cannot be answered",
    });
    return {
      takes: "unknown",
      opens: "unknown",
      reason: "the export does not say whether it runs",
      clients: undefined,
    };
  }
  const { State, Platform } = instance.value;
  const state = State?.Name ?? "running";
  const clients = Platform?.toLowerCase() === "windows" ? windowsPorts : linuxPorts;
  return state === "running"
    ? { takes: "all", opens: "all", reason: ownFirewall, clients }
    : { takes: "nothing", opens: "nothing", reason: `the instance is ${state}`, clients };
}

const balancer: Character = {
  takes: "unknown",
  opens: "all",
  reason: "the listeners and targets of a load balancer are not in the export",
  clients: widePorts,
};

/** What `InterfaceType` says of whoever has the interface (EC2 API, NetworkInterface). */
const types: Readonly<Record<string, Character>> = {
  network_load_balancer: balancer,
  load_balancer: balancer,
  lambda: {
    takes: "nothing",
    opens: "all",
    reason: "Lambda's interfaces take no connections",
    clients: widePorts,
  },
  vpc_endpoint: {
    takes: "all",
    opens: "nothing",
    reason: "what the endpoint's policy lets pass",
    clients: undefined,
  },
};

/** Types of interfaces that carry what other things do not see. */
const carriers = new Set([
  "transit_gateway",
  "gateway_load_balancer",
  "gateway_load_balancer_endpoint",
  "global_accelerator_managed",
  "trunk",
  "branch",
]);

/** Types of which AWS says no more than that they take and open connections of a service of its own. */
const plain = new Set([
  "interface",
  "efa",
  "efa-only",
  "quicksight",
  "api_gateway_managed",
  "iot_rules_managed",
  "aws_codestar_connections_managed",
  "ec2_instance_connect_endpoint",
  "evs",
]);

function characterOf(of: Export, one: Interface): Character {
  const { type, status, instance, id, file } = one;
  if (instance !== undefined) return characterOfInstance(of, instance);
  if (status === "available") {
    return {
      takes: "nothing",
      opens: "nothing",
      reason: "the interface is attached to nothing",
      clients: undefined,
    };
  }
  // Application and classic load balancers have interfaces of the plain type.
  if (one.description.startsWith("ELB ") || one.requester === "amazon-elb") return balancer;
  const known = types[type];
  if (known !== undefined) return known;
  if (plain.has(type)) return { takes: "all", opens: "all", reason: ownFirewall, clients: undefined };
  const consequence = carriers.has(type)
    ? "carries what the proof does not follow: what ends or begins there cannot be answered"
    : "is not known: what ends or begins there cannot be answered";
  of.notes.add({ file, object: id, field: `InterfaceType ${type}`, consequence });
  return {
    takes: "unknown",
    opens: "unknown",
    reason: `what a ${type} does is not followed`,
    clients: undefined,
  };
}

export interface HostContext {
  readonly export: Export;
  readonly space: SymbolSpace;
  readonly table: TrafficTable;
  /** Everybody's range of source ports, where the reader has said so. */
  readonly clients: EphemeralPorts | undefined;
}

/** The gate of what a host does with packets that are its own. */
function gateOf(
  says: Character["takes"],
  key: string,
  reason: string,
  table: TrafficTable,
): Gate | undefined {
  if (says === "all") return undefined;
  const origin = { where: key, rule: reason, path: key };
  const doubt: GateRule = { from: somebody, to: undefined, traffic: allTraffic, verdict: "accept", origin };
  const rules: GateRules = {
    rules: says === "unknown" ? [doubt] : [],
    otherwise: { verdict: "drop", origin },
  };
  return new Gate(rules, table);
}

const tables = new WeakMap<SymbolSpace, Map<string, PrefixMap<HostRoute>>>();

/** Everything that leaves by one link; the same table for all hosts. */
function byLink(link: string, space: SymbolSpace): PrefixMap<HostRoute> {
  const known = tables.get(space) ?? new Map<string, PrefixMap<HostRoute>>();
  tables.set(space, known);
  const value = { link, via: undefined };
  const entries = ["0.0.0.0/0", "::/0"].map((network) => ({ network, value }));
  const table = known.get(link) ?? new PrefixMap(entries, space);
  known.set(link, table);
  return table;
}

/** Of hosts that take and open everything, one for all of them: by it they are known to be alike. */
const open: HostNode["gates"] = () => [];

function gatesOf(input: Gate | undefined, output: Gate | undefined): HostNode["gates"] {
  if (input === undefined && output === undefined) return open;
  return (at, { state }) => {
    const gate = at === "input" ? input : at === "output" ? output : undefined;
    // Who takes a connection answers it.
    return gate === undefined || (state === "established" && at === "output") ? [] : [gate];
  };
}

const hidesNothing: HostNode["masquerade"] = () => undefined;

interface Member {
  readonly described: Interface;
  readonly eni: Eni;
}

function hostNode(key: string, members: readonly Member[], context: HostContext): HostNode {
  const { space, table } = context;
  const [primary] = members;
  if (primary === undefined) throw new Error(`${key} has no interface`);
  const { takes, opens, reason, clients } = characterOf(context.export, primary.described);
  const input = gateOf(takes, key, reason, table);
  const isServer = takes === "all" && opens === "nothing";
  const output = gateOf(opens, key, isServer ? "it opens no connections" : reason, table);
  const links = members.map(({ described, eni }): Link => {
    return { name: eni.link, addresses: described.addresses, attachment: { kind: "eni", eni } };
  });
  const carries = members.some(({ described, eni }) => !eni.checks || described.delegated.length > 0);
  const node: HostNode = {
    key,
    path: key,
    links: new Map(links.map((link) => [link.name, link])),
    addresses: new Map(
      links.flatMap(({ name, addresses }) => addresses.map((at): [Point, string] => [at, name])),
    ),
    routes: byLink(primary.eni.link, space),
    // Each interface answers for itself, as AWS's own images set it up; else the source/destination check drops it.
    answers: new Map(
      links.slice(1).flatMap(({ name, addresses }) => {
        const table = byLink(name, space);
        return addresses.map((at): [Point, PrefixMap<HostRoute>] => [at, table]);
      }),
    ),
    forwards: carries ? "unknown" : false,
    gates: gatesOf(input, output),
    masquerade: hidesNothing,
  };
  const ports = context.clients ?? clients;
  return {
    ...node,
    ...(takes === "all" ? { unseen: reason } : {}),
    ...(ports === undefined ? {} : { clients: ports }),
  };
}

/** The hosts: each instance with its interfaces, and everything else that has one. */
export function hostsOf(
  interfaces: ReadonlyMap<string, Interface>,
  enis: ReadonlyMap<string, Eni>,
  context: HostContext,
): Map<string, HostNode> {
  const byHost = new Map<string, Member[]>();
  for (const [id, eni] of enis) {
    const described = interfaces.get(id);
    if (described === undefined || eni.nat !== undefined) continue;
    const known = byHost.get(eni.host);
    if (known === undefined) byHost.set(eni.host, [{ described, eni }]);
    else known.push({ described, eni });
  }
  const ordered = (members: Member[]): Member[] =>
    members.toSorted((a, b) => a.described.deviceIndex - b.described.deviceIndex);
  return new Map([...byHost].map(([key, members]) => [key, hostNode(key, ordered(members), context)]));
}

/** Which link of its host an interface is. */
export function linkOf({ deviceIndex }: Interface): string {
  return `eth${deviceIndex}`;
}

/** The first IPv4 address, or of IPv6 where there is no other. */
export function primaryOf({ addresses }: Interface): Point | undefined {
  return addresses.find((at) => !isV6Point(at)) ?? addresses[0];
}
