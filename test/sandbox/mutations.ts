/** Networks that differ in one place from the one that runs. */
import { seeded } from "../../cli/prove/questions.ts";
import type { NetworkPlan } from "../../components/plan/model.ts";
import type { Mutation } from "./mutation.ts";
import { aclRule, groupRule, peering, route } from "./mutations-of-cloud.ts";
import { allowedIps, nftRule } from "./mutations-of-hosts.ts";

const kindsInPlace = [groupRule, route, aclRule, allowedIps, nftRule];

/** As often a draw may be in vain. */
const mostDraws = 1000;

/**
 * Endless: networks that differ from the plan in one place, of each kind in turn, as the seed has it.
 * @param all also those after which the stack's state is not true any more
 */
export function* mutations(plan: NetworkPlan, seed: number, all: boolean): Generator<Mutation> {
  const kinds = [...kindsInPlace, ...(all ? [peering] : [])];
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  for (let turn = 0, vain = 0; vain < mostDraws; turn += 1) {
    const mutation = kinds[turn % kinds.length]?.({ plan, pick });
    vain = mutation === undefined ? vain + 1 : 0;
    if (mutation !== undefined) yield mutation;
  }
}
