/** The stacks' own files as test subjects, with the owner's values filled in. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { networkKey } from "../../../components/config/problem.ts";

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

/** What stands in a stack's file where it says REPLACE-ME, by the key before it. */
const ownersValues: Readonly<Record<string, string>> = {
  "blackroad-network:cloudflareAccountId": "0123456789abcdef0123456789abcdef",
  ami: "ami-0123456789abcdef0",
  id: "'444455556666'",
  role: "arn:aws:iam::444455556666:role/network",
  hostKey,
  authorizedKeys: operatorKey,
  cidrs: "203.0.113.7/32",
};

function fileOf(stack: string): string {
  return readFileSync(new URL(`../../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
}

/** A stack's file as its owner has filled it in: with a value for every REPLACE-ME. */
export function filledFile(stack: string): string {
  return fileOf(stack).replaceAll(/([\w:-]+): (\[?)REPLACE-ME\b/g, (_, key: string, bracket: string) => {
    const value = ownersValues[key];
    if (value === undefined) throw new Error(`the tests have no value of an owner for ${key}`);
    return `${key}: ${bracket}${value}`;
  });
}

/** All values of a stack's file, by their keys. */
export function valuesOf(file: string): Readonly<Record<string, unknown>> {
  return (parse(file) as { config: Readonly<Record<string, unknown>> }).config;
}

/** The network of a stack's file as it is written there. */
export function writtenNetwork(stack: string): unknown {
  return valuesOf(fileOf(stack))[networkKey];
}

/** The network of a stack's file with a value for every REPLACE-ME. */
export function filledNetwork(stack: string): unknown {
  return valuesOf(filledFile(stack))[networkKey];
}
