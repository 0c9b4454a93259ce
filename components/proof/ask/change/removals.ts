/** What could be taken away from a way so that nothing goes it any more. */
import type { Path } from "../../../config/problem.ts";
import type { NetworkPlan } from "../../../plan/model.ts";
import type { Step } from "../../world/way.ts";
import { removeAll, set, valueAt } from "./configuration.ts";
import type { Candidate } from "./model.ts";
import { removeGroupRules, removeRules } from "./program.ts";

/** `securityGroups.public.ingress[0]` */
function groupRulePath(path: string): Path | undefined {
  const [, group = "", direction = "", index] =
    /^securityGroups\.([^.]+)\.(ingress|egress)\[(\d+)\]$/.exec(path) ?? [];
  return index === undefined ? undefined : ["securityGroups", group, direction, Number(index)];
}

interface TableRule {
  readonly chain: string;
  readonly rule: string;
}

/** Instead of all rules of a chain, what leads into it. */
function jumpsTo(host: string, rules: readonly TableRule[], { hosts }: NetworkPlan): Candidate[] {
  const [target, ...others] = new Set(rules.map(({ chain }) => chain));
  if (target === undefined || others.length > 0) return [];
  const own = hosts.find(({ key }) => key === host)?.generation.chains ?? [];
  const jumps = own.flatMap((chain) =>
    chain.rules
      .filter((text) => text.endsWith(` goto ${target}`) || text.endsWith(` jump ${target}`))
      .map((rule) => ({ chain: chain.name, rule })),
  );
  return jumps.length === 0 ? [] : [removeRules(host, jumps)];
}

/** All rules of the gate that let it pass: each would do alone. */
function ofGate({ gate }: Step, network: unknown, plan: NetworkPlan): Candidate[] {
  if (gate?.verdict !== "accept" || gate.at === undefined || gate.acceptors.length === 0) return [];
  switch (gate.at.kind) {
    case "security-group": {
      const texts = [...new Set(gate.acceptors.map(({ path }) => path))];
      const paths = texts.map(groupRulePath).filter((path) => path !== undefined);
      const written = paths.length === texts.length ? [removeAll(network, paths)] : [];
      return [...written, removeGroupRules(gate.acceptors)];
    }
    case "nftables": {
      const { host } = gate.at;
      const rules = gate.acceptors.map(({ where, rule }) => ({
        chain: where.split(" chain ")[1] ?? "",
        rule,
      }));
      return [removeRules(host, rules), ...jumpsTo(host, rules, plan)];
    }
    default:
      return [];
  }
}

/** The peerings and the routes to what is behind VPN peers that the way takes. */
function ofWay({ place, what }: Step, network: unknown, { peerings, vpn }: NetworkPlan): Candidate[] {
  const peering = peerings.find(({ key }) => place === `peering ${key}`);
  if (peering !== undefined) {
    const pairs = valueAt(network, ["peerings"]) as readonly (readonly string[])[];
    const index = pairs.findIndex(
      (pair) => pair.includes(peering.requester) && pair.includes(peering.accepter),
    );
    return index < 0 ? [] : [removeAll(network, [["peerings", index]])];
  }
  return vpn.peers.flatMap(({ host }) => {
    const path = ["wireguard", "peers", host, "routes"];
    const routes = (valueAt(network, path) ?? []) as readonly string[];
    const index = routes.findIndex((route) => what.startsWith(`AllowedIPs ${route} `));
    return index < 0 ? [] : [removeAll(network, [[...path, index]])];
  });
}

/** A region's way out. */
function ofNat({ place }: Step, { regions }: NetworkPlan): Candidate[] {
  const region = regions.find(({ natGateways }) =>
    natGateways.some(({ key }) => place === `NAT gateway ${key}`),
  );
  return region === undefined ? [] : [[set(["regions", region.key, "nat"], "none")]];
}

/** What the stack's file says comes before what the program compiles, then as few as possible, then the gates. */
export function removals(steps: readonly Step[], network: unknown, plan: NetworkPlan): Candidate[] {
  const last = [...steps].reverse();
  const gates = last.flatMap((step) => ofGate(step, network, plan));
  const ways = last.flatMap((step) => [...ofWay(step, network, plan), ...ofNat(step, plan)]);
  const rank = (candidate: Candidate): number =>
    candidate.length + (candidate.some(({ edit }) => edit.level === "program") ? 1000 : 0);
  return [...gates, ...ways].sort((a, b) => rank(a) - rank(b));
}
