/** Running a program to its end: bounded in time, its output collected, its failure told with its last words. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface RunOptions {
  /** Written to the program's standard input, which is then closed; nothing by default. */
  readonly stdin?: string | Buffer | undefined;
  /** After this many seconds the program is killed and the call fails; 60 by default. */
  readonly timeoutSeconds?: number | undefined;
  /** Called with each line of either stream as it comes, for progress. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Ends the program, and the call fails. */
  readonly signal?: AbortSignal | undefined;
  /** Replaces the environment of the program. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface RunResult {
  /** The exit code; 128 + n where signal n ended the program, as a shell tells it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** How much of a failed program's error output a message repeats, in characters. */
const tailLength = 2000;

/**
 * Runs `argv` and resolves with whatever exit code it had.
 *
 * @throws if the program cannot be started, has not ended in time or was ended by the signal (with its reason).
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const [program, ...rest] = argv;
  if (program === undefined) throw new Error("run: there is no program to run");
  const seconds = options.timeoutSeconds ?? 60;
  const child = spawn(program, rest, {
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  if (options.onLine !== undefined) {
    createInterface({ input: child.stdout }).on("line", options.onLine);
    createInterface({ input: child.stderr }).on("line", options.onLine);
  }
  // A program that ends without reading its input is not an error of ours.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");

  const limit = { passed: false };
  const end = (): void => {
    child.kill("SIGKILL");
    // What the program itself has started may hold these open for longer.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const timer = setTimeout(() => {
    limit.passed = true;
    end();
  }, seconds * 1000);
  options.signal?.addEventListener("abort", end);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", (error) => {
        reject(new Error(`${program} could not be started: ${error.message}`));
      });
      child.once("close", (code, signal) => {
        resolve(code ?? 128 + (signalNumbers[signal ?? ""] ?? 0));
      });
    });
    const stderr = Buffer.concat(err).toString("utf8");
    options.signal?.throwIfAborted();
    if (limit.passed) throw new Error(`${describe(argv)} had not ended after ${seconds} s${tail(stderr)}`);
    const [, missing] = notFound.exec(stderr) ?? [];
    if (exitCode !== 0 && missing !== undefined) {
      throw new Error(`${missing} could not be started: this machine does not have it`);
    }
    return { exitCode, stdout: Buffer.concat(out).toString("utf8"), stderr };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
  }
}

/** As {@link run}, for programs whose failure is ours: resolves with the standard output. */
export async function runOrThrow(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.exitCode !== 0) {
    throw new Error(`${describe(argv)} failed with exit code ${result.exitCode}${tail(result.stderr)}`);
  }
  return result.stdout;
}

/**
 * What `ip netns exec` says where the program behind it is missing on this machine. That must not pass for what the
 * program itself would have said by its exit code.
 */
const notFound = /^exec of "([^"]+)" failed: No such file or directory/m;

function describe(argv: readonly string[]): string {
  const text = argv.join(" ");
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function tail(stderr: string): string {
  const text = stderr.trim();
  return text === "" ? "" : `:\n${text.slice(-tailLength)}`;
}
