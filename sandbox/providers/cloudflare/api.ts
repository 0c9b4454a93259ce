/**
 * The client of Cloudflare's API, with the manners of the official one: up to two repetitions of what may succeed
 * the next time.
 *
 * Source: cloudflare-go v7, `internal/requestconfig/requestconfig.go`.
 */
import { setTimeout as sleep } from "node:timers/promises";

const mostRetries = 2;
const attemptTimeoutMilliseconds = 120_000;

export interface ApiConfig {
  /** Where the API stands: `http://192.0.2.4/client/v4`. */
  readonly baseUrl: string;
  readonly apiToken: string | undefined;
  /** How long to wait before the first repetition; halved by nothing, doubled by each. */
  readonly retryMilliseconds?: number;
}

/** The API's refusal, or none of its answers at all. */
export class RequestError extends Error {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(`failed to make http request: ${message}`);
    this.status = status;
  }
}

export interface Envelope {
  readonly result: unknown;
  readonly result_info?: { readonly total_pages?: number };
}

interface Attempt {
  readonly status: number;
  readonly statusText: string;
  readonly text: string;
  readonly retryAfter: string | null;
}

function isRetryable(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** What the API asks to wait, if that is less than a minute; else half a second, doubled each time, at most 8 s. */
function delay(retry: number, attempt: Attempt | undefined, base: number): number {
  const asked = Number(attempt?.retryAfter ?? Number.NaN) * 1_000;
  if (asked >= 0 && asked < 60_000) return asked;
  const exponential = Math.min(base * 2 ** retry, 8_000);
  return exponential - Math.random() * (exponential / 4);
}

export class Api {
  readonly #config: ApiConfig;
  readonly #signal: AbortSignal;

  constructor(config: ApiConfig, signal: AbortSignal) {
    this.#config = config;
    this.#signal = signal;
  }

  async #attempt(method: string, url: string, body: object | undefined): Promise<Attempt> {
    const response = await fetch(url, {
      method,
      headers: {
        "content-type": "application/json",
        "user-agent": "pulumi-resource-cloudflare stand-in",
        ...(this.#config.apiToken === undefined ? {} : { authorization: `Bearer ${this.#config.apiToken}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(attemptTimeoutMilliseconds)]),
    });
    const text = await response.text();
    const { status, statusText } = response;
    return { status, statusText, text, retryAfter: response.headers.get("retry-after") };
  }

  /**
   * Sends a request, repeating it as the official client does.
   *
   * @param path from the base URL on, `/zones`.
   * @throws RequestError in the official client's words: method, URL, status and the API's answer.
   */
  async request(
    method: string,
    path: string,
    options: { readonly query?: Readonly<Record<string, string>>; readonly body?: object } = {},
  ): Promise<Envelope> {
    const query = new URLSearchParams(options.query).toString();
    const url = `${this.#config.baseUrl.replace(/\/+$/, "")}${path}${query === "" ? "" : `?${query}`}`;
    for (let retry = 0; ; retry += 1) {
      let attempt: Attempt | undefined;
      let failure: unknown;
      try {
        attempt = await this.#attempt(method, url, options.body);
      } catch (error) {
        failure = error;
      }
      this.#signal.throwIfAborted();
      const isLast = retry === mostRetries;
      if (attempt === undefined) {
        if (isLast) throw new RequestError(0, `${method} "${url}": ${describe(failure)}`);
      } else if (attempt.status < 400) {
        return parse(attempt, method, url);
      } else if (isLast || !isRetryable(attempt.status)) {
        const { status, statusText, text } = attempt;
        throw new RequestError(status, `${method} "${url}": ${status} ${statusText} ${text.trim()}`);
      }
      await sleep(delay(retry, attempt, this.#config.retryMilliseconds ?? 500), undefined, {
        signal: this.#signal,
      });
    }
  }
}

function parse({ status, text }: Attempt, method: string, url: string): Envelope {
  if (status === 204) return { result: null };
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    throw new RequestError(status, `${method} "${url}": the answer is not JSON`);
  }
}

/** `fetch` hides why it failed in the cause. */
function describe(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  return failure.cause instanceof Error ? failure.cause.message : failure.message;
}
