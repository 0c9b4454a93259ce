import type { Architecture } from "./agent.ts";

/** What a host says of itself at first contact: nothing that is secret. */
export interface Meeting {
  readonly architecture: Architecture;
  /** In OpenSSH's form without a comment; `undefined` where the host keeps the key it came with. */
  readonly hostKey: string | undefined;
  readonly wireguardPublicKey: string | undefined;
  /** Another one where the machine was set up anew; `undefined` where its keys got no name. */
  readonly machine: string | undefined;
  /** What its keys are called: another name where one of them had been lost. */
  readonly keys: string | undefined;
}

const hostKeyPattern = /^ssh-ed25519 [A-Za-z0-9+/]{68}$/;
/** 32 bytes in base64. */
const wireguardKeyPattern = /^[A-Za-z0-9+/]{43}=$/;

/** A name of keys or of a machine: 8 random bytes. */
const namePattern = /^[0-9a-f]{16}$/;

/**
 * Reads the last line that `scripts/meet.sh` printed.
 * @throws if it is not what the script prints: the host's answer goes into other hosts' files, so it is checked.
 */
export function parseMeeting(host: string, stdout: string): Meeting {
  const said: unknown = parseJson(host, stdout.trim().split("\n").at(-1) ?? "");
  const text = (field: string, pattern: RegExp): string | undefined => {
    const value: unknown =
      typeof said === "object" && said !== null
        ? Object.entries(said).find(([key]) => key === field)?.[1]
        : undefined;
    if (value === "") return undefined;
    if (typeof value === "string" && pattern.test(value)) return value;
    throw new Error(
      `${host}: what it said at first contact has no valid ${field}: ${JSON.stringify(value)}.`,
    );
  };
  const architecture = text("architecture", /^(?:amd64|arm64)$/);
  if (architecture === undefined) throw new Error(`${host} did not say its architecture at first contact.`);
  return {
    architecture: architecture as Architecture,
    hostKey: text("hostKey", hostKeyPattern),
    wireguardPublicKey: text("wireguardPublicKey", wireguardKeyPattern),
    machine: text("machine", namePattern),
    keys: text("keys", namePattern),
  };
}

function parseJson(host: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`${host}: what it said at first contact is not JSON: ${JSON.stringify(line)}.`);
  }
}
