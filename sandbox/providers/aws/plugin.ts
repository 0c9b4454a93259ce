/** What one run of the plugin knows: how it was configured, and where the simulated AWS is. */
import { randomUUID } from "node:crypto";
import { AwsClient } from "../../services/aws/client.ts";
import type { Properties } from "../../services/aws/json.ts";
import type { ProviderRequest } from "../../services/aws/protocol.ts";
import { readSettings, type Settings } from "./config.ts";
import { forward } from "./forward.ts";

type WithoutConfig<R> = R extends unknown ? Omit<R, "config"> : never;

export class AwsPlugin {
  readonly #client: AwsClient;
  readonly #cancellation = new AbortController();
  readonly #environment: NodeJS.ProcessEnv;
  #settings: Settings;

  constructor(client: AwsClient, environment: NodeJS.ProcessEnv = process.env) {
    this.#client = client;
    this.#environment = environment;
    this.#settings = readSettings({}, environment);
  }

  /** @throws RefusedError where AWS does not let the provider work as it was told to. */
  async configure(args: Properties): Promise<void> {
    this.#settings = readSettings(args, this.#environment);
    const { assumeRoles, allowedAccountIds, forbiddenAccountIds } = this.#settings;
    // Without any of them there is nothing that could be refused, and nobody waits for a service that is not needed.
    if ([assumeRoles, allowedAccountIds, forbiddenAccountIds].every((part) => part === undefined)) return;
    await this.send({ method: "configure" });
  }

  cancel(): void {
    this.#cancellation.abort(new Error("the update was cancelled"));
  }

  /** One per request of the engine, so that a request that is sent again makes no second resource. */
  newToken(): string {
    return randomUUID();
  }

  send(request: WithoutConfig<ProviderRequest>): Promise<unknown> {
    const { maxRetries, ...config } = this.#settings;
    return forward(
      { ...request, config },
      {
        client: this.#client,
        maxRetries,
        signal: this.#cancellation.signal,
        // As a power cut would: no answer to the engine, no clean-up.
        die: () => {
          process.kill(process.pid, "SIGKILL");
          throw new Error("this process has ended");
        },
      },
    );
  }
}
