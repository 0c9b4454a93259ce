#!/usr/bin/env node
/** Runs a program of node_modules/.bin on a current Node.js: `node scripts/tool.mjs eslint .` */
import { join } from "node:path";
import { checkout, handOver, main } from "./bootstrap.mjs";
import { SetupError } from "./lib/progress.mjs";
import { findNode, withTools } from "./steps/node.mjs";
import { dirname } from "node:path";

await main("tool", async () => {
  const node = findNode();
  const [name, ...args] = process.argv.slice(2);
  if (node === undefined || name === undefined) {
    throw new SetupError("No current Node.js has been set up yet: run `npm start` or `npm test` once.");
  }
  const program = join(checkout, "node_modules", ".bin", name);
  return handOver(node.file, [program, ...args], withTools([dirname(node.file)]));
});
