/** What was called so far. */
import type { FaultKind } from "../faults.ts";

export interface Call {
  readonly sequence: number;
  /** ISO 8601. */
  readonly at: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** The body as text, without what is secret. */
  readonly body: string;
  /** What was answered; 0 while, or if, there was no answer. */
  readonly status: number;
  readonly fault: FaultKind | undefined;
}

/** Of all that the API is told, a tunnel's secret alone must be nowhere else. */
const secretFields = /("tunnel_secret"\s*:\s*)"(?:[^"\\]|\\.)*"/g;

/** The most calls that are remembered; the oldest are forgotten first. */
const mostCalls = 10_000;

export class CallLog {
  #calls: Call[] = [];
  #next = 1;

  list(): readonly Call[] {
    return this.#calls;
  }

  begin(method: string, path: string, body: string, fault: FaultKind | undefined): number {
    const sequence = this.#next;
    this.#next += 1;
    const shown = body.replaceAll(secretFields, '$1"[secret]"');
    const call: Call = {
      sequence,
      at: new Date().toISOString(),
      method,
      path,
      body: shown,
      status: 0,
      fault,
    };
    this.#calls.push(call);
    if (this.#calls.length > mostCalls) this.#calls = this.#calls.slice(-mostCalls / 2);
    return sequence;
  }

  end(sequence: number, status: number): void {
    const index = this.#calls.findIndex((call) => call.sequence === sequence);
    const call = this.#calls[index];
    if (call !== undefined) this.#calls[index] = { ...call, status };
  }
}
