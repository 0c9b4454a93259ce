/** The one place where the configuration is read from Pulumi. */
import * as pulumi from "@pulumi/pulumi";
import { parseCloudflareAccountId, parseNetworkConfig } from "./parse.ts";
import { ConfigError } from "./problem.ts";
import type { NetworkConfig } from "./schema.ts";

/** Lets Pulumi print a mistake in the configuration as it reads, without the stack of the code that found it. */
function readable<T>(parse: () => T): T {
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

/**
 * Whether previews ask the hosts what an update would change there; `blackroad-network:askHosts` switches it off
 * where a preview has no way to them, as in a pull request. Updates ask in any case.
 */
export function loadAskHosts(): boolean {
  return new pulumi.Config("blackroad-network").getBoolean("askHosts") ?? true;
}
