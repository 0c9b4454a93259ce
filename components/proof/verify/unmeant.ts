/**
 * What is wrong with a network of which nobody has said what is meant, such as one that AWS described: routes that lead
 * nowhere, and answers that get lost without any rule's doing.
 */
import { strangers } from "../ask/strangers.ts";
import { Prover, type Answer } from "../prover.ts";
import { formatAddress, isV6Point } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import { formatKind } from "../sets/traffic.ts";
import type { HostNode, World } from "../world/model.ts";
import type { Source } from "../world/walk.ts";
import { waysAreSymmetric } from "./findings/asymmetric.ts";
import type { PlanFinding } from "./model.ts";

export interface UnmeantVerification {
  readonly findings: readonly PlanFinding[];
  /** Ordered pairs of somebody and an address that were asked. */
  readonly pairs: number;
  /** Of those, for how many nobody can tell what passes, and why of the first. */
  readonly undecided: number;
  readonly doubt: string | undefined;
}

/** Whoever asks, by name, and the addresses at which others find it. */
interface Party {
  readonly name: string;
  readonly source: (to: Point) => Source;
  readonly addresses: readonly Point[];
}

function hostParty({ key, links, addresses }: HostNode): Party {
  const outside = [...links.values()].flatMap(({ attachment }) =>
    attachment.kind === "eni" ? [...attachment.eni.publicAddresses.values()] : [],
  );
  return {
    name: key,
    source: () => ({ kind: "host", host: key }),
    addresses: [...new Set([...addresses.keys(), ...outside])],
  };
}

function partiesOf(world: World): Party[] {
  const { v4, v6 } = strangers(world);
  const internet: Party = {
    name: "internet",
    source: (to) => ({ kind: "internet", address: isV6Point(to) ? v6 : v4 }),
    addresses: [v4],
  };
  return [...[...world.hosts.values()].map(hostParty), internet];
}

/** AWS keeps a route whose target is gone, and drops what it takes. */
function* blackHoles({ regions }: World): Iterable<PlanFinding> {
  for (const { subnets } of regions.values()) {
    for (const { key, routes, path } of subnets.values()) {
      for (const { network, value } of routes.entries) {
        if (value.kind !== "blackhole") continue;
        yield {
          rule: "routes/black-hole",
          source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html",
          path,
          message: `drops what ${key} sends to ${network}: ${value.reason}.`,
        };
      }
    }
  }
}

class Walk {
  readonly #prover: Prover;
  readonly #lost = new Map<string, PlanFinding>();
  #pairs = 0;
  #undecided = 0;
  #doubt: string | undefined;

  constructor(world: World) {
    this.#prover = new Prover(world);
  }

  run(): UnmeantVerification {
    const { world } = this.#prover;
    const parties = partiesOf(world);
    for (const from of parties) {
      for (const to of parties) {
        if (from === to) continue;
        for (const address of to.addresses) this.#look(from, to, address);
      }
    }
    return {
      findings: [...blackHoles(world), ...this.#lost.values()],
      pairs: this.#pairs,
      undecided: this.#undecided,
      doubt: this.#doubt,
    };
  }

  #look(from: Party, to: Party, address: Point): void {
    this.#pairs++;
    const answer = this.#prover.ask(from.source(address), address);
    const { traffic, possible, forward, back } = answer;
    if (traffic !== possible) {
      this.#undecided++;
      const stop = this.#prover.stopOf(answer);
      this.#doubt ??= `from ${from.name} to ${to.name} (${formatAddress(address)}): ${stop?.place ?? ""}: ${stop?.reason ?? ""}`;
    }
    const isLost = forward.traffic !== 0 && possible === 0 && back?.isStopped === true;
    // What a rule drops on its way back, somebody may have meant to.
    if (isLost && back.stop?.origin === undefined) this.#lose(from, to, address, answer);
  }

  #lose(from: Party, to: Party, address: Point, { forward, back }: Answer): void {
    const { place = "", reason = "", path = "" } = back?.stop ?? {};
    const key = [place, reason, to.name].join("\n");
    if (this.#lost.has(key)) return;
    const [first = 0] = this.#prover.world.table.set(forward.traffic);
    const packet = `${formatKind(first)} from ${from.name}`;
    this.#lost.set(key, {
      rule: waysAreSymmetric.id,
      source: waysAreSymmetric.source,
      path,
      message: `loses answers: ${packet} gets to ${to.name} (${formatAddress(address)}), and the answer does not come back: ${place}: ${reason}.`,
    });
  }
}

/** Everything that is wrong whatever is meant. */
export function verifyUnmeant(world: World): UnmeantVerification {
  return new Walk(world).run();
}
