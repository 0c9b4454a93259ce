/** Cases that take long: a run draws some of them from a seed, which is printed, and the soak has all. */
import { test } from "vitest";
import { seededRandom } from "./interrupt.ts";

interface Case {
  readonly title: string;
  readonly run: () => Promise<void>;
}

export class Cases {
  readonly #suite: string;
  /** ROADNET_SEED, or by chance. */
  readonly seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
  readonly #cases: Case[] = [];

  constructor(suite: string) {
    this.#suite = suite;
  }

  /** Each must leave what it found, since any may come before it. */
  add(title: string, run: Case["run"]): void {
    this.#cases.push({ title, run });
  }

  /** Makes tests of as many cases as ROADNET_CASES says, one unless it does, or of all; in their order. */
  test(): void {
    const chosen = this.#draw(process.env.ROADNET_CASES ?? "1");
    const count = `${chosen.length} of ${this.#cases.length} (ROADNET_CASES)`;
    process.stdout.write(`  ${this.#suite}: seed ${this.seed}, ${count}\n`);
    for (const { title, run } of chosen) test(title, run);
  }

  #draw(wanted: string): readonly Case[] {
    if (wanted === "all") return this.#cases;
    const random = seededRandom(this.seed);
    const ranked = this.#cases.map((each) => ({ each, rank: random() }));
    const drawn = ranked.sort((left, right) => left.rank - right.rank).slice(0, Number(wanted));
    const chosen = new Set(drawn.map(({ each }) => each));
    return this.#cases.filter((each) => chosen.has(each));
  }
}
