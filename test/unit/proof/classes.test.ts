/** Whoever is of one class, or of one part of the internet, is treated like everybody else there. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressesOf, hostClasses } from "../../../components/proof/classes/endpoints.ts";
import { internetParts } from "../../../components/proof/classes/internet.ts";
import type { Prover } from "../../../components/proof/prover.ts";
import { formatAddress } from "../../../components/proof/sets/addresses.ts";
import { runs, type Point } from "../../../components/proof/sets/intervals.ts";
import type { World } from "../../../components/proof/world/model.ts";
import type { Source } from "../../../components/proof/world/source.ts";
import { grown, mutations } from "./networks.ts";
import { holds } from "./seeded.ts";
import { planWith, proverOf } from "./subject.ts";

/** A class' member, as a source and by its addresses. */
interface Member {
  readonly name: string;
  readonly source: Source;
  readonly addresses: readonly Point[];
}

/** By class: its hosts; the device of a segment; of a part of the internet, both ends of each of its networks. */
function membersOf(world: World): Member[][] {
  const hosts = hostClasses(world).map(({ members }) =>
    members.flatMap((name): Member[] => {
      const host = world.hosts.get(name);
      return host === undefined
        ? []
        : [{ name, source: { kind: "host", host: name }, addresses: addressesOf(host) }];
    }),
  );
  const devices = [...world.segments.values()].map(({ key, free }): Member[] => [
    { name: key, source: { kind: "device", segment: key }, addresses: [free] },
  ]);
  const internet = internetParts(world).map(({ addresses }) =>
    [...runs(addresses)].flat().map((address): Member => ({
      name: formatAddress(address),
      source: { kind: "internet", address },
      addresses: [address],
    })),
  );
  return [...hosts, ...devices, ...internet];
}

interface Disagreements {
  readonly wrong: string[];
  readonly asked: Set<string>;
}

/** Pairs that fare unlike the first pair of their classes. */
function disagreements(prover: Prover): Disagreements {
  const [wrong, asked] = [[] as string[], new Set<string>()];
  const classes = membersOf(prover.world);
  const ask = (from: Member, to: Member, place: number): number => {
    const address = to.addresses[place];
    if (address === undefined) throw new Error(`${to.name} has no address at ${place}`);
    asked.add(`${from.name} ${formatAddress(address)}`);
    return prover.ask(from.source, address).traffic;
  };
  for (const senders of classes) {
    for (const receivers of classes) {
      // What two strangers send each other is not the network's.
      if (senders.concat(receivers).every(({ source }) => source.kind === "internet")) continue;
      for (const place of receivers[0]?.addresses.keys() ?? []) {
        // Who asks itself is another question than who asks one like itself.
        const told = new Map<boolean, number>();
        for (const from of senders) {
          for (const to of receivers) {
            const [itself, answer] = [from.name === to.name, ask(from, to, place)];
            if ((told.get(itself) ?? answer) !== answer) wrong.push(`${from.name} to ${to.name}`);
            told.set(itself, told.get(itself) ?? answer);
          }
        }
      }
    }
  }
  return { wrong, asked };
}

describe("classes", () => {
  it("answer for every pair of prod's as if one had asked for each", () => {
    const { wrong, asked } = disagreements(proverOf(planWith()));
    expect(wrong).toEqual([]);
    expect(asked.size).toBeGreaterThan(1600);
  });

  it("put hosts together that nothing tells apart, and nobody else", () => {
    const together = hostClasses(proverOf(grown).world)
      .map(({ members }) => members)
      .filter(({ length }) => length > 1);
    expect(together).toEqual([
      ["edge-home/lucidia-alt", "edge-home/lucidia-alt-more-0", "edge-home/lucidia-alt-more-1"],
      ["eu-west/api-1", "eu-west/api-1-more-0", "eu-west/api-1-more-1", "eu-west/api-1-more-2"],
      ["us-west/api-2", "us-west/api-3", "us-west/api-2-more-0", "us-west/api-2-more-1"],
      ["us-west/lb-2", "us-west/lb-1-more-0", "us-west/lb-1-more-1", "us-west/lb-1-more-2"],
      ["us-west/api-2-more-2", "us-west/api-2-more-3"],
    ]);
  });

  it("answer for every pair of random networks", () => {
    let members = 0;
    holds(
      fc.property(mutations, (changes) => {
        const prover = proverOf(changes.reduce((plan, change) => change(plan), grown));
        const { wrong, asked } = disagreements(prover);
        expect(wrong).toEqual([]);
        members += asked.size;
      }),
      Number(process.env.ROADNET_PROOF_NETWORKS ?? 60),
    );
    expect(members).toBeGreaterThan(0);
  });
});
