/** Which line of the stack's file lets packets go on where they stop, and what to write there. */
import { hostPath } from "../../plan/flows/flow.ts";
import type { HostPlan, NetworkPlan, SecurityGroupPlan, SecurityRulePlan } from "../../plan/model.ts";
import { difference, has, intersection, isEmpty, type Point } from "../sets/intervals.ts";
import { formatTraffic, portTraffic, type TrafficSet } from "../sets/traffic.ts";
import type { World } from "../world/model.ts";
import type { Stop } from "../world/way.ts";
import type { RootStop } from "./explain.ts";

export interface Advice {
  /** Stops with the same key have one cause. */
  readonly key: string;
  readonly path: string;
  /** Empty where nobody can say. */
  readonly mend: string;
  /** The same where several kinds of traffic need it. */
  readonly mends?: string;
}

type Direction = SecurityRulePlan["direction"];

/** Security groups of a host that lack a rule. */
interface Lack {
  readonly host: HostPlan;
  readonly direction: Direction;
  readonly traffic: TrafficSet;
  /** The other end, as the host's groups see it. */
  readonly other: { readonly addresses: readonly Point[]; readonly host: string | undefined };
}

/** What is to be mended. */
export interface Stopped {
  readonly root: RootStop;
  /** The same at other addresses of whoever is asked. */
  readonly alternatives?: readonly Stop[];
}

/** Roles whose owners say on which ports their hosts serve. */
const rolesWithServices: readonly string[] = ["vpn-peer", "lan-member", "service"];

/** Whether a rule names all of the traffic, and more than that no protocol as a whole. */
function names({ protocol, ports }: SecurityRulePlan, traffic: TrafficSet): boolean {
  if (ports === undefined || (protocol !== "tcp" && protocol !== "udp")) return false;
  return isEmpty(difference(traffic, portTraffic(protocol, ports.from, ports.to)));
}

/** Why a tunnel is down, whichever of its ends is asked: that a hub does not know where a peer is, is no reason. */
export function tunnelCause(reason: string): string {
  const parts = reason.replace(/^the tunnel to \S+ is down: /, "").split(", and ");
  return `tunnel: ${parts.find((part) => !part.includes(" knows no endpoint of ")) ?? reason}`;
}

export class Adviser {
  readonly #plan: NetworkPlan;
  readonly #world: World;
  readonly #hosts: ReadonlyMap<string, HostPlan>;
  /** Groups of all regions by their keys. */
  readonly #groups: ReadonlyMap<string, SecurityGroupPlan>;
  /** How many hosts have a group of a name, and how many of a role do. */
  readonly #members = new Map<string, number>();

  constructor(plan: NetworkPlan, world: World) {
    this.#plan = plan;
    this.#world = world;
    this.#hosts = new Map(plan.hosts.map((host) => [host.key, host]));
    const groups = plan.regions.flatMap(({ securityGroups }) => securityGroups);
    this.#groups = new Map(groups.map((group) => [group.key, group]));
    for (const host of plan.hosts) {
      for (const { name } of this.#groupsOf(host)) {
        for (const key of [name, `${host.role} ${name}`])
          this.#members.set(key, (this.#members.get(key) ?? 0) + 1);
      }
    }
  }

