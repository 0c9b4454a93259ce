/** Questions to prod as its file has it, and to prod with changes. */
import { parse } from "yaml";
import { parsePath } from "../../../../cli/path.ts";
import { parseNetworkConfig } from "../../../../components/config/parse.ts";
import type {
  HostPlan,
  NetworkPlan,
  Protocol,
  RegionPlan,
  RouteTarget,
  SecurityRulePlan,
} from "../../../../components/plan/model.ts";
import { planNetwork } from "../../../../components/plan/plan.ts";
import { answer, type Subject, type Verdict } from "../../../../components/proof/ask/answer.ts";
import type { Edit } from "../../../../components/proof/ask/change/model.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { filledNetwork } from "../../config/stack.ts";

/** A configuration's value by path, changed: `undefined` takes it away. */
export type Put = readonly [path: string, value: unknown];

export function putAt(root: unknown, path: string, change: (value: unknown) => unknown): unknown {
  const copy = structuredClone(root);
  const parts = parsePath(path);
  const last = parts.at(-1) ?? "";
  let parent = copy as Record<string | number, unknown>;
  for (const part of parts.slice(0, -1)) {
    parent[part] ??= {};
    parent = parent[part] as Record<string | number, unknown>;
  }
  const value = change(parent[last]);
  if (value === undefined && Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return copy;
}

export function networkWith(...puts: readonly Put[]): unknown {
  return puts.reduce<unknown>(
    (network, [path, value]) => putAt(network, path, () => value),
    filledNetwork("prod"),
  );
}

export function planOf(network: unknown): NetworkPlan {
  return planNetwork(parseNetworkConfig(network), "prod");
}

/** @param plan one that was changed behind the configuration's back; that of the configuration otherwise */
export function subjectOf(network: unknown, plan?: NetworkPlan): Subject {
  if (plan !== undefined) return { world: buildWorld(plan), editable: { stack: "prod", network } };
  const own = planOf(network);
  return { world: buildWorld(own), editable: { stack: "prod", network, plan: own } };
}

/** `SRC DST PORT/PROTO`, and `forward` behind it. */
export function ask(subject: Subject, line: string): Verdict {
  const [from = "", to = "", traffic = "", direction] = line.split(" ");
  return answer(subject, { from, to, traffic, direction: direction === "forward" ? "forward" : "both" });
}

/** A change in one line each: `add securityGroups.hub.ingress { … }`. */
export function changeOf({ change, noChange }: Verdict): string[] {
  if (change === null) return [`none: ${noChange ?? ""}`];
  return change.edits.map(({ action, path, value }) => `${action} ${path} ${value}`);
}

interface Applied {
  readonly plan: (plan: NetworkPlan) => NetworkPlan;
}

const host =
  (key: string, change: (host: HostPlan) => HostPlan): Applied["plan"] =>
  (plan) => ({ ...plan, hosts: plan.hosts.map((one) => (one.key === key ? change(one) : one)) });

const generation = (key: string, change: (of: HostPlan["generation"]) => object): Applied["plan"] =>
  host(key, (one) => ({ ...one, generation: { ...one.generation, ...change(one.generation) } }));

const inRegions =
  (change: (of: RegionPlan) => Partial<RegionPlan>): Applied["plan"] =>
  (plan) => ({ ...plan, regions: plan.regions.map((region) => ({ ...region, ...change(region) })) });

/** `ingress tcp 8080-8090 from 10.0.0.0/8` */
function ruleOf(text: string): {
  readonly direction: "ingress" | "egress";
  readonly protocol: Protocol;
  readonly ports: { readonly from: number; readonly to: number } | undefined;
  readonly other: string;
} {
  const [, direction, protocol, from, to, other = ""] =
    /^(ingress|egress) (\S+)(?: (\d+)(?:-(\d+))?)? (?:from|to) (\S+)$/.exec(text) ?? [];
  const ports = from === undefined ? undefined : { from: Number(from), to: Number(to ?? from) };
  return { direction: direction as "ingress", protocol: protocol as Protocol, ports, other };
}

function withoutRule(group: string, text: string): Applied["plan"] {
  const { direction, protocol, ports, other } = ruleOf(text);
  const isMeant = (rule: SecurityRulePlan): boolean =>
    rule.direction === direction &&
    rule.protocol === protocol &&
    rule.ports?.from === ports?.from &&
    rule.ports?.to === ports?.to &&
    (rule.peer.kind === "cidr" ? rule.peer.cidr : `sg-${rule.peer.group}`) === other;
  return inRegions(({ securityGroups }) => ({
    securityGroups: securityGroups.map((one) => {
      if (one.key !== group) return one;
      const rules = one.rules.filter((rule) => !isMeant(rule));
      if (rules.length !== one.rules.length - 1) throw new Error(`${group} has no single rule ${text}`);
      return { ...one, rules };
    }),
  }));
}

function withAclRule(subnet: string, text: string): Applied["plan"] {
  const { other: cidr, ...rule } = ruleOf(text);
  return inRegions(({ networkAcls }) => ({
    networkAcls: networkAcls.map((acl) => {
      if (!acl.subnets.includes(subnet)) return acl;
      const taken = acl.rules
        .filter(({ direction }) => direction === rule.direction)
        .map((one) => one.number);
      const number = [1, 2, 3, 4, 5].find((free) => !taken.includes(free)) ?? 6;
      return { ...acl, rules: [...acl.rules, { ...rule, icmpType: undefined, cidr, number, reason: "" }] };
    }),
  }));
}

function withRoute(subnet: string, text: string): Applied["plan"] {
  const [destination = "", to = ""] = text.split(" to ");
  return inRegions(({ subnets, routeTables, natGateways }) => {
    const key = subnets.find((one) => one.key === subnet)?.routeTable;
    const [nat] = natGateways;
    const target: RouteTarget =
      to === "nat-gateway" ? { kind: to, nat: nat?.key ?? "" } : { kind: "instance", host: to };
    const route = { key: `${key ?? ""}/added`, destination, target, reason: "" };
    return {
      routeTables: routeTables.map((one) =>
        one.key === key ? { ...one, routes: [...one.routes, route] } : one,
      ),
    };
  });
}

/** What the program compiles, changed as the edit says it in words: a second reading of them. */
function inProgram({ action, path, value }: Edit): Applied["plan"] {
  const [, key = "", what = ""] = /^(\S+): (.*)$/.exec(path) ?? [];
  const [, chain] = /^nftables, chain (\S+)$/.exec(what) ?? [];
  if (chain !== undefined) {
    return generation(key, ({ chains }) => ({
      chains: chains.map((one) => {
        if (action === "remove")
          return one.name === chain ? { ...one, rules: one.rules.filter((rule) => rule !== value) } : one;
        return one.hook?.at === chain ? { ...one, rules: [value, ...one.rules] } : one;
      }),
    }));
  }
  const [, peer] = /^WireGuard, AllowedIPs of (\S+)$/.exec(what) ?? [];
  if (peer !== undefined) {
    return generation(key, ({ tunnels }) => ({
      tunnels: tunnels.map((tunnel) => ({
        ...tunnel,
        peers: tunnel.peers.map((one) =>
          one.name === peer ? { ...one, allowedIps: [...one.allowedIps, value] } : one,
        ),
      })),
    }));
  }
  const [, link] = /^routes of (\S+)$/.exec(what) ?? [];
  if (link !== undefined) {
    const [destination = "", via = ""] = value.split(" via ");
    return generation(key, ({ interfaces }) => ({
      interfaces: interfaces.map((one) =>
        one.name === link ? { ...one, routes: [...one.routes, { destination, via }] } : one,
      ),
    }));
  }
  if (what === "kernel setting net.ipv4.ip_forward")
    return generation(key, ({ sysctls }) => ({ sysctls: { ...sysctls, "net.ipv4.ip_forward": "1" } }));
  if (what === "source/destination check")
    return host(key, (one) => ({
      ...one,
      instance: one.instance && { ...one.instance, sourceDestCheck: false },
    }));
  const [, group] = /^security group (\S+)$/.exec(path) ?? [];
  if (group !== undefined && action === "remove") return withoutRule(group, value);
  const [, around] = /^network ACL around (\S+)$/.exec(path) ?? [];
  if (around !== undefined) return withAclRule(around, value);
  const [, routed] = /^route table of (\S+)$/.exec(path) ?? [];
  if (routed !== undefined) return withRoute(routed, value);
  throw new Error(`the test cannot read ${action} ${path}: ${value}`);
}

/** The verdict with all of the change, applied by nothing of the program but its words. */
export function after(network: unknown, verdict: Verdict, line: string): Verdict["verdict"] {
  let changed = network;
  let plan: Applied["plan"] = (one) => one;
  for (const edit of [...(verdict.change?.edits ?? [])]) {
    const earlier = plan;
    if (edit.level === "program") {
      const change = inProgram(edit);
      plan = (one) => change(earlier(one));
    } else {
      changed = putAt(changed, edit.path, (value) => {
        if (edit.action === "remove") return undefined;
        const read: unknown = parse(edit.value);
        return edit.action === "add" ? [...((value ?? []) as unknown[]), read] : read;
      });
    }
  }
  return ask(subjectOf(changed, plan(planOf(changed))), line).verdict;
}
