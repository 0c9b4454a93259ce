/** What might let packets go on where they are stopped: in the stack's file where it has an option, else in the program. */
import type { NetworkPlan, RegionPlan, RouteTarget, SecurityRulePlan } from "../../../plan/model.ts";
import { neverPublic } from "../../sets/addresses.ts";
import { has, overlap, type Point } from "../../sets/intervals.ts";
import { linuxPorts, portTraffic, replyTo, type TrafficSet } from "../../sets/traffic.ts";
import type { Prover } from "../../prover.ts";
import type { Obstacle } from "../../world/obstacle.ts";
import type { Stop } from "../../world/way.ts";
import { addTo, set } from "./configuration.ts";
import type { Candidate } from "./model.ts";
import * as program from "./program.ts";
import { networkOf, nftRules, peerOf, portOption, spellTraffic } from "./spell.ts";

/** What is stopped, and where. */
export interface Blocked {
  readonly prover: Prover;
  readonly plan: NetworkPlan;
  readonly stop: Stop;
  readonly isBack: boolean;
  /** What was asked about and does not pass. */
  readonly traffic: TrafficSet;
  /** The hosts at both ends, where they are ours. */
  readonly ends: { readonly from: string | undefined; readonly to: string | undefined };
}

/** Where a host stands: `us-west` of `us-west/api-1`. */
function placeOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}

type Of<Kind extends Obstacle["kind"]> = Extract<Obstacle, { kind: Kind }>;

/** Groups that are tried: a rule does the same in each, unless the configuration refuses it in one. */
const mostGroups = 2;

/**
 * One rule more in one of the groups of an interface: in one that is about the same traffic already, else in the one
 * that the fewest hosts have.
 */
function groupRules(
  blocked: Blocked,
  host: string,
  direction: "ingress" | "egress",
  other: Point,
): Candidate[] {
  const { plan, prover, traffic } = blocked;
  const instance = plan.hosts.find(({ key }) => key === host)?.instance;
  const names = (instance?.securityGroups ?? []).map((key) => key.slice(key.indexOf("/") + 1));
  const members = (name: string): number =>
    plan.hosts.filter((each) => each.instance?.securityGroups.some((key) => key.endsWith(`/${name}`))).length;
  const region = plan.regions.find(({ key }) => key === placeOf(host));
  const isAlike = (name: string): boolean =>
    region?.securityGroups
      .find((group) => group.name === name)
      ?.rules.some((rule) => rule.direction === direction && isAbout(rule, traffic)) === true;
  const peer = peerOf(prover.world, plan, other);
  return [...names]
    .sort((a, b) => Number(isAlike(b)) - Number(isAlike(a)) || members(a) - members(b) || (a < b ? -1 : 1))
    .slice(0, mostGroups)
    .map((name) =>
      spellTraffic(traffic).map((spelled) => {
        const port = portOption(spelled);
        const rule = {
          ...(port === undefined ? {} : { port }),
          protocol: spelled.protocol,
          [direction === "ingress" ? "source" : "destination"]: peer,
        };
        return addTo(["securityGroups", name, direction], rule);
      }),
    );
}

/** Whether a rule names some of the traffic; one that names everything is about nothing in particular. */
function isAbout({ protocol, ports }: SecurityRulePlan, traffic: TrafficSet): boolean {
  if (ports === undefined || (protocol !== "tcp" && protocol !== "udp")) return false;
  return overlap(portTraffic(protocol, ports.from, ports.to), traffic);
}

/** ACLs follow from the groups of those who stand behind them: a rule of either end may open one. */
function behindAcl(blocked: Blocked): Candidate[] {
  const { stop, isBack, ends } = blocked;
  const [from, to] = isBack ? [stop.to, stop.from] : [stop.from, stop.to];
  const candidates: Candidate[] = [];
  if (ends.to !== undefined) candidates.push(...groupRules(blocked, ends.to, "ingress", from));
  if (ends.from !== undefined) candidates.push(...groupRules(blocked, ends.from, "egress", to));
  return candidates;
}

/** Roles whose hosts run what others bring. */
const rolesWithServices: readonly string[] = ["vpn-peer", "lan-member", "service"];

/** TCP ports that a machine's or a service's owner may name. */
function services({ plan, traffic }: Blocked, host: string): Candidate[] {
  const role = plan.hosts.find(({ key }) => key === host)?.role;
  if (role === undefined || !rolesWithServices.includes(role)) return [];
  const [spelled, ...more] = spellTraffic(traffic);
  const ports = spelled?.protocol === "tcp" ? spelled.ports : undefined;
  if (ports === undefined || more.length > 0 || ports.from !== ports.to) return [];
  const [place = "", name = ""] = host.split("/");
  return [[set(["hosts", place, name, "services", `port-${ports.from}`], ports.from)]];
}

