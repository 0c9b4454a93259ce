/** Sends the engine's requests to the simulated AWS, with the retries that AWS's SDK makes. */
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionError, type AwsClient } from "../../services/aws/client.ts";
import type { ProviderAnswer, ProviderRequest } from "../../services/aws/protocol.ts";

type ProviderFailure = NonNullable<ProviderAnswer["error"]>;

/** What the service refused, for good. */
export class RefusedError extends Error {
  readonly created: ProviderFailure["created"];

  constructor(failure: ProviderFailure) {
    super(failure.message);
    this.name = "RefusedError";
    this.created = failure.created;
  }
}

export interface ForwardOptions {
  readonly client: AwsClient;
  readonly maxRetries: number;
  readonly signal: AbortSignal;
  /** Called where a fault wants this process to end in mid-call. */
  readonly die: () => never;
  /** Before the first repetition; doubled with each, up to the limit. */
  readonly firstDelayMilliseconds?: number;
}

const firstDelay = 50;
const longestDelayMilliseconds = 1000;
/** A service that restarts is back within this time; nobody waits longer for one that is not running. */
const connectRetries = 12;

/**
 * @throws RefusedError if the service refused; ConnectionError if it cannot be reached.
 */
export async function forward(request: ProviderRequest, options: ForwardOptions): Promise<unknown> {
  let delay = options.firstDelayMilliseconds ?? firstDelay;
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted();
    const outcome = await attemptOnce(request, options);
    if (!(outcome instanceof Error)) {
      return outcome.result;
    }
    if (attempt >= limitFor(outcome, options)) {
      throw outcome;
    }
    await sleep(delay, undefined, { signal: options.signal });
    delay = Math.min(delay * 2, longestDelayMilliseconds);
  }
}

async function attemptOnce(
  request: ProviderRequest,
  { client, die }: ForwardOptions,
): Promise<{ result: unknown } | Error> {
  try {
    const answer = await client.provide(request);
    if (answer.die === true) {
      return die();
    }
    if (answer.error === undefined) {
      return { result: answer.result };
    }
    return answer.error.retryable ? new RetryableError(answer.error.message) : new RefusedError(answer.error);
  } catch (error) {
    if (error instanceof ConnectionError) {
      return error;
    }
    throw error;
  }
}

/** Throttled, or an error on AWS's side. */
class RetryableError extends Error {}

function limitFor(error: Error, options: ForwardOptions): number {
  if (error instanceof RetryableError) {
    return options.maxRetries;
  }
  if (error instanceof ConnectionError) {
    // A lost answer is asked for again, as the SDK does: the request's token keeps it from being done twice. A request
    // that never left is only a matter of waiting.
    return error.sent ? Math.min(options.maxRetries, connectRetries) : connectRetries;
  }
  return 0;
}
