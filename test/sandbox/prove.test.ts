/**
 * `roadnet sandbox prove` on the sandbox that runs: packets do what the proof says, a difference is found and told, and
 * on networks that differ in one place packets and the proof agree as well. CI asks a sample; `npm run soak` all of it,
 * and a hundred networks (ROADNET_MUTATIONS), from the one on with which a run was interrupted (ROADNET_MUTATIONS_FROM).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { networkOf, readNetwork, stackFile, type ProvenNetwork } from "../../cli/prove/network.ts";
import { prove } from "../../cli/prove/prove.ts";
import { askService } from "../../sandbox/ask.ts";
import { settle, withoutRule } from "./packets.ts";
import { actorIn, makeBed } from "./prove-bed.ts";
import { complaints, mutatedNetworks, whileMutated, type Mutated } from "./proven-mutation.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Undefined in CI. */
const wanted = process.env.ROADNET_MUTATIONS;
const isSoak = wanted !== undefined;
/** The numbers of the networks that are asked about. */
const first = Number(process.env.ROADNET_MUTATIONS_FROM ?? 1);
const last = Number(wanted ?? 2);
const numbers = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
console.log(`prove: ROADNET_SEED=${seed}`);

const { paths, up, down } = makeBed(isSoak);

beforeAll(async () => {
  await up();
  await settle();
});

afterAll(async () => {
  await down();
});

function runningNetwork(): ProvenNetwork {
  const { file, text } = stackFile(paths);
  return readNetwork(text, file);
}

describe("packets and the proof of the stack", () => {
  // A run that goes on where another was interrupted has seen it.
  it.skipIf(first > 1)("agree, between everybody and everybody", async ({ task }) => {
    const network = runningNetwork();
    // Nothing has changed since itself: what is asked is a sample of all pairs.
    const before = isSoak ? undefined : network;
    const report = await prove({ network, before, seed }, paths);
    expect(complaints(report)).toEqual([]);
    expect(report.pairs.length).toBeGreaterThan(800);
    expect(report.asked).toBeGreaterThan(isSoak ? 100_000 : 2000);
    expect(report.passed).toBeGreaterThan(isSoak ? 3000 : 30);
    Object.assign(task.meta, {
      note: `${report.pairs.length} pairs, ${report.asked} questions, ${report.sent} packets`,
    });
  });

  it("differ where a rule is not as the stack has it, and both reasons are told", async () => {
    const rule = { group: "us-west/internal", protocol: "tcp", fromPort: 8080 };
    const selection = { from: ["edge-home/lucidia"], to: ["us-west/api-1"] };
    const network = runningNetwork();
    const told = async (): Promise<string[]> => complaints(await prove({ network, selection, seed }, paths));
    const without = await withoutRule(rule, told);
    expect(without.map((line) => line.replace(/: .*$/, ""))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^edge-home\/lucidia to us-west\/api-1 \(10\.0\.10\.11\) 8080.*tcp$/),
      ]),
    );
    expect(without.join("\n")).toMatch(
      /proof pass \(us-west\/api-1 answers\), packets blocked \(the question ended at router of VPC us-west/,
    );
    expect(await told()).toEqual([]);
  });
});

/** The network that runs, and those that differ from it, made when the first of them is asked for. */
class Networks {
  readonly base = runningNetwork();
  readonly #others = mutatedNetworks(this.base, seed, isSoak);
  #number = 0;
  /** Why no further network can be made. */
  #broken: unknown;

  #next(): Mutated {
    const next = this.#others.next();
    if (next.done === true) throw new Error(`there are no more than ${this.#number} networks`);
    this.#number += 1;
    return next.value;
  }

  /** Asks about the network with a number, which is not below one that was asked about before. */
  async ask(
    number: number,
  ): Promise<{ readonly words: string; readonly wrong: readonly string[]; readonly note: string }> {
    if (this.#broken !== undefined)
      throw new Error("an earlier network is still there", { cause: this.#broken });
    let mutated = this.#next();
    while (this.#number < number) mutated = this.#next();
    const { network, mutation } = mutated;
    const words = `${mutation.kind}: ${mutation.words}`;
    const result = await whileMutated(
      mutated,
      actorIn(paths),
      settle,
      async () => await prove({ network, before: this.base, seed: seed + number }, paths),
    );
    if ("remains" in result) this.#broken = result.remains;
    if (!("value" in result)) throw new Error(words, { cause: result.error });
    const { asked, sent, milliseconds } = result.value;
    const note = `${words}; ${asked} questions, ${sent} packets, ${(milliseconds / 1000).toFixed(1)} s`;
    return { words, note, wrong: complaints(result.value) };
  }
}

describe("packets and the proof of networks that differ in one place", () => {
  let networks: Networks;
  beforeAll(() => {
    networks = new Networks();
  });

  it.each(numbers)("agree, on network %i", async (number) => {
    const { words, wrong, note } = await networks.ask(number);
    console.log(`prove: network ${number}: ${note}: ${wrong.length === 0 ? "agree" : "DIFFER"}`);
    expect({ words, wrong }).toEqual({ words, wrong: [] });
  });

  it("agree when all of them are gone", async () => {
    const { base } = networks;
    const report = await prove({ network: networkOf(base.plan), before: base, seed }, paths);
    expect(complaints(report)).toEqual([]);
  });
});

it("the fabric says nothing is amiss", async () => {
  const { problems, error } = (await askService("fabric", "GET", "/status", undefined, paths)) as {
    problems: readonly string[];
    error?: string;
  };
  expect([problems, error]).toEqual([[], undefined]);
});
