/**
 * Private keys and the forms in which they are written.
 *
 * Source: hashicorp/terraform-provider-tls 4.x, `internal/provider/{common_key,resource_private_key}.go`.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { promisify } from "node:util";
import ssh2 from "ssh2";

export type Algorithm = "RSA" | "ECDSA" | "ED25519";

export const algorithms: readonly Algorithm[] = ["RSA", "ECDSA", "ED25519"];

/** The provider's names of the curves and OpenSSL's. */
const curves: Readonly<Record<string, string>> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

export const curveNames: readonly string[] = Object.keys(curves);

/** OpenSSH's names of the curves it supports; P224 is not among them. */
const sshCurves: Readonly<Record<string, string>> = {
  prime256v1: "nistp256",
  secp384r1: "nistp384",
  secp521r1: "nistp521",
};

const generate = promisify(generateKeyPair);

/** A new key. `rsaBits` counts for RSA alone, `curve` for ECDSA alone. */
export async function generateKey(algorithm: Algorithm, rsaBits: number, curve: string): Promise<KeyObject> {
  switch (algorithm) {
    case "RSA":
      return (await generate("rsa", { modulusLength: rsaBits })).privateKey;
    case "ECDSA": {
      const namedCurve = curves[curve];
      if (namedCurve === undefined) {
        throw new Error(`invalid ECDSA curve; supported values are: ${curveNames.join(" ")}`);
      }
      return (await generate("ec", { namedCurve })).privateKey;
    }
    case "ED25519":
      return (await generate("ed25519")).privateKey;
  }
}

export function algorithmOf(key: KeyObject): Algorithm {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return "RSA";
    case "ec":
      return "ECDSA";
    case "ed25519":
      return "ED25519";
    default:
      throw new Error(`unsupported private key type: ${key.asymmetricKeyType ?? "none"}`);
  }
}

/** OpenSSL's name of an elliptic key's curve. */
export function curveOf(key: KeyObject): string {
  return key.asymmetricKeyDetails?.namedCurve ?? "";
}

const preambles = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"];

/** A private key in PEM; other kinds of PEM are refused by name. */
export function parsePrivateKeyPem(pem: string): KeyObject {
  const preamble = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
  if (preamble === undefined) {
    throw new Error(`failed to decode PEM block: decoded bytes 0, undecoded ${Buffer.byteLength(pem)}`);
  }
  if (!preambles.includes(preamble)) throw new Error(`unsupported PEM preamble/type: ${preamble}`);
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`failed to parse private key given PEM preamble '${preamble}': ${reason}`, {
      cause: error,
    });
  }
  algorithmOf(key);
  return key;
}

/** A private key as OpenSSH writes it, without a passphrase. Any PEM will do as well, as for the official provider. */
export function parsePrivateKeyOpenSsh(pem: string): KeyObject {
  if (!pem.includes("-----BEGIN OPENSSH PRIVATE KEY-----")) return parsePrivateKeyPem(pem);
  const parsed = ssh2.utils.parseKey(pem);
  if (parsed instanceof Error) throw new Error(`failed to parse openssh private key: ${parsed.message}`);
  if (parsed.type === "ssh-ed25519") return ed25519FromOpenSsh(pem);
  return createPrivateKey(parsed.getPrivatePEM());
}

function ed25519FromOpenSsh(pem: string): KeyObject {
  const bytes = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const type = Buffer.from("ssh-ed25519");
  // The key's type occurs in the public part and again in the private one: then 32 public bytes, then seed and public.
  const at = bytes.lastIndexOf(type) + type.length;
  const publicLength = bytes.readUInt32BE(at);
  const seedAt = at + 4 + publicLength + 4;
  const pkcs8 = Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    bytes.subarray(seedAt, seedAt + 32),
  ]);
  return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
}

/** RSA in PKCS#1, ECDSA in SEC 1, Ed25519 in PKCS#8. */
export function privatePem(key: KeyObject): string {
  const type = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const;
  return key.export({ format: "pem", type: type[algorithmOf(key)] }).toString();
}

export function privatePkcs8Pem(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}

function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** An unsigned number: without needless zeros in front, and with one where the first bit would mean a sign. */
function sshNumber(base64url: string | undefined): Buffer {
  let bytes = Buffer.from(base64url ?? "", "base64url");
  while (bytes.length > 0 && bytes[0] === 0) bytes = bytes.subarray(1);
  return sshString(((bytes[0] ?? 0) & 0x80) === 0 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]));
}

