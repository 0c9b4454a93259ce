/**
 * Brings the tests' own sandbox up from nothing, and down when all suites have run. What it wrote stays on disk until
 * the next run, for whoever looks into a failure.
 */
import type { TestProject } from "vitest/node";
import { createProgress } from "../../scripts/lib/progress.mjs";
import { sandboxDown } from "../../sandbox/down.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { sandboxUp } from "../../sandbox/up.ts";

export default async function setup({ config }: TestProject): Promise<() => Promise<void>> {
  const root = config.env.ROADNET_SANDBOX_DIR;
  if (root === undefined) {
    throw new Error("vitest.config.ts names no folder for the tests' sandbox");
  }
  // The services and the fabric find their sandbox by the environment.
  process.env.ROADNET_SANDBOX_DIR = root;
  const paths = sandboxPaths(root);
  const progress = createProgress();
  await sandboxDown({ paths, progress, purge: true });
  const down = (): Promise<void> => sandboxDown({ paths, progress });
  try {
    await sandboxUp({ paths, progress, packets: true });
  } catch (error) {
    await down();
    throw error;
  }
  return down;
}