  /** Advice for each stop; one line for as many of them as lack the same. */
  advise(stopped: readonly Stopped[]): Advice[] {
    const found = stopped.map((each) => {
      const lack = this.#lackOf(each);
      return { lack, toAdd: lack === undefined ? undefined : this.#groupToAdd(lack) };
    });
    // By direction and traffic, the hosts that lack a rule for it, by the groups that they have.
    const holding = new Map<string, Map<string, Set<string>>>();
    const keyOf = ({ direction, traffic }: Lack): string => `${direction} ${traffic.join(" ")}`;
    for (const { lack, toAdd } of found) {
      if (lack === undefined || toAdd !== undefined) continue;
      const groups = holding.get(keyOf(lack)) ?? new Map<string, Set<string>>();
      holding.set(keyOf(lack), groups);
      for (const { name } of this.#groupsOf(lack.host))
        groups.set(name, (groups.get(name) ?? new Set()).add(lack.host.key));
    }
    return stopped.map(({ root }, index) => {
      const { lack, toAdd } = found[index] ?? {};
      if (lack === undefined) return this.#other(root);
      return toAdd ?? this.#ruleToAdd(lack, holding.get(keyOf(lack)) ?? new Map());
    });
  }

  #lackOf({ root, alternatives = [] }: Stopped): Lack | undefined {
    const { stop, isBack } = root;
    const { obstacle } = stop;
    // What answers, comes the other way.
    const [from, to] = isBack ? [root.to, root.from] : [root.from, root.to];
    const lack = (key: string | undefined, direction: Direction): Lack | undefined => {
      const host = this.#hosts.get(key ?? "");
      if (host?.instance === undefined) return undefined;
      const stops = [stop, ...alternatives];
      const other =
        direction === "ingress"
          ? { addresses: stops.map((each) => each.from), host: from }
          : { addresses: stops.map((each) => each.to), host: to };
      return { host, direction, traffic: this.#world.table.set(root.traffic), other };
    };
    switch (obstacle?.kind) {
      case "security-group":
        return lack(obstacle.host, obstacle.direction);
      // An ACL is compiled from the groups of the hosts behind it, so that those are what is to change.
      case "network-acl":
        return lack(obstacle.direction === "ingress" ? to : from, obstacle.direction);
      default:
        return undefined;
    }
  }

  #groupsOf({ instance }: HostPlan): SecurityGroupPlan[] {
    return (instance?.securityGroups ?? []).flatMap((key) => this.#groups.get(key) ?? []);
  }

  #admits({ peer }: SecurityRulePlan, { host, other }: Lack): boolean {
    if (peer.kind === "security-group") {
      const groups = this.#hosts.get(other.host ?? "")?.instance?.securityGroups ?? [];
      return groups.includes(`${host.site}/${peer.group}`);
    }
    if (typeof peer.cidr !== "string") return false;
    const network = this.#world.space.network(peer.cidr);
    return other.addresses.some((address) => has(network, address));
  }

  /** A group that others of the role have and the host has not, or else one of the region that is about just this. */
  #groupToAdd(lack: Lack): Advice | undefined {
    const { host, direction, traffic } = lack;
    const own = host.instance?.securityGroups ?? [];
    const others = [...this.#groups.values()].filter(
      ({ key }) => key.startsWith(`${host.site}/`) && !own.includes(key),
    );
    const opens = (group: SecurityGroupPlan, isAbout: (rule: SecurityRulePlan) => boolean): boolean =>
      group.rules.some((rule) => rule.direction === direction && isAbout(rule) && this.#admits(rule, lack));
    const group =
      others.find(
        (each) =>
          this.#members.has(`${host.role} ${each.name}`) &&
          opens(each, (rule) => rule.protocol === "all" || names(rule, traffic)),
      ) ??
      others.find((each) =>
        opens(each, (rule) => rule.ports?.from === rule.ports?.to && names(rule, traffic)),
      );
    if (group === undefined) return undefined;
    const path = `${hostPath(host.key)}.securityGroups`;
    const way = direction === "ingress" ? "in" : "out";
    const mends = `add ${group.name}`;
    const mend = `${mends}, which lets ${formatTraffic(traffic)} ${way}`;
    return { key: `${path} ${group.name}`, path, mend, mends };
  }

  /**
   * The group that lacks the rule: of those that most of the hosts have to which it happens, one that is about such
   * traffic already, else one that has rules of the direction, else the one that the fewest hosts have.
   */
  #ruleToAdd(lack: Lack, holding: ReadonlyMap<string, ReadonlySet<string>>): Advice {
    const { direction, traffic } = lack;
    const rank = (group: SecurityGroupPlan): number[] => {
      const rules = group.rules.filter((rule) => rule.direction === direction);
      const members = this.#members.get(group.name) ?? 0;
      const isAlike = rules.some((rule) => names(rule, traffic));
      return [-(holding.get(group.name)?.size ?? 0), isAlike ? 0 : 1, rules.length > 0 ? 0 : 1, members];
    };
    const [best] = this.#groupsOf(lack.host).sort((a, b) => compareRanks(rank(a), rank(b)));
    if (best === undefined) {
      const path = `${hostPath(lack.host.key)}.securityGroups`;
      return { key: path, path, mend: "name a group that has a rule for it" };
    }
    const path = `securityGroups.${best.name}.${direction}`;
    const way = direction === "ingress" ? "in" : "out";
    return {
      key: path,
      path,
      mend: `add a rule that lets it ${way}`,
      mends: `add rules that let them ${way}`,
    };
  }

