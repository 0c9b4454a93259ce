#!/usr/bin/env node
/** The `roadnet` command: the CLI, with the tools that `npm start` found or installed. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkout, handOver, main } from "./bootstrap.mjs";
import { SetupError } from "./lib/progress.mjs";
import { findNode, withTools } from "./steps/node.mjs";
import { findPulumi } from "./steps/pulumi.mjs";

/** They ask Pulumi nothing, so nobody waits until it has said which version it is. */
const withoutPulumi = ["diff", "verify", "why"];

await main("roadnet", async () => {
  const node = findNode();
  if (node === undefined || !existsSync(join(checkout, "node_modules", "commander"))) {
    throw new SetupError("This clone has not been set up yet: run `npm start` once.");
  }
  const args = process.argv.slice(2);
  const command = args.find((word) => !word.startsWith("-")) ?? "";
  const pulumi = withoutPulumi.includes(command) ? undefined : await findPulumi();
  const environment = withTools([dirname(node.file), pulumi?.folder]);
  return handOver(node.file, [join(checkout, "cli", "main.ts"), ...args], environment);
});
