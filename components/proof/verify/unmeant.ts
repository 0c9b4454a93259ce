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
import type { Source } from "../world/source.ts";
import { waysAreSymmetric } from "./findings/asymmetric.ts";
import type { PlanFinding } from "./model.ts";
import { twinsOf } from "./twins.ts";

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

/** Everybody whom nothing tells apart, each as one of them. */
interface Kind {
  readonly party: Party;
  /** Another one, as whom it asks its own kind; nobody asks itself. */
  readonly other: Party | undefined;
  readonly size: number;
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

function kindsOf(world: World): Kind[] {
  const { v4, v6 } = strangers(world);
  const internet: Party = {
    name: "internet",
    source: (to) => ({ kind: "internet", address: isV6Point(to) ? v6 : v4 }),
    addresses: [v4],
  };
  const hosts = twinsOf(world).flatMap(([first, second, ...more]): Kind[] => {
    if (first === undefined) return [];
    const other = second && hostParty(second);
    return [{ party: hostParty(first), other, size: other === undefined ? 1 : more.length + 2 }];
  });
  return [...hosts, { party: internet, other: undefined, size: 1 }];
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
    const kinds = kindsOf(world);
    for (const from of kinds) {
      for (const to of kinds) {
        const asked = from === to ? to.other : to.party;
        const pairs = from.size * (from === to ? to.size - 1 : to.size);
        for (const address of asked?.addresses ?? [])
          this.#look(from.party, { ...to, party: asked ?? to.party }, address, pairs);
      }
    }
    return {
      findings: [...blackHoles(world), ...this.#lost.values()],
      pairs: this.#pairs,
      undecided: this.#undecided,
      doubt: this.#doubt,
    };
  }

  /** @param pairs for how many of them it holds */
  #look(from: Party, { party: to, size }: Kind, address: Point, pairs: number): void {
    this.#pairs += pairs;
    const answer = this.#prover.ask(from.source(address), address);
    const { traffic, possible, forward, back } = answer;
    if (traffic !== possible) {
      this.#undecided += pairs;
      const stop = this.#prover.stopOf(answer);
      this.#doubt ??= `from ${from.name} to ${to.name} (${formatAddress(address)}): ${stop?.place ?? ""}: ${stop?.reason ?? ""}`;
    }
    const isLost = forward.traffic !== 0 && possible === 0 && back?.isStopped === true;
    // What a rule drops on its way back, somebody may have meant to.
    if (isLost && back.stop?.origin === undefined) this.#lose(from, { to, size, address }, answer);
  }

  #lose(
    from: Party,
    { to, size, address }: { readonly to: Party; readonly size: number; readonly address: Point },
    { forward, back }: Answer,
  ): void {
    const { place = "", reason = "", path = "" } = back?.stop ?? {};
    const key = [place, reason, to.name].join("\n");
    if (this.#lost.has(key)) return;
    const [first = 0] = this.#prover.world.table.set(forward.traffic);
    const packet = `${formatKind(first)} from ${from.name}`;
    const whom = `${to.name} (${formatAddress(address)})${size > 1 ? ` and ${size - 1} like it` : ""}`;
    this.#lost.set(key, {
      rule: waysAreSymmetric.id,
      source: waysAreSymmetric.source,
      path,
      message: `loses answers: ${packet} gets to ${whom}, and the answer does not come back: ${place}: ${reason}.`,
    });
  }
}

/** Everything that is wrong whatever is meant. */
export function verifyUnmeant(world: World): UnmeantVerification {
  return new Walk(world).run();
}
