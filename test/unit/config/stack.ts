/** The stacks' own files as test subjects, with the owner's values filled in. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** Keys of nobody: the private halves were never kept. */
export const operatorKey =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFRlc3RPbmx5VGVzdE9ubHlUZXN0T25seVRlc3RPbmx5 operator@test";
export const hostKey = `ecdsa-sha2-nistp256 ${ecdsaBody()}`;

/** A well-formed body: type, curve and an uncompressed point, each preceded by its length. */
function ecdsaBody(): string {
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const point = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]);
  return Buffer.concat(
    [Buffer.from("ecdsa-sha2-nistp256"), Buffer.from("nistp256"), point].map(field),
  ).toString("base64");
}

const ownersValues: Readonly<Record<string, unknown>> = {
  ami: "ami-0123456789abcdef0",
  hostKey,
  authorizedKeys: [operatorKey],
  cidrs: ["203.0.113.7/32"],
};

function fill(value: unknown, key: string): unknown {
  if (JSON.stringify(value).includes("REPLACE-ME") && key in ownersValues) return ownersValues[key];
  if (Array.isArray(value)) return value.map((element) => fill(element, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fill(inner, name)]));
}

/** The network of a stack's file as it is written there. */
export function writtenNetwork(stack: string): unknown {
  const file = new URL(`../../../Pulumi.${stack}.yaml`, import.meta.url);
  const document = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  return document.config["blackroad-network:network"];
}

/** The network of a stack's file with a value for every REPLACE-ME. */
export function filledNetwork(stack: string): unknown {
  return fill(writtenNetwork(stack), "");
}
