/** The one account of the simulated Cloudflare and the API token that may do everything in it. */
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SandboxPaths } from "../../paths.ts";

export interface Credentials {
  /** 40 characters of `A-Za-z0-9_-`, as Cloudflare's tokens are; never logged. */
  readonly apiToken: string;
  /** What the API calls the token where it must not show it: 32 hex digits. */
  readonly tokenId: string;
  readonly accountId: string;
  readonly accountName: string;
}

/** The file that holds the token, readable by its owner alone. */
export function tokenFile(paths: SandboxPaths): string {
  return join(paths.keys, "cloudflare-token");
}

/** Reads a file, or makes it in one step, so that of two processes that start together both use the same text. */
function readOrCreate(file: string, make: () => string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, `${make()}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  chmodSync(file, 0o600);
  return readFileSync(file, "utf8").trim();
}

/** The sandbox's token and account; made at the first call and the same ever after. */
export function loadCredentials(paths: SandboxPaths): Credentials {
  const apiToken = readOrCreate(tokenFile(paths), () => randomBytes(30).toString("base64url"));
  if (!/^[A-Za-z0-9_-]{20,}$/.test(apiToken)) {
    throw new Error(`${tokenFile(paths)} does not hold an API token; remove it to have a new one made`);
  }
  const accountId = readOrCreate(join(paths.keys, "cloudflare-account"), () =>
    randomBytes(16).toString("hex"),
  );
  return {
    apiToken,
    tokenId: createHash("sha256").update(`token ${apiToken}`).digest("hex").slice(0, 32),
    accountId,
    accountName: "Sandbox",
  };
}