/** What leads packets from one place to another: peerings, what is behind VPN peers, NAT. */
function ways({ plan, prover }: Blocked, here: string | undefined, address: Point): Candidate[] {
  const { regions, sites, space } = prover.world;
  const candidates: Candidate[] = [];
  const there = [...regions.values()].find(({ own }) => own.find(address) !== undefined)?.key;
  const isPeered = plan.peerings.some(({ requester, accepter }) =>
    [requester, accepter].every((key) => key === here || key === there),
  );
  if (here !== undefined && there !== undefined && here !== there && !isPeered && regions.has(here))
    candidates.push([addTo(["peerings"], [here, there])]);
  const isRouted = plan.vpn.peers.some(({ allowedIps: networks }) =>
    networks.some((network) => has(space.network(network), address)),
  );
  for (const site of here === undefined || isRouted ? [] : sites.values()) {
    const network = site.segments.find((segment) => has(space.network(segment.network), address))?.network;
    if (network === undefined) continue;
    for (const { host } of plan.vpn.peers.filter((peer) => placeOf(peer.host) === site.key))
      candidates.push([addTo(["wireguard", "peers", host, "routes"], network)]);
  }
  if (here !== undefined && regions.has(here) && address >= 0 && !has(neverPublic, address))
    candidates.push([set(["regions", here, "nat"], "single")]);
  return candidates;
}

/** The region or site from which packets with the address come. */
function homeOf({ prover }: Blocked, address: Point): string | undefined {
  const { hosts, publicOwners, regions } = prover.world;
  const owner = publicOwners.get(address);
  if (owner?.kind === "site") return owner.site;
  if (owner?.kind === "eni" || owner?.kind === "eni-ipv6") return owner.eni.region;
  const region = [...regions.values()].find(({ own }) => own.find(address) !== undefined);
  if (region !== undefined) return region.key;
  const host = [...hosts.values()].find(({ addresses }) => addresses.has(address));
  return host && placeOf(host.key);
}

/** A peer's LAN knows no way back into the VPN, unless the peer comes there as itself. */
function masquerades({ plan, prover, stop }: Blocked): Candidate[] {
  const { segments, space } = prover.world;
  const site = [...segments.values()].find(({ network }) => has(space.network(network), stop.from))?.site;
  return plan.vpn.peers
    .filter(({ host }) => placeOf(host) === site)
    .map(({ host }) => [set(["wireguard", "peers", host, "masquerade"], true)]);
}

function publicAddress({ plan }: Blocked, host: string | undefined): Candidate[] {
  const instance = plan.hosts.find(({ key }) => key === host)?.instance;
  if (host === undefined || instance === undefined || instance.elasticIp) return [];
  const [place = "", name = ""] = host.split("/");
  return [[set(["hosts", place, name, "elasticIp"], true)]];
}

/** Whatever stops the packets that carry the tunnel. */
function tunnel(blocked: Blocked, { host, peer }: Of<"tunnel-down">): Candidate[] {
  const { prover } = blocked;
  const { hosts, names, table } = prover.world;
  return [
    [host, peer],
    [peer, host],
  ].flatMap(([caller = "", called = ""]) => {
    for (const { attachment } of hosts.get(caller)?.links.values() ?? []) {
      if (attachment.kind !== "tunnel") continue;
      const endpoint = attachment.tunnel.allowed.entries.find(({ value }) => value.host === called)?.value
        .endpoint;
      const target = endpoint && names.get(endpoint.name);
      if (endpoint === undefined || target?.kind !== "addresses") continue;
      const [address] = target.addresses;
      if (address === undefined) continue;
      const traffic = portTraffic("udp", endpoint.port);
      const answer = prover.ask({ kind: "host", host: caller }, address, table.id(traffic));
      const stop = prover.stopOf(answer);
      if (stop === undefined || stop.obstacle?.kind === "tunnel-down") continue;
      const ends = { from: caller, to: called };
      const isBack = answer.forward.stop === undefined;
      return inConfiguration({ prover, plan: blocked.plan, stop, isBack, traffic, ends });
    }
    return [];
  });
}

/** Changes that the stack's file has an option for, the narrowest first. */
export function inConfiguration(blocked: Blocked): Candidate[] {
  const { stop, isBack, ends, plan } = blocked;
  const { obstacle } = stop;
  switch (obstacle?.kind) {
    case "security-group": {
      const other = obstacle.direction === "ingress" ? stop.from : stop.to;
      return groupRules(blocked, obstacle.host, obstacle.direction, other);
    }
    case "network-acl":
      return behindAcl(blocked);
    case "nftables":
      return isBack || obstacle.hook !== "input" ? [] : services(blocked, obstacle.host);
    case "subnet-route":
      return ways(blocked, regionOf(plan, obstacle.subnet)?.key, stop.to);
    case "private-outside":
      return [
        ...(isBack ? masquerades(blocked) : []),
        ...ways(blocked, homeOf(blocked, stop.from), stop.to),
        ...publicAddress(blocked, isBack ? ends.from : ends.to),
      ];
    case "host-route":
      return ways(blocked, placeOf(obstacle.host), stop.to);
    case "no-public-address":
      return publicAddress(blocked, obstacle.host);
    case "allowed-ips":
      return ways(blocked, placeOf(obstacle.host), obstacle.peer === undefined ? stop.to : stop.from);
    case "tunnel-down":
      return tunnel(blocked, obstacle);
    case "address-check":
    case "forwarding":
    case undefined:
      return [];
  }
}

