/** Networks that differ in one place from the one that runs. */
import { seeded } from "../../cli/prove/questions.ts";
import type { NetworkPlan } from "../../components/plan/model.ts";
import type { Draw, Mutation } from "./mutation.ts";
import { aclRule, groupRule } from "./mutations-of-cloud.ts";
import { allowedIps, forwarding, nftRule } from "./mutations-of-hosts.ts";
import { addressCheck, membership, publicAddress } from "./mutations-of-instances.ts";
import { furtherRoute, natGateway, peering, route, subnetTable } from "./mutations-of-routes.ts";

type Kind = (draw: Draw) => Mutation | undefined;

/** After these everything is as before, ids included. */
export const kindsInPlace: Readonly<Record<string, Kind>> = {
  "group rule": groupRule,
  "group membership": membership,
  "ACL rule": aclRule,
  route,
  "further route": furtherRoute,
  "address check": addressCheck,
  AllowedIPs: allowedIps,
  "nftables rule": nftRule,
  forwarding,
};

/** After these something has another id, which the stack's state does not know: for sandboxes that serve nothing else. */
export const kindsAnew: Readonly<Record<string, Kind>> = {
  peering,
  "NAT gateway": natGateway,
  "Elastic IP": publicAddress,
  "subnet's table": subnetTable,
};

/** So often a draw of a kind may be in vain, or be one that was drawn before, until the next kind has its turn. */
const mostDraws = 30;

export interface Drawn extends Mutation {
  readonly kind: string;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/**
 * Networks that differ from the plan in one place, each once, of each kind in turn, as the seed has it: until no kind
 * has another one.
 * @param all also those after which the stack's state is not true any more
 */
export function* mutations(plan: NetworkPlan, seed: number, all: boolean): Generator<Drawn> {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const kinds = shuffled(Object.entries({ ...kindsInPlace, ...(all ? kindsAnew : {}) }), random);
  const drawn = new Set<string>();
  const draw = (kind: Kind): Mutation | undefined => {
    for (let tried = 0; tried < mostDraws; tried += 1) {
      const mutation = kind({ plan, pick });
      if (mutation === undefined || drawn.has(mutation.words)) continue;
      drawn.add(mutation.words);
      return mutation;
    }
    return undefined;
  };
  for (let found = true; found;) {
    found = false;
    for (const [kind, make] of kinds) {
      const mutation = draw(make);
      if (mutation === undefined) continue;
      found = true;
      yield { ...mutation, kind };
    }
  }
}
