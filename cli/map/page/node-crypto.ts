/**
 * What the configuration and the plan take of Node's `crypto`, for browsers: theirs hashes asynchronously alone, and
 * only in what they call secure contexts.
 */

const { floor, cbrt, sqrt } = Math;

function primes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}

/** The first 32 bits of the fraction. */
function fraction(value: number): number {
  return floor((value - floor(value)) * 2 ** 32) >>> 0;
}

const constants = primes(64).map((prime) => fraction(cbrt(prime)));
const initial = primes(8).map((prime) => fraction(sqrt(prime)));

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

/** The message schedule of one block (FIPS 180-4, 6.2.2). */
function schedule(view: DataView, offset: number): Uint32Array {
  const words = new Uint32Array(64);
  for (let index = 0; index < 16; index++) words[index] = view.getUint32(offset + 4 * index);
  for (let index = 16; index < 64; index++) {
    const [a, b] = [words[index - 15] ?? 0, words[index - 2] ?? 0];
    const small = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const large = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    words[index] = (words[index - 16] ?? 0) + small + (words[index - 7] ?? 0) + large;
  }
  return words;
}

function compress(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let index = 0; index < 64; index++) {
    const choice = (e & f) ^ (~e & g);
    const first =
      h +
      (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
      choice +
      (constants[index] ?? 0) +
      (words[index] ?? 0);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) >>> 0, c, b, a, (first + second) >>> 0];
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) {
    state[index] = (state[index] ?? 0) + value;
  }
}

/** SHA-256 (FIPS 180-4). */
export function sha256(message: Uint8Array): Uint8Array {
  const blocks = Math.ceil((message.length + 9) / 64);
  const padded = new Uint8Array(blocks * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  const state = Uint32Array.from(initial);
  for (let block = 0; block < blocks; block++) compress(state, schedule(view, 64 * block));
  const digest = new DataView(new ArrayBuffer(32));
  for (const [index, word] of state.entries()) digest.setUint32(4 * index, word);
  return new Uint8Array(digest.buffer);
}

class Digest {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  readUInt32BE(offset: number): number {
    return new DataView(this.#bytes.buffer).getUint32(offset);
  }

  get hex(): string {
    return [...this.#bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

class Hash {
  readonly #parts: Uint8Array[] = [];

  update(text: string | Uint8Array): this {
    this.#parts.push(typeof text === "string" ? new TextEncoder().encode(text) : text);
    return this;
  }

  digest(encoding: "hex"): string;
  digest(): Digest;
  digest(encoding?: "hex"): string | Digest {
    const message = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of this.#parts) {
      message.set(part, offset);
      offset += part.length;
    }
    const digest = new Digest(sha256(message));
    return encoding === "hex" ? digest.hex : digest;
  }
}

export function createHash(algorithm: string): Hash {
  if (algorithm !== "sha256") throw new Error(`the page has no ${algorithm}`);
  return new Hash();
}

/**
 * A certificate that was read before: the command that makes the page refuses a configuration with another one, and no
 * question changes it.
 */
export class X509Certificate {
  readonly ca = true;
}