function regionOf({ regions }: NetworkPlan, subnet: string): RegionPlan | undefined {
  return regions.find(({ subnets }) => subnets.some(({ key }) => key === subnet));
}

/** What is at the gate: on the way back, what answers. */
function atGate({ traffic, isBack }: Blocked): TrafficSet {
  if (!isBack) return traffic;
  const [[, reply] = []] = replyTo(traffic, linuxPorts);
  return reply ?? traffic;
}

function tableRules(blocked: Blocked, { host, hook }: Of<"nftables">): Candidate[] {
  const { prover, stop, isBack, traffic } = blocked;
  if (isBack) return [program.addRules(host, hook, ["ct state established,related accept"])];
  const to = hook === "forward" || hook === "output" ? stop.to : undefined;
  return [program.addRules(host, hook, nftRules(prover.world, { from: stop.from, to }, traffic))];
}

function aclRules(blocked: Blocked, { subnet, direction }: Of<"network-acl">): Candidate[] {
  const { prover, plan, stop } = blocked;
  const region = regionOf(plan, subnet);
  if (region === undefined) return [];
  const cidr = networkOf(prover.world, direction === "ingress" ? stop.from : stop.to);
  const rules = spellTraffic(atGate(blocked)).map(({ protocol, ports }) => {
    return { direction, protocol, ports, icmpType: undefined, cidr };
  });
  return [program.addAclRules(region.key, subnet, rules)];
}

function allowedIps({ prover, plan, stop }: Blocked, { host, peer }: Of<"allowed-ips">): Candidate[] {
  const network = networkOf(prover.world, peer === undefined ? stop.to : stop.from);
  const peers =
    plan.hosts.find(({ key }) => key === host)?.generation.tunnels.flatMap((one) => one.peers) ?? [];
  return peers
    .filter(({ name }) => peer === undefined || name === peer)
    .map(({ name }) => [program.addAllowedIps(host, name, network)]);
}

/** By a neighbour that has a tunnel. */
function neighbours({ prover, plan, stop }: Blocked, host: string): Candidate[] {
  const { segments } = prover.world;
  const network = networkOf(prover.world, stop.to);
  const peers = new Set(plan.vpn.peers.map((peer) => peer.host));
  return [...segments.values()].flatMap(({ members }) => {
    const own = [...members.values()].find((one) => one.host === host);
    if (own === undefined) return [];
    const forwards = (key: string): number => Number(prover.world.hosts.get(key)?.forwards === true);
    return [...members]
      .filter(([, member]) => member.host !== host && peers.has(member.host))
      .sort(([, a], [, b]) => forwards(b.host) - forwards(a.host))
      .map(([point]) => [program.addHostRoute(host, own.link, network, dotted(point))]);
  });
}

function dotted(point: Point): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(Number(point) / 2 ** shift) % 256).join(".");
}

/** To the internet by NAT, to what is private by the hub. */
function wayOut({ vpn }: NetworkPlan, region: RegionPlan, address: Point): RouteTarget | undefined {
  if (address < 0 || !has(neverPublic, address)) {
    const [nat] = region.natGateways;
    return nat && { kind: "nat-gateway", nat: nat.key };
  }
  const hub = vpn.hubs.find((one) => one.region === region.key);
  return hub && { kind: "instance", host: hub.host };
}

/** Changes of what the program compiles without asking the stack's file. */
export function inProgram(blocked: Blocked): Candidate[] {
  const { plan, prover, stop, isBack, ends } = blocked;
  const { obstacle } = stop;
  switch (obstacle?.kind) {
    case "nftables":
      return tableRules(blocked, obstacle);
    case "network-acl":
      return aclRules(blocked, obstacle);
    case "allowed-ips":
      return allowedIps(blocked, obstacle);
    case "address-check":
      return [[program.dropAddressCheck(obstacle.host)]];
    case "forwarding":
      return [[program.allowForwarding(obstacle.host)]];
    case "host-route":
      return neighbours(blocked, obstacle.host);
    case "private-outside": {
      const host = isBack ? ends.to : ends.from;
      if (host === undefined) return [];
      // By a tunnel of its own before another's.
      const tunnelled = allowedIps(blocked, { kind: "allowed-ips", host, peer: undefined });
      return [...tunnelled, ...neighbours(blocked, host)];
    }
    case "subnet-route": {
      const region = regionOf(plan, obstacle.subnet);
      const target = region && wayOut(plan, region, stop.to);
      if (region === undefined || target === undefined) return [];
      return [[program.addVpcRoute(region.key, obstacle.subnet, networkOf(prover.world, stop.to), target)]];
    }
    default:
      return [];
  }
}
