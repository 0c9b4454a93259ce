/** Runs `roadnet` itself where the sandbox's engine runs: only there are its stack and its clouds. */
import { spawn, type StdioOptions } from "node:child_process";
import { resolve } from "node:path";
import { engineEnvironment, operatorCommand } from "../sandbox/engine.ts";
import type { SandboxPaths } from "../sandbox/paths.ts";

/**
 * Runs a command line of `roadnet` in the operator's namespace, with the engine's environment.
 * @param stdio as of `spawn`; where its standard input and output come from and go to
 * @returns its exit code
 */
export async function runInSandbox(
  args: readonly string[],
  paths: SandboxPaths,
  stdio: StdioOptions,
): Promise<number> {
  const main = resolve(import.meta.dirname, "main.ts");
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", main];
  const [program = "", ...rest] = operatorCommand([...node, ...args], paths);
  const child = spawn(program, rest, { stdio, env: engineEnvironment(paths), cwd: paths.project });
  return await new Promise<number>((settle, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      settle(code ?? 1);
    });
  });
}
