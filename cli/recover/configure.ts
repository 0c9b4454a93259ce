/** Configuration for the throw-away stack that asks the providers. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ConfigMap } from "@pulumi/pulumi/automation/index.js";

const execute = promisify(execFile);

/** Where a stack's own commands run. */
export interface StackPlace {
  /** The folder of its Pulumi.yaml. */
  readonly folder: string;
  readonly stack: string;
  /** Added to this process's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Sets a stack's configuration. The values go over standard input: the SDK's own way puts them on a command line,
 * where everybody on the machine can read them while it runs.
 */
export async function configure(
  { folder, stack, environment }: StackPlace,
  config: ConfigMap,
): Promise<void> {
  for (const [key, { value, secret }] of Object.entries(config)) {
    const kind = secret === true ? "--secret" : "--plaintext";
    const args = ["config", "set", key, kind, "--stack", stack, "--non-interactive"];
    const running = execute("pulumi", args, { cwd: folder, env: { ...process.env, ...environment } });
    running.child.stdin?.end(value);
    await running;
  }
}
