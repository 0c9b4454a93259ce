/** The stacks' own networks, and changed ones, as subjects of the proof. */
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { NetworkConfig } from "../../../components/config/schema.ts";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { Prover, type Answer } from "../../../components/proof/prover.ts";
import { isAddress, parseAddress } from "../../../components/proof/sets/addresses.ts";
import { formatTraffic, parseTraffic } from "../../../components/proof/sets/traffic.ts";
import { buildWorld } from "../../../components/proof/world/build.ts";
import type { Source } from "../../../components/proof/world/source.ts";
import { changed, type Change } from "../config/subject.ts";
import { filledNetwork } from "../config/stack.ts";

export function configOf(stack: string): NetworkConfig {
  return parseNetworkConfig(filledNetwork(stack));
}

/** The plan of prod with the changes made to its configuration. */
export function planWith(...changes: readonly Change[]): NetworkPlan {
  return planNetwork(parseNetworkConfig(changed(...changes)), "prod");
}

export function proverOf(plan: NetworkPlan): Prover {
  return new Prover(buildWorld(plan));
}

/** Somebody on the internet. */
export const stranger = "198.51.100.9";

/** A host's key, `device SEGMENT`, or an address of the internet. */
export function sourceOf(text: string): Source {
  if (text.startsWith("device ")) return { kind: "device", segment: text.slice("device ".length) };
  return isAddress(text) ? { kind: "internet", address: parseAddress(text) } : { kind: "host", host: text };
}

/** An address, or `public HOST`. */
export function ask(prover: Prover, from: string, to: string, traffic = "all"): Answer {
  const { space, table } = prover.world;
  const address = to.startsWith("public ")
    ? space.symbol(`public-address of ${to.slice("public ".length)}`, [])
    : parseAddress(to);
  return prover.ask(sourceOf(from), address, table.id(parseTraffic(traffic)));
}

/** What passes, in words. */
export function passing(prover: Prover, from: string, to: string, traffic = "all"): string {
  return formatTraffic(prover.world.table.set(ask(prover, from, to, traffic).traffic));
}

/** What stops it, in words. */
export function stopping(prover: Prover, from: string, to: string, traffic = "all"): string {
  const stop = prover.stopOf(ask(prover, from, to, traffic));
  return stop === undefined ? "nothing" : `${stop.place}: ${stop.reason}`;
}
