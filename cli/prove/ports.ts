/** Ports that are worth asking about: those at which some rule or service of a host begins or ends to matter. */
import type { NetworkPlan, HostPlan } from "../../components/plan/model.ts";
import type { PortRange } from "../../components/plan/model.ts";
import { readNftRule } from "../../components/proof/rules/nft-text.ts";
import type { TrafficSet } from "../../components/proof/sets/traffic.ts";
import { allTcp, allUdp } from "../../components/proof/sets/traffic.ts";
import { intersection, type Intervals } from "../../components/proof/sets/intervals.ts";
import { edges } from "../../sandbox/prove/places.ts";

const mostPort = 65535;

/** Of the ports, those that can be asked about, in order and each once. */
export function askable(ports: Iterable<number>): number[] {
  return [...new Set(ports)].filter((port) => port >= 1 && port <= mostPort).sort((a, b) => a - b);
}

/** The ports at which a protocol's part of the traffic begins and ends, and their neighbours. */
function edgesWithin(traffic: TrafficSet, whole: Intervals): number[] {
  const start = Number(whole[0] ?? 0);
  return intersection(traffic, whole).flatMap((boundary) => {
    const port = Number(boundary) - start;
    return [port - 1, port];
  });
}

/** The ports at which traffic begins and ends, of TCP and UDP alike, and their neighbours. */
export function trafficEdges(traffic: TrafficSet): number[] {
  return askable([...edgesWithin(traffic, allTcp), ...edgesWithin(traffic, allUdp)]);
}

function ofRange(range: PortRange | undefined): number[] {
  return range === undefined ? [] : edges(range.from, range.to);
}

/** A rule that the proof cannot read is told by the proof itself; here it has no ports. */
function ofNftRule(text: string): number[] {
  try {
    return trafficEdges(readNftRule(text).traffic);
  } catch {
    return [];
  }
}

function ofGeneration({ generation }: HostPlan): number[] {
  const { listens, sends, chains, tunnels } = generation;
  const called = tunnels.flatMap(({ listenPort, peers }) => [
    listenPort,
    ...peers.map(({ endpoint }) => Number(endpoint?.split(":").at(-1) ?? 0)),
  ]);
  return [
    ...[...listens, ...sends].flatMap(({ ports }) => ofRange(ports)),
    ...chains.flatMap(({ rules }) => rules.flatMap(ofNftRule)),
    ...called.flatMap((port) => (port === undefined || port === 0 ? [] : edges(port, port))),
  ];
}

function ofInterface(plan: NetworkPlan, { site, instance }: HostPlan): number[] {
  const region = plan.regions.find(({ key }) => key === site);
  if (region === undefined || instance === undefined) return [];
  const groups = region.securityGroups.filter(({ key }) => instance.securityGroups.includes(key));
  const acls = region.networkAcls.filter(({ subnets }) => subnets.includes(instance.subnet));
  return [...groups, ...acls].flatMap(({ rules }) => rules.flatMap(({ ports }) => ofRange(ports)));
}

/** What the plan's rules and services around each host name, with neighbours: ports by the host's key. */
export function mentionedPorts(plan: NetworkPlan): ReadonlyMap<string, readonly number[]> {
  return new Map(
    plan.hosts.map((host) => [host.key, askable([...ofGeneration(host), ...ofInterface(plan, host)])]),
  );
}