function raw(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? "", "base64url");
}

interface SshKey {
  readonly type: string;
  readonly publicBlob: Buffer;
  /** The part of the private section that is the key itself. */
  readonly privateFields: Buffer;
}

function sshKey(key: KeyObject): SshKey | undefined {
  const jwk = key.export({ format: "jwk" });
  switch (algorithmOf(key)) {
    case "RSA": {
      const { n, e, d, qi, p, q } = jwk;
      return {
        type: "ssh-rsa",
        publicBlob: Buffer.concat([sshString("ssh-rsa"), sshNumber(e), sshNumber(n)]),
        privateFields: Buffer.concat([n, e, d, qi, p, q].map(sshNumber)),
      };
    }
    case "ED25519": {
      const publicKey = raw(jwk.x);
      return {
        type: "ssh-ed25519",
        publicBlob: Buffer.concat([sshString("ssh-ed25519"), sshString(publicKey)]),
        privateFields: Buffer.concat([
          sshString(publicKey),
          sshString(Buffer.concat([raw(jwk.d), publicKey])),
        ]),
      };
    }
    case "ECDSA": {
      const curve = sshCurves[curveOf(key)];
      if (curve === undefined) return undefined;
      const point = sshString(Buffer.concat([Buffer.from([4]), raw(jwk.x), raw(jwk.y)]));
      const type = `ecdsa-sha2-${curve}`;
      return {
        type,
        publicBlob: Buffer.concat([sshString(type), sshString(curve), point]),
        privateFields: Buffer.concat([sshString(curve), point, sshNumber(jwk.d)]),
      };
    }
  }
}

/** A JWK of a P-224 key does not exist, so such a key is recognised before it is exported. */
function sshKeyOf(key: KeyObject): SshKey | undefined {
  return curveOf(key) === "secp224r1" ? undefined : sshKey(key);
}

/** An unencrypted `openssh-key-v1` file without a comment; empty for P224, which OpenSSH does not know. */
export function privateOpenSsh(key: KeyObject): string {
  const ssh = sshKeyOf(key);
  if (ssh === undefined) return "";
  const check = randomBytes(4);
  const body = Buffer.concat([check, check, sshString(ssh.type), ssh.privateFields, sshString("")]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, index) => index + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    sshString("none"),
    sshString("none"),
    sshString(""),
    one,
    sshString(ssh.publicBlob),
    sshString(Buffer.concat([body, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

export interface PublicKeyForms {
  readonly pem: string;
  /** A line of authorized_keys with its line break; this and the fingerprints are empty for P224. */
  readonly openSsh: string;
  readonly fingerprintMd5: string;
  readonly fingerprintSha256: string;
  /** SHA-1 of the DER form in hexadecimal: the resource's id. */
  readonly id: string;
}

export function publicForms(key: KeyObject): PublicKeyForms {
  const publicKey = createPublicKey(key);
  const der = publicKey.export({ format: "der", type: "spki" });
  const ssh = sshKeyOf(key);
  const digest = (algorithm: string, blob: Buffer) => createHash(algorithm).update(blob).digest();
  return {
    pem: publicKey.export({ format: "pem", type: "spki" }).toString(),
    openSsh: ssh === undefined ? "" : `${ssh.type} ${ssh.publicBlob.toString("base64")}\n`,
    fingerprintMd5:
      ssh === undefined ? "" : (digest("md5", ssh.publicBlob).toString("hex").match(/../g) ?? []).join(":"),
    fingerprintSha256:
      ssh === undefined
        ? ""
        : `SHA256:${digest("sha256", ssh.publicBlob).toString("base64").replace(/=+$/, "")}`,
    id: digest("sha1", trimSpace(der)).toString("hex"),
  };
}

/** Bytes without the blanks around them: the official ids are hashes of trimmed text, even where that is binary. */
export function trimSpace(bytes: Buffer): Buffer {
  const blank = (byte: number | undefined) => byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
  let start = 0;
  let end = bytes.length;
  while (start < end && blank(bytes[start])) start += 1;
  while (end > start && blank(bytes[end - 1])) end -= 1;
  return bytes.subarray(start, end);
}
