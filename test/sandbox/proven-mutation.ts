/** A random change to the network that runs, and what packets say of it. */
import { networkOf, type ProvenNetwork } from "../../cli/prove/network.ts";
import type { ProveReport } from "../../cli/prove/report.ts";
import { formatPorts } from "../../cli/prove/report.ts";
import type { Prover } from "../../components/proof/prover.ts";
import type { Actor } from "./mutation.ts";
import { mutations, type Drawn } from "./mutations.ts";

/** Which tunnels stand, as the proof has it. */
function tunnelsUp({ prover }: ProvenNetwork): string {
  const tunnels = [...prover.world.hosts.values()].flatMap(({ links }) =>
    [...links.values()].flatMap(({ attachment }) =>
      attachment.kind === "tunnel" ? [attachment.tunnel] : [],
    ),
  );
  const state = (tunnel: Parameters<Prover["tunnelState"]>[0]): string[] =>
    [...new Set(tunnel.allowed.entries.map(({ value }) => value.host))].map(
      (peer) => `${tunnel.host} ${peer} ${prover.tunnelState(tunnel, peer).up}`,
    );
  return tunnels.flatMap(state).sort().join("\n");
}

export interface Mutated {
  readonly mutation: Drawn;
  readonly network: ProvenNetwork;
}

/**
 * The next networks that differ from one in a single place. Those by which a tunnel would come up or go down are left
 * out: WireGuard remembers its peers' whereabouts for as long as it runs, and so does every NAT on the way, while the
 * proof speaks of tunnels that are called for the first time.
 * @param all also those after which the stack's state is not true any more
 */
export function* mutatedNetworks(base: ProvenNetwork, seed: number, all: boolean): Generator<Mutated> {
  const tunnels = tunnelsUp(base);
  for (const mutation of mutations(base.plan, seed, all)) {
    const network = networkOf(mutation.plan);
    if (tunnelsUp(network) === tunnels) yield { mutation, network };
  }
}

/** What came of a changed network; `remains` where it could not be put back, and why. */
export type Outcome<T> =
  | ({ readonly value: T } | { readonly error: unknown })
  | {
      readonly error: unknown;
      readonly remains: unknown;
    };

/** Runs something on the changed network, and puts everything back. */
export async function whileMutated<T>(
  { mutation }: Mutated,
  actor: Actor,
  settle: () => Promise<void>,
  body: () => Promise<T>,
): Promise<Outcome<T>> {
  let undo: () => Promise<void>;
  try {
    undo = await mutation.apply(actor);
  } catch (error) {
    // It may have been carried out in part.
    return { error, remains: error };
  }
  let outcome: Outcome<T>;
  try {
    await settle();
    outcome = { value: await body() };
  } catch (error) {
    outcome = { error };
  }
  try {
    await undo();
    await settle();
  } catch (remains) {
    return { error: "error" in outcome ? outcome.error : remains, remains };
  }
  return outcome;
}

/** What of a report is wrong, for a test's message. */
export function complaints({ disagreements }: ProveReport): string[] {
  return disagreements.map(
    ({ from, to, address, protocol, ports, proof, packets }) =>
      `${from} to ${to} (${address}) ${formatPorts(ports)}/${protocol}: proof ${proof.verdict} (${proof.reason}), packets ${packets.verdict} (${packets.reason})`,
  );
}
