/** The parts of wg(8) that need no interface: `genkey`, `genpsk` and `pubkey`, by Node's X25519. */
import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

/** DER in front of the 32 bytes of an X25519 private key in PKCS#8. */
const pkcs8Header = Buffer.from("302e020100300506032b656e04220420", "hex");
const keyBytes = 32;

function print(bytes: Buffer): void {
  process.stdout.write(`${bytes.toString("base64")}\n`);
}

/** WireGuard clamps its private keys when it makes them. */
function privateKey(): Buffer {
  const key = randomBytes(keyBytes);
  key.writeUInt8(key.readUInt8(0) & 248, 0);
  key.writeUInt8((key.readUInt8(31) & 127) | 64, 31);
  return key;
}

function publicKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== keyBytes || key.toString("base64") !== text.trim()) {
    throw new Error("Key is not the correct length or format");
  }
  const der = Buffer.concat([pkcs8Header, key]);
  const spki = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  return spki.export({ format: "der", type: "spki" }).subarray(-keyBytes);
}

try {
  switch (process.argv[2]) {
    case "genkey":
      print(privateKey());
      break;
    case "genpsk":
      print(randomBytes(keyBytes));
      break;
    case "pubkey":
      print(publicKey(readFileSync(0, "utf8")));
      break;
    case "show":
    case "set":
    case "setconf":
    case "addconf":
    case "syncconf":
      break;
    default:
      throw new Error(`wg on a host made of files does not know "${process.argv[2] ?? ""}"`);
  }
} catch (error) {
  process.stderr.write(`wg: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
