#!/usr/bin/env node
/** `npm stop`: ends everything the sandbox runs, however it was left. */
import { join } from "node:path";
import { checkout, continueOnCurrentNode, handOver, main } from "./bootstrap.mjs";
import { createProgress } from "./lib/progress.mjs";
import { withTools } from "./steps/node.mjs";
import { ensurePackages } from "./steps/npm.mjs";
import { findPulumi } from "./steps/pulumi.mjs";

await main("npm stop", async () => {
  // What is there already is not worth a line here: only a step that takes time shows itself.
  const quiet = createProgress();
  const step = /** @type {typeof quiet.step} */ ((name, work) => quiet.step(name, work, () => ""));
  await continueOnCurrentNode({ ...quiet, step });
  await step("packages", (say) => ensurePackages(checkout, say));
  const environment = withTools([(await findPulumi())?.folder]);
  const args = ["sandbox", "down", ...process.argv.slice(2)];
  return handOver(process.execPath, [join(checkout, "cli", "main.ts"), ...args], environment);
});
