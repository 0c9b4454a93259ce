/** The one place where the configuration is read from Pulumi. */
import * as pulumi from "@pulumi/pulumi";
import { parseCloudflareAccountId, parseNetworkConfig } from "./parse.ts";
import { ConfigError } from "./problem.ts";
import type { NetworkConfig } from "./schema.ts";

/** Lets Pulumi print a mistake in the configuration as it reads, without the stack of the code that found it. */
export function readable<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}

/**
 * The network of the stack that is being worked on.
 * @throws {pulumi.RunError} with everything that is wrong with it.
 */
export function loadNetworkConfig(): NetworkConfig {
  return readable(() => parseNetworkConfig(new pulumi.Config("blackroad-network").getObject("network")));
}

/**
 * The Cloudflare account that owns the stack's zones: 32 hexadecimal digits. Needed only where a zone is managed.
 * @throws {pulumi.RunError} where it is missing or none.
 */
export function loadCloudflareAccountId(): string {
  return readable(() =>
    parseCloudflareAccountId(new pulumi.Config("blackroad-network").get("cloudflareAccountId")),
  );
}

/** How hosts are asked what an update would change there. */
export interface HostAsking {
  /** Whether previews ask; updates always do. */
  readonly inPreviews: boolean;
  /** For how long a host has time to answer, before a preview calls it out of reach. */
  readonly seconds: number;
}

/**
 * `blackroad-network:askHosts` switches asking off where a preview has no way to the hosts, as in a pull request;
 * `blackroad-network:askSeconds` (1 to 300) gives slow ones more time.
 * @throws {pulumi.RunError} where the seconds are out of range.
 */
export function loadHostAsking(): HostAsking {
  const config = new pulumi.Config("blackroad-network");
  const seconds = config.getNumber("askSeconds") ?? 5;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 300)
    throw new pulumi.RunError(
      `blackroad-network:askSeconds is ${seconds}: hosts have 1 to 300 whole seconds to answer.`,
    );
  return { inPreviews: config.getBoolean("askHosts") ?? true, seconds };
}
