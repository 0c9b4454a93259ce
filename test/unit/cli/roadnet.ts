/** `roadnet` as it is typed: the program itself, in a process of its own. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";

export interface Outcome {
  /** -1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Given {
  /** What stands on its standard input. */
  readonly input?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export function roadnet(args: readonly string[], { input = "", env = {} }: Given = {}): Promise<Outcome> {
  const argv = ["--disable-warning=ExperimentalWarning", resolve("cli/main.ts"), ...args];
  const child = spawn(process.execPath, argv, { env: { ...process.env, ...env } });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  }
  child.stdin.end(input);
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code) => {
      done({ code: code ?? -1, ...said });
    });
  });
}
