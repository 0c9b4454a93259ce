/** The secrets of Pulumi's state, which its passphrase opens: in every file of the backend, old ones included. */
import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** Pulumi's own: `sdk/go/common/resource/config/crypt.go`. */
const iterations = 1_000_000;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** Opens and makes values that one passphrase and salt protect. */
export class StateCrypter {
  readonly #key: Buffer;

  /** @param salt the first part of a stack's `encryptionsalt`, `v1:BASE64:…` */
  constructor(passphrase: string, salt: string) {
    const [version, text] = salt.split(":");
    if (version !== "v1" || text === undefined) throw new Error("the salt is not of version 1");
    this.#key = pbkdf2Sync(passphrase, Buffer.from(text, "base64"), iterations, keyBytes, "sha256");
  }

  /** @throws if the passphrase is not the one that it was made with. */
  decrypt(ciphertext: string): string {
    const [version, nonce = "", body = ""] = ciphertext.split(":");
    if (version !== "v1") throw new Error(`a ciphertext is of version ${version ?? ""}`);
    const data = Buffer.from(body, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(data.subarray(-tagBytes));
    return decipher.update(data.subarray(0, -tagBytes), undefined, "utf8") + decipher.final("utf8");
  }

  encrypt(plaintext: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const data = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${data.toString("base64")}`;
  }
}

/** All that is encrypted in a file of the backend, opened; one text. */
export function decryptedValues(text: string, crypter: StateCrypter): string {
  const found = text.matchAll(/"ciphertext"\s*:\s*"([^"]+)"/g);
  return [...found].map(([, ciphertext = ""]) => crypter.decrypt(ciphertext)).join("\n");
}
