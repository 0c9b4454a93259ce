/** What a command printed: apart, as it came, and line by line for the log. */
import type { Logging } from "./inputs.ts";

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects both streams of one command. */
export class OutputCollector {
  readonly #chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  readonly #combined: Buffer[] = [];
  readonly #logging: Logging;
  readonly #line: (text: string) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** `line` gets each line of the streams that are to be logged. */
  constructor(logging: Logging, line: (text: string) => void) {
    this.#logging = logging;
    this.#line = line;
  }

  add(stream: "stdout" | "stderr", chunk: Buffer): void {
    this.#chunks[stream].push(chunk);
    this.#combined.push(chunk);
    if (this.#logging === stream || this.#logging === "stdoutAndStderr") this.#log(chunk);
  }

  #log(chunk: Buffer): void {
    let rest = Buffer.concat([this.#rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#line(rest.subarray(0, end).toString().replace(/\r$/, ""));
      rest = rest.subarray(end + 1);
    }
    this.#rest = rest;
  }

  /** Logs a last line that no line break ended. */
  finish(): void {
    if (this.#rest.length > 0) this.#line(this.#rest.toString());
    this.#rest = Buffer.alloc(0);
  }

  /** Both streams in the order in which they came: what an error shows. */
  get combined(): string {
    return Buffer.concat(this.#combined).toString();
  }

  /** The resource's outputs: of each stream, one line break at the end is taken away. */
  get result(): RunResult {
    const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString().replace(/\n$/, "");
    return { stdout: text(this.#chunks.stdout), stderr: text(this.#chunks.stderr) };
  }
}
