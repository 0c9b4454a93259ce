/**
 * Refusals, in the words of those who refuse: the EC2 API, and the upstream provider around it.
 *
 * The text form is the one that users of the real provider see, because it is what they search for.
 */
import { randomUUID } from "node:crypto";

/** What an API of AWS answers instead of doing what it was asked. */
export class ApiError extends Error {
  readonly code: string;
  /** The API's message alone. */
  readonly detail: string;
  readonly statusCode: number;

  /** @param service as AWS's SDK names it; EC2 alone declares no errors, so that the SDK calls them `api error`. */
  constructor(operation: string, code: string, detail: string, statusCode = 400, service = "EC2") {
    super(
      `operation error ${service}: ${operation}, https response error StatusCode: ${statusCode}, ` +
        `RequestID: ${randomUUID()}, ${service === "EC2" ? "api error " : ""}${code}: ${detail}`,
    );
    this.name = "ApiError";
    this.code = code;
    this.detail = detail;
    this.statusCode = statusCode;
  }
}

/** An error of the upstream provider: its own, or an {@link ApiError} with what it was doing in front. */
export class ProviderError extends Error {
  /** Set where the resource exists although its creation failed: Pulumi then keeps it in the state. */
  readonly created: { readonly id: string } | undefined;

  constructor(message: string, options: { cause?: unknown; created?: { id: string } } = {}) {
    super(message, { cause: options.cause });
    this.name = "ProviderError";
    this.created = options.created;
  }
}

/** The form in which the bridge hands one provider error to the engine. */
export function bridgeMessage(error: Error): string {
  return `1 error occurred:\n\t* ${error.message}\n\n`;
}

/** Runs one step of a resource and says in front of the API's error what the step was. */
export function during<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof ApiError) {
      throw new ProviderError(`${what}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Runs a step for which some of the API's refusals mean that there is nothing left to do. */
export function unless<T>(codes: readonly string[], step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof ApiError && codes.includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

/** The API's code behind an error, however deeply it was wrapped. */
export function apiCode(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 10 && current instanceof Error; depth++) {
    if (current instanceof ApiError) {
      return current.code;
    }
    current = current.cause;
  }
  return undefined;
}
