/** Prod as it is, with its names and its Cloudflare side, and changed ones, as subjects of questions by name. */
import { parseNetworkConfig } from "../../../../components/config/parse.ts";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import { planNetwork } from "../../../../components/plan/plan.ts";
import { askName, type NameAnswer, type NameOptions } from "../../../../components/proof/edge/ask.ts";
import type { Leg } from "../../../../components/proof/edge/legs.ts";
import { resolve } from "../../../../components/proof/edge/resolve.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { formatAddress } from "../../../../components/proof/sets/addresses.ts";
import { formatTraffic, parseTraffic } from "../../../../components/proof/sets/traffic.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { changed, type Change } from "../../config/subject.ts";
import { filledNetwork } from "../../config/stack.ts";
import { sourceOf } from "../subject.ts";

interface Names {
  readonly dns: { readonly zones: unknown; readonly private: unknown };
  readonly cloudflare: unknown;
}

/** The plan of prod, names and all, with the changes made to its configuration. */
export function namedPlan(...changes: readonly Change[]): NetworkPlan {
  const { dns, cloudflare } = filledNetwork("prod") as Names;
  const own: readonly Change[] = [
    ["dns zones", dns.zones],
    ["dns private", dns.private],
    ["cloudflare", cloudflare],
  ];
  return planNetwork(parseNetworkConfig(changed(...own, ...changes)), "prod");
}

export function named(...changes: readonly Change[]): Prover {
  return new Prover(buildWorld(namedPlan(...changes)));
}

/** Changes behind the configuration's back, which its rules would refuse. */
export function spoiled(spoil: (plan: NetworkPlan) => NetworkPlan, ...changes: readonly Change[]): Prover {
  return new Prover(buildWorld(spoil(namedPlan(...changes))));
}

export const web = "443/tcp";

/** @param from a host's key, `device SEGMENT`, or an address of the internet */
export function ask(
  prover: Prover,
  from: string,
  name: string,
  traffic = web,
  options: NameOptions = {},
): NameAnswer {
  const [point = 0] = parseTraffic(traffic);
  return askName(prover, sourceOf(from), name, point, options);
}

/** The verdict with what stops it, in one line. */
export function verdict({ verdict: word, stop }: NameAnswer): string {
  return stop === undefined ? word : `${word}: ${stop.place}: ${stop.reason}`;
}

/** Who answers, in order: `us-west/us-west-lb-1 by us-west/lb-1`. */
export function serving({ servers }: Pick<NameAnswer, "servers">): string[] {
  return servers.map(({ pool, endpoint, by }) => `${pool === undefined ? "" : `${pool}/`}${endpoint} by ${by}`);
}

/** The connections in words: `internet → Cloudflare's edge 443/tcp`. */
export function connections(legs: readonly Leg[]): string[] {
  return legs.flatMap((leg) =>
    leg.kind === "connection"
      ? [`${leg.from} → ${leg.to} ${formatTraffic([leg.traffic, Number(leg.traffic) + 1])}`]
      : [],
  );
}

/** What was decided on the way, in words. */
export function decisions(legs: readonly Leg[]): string[] {
  return legs.flatMap((leg) => (leg.kind === "decision" ? [`${leg.place}: ${leg.what}`] : []));
}

/** What the name leads to, in words. */
export function resolved(prover: Prover, from: string, name: string): string {
  const { found } = resolve(prover, sourceOf(from), name);
  switch (found.kind) {
    case "addresses":
      return found.addresses.map((at) => prover.world.space.nameOf(at) ?? formatAddress(at)).join(", ");
    case "edge":
      return `edge, ${found.route.to.kind}`;
    case "balancer":
      return `balancer ${found.balancer.name}`;
    case "none":
    case "unknown":
      return `${found.kind}: ${found.stop.place}: ${found.stop.reason}`;
  }
}
