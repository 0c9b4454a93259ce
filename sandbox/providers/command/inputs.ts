/** Checked properties as typed values. Everything here has passed the tables, so a wrong type is a programming error. */
import { isList, isMap, reveal } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly privateKey: string | undefined;
  readonly privateKeyPassword: string | undefined;
  /** Unset means `SSH_AUTH_SOCK`, if that is set. */
  readonly agentSocketPath: string | undefined;
  /** How many failures are retried; -1 for any number. */
  readonly dialErrorLimit: number;
  /** For the TCP connection alone; 0 for no limit. */
  readonly perDialTimeoutSeconds: number;
  /** A line as in authorized_keys; unset means that the host's key is not checked. */
  readonly hostKey: string | undefined;
}

export interface Connection extends Endpoint {
  readonly proxy: Endpoint | undefined;
}

export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

export function text(values: ValueMap, key: string): string | undefined {
  const value = reveal(values[key] ?? null);
  if (value === null) return undefined;
  if (typeof value !== "string") throw new Error(`'${key}' must be a string`);
  return value;
}

export function requiredText(values: ValueMap, key: string): string {
  const value = text(values, key);
  if (value === undefined) throw new Error(`Missing required property '${key}'`);
  return value;
}

export function flag(values: ValueMap, key: string): boolean | undefined {
  const value = reveal(values[key] ?? null);
  return typeof value === "boolean" ? value : undefined;
}

function numberOr(values: ValueMap, key: string, otherwise: number): number {
  const value = reveal(values[key] ?? null);
  return typeof value === "number" ? value : otherwise;
}

export function texts(values: ValueMap, key: string): readonly string[] | undefined {
  const value = reveal(values[key] ?? null);
  return isList(value) ? value.filter((element) => typeof element === "string") : undefined;
}

export function textMap(values: ValueMap, key: string): Readonly<Record<string, string>> {
  const value = reveal(values[key] ?? null);
  if (!isMap(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

export function logging(values: ValueMap): Logging {
  const mode = text(values, "logging");
  return mode === "stdout" || mode === "stderr" || mode === "none" ? mode : "stdoutAndStderr";
}

function endpoint(values: ValueMap): Endpoint {
  return {
    host: requiredText(values, "host"),
    port: numberOr(values, "port", 22),
    user: text(values, "user") ?? "root",
    password: text(values, "password"),
    privateKey: text(values, "privateKey"),
    privateKeyPassword: text(values, "privateKeyPassword"),
    agentSocketPath: text(values, "agentSocketPath"),
    dialErrorLimit: numberOr(values, "dialErrorLimit", 10),
    perDialTimeoutSeconds: numberOr(values, "perDialTimeout", 15),
    hostKey: text(values, "hostKey"),
  };
}

export function connection(values: ValueMap): Connection {
  const revealed: Value = reveal(values.connection ?? null);
  if (!isMap(revealed)) throw new Error("Missing required property 'connection'");
  const proxy = revealed.proxy ?? null;
  return { ...endpoint(revealed), proxy: isMap(proxy) ? endpoint(proxy) : undefined };
}
