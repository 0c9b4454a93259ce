/**
 * Networks that differ in one place from the one that runs: what is changed about the plan, and the same done to the
 * sandbox behind everybody's back, in its cloud or on a host.
 */
import type { ChainPlan, TunnelPeerPlan } from "../../components/plan/generation.ts";
import type {
  HostPlan,
  NetworkAclRulePlan,
  NetworkPlan,
  RegionPlan,
  RoutePlan,
  RouteTarget,
  SecurityRulePlan,
} from "../../components/plan/model.ts";
import { seeded } from "../../cli/prove/questions.ts";
import type { DriftRequest } from "../../sandbox/services/aws/client.ts";
import { aclEntries, describedRoute, describedRule, tableId, targetProperties } from "./mutation-cloud.ts";
import type { Description } from "../../sandbox/services/aws/client.ts";

/** Who makes the changes. */
export interface Actor {
  readonly drift: (request: DriftRequest) => Promise<unknown>;
  readonly describe: () => Promise<Description>;
  /** Runs a program on a host of the plan. @returns its standard output. @throws if it fails. */
  readonly onHost: (host: string, argv: readonly string[], stdin?: string) => Promise<string>;
}

export interface Mutation {
  readonly words: string;
  readonly plan: NetworkPlan;
  /** @returns what puts everything back */
  readonly apply: (actor: Actor) => Promise<() => Promise<void>>;
}

export interface Draw {
  readonly plan: NetworkPlan;
  /** `undefined` where there is nothing to pick from. */
  readonly pick: <T>(items: readonly T[]) => T | undefined;
}

/** A network for documentation, from which nobody comes. */
const nobody = "203.0.113.254/32";
const anywhere = "0.0.0.0/0";

function withRegion(plan: NetworkPlan, key: string, change: (region: RegionPlan) => RegionPlan): NetworkPlan {
  return { ...plan, regions: plan.regions.map((region) => (region.key === key ? change(region) : region)) };
}

function withHost(plan: NetworkPlan, key: string, change: (host: HostPlan) => HostPlan): NetworkPlan {
  return { ...plan, hosts: plan.hosts.map((host) => (host.key === key ? change(host) : host)) };
}

/** A group's rule for other networks or other ports: for nobody, for everybody, or for a few more. */
function changedRule(rule: SecurityRulePlan, pick: Draw["pick"]): SecurityRulePlan | undefined {
  const { peer, ports } = rule;
  const cidrs =
    peer.kind === "cidr" && typeof peer.cidr === "string" && !peer.cidr.includes(":")
      ? [nobody, anywhere].filter((cidr) => cidr !== peer.cidr)
      : [];
  const ranges =
    ports === undefined || rule.protocol === "icmp"
      ? []
      : [
          { from: 1, to: 1 },
          { from: Math.max(1, ports.from - 2), to: Math.min(65535, ports.to + 3) },
        ];
  const changes: SecurityRulePlan[] = [
    ...cidrs.map((cidr) => ({ ...rule, peer: { kind: "cidr", cidr } as const })),
    ...ranges.map((range) => ({ ...rule, ports: range })),
  ];
  return pick(changes);
}

function ruleSet({ peer, ports }: SecurityRulePlan, old: SecurityRulePlan): Record<string, string | number> {
  if (peer !== old.peer && peer.kind === "cidr" && typeof peer.cidr === "string") {
    return { cidrIpv4: peer.cidr };
  }
  return ports === undefined ? {} : { fromPort: ports.from, toPort: ports.to };
}

function groupRule({ plan, pick }: Draw): Mutation | undefined {
  const region = pick(plan.regions);
  const used = new Set(plan.hosts.flatMap(({ instance }) => instance?.securityGroups ?? []));
  const group = pick(region?.securityGroups.filter(({ key }) => used.has(key)) ?? []);
  const rule = pick(group?.rules ?? []);
  const changed = rule === undefined ? undefined : changedRule(rule, pick);
  if (region === undefined || group === undefined || rule === undefined || changed === undefined)
    return undefined;
  const [set, back] = [ruleSet(changed, rule), ruleSet(rule, changed)];
  return {
    words: `${rule.key} becomes ${JSON.stringify(set)}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      securityGroups: one.securityGroups.map((each) =>
        each.key === group.key
          ? { ...each, rules: each.rules.map((old) => (old.key === rule.key ? changed : old)) }
          : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const id = describedRule(await describe(), region, group.key, rule);
      const modify = { region: region.awsRegion, action: "modify", id } as const;
      await drift({ ...modify, set });
      return async () => {
        await drift({ ...modify, set: back });
      };
    },
  };
}

type RouteChange = { readonly old: RoutePlan; readonly target: RouteTarget | undefined };

/** Where a route of a region could lead instead, or that it is gone. */
function changedRoute({ plan, pick }: Draw, region: RegionPlan, old: RoutePlan): RouteChange {
  const peers = plan.peerings.filter(({ requester, accepter }) => [requester, accepter].includes(region.key));
  const forwarding = plan.hosts.filter(
    ({ site, instance }) => site === region.key && instance?.sourceDestCheck === false,
  );
  const targets: RouteTarget[] = [
    ...region.natGateways.map(({ key }) => ({ kind: "nat-gateway", nat: key }) as const),
    ...peers.map(({ key }) => ({ kind: "peering", peering: key }) as const),
    ...forwarding.map(({ key }) => ({ kind: "instance", host: key }) as const),
  ];
  const others = targets.filter((target) => JSON.stringify(target) !== JSON.stringify(old.target));
  return { old, target: pick([undefined, ...others]) };
}

function route(draw: Draw): Mutation | undefined {
  const { plan, pick } = draw;
  const region = pick(plan.regions);
  const table = pick(region?.routeTables ?? []);
  const old = pick(table?.routes.filter(({ destination }) => typeof destination === "string") ?? []);
  if (region === undefined || table === undefined || old === undefined) return undefined;
  const destination = String(old.destination);
  const { target } = changedRoute(draw, region, old);
  return {
    words: `${old.key} ${target === undefined ? "is gone" : `leads to ${JSON.stringify(target)}`}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      routeTables: one.routeTables.map((each) =>
        each.key === table.key
          ? {
              ...each,
              routes: each.routes.flatMap((kept) =>
                kept.key !== old.key ? [kept] : target === undefined ? [] : [{ ...kept, target }],
              ),
            }
          : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const description = await describe();
      const routeTableId = tableId(description, region, table.key);
      const where = { region: region.awsRegion };
      const id = `${routeTableId}_${destination}`;
      const create = async (properties: Record<string, string>): Promise<void> => {
        const set = { routeTableId, destinationCidrBlock: destination, ...properties };
        await drift({ ...where, action: "create", type: "aws:ec2/route:Route", set });
      };
      const before = describedRoute(description, region, table.key, destination);
      const after = target === undefined ? undefined : targetProperties(description, region, target);
      await drift({ ...where, action: "delete", id });
      if (after !== undefined) await create(after);
      return async () => {
        if (after !== undefined) await drift({ ...where, action: "delete", id });
        await create(before);
      };
    },
  };
}

