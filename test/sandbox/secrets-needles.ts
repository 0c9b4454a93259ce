/** What a secret looks like wherever it may have got to, and the search for it in text of any kind. */
import { createPrivateKey } from "node:crypto";

export type SecretKind =
  | "operator key"
  | "host key"
  | "WireGuard key"
  | "TLS key"
  | "throw-away host key"
  | "shared secret"
  | "tunnel secret"
  | "passphrase"
  | "Cloudflare token";

export interface Secret {
  readonly kind: SecretKind;
  /** The machines that it belongs to, by their names in the sandbox; none for what belongs to the operator. */
  readonly owners: readonly string[];
  /** The bytes that nobody else may know: a key's private number, a text's characters. */
  readonly bytes: Buffer;
}

export interface Place {
  readonly name: string;
  /** Its bytes, one character each. */
  readonly text: string;
}

export interface Finding {
  readonly place: string;
  readonly secret: Secret;
  readonly form: string;
}

/** A whole PEM block; inside other documents its lines may be indented. */
const pemBlock = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g;
/** Shorter runs cannot hold the base64 form of any of these secrets. */
const base64Run = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
/** Base64 in a PEM in a document in base64, as user data is, within one more. */
const deepest = 3;

/** The private numbers of all private keys in a text, in PEM or OpenSSH's form. */
export function findPrivateKeys(text: string): Buffer[] {
  return [...text.matchAll(pemBlock)].map(([, label = "", body = ""]) => {
    const base64 = body.replaceAll(/\s/g, "");
    if (label === "OPENSSH PRIVATE KEY") return readOpenSshKey(Buffer.from(base64, "base64"));
    const pem = `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
    const { d } = createPrivateKey(pem).export({ format: "jwk" });
    if (d === undefined) throw new Error(`a ${label} has no private number`);
    return Buffer.from(d, "base64url");
  });
}

/** OpenSSH's `PROTOCOL.key`, without a passphrase: ED25519's seed, or ECDSA's number. */
function readOpenSshKey(data: Buffer): Buffer {
  let at = "openssh-key-v1\0".length;
  const number = (): number => {
    at += 4;
    return data.readUInt32BE(at - 4);
  };
  const string = (): Buffer => {
    const length = number();
    at += length;
    return data.subarray(at - length, at);
  };
  const cipher = string().toString();
  if (cipher !== "none") throw new Error(`an OpenSSH key is encrypted by ${cipher}`);
  string(); // key derivation
  string(); // its options
  if (number() !== 1) throw new Error("an OpenSSH file holds several keys");
  string(); // the public key
  number(); // length of what follows
  at += 8; // check numbers
  const type = string().toString();
  if (type === "ssh-ed25519") {
    string();
    return string().subarray(0, 32);
  }
  if (!type.startsWith("ecdsa-sha2-")) throw new Error(`keys of type ${type} are not searched for`);
  string();
  string();
  const scalar = string();
  return scalar[0] === 0 ? scalar.subarray(1) : scalar;
}

/**
 * The characters that these bytes always give in base64 when they begin `offset` bytes after a group of three: without
 * those that depend on the neighbours.
 */
function base64Core(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

/** Every form of a secret that is searched for, by name. */
export function forms(bytes: Buffer): ReadonlyMap<string, string> {
  const found = new Map([
    ["raw", bytes.toString("latin1")],
    ["hex", bytes.toString("hex")],
    ["capital hex", bytes.toString("hex").toUpperCase()],
  ]);
  for (const offset of [0, 1, 2]) {
    const core = base64Core(bytes, offset);
    found.set(`base64+${offset}`, core);
    found.set(`base64url+${offset}`, core.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return found;
}

interface Needle {
  readonly secret: Secret;
  readonly form: string;
  readonly text: string;
}

/** A text is looked at once in so many characters: wherever a needle begins, one of the looks falls on its first ones. */
const stride = 8;
/** How many characters a look sees. */
const seen = 4;

/** The characters at a place, as a number. Others than Latin-1's may be mistaken for one another. */
function look(text: string, at: number): number {
  let characters = 0;
  for (let index = at; index < at + seen; index += 1)
    characters = (characters << 8) | (text.charCodeAt(index) & 255);
  return characters;
}

/** Hundreds of needles, looked for all at once: a text of a gigabyte is not to be read hundreds of times. */
class NeedleIndex {
  /** What a look may have fallen on: which needles, and how far behind their beginnings. */
  readonly #byLook = new Map<number, { readonly needle: Needle; readonly offset: number }[]>();

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      if (needle.text.length < stride + seen) throw new Error(`a needle of ${needle.text.length} characters`);
      for (let offset = 0; offset < stride; offset += 1) {
        const key = look(needle.text, offset);
        this.#byLook.set(key, [...(this.#byLook.get(key) ?? []), { needle, offset }]);
      }
    }
  }

  *in(text: string): Iterable<Needle> {
    for (let at = 0; at + seen <= text.length; at += stride) {
      for (const { needle, offset } of this.#byLook.get(look(text, at)) ?? []) {
        if (offset <= at && text.startsWith(needle.text, at - offset)) yield needle;
      }
    }
  }
}

/** Finds secrets in places; made once for many places. */
export class Searcher {
  readonly #index: NeedleIndex;

  constructor(secrets: readonly Secret[]) {
    const needles = secrets.flatMap((secret) => {
      if (secret.bytes.length < 16) throw new Error(`a ${secret.kind} of ${secret.bytes.length} bytes`);
      return [...forms(secret.bytes)].map(([form, text]) => ({ secret, form, text }));
    });
    this.#index = new NeedleIndex(needles);
  }

  /** Each secret at most once per place. */
  search(places: Iterable<Place>): Finding[] {
    const findings: Finding[] = [];
    for (const { name, text } of places) {
      const found = new Set<Secret>();
      for (const { secret, form } of this.#searchText(text, deepest)) {
        if (found.has(secret)) continue;
        found.add(secret);
        findings.push({ place: name, secret, form });
      }
    }
    return findings;
  }

  /** The text as it is, without what breaks lines (as in a PEM's body or JSON), and what its base64 decodes to. */
  *#searchText(text: string, depth: number): Iterable<{ secret: Secret; form: string }> {
    const joined = text.replaceAll(/\\+[nrt]|[\s"'\\\0]+/g, "");
    yield* this.#index.in(text);
    yield* this.#index.in(joined);
    if (depth === 0) return;
    const runs = new Set([...(text.match(base64Run) ?? []), ...(joined.match(base64Run) ?? [])]);
    for (const run of runs) {
      const decoded = Buffer.from(run, "base64").toString("latin1");
      for (const { secret, form } of this.#searchText(decoded, depth - 1)) {
        yield { secret, form: `${form} in base64` };
      }
    }
  }
}