  #other(root: RootStop): Advice {
    const { stop } = root;
    if (stop.obstacle?.kind === "tunnel-down")
      return { key: tunnelCause(stop.reason), path: stop.path, mend: "" };
    const masked = this.#unmasked(root);
    if (masked !== undefined) return { ...masked, key: masked.path };
    const peering = this.#unpeered(root);
    if (peering !== undefined) return { ...peering, key: `${peering.path} ${peering.mend}` };
    const own = { key: `${stop.place}\n${stop.reason}`, path: stop.path };
    if (stop.obstacle?.kind !== "nftables" || root.isBack) return { ...own, mend: "" };
    const { host: key, hook } = stop.obstacle;
    const host = this.#hosts.get(key);
    const traffic = this.#world.table.set(root.traffic);
    const isServed = host?.generation.listens.some(
      ({ protocol, ports }) => !isEmpty(intersection(traffic, portTraffic(protocol, ports.from, ports.to))),
    );
    const isServer = host !== undefined && rolesWithServices.includes(host.role);
    if (hook !== "input" || !isServer || isServed === true) return { ...own, mend: "" };
    const path = `${hostPath(key)}.services`;
    return { key: path, path, mend: `name a service on ${formatTraffic(traffic)}, or mend the flow` };
  }

  /** A LAN's devices know no way back to the VPN, unless the peer that leads there hides who asks. */
  #unmasked({ stop, isBack, to }: RootStop): { readonly path: string; readonly mend: string } | undefined {
    if (!isBack) return undefined;
    const { kind } = stop.obstacle ?? {};
    if (kind !== "private-outside" && kind !== "allowed-ips" && kind !== "host-route") return undefined;
    const { space } = this.#world;
    const [place = ""] = (to ?? "").split("/");
    const peer = this.#plan.vpn.peers.find(
      ({ host, allowedIps }) =>
        (to === undefined || host.startsWith(`${place}/`)) &&
        allowedIps.some((network) => !network.endsWith("/32") && has(space.network(network), stop.from)),
    );
    const isMasked = this.#hosts
      .get(peer?.host ?? "")
      ?.generation.chains.some(({ rules }) => rules.some((rule) => rule.includes("masquerade")));
    if (peer === undefined || isMasked === true) return undefined;
    return { path: `wireguard.peers["${peer.host}"].masquerade`, mend: "set it to true" };
  }

  #unpeered({ stop }: RootStop): { readonly path: string; readonly mend: string } | undefined {
    if (stop.obstacle?.kind !== "subnet-route") return undefined;
    const regions = [...this.#world.regions.values()];
    const [here = ""] = stop.obstacle.subnet.split("/");
    const there = regions.find(({ own }) => own.find(stop.to) !== undefined)?.key;
    if (there === undefined || there === here) return undefined;
    const isPeered = this.#plan.peerings.some(({ requester, accepter }) =>
      [requester, accepter].every((key) => key === here || key === there),
    );
    const mend = `peer ${[here, there].sort().join(" with ")}`;
    return isPeered ? undefined : { path: "peerings", mend };
  }
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index] ?? 0;
    if (one !== other) return one - other;
  }
  return 0;
}
