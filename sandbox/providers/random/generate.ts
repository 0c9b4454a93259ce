/** Where the randomness comes from: the system's generator, or a seed where the program gives one. */
import { createHash, randomBytes, randomInt } from "node:crypto";
import { adjectives, animals } from "unique-names-generator";

/** Whole numbers from 0 up to, but not including, `limit`, each equally likely. */
export type Source = (limit: number) => number;

const systemSource: Source = (limit) => randomInt(limit);

/**
 * The same numbers for the same seed. Upstream promises as much and no more ("not guaranteed to be the same across
 * versions"); its own sequence, that of Go's math/rand, is not reproduced, so a seed gives other values here.
 */
function seededSource(seed: string): Source {
  let block = 0;
  const next = () => {
    const digest = createHash("sha256").update(`${block}:${seed}`).digest();
    block += 1;
    // 48 bits: the most that stays exact in a number together with the comparison below.
    return digest.readUIntBE(0, 6);
  };
  const range = 2 ** 48;
  return (limit) => {
    const usable = range - (range % limit);
    let value = next();
    // Half of all draws are usable at worst, so a hundred in a row that are not do not happen.
    for (let tries = 0; value >= usable && tries < 100; tries += 1) value = next();
    return value % limit;
  };
}

export function sourceFor(seed: string | undefined): Source {
  return seed === undefined || seed === "" ? systemSource : seededSource(seed);
}

/** All the items in random order. */
export function shuffle<T>(items: readonly T[], source: Source): readonly T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = source(last + 1);
    const [a, b] = [result[last], result[other]];
    if (a !== undefined && b !== undefined) [result[last], result[other]] = [b, a];
  }
  return result;
}

/** `count` items: whole permutations one after the other, the last one cut off. */
export function permutations<T>(items: readonly T[], count: number, source: Source): readonly T[] {
  if (items.length === 0) return [];
  const result: T[] = [];
  while (result.length < count) result.push(...shuffle(items, source));
  return result.slice(0, Math.max(count, 0));
}

export interface CharacterRules {
  readonly length: number;
  /** Sets of characters with how many of each must occur; those not allowed have none. */
  readonly sets: readonly {
    readonly characters: string;
    readonly allowed: boolean;
    readonly least: number;
  }[];
}

export const characterSets = {
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  lower: "abcdefghijklmnopqrstuvwxyz",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
} as const;

/** A random text. As upstream has it, a set with a minimum takes part even where it is not allowed. */
export function randomText(rules: CharacterRules, source: Source = systemSource): string {
  const pick = (characters: readonly string[], count: number) =>
    Array.from({ length: Math.max(count, 0) }, () => characters[source(characters.length)] ?? "");
  const codePoints = (text: string) => Array.from(text, (character) => character);
  const all = codePoints(
    rules.sets
      .filter(({ allowed }) => allowed)
      .map(({ characters }) => characters)
      .join(""),
  );
  if (all.length === 0) throw new Error("the character set specified is empty");
  const must = rules.sets.flatMap(({ characters, least }) => pick(codePoints(characters), least));
  return shuffle([...must, ...pick(all, rules.length - must.length)], source).join("");
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** 16 random bytes in the form of a UUID, without its version: upstream's older kind. */
export function plainUuid(): string {
  return uuidText(randomBytes(16));
}

function withVersion(bytes: Buffer, version: number): Buffer {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes;
}

export function uuid4(): string {
  return uuidText(withVersion(randomBytes(16), 4));
}

/** Milliseconds since 1970 in front, RFC 9562, so that later ones sort behind. */
export function uuid7(now: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  return uuidText(withVersion(bytes, 7));
}

const adverbs = [
  "barely",
  "boldly",
  "briskly",
  "calmly",
  "cheerfully",
  "cleanly",
  "clearly",
  "deeply",
  "eagerly",
  "early",
  "easily",
  "evenly",
  "exactly",
  "fairly",
  "firmly",
  "fondly",
  "freely",
  "fully",
  "gently",
  "gladly",
  "greatly",
  "happily",
  "hardly",
  "highly",
  "hugely",
  "ideally",
  "jointly",
  "justly",
  "kindly",
  "lately",
  "lightly",
  "likely",
  "loosely",
  "loudly",
  "mainly",
  "mildly",
  "mostly",
  "nearly",
  "neatly",
  "newly",
  "nicely",
  "openly",
  "partly",
  "plainly",
  "politely",
  "presently",
  "promptly",
  "purely",
  "quickly",
  "quietly",
  "rapidly",
  "rarely",
  "really",
  "richly",
  "rightly",
  "safely",
  "sharply",
  "simply",
  "slowly",
  "smoothly",
  "softly",
  "solely",
  "steadily",
  "strongly",
  "surely",
  "swiftly",
  "tightly",
  "truly",
  "warmly",
  "widely",
  "wildly",
  "wisely",
];

/** A name of an animal, with an adjective in front, and adverbs before that for more than two words. */
export function petName(words: number, separator: string, source: Source = systemSource): string {
  const pick = (list: readonly string[]) => list[source(list.length)] ?? "";
  const parts = [pick(animals)];
  if (words > 1) parts.unshift(pick(adjectives));
  for (let more = 2; more < words; more += 1) parts.unshift(pick(adverbs));
  return parts.join(separator).toLowerCase();
}
