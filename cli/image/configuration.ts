/** The plan of a stack of which not everything can be known yet: a machine has no host key before its first boot. */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { placeholder } from "../../components/config/leaf.ts";
import { parseNetworkConfig } from "../../components/config/parse.ts";
import { networkKey } from "../../components/config/problem.ts";
import type { NetworkPlan } from "../../components/plan/model.ts";
import { planNetwork } from "../../components/plan/plan.ts";
import { SandboxError } from "../../sandbox/mode.ts";

/** A host key of nobody: 32 bytes of zeroes, for which no private key is known. */
function hostKeyOfNobody(): string {
  const type = "ssh-ed25519";
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return `${type} ${Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32))]).toString("base64")}`;
}

/** Values in place of those that no image depends on, by option. */
const standIns: Readonly<Record<string, string>> = {
  hostKey: hostKeyOfNobody(),
  ami: "ami-00000000000000000",
  id: "000000000000",
  role: "arn:aws:iam::000000000000:role/nobody",
  // A network for documentation, from which nobody comes.
  cidrs: "192.0.2.0/32",
};

/** The value with stand-ins for placeholders of those options; all other placeholders stay, and are refused. */
function withStandIns(value: unknown, option: string): unknown {
  if (value === placeholder) return standIns[option] ?? value;
  if (Array.isArray(value)) return value.map((element) => withStandIns(element, option));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withStandIns(inner, key)]));
}

/**
 * The plan by a stack's file, as far as images depend on it.
 * @throws {SandboxError} where there is no such file, or it is none of a stack.
 * @throws {ConfigError} with everything that is wrong with the network in it.
 */
export function planForImages(file: string, stack: string): NetworkPlan {
  if (!existsSync(file)) throw new SandboxError(`There is no stack ${stack}: ${file} does not exist.`, 2);
  const document: unknown = parse(readFileSync(file, "utf8"));
  const config =
    typeof document === "object" && document !== null && "config" in document ? document.config : undefined;
  if (typeof config !== "object" || config === null || !(networkKey in config)) {
    throw new SandboxError(`${file} has no config with ${networkKey}.`, 2);
  }
  const network = (config as Record<string, unknown>)[networkKey];
  return planNetwork(parseNetworkConfig(withStandIns(network, "")), stack);
}