/** An ACL's rule is gone, or for everybody. */
function aclRule({ plan, pick }: Draw): Mutation | undefined {
  const region = pick(plan.regions);
  const acl = pick(region?.networkAcls ?? []);
  const rule = pick(acl?.rules.filter(({ cidr }) => typeof cidr === "string" && !cidr.includes(":")) ?? []);
  if (region === undefined || acl === undefined || rule === undefined) return undefined;
  const changed = pick<NetworkAclRulePlan | undefined>([undefined, { ...rule, cidr: anywhere }]);
  const { direction, number } = rule;
  return {
    words: `rule ${number} (${direction}) of ${acl.key} is ${changed === undefined ? "gone" : "for everybody"}`,
    plan: withRegion(plan, region.key, (one) => ({
      ...one,
      networkAcls: one.networkAcls.map((each) =>
        each.key === acl.key
          ? { ...each, rules: each.rules.flatMap((old) => (old === rule ? (changed ?? []) : old)) }
          : each,
      ),
    })),
    apply: async ({ drift, describe }) => {
      const { id, ingress, egress } = aclEntries(await describe(), region, acl.key);
      const entries = direction === "ingress" ? ingress : egress;
      const modify = { region: region.awsRegion, action: "modify", id } as const;
      const altered = entries.flatMap((entry) =>
        entry.ruleNo !== number ? [entry] : changed === undefined ? [] : [{ ...entry, cidrBlock: anywhere }],
      );
      await drift({ ...modify, set: { ingress, egress, [direction]: altered } });
      return async () => {
        await drift({ ...modify, set: { ingress, egress } });
      };
    },
  };
}

/** The network around an IPv4 network, two bits wider. */
function wider(network: string): string {
  const [address = "", length = "32"] = network.split("/");
  const bits = Math.max(8, Number(length) - 2);
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = number - (number % 2 ** (32 - bits));
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${bits}`;
}

/** A peer's AllowedIPs lose a network, or get a wider one in its place; routes follow, as wg-quick makes them. */
function allowedIps({ plan, pick }: Draw): Mutation | undefined {
  const host = pick(plan.hosts.filter(({ generation }) => generation.tunnels.length > 0));
  const tunnel = pick(host?.generation.tunnels ?? []);
  const peer = pick(tunnel?.peers.filter(({ allowedIps: all }) => all.length > 1) ?? []);
  const network = pick(peer?.allowedIps ?? []);
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

/** Rules that hosts might have been given by hand, ahead of their own. */
const byHand = [
  "tcp dport 7000-7010 accept",
  "udp dport { 7000, 7005 } accept",
  "tcp dport 9100 drop",
  "ip saddr 10.0.0.0/16 tcp dport 22 drop",
  "meta l4proto icmp accept",
  "ip saddr 10.0.0.0/9 udp dport 7000 accept",
];

/** A host's own chain loses a rule, or gets one more. */
function nftRule({ plan, pick }: Draw): Mutation | undefined {
  const host = pick(plan.hosts);
  const chain = pick(host?.generation.chains.filter(({ hook }) => hook?.type === "filter") ?? []);
  if (host === undefined || chain === undefined) return undefined;
  const added = pick([undefined, pick(byHand)]);
  const index = pick(chain.rules.map((_, at) => at));
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

const kinds = [groupRule, route, aclRule, allowedIps, nftRule];

/** As often a draw may be in vain. */
const mostDraws = 1000;

/** Endless: networks that differ from the plan in one place, of each kind in turn, as the seed has it. */
export function* mutations(plan: NetworkPlan, seed: number): Generator<Mutation> {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  for (let turn = 0, vain = 0; vain < mostDraws; turn += 1) {
    const mutation = kinds[turn % kinds.length]?.({ plan, pick });
    vain = mutation === undefined ? vain + 1 : 0;
    if (mutation !== undefined) yield mutation;
  }
}
