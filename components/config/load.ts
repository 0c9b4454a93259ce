/** The one place where the configuration is read from Pulumi. */
import * as pulumi from "@pulumi/pulumi";
import { needsAccount, parseAskSeconds, parseCloudflareAccountId, parseNetworkConfig } from "./parse.ts";
import { ConfigError, ReadableError, type ConfigProblem } from "./problem.ts";
import type { NetworkConfig } from "./schema.ts";

/** Lets Pulumi print a mistake in the configuration as it reads, without the stack of the code that found it. */
export function readable<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof ReadableError ? new pulumi.RunError(error.message) : error;
  }
}

/** How hosts are asked what an update would change there. */
export interface HostAsking {
  /** Whether previews ask; updates always do. */
  readonly inPreviews: boolean;
  /** For how long a host has time to answer, before a preview calls it out of reach. */
  readonly seconds: number;
}

/** All that a stack's file says. */
export interface StackConfig {
  readonly network: NetworkConfig;
  /** The Cloudflare account, 32 hexadecimal digits; `undefined` where nothing of the network belongs to one. */
  readonly cloudflareAccountId: string | undefined;
  /**
   * `blackroad-network:askHosts` switches asking off where a preview has no way to the hosts, as in a pull request;
   * `blackroad-network:askSeconds` (1 to 300) gives slow ones more time.
   */
  readonly asking: HostAsking;
}

/** What each part is, or every problem of all of them in one error. */
function together<Parts extends object>(parts: { readonly [Key in keyof Parts]: () => Parts[Key] }): Parts {
  const problems: ConfigProblem[] = [];
  const values = Object.entries<() => unknown>(parts).map(([key, parse]) => {
    try {
      return [key, parse()] as const;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return [key, undefined] as const;
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(values) as Parts;
}

/**
 * The configuration of the stack that is being worked on, checked as a whole before anything is made of it.
 * @throws {pulumi.RunError} with everything that is wrong with it
 */
export function loadStackConfig(): StackConfig {
  const config = new pulumi.Config("blackroad-network");
  const network = config.getObject("network");
  return readable(() =>
    together<StackConfig>({
      network: () => parseNetworkConfig(network),
      cloudflareAccountId: () =>
        needsAccount(network) ? parseCloudflareAccountId(config.get("cloudflareAccountId")) : undefined,
      asking: () => ({
        inPreviews: config.getBoolean("askHosts") ?? true,
        seconds: parseAskSeconds(config.getNumber("askSeconds")),
      }),
    }),
  );
}
