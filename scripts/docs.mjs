#!/usr/bin/env node
/** `npm run docs`: writes the documents that are made of something else, on a current Node.js. */
import { join } from "node:path";
import { checkout, handOver, main } from "./bootstrap.mjs";
import { SetupError } from "./lib/progress.mjs";
import { findBrowser } from "./steps/browser.mjs";
import { findNode } from "./steps/node.mjs";

await main("docs", async () => {
  const node = findNode();
  if (node === undefined) {
    throw new SetupError("No current Node.js has been set up yet: run `npm start` or `npm test` once.");
  }
  const code = await handOver(node.file, [join(checkout, "test", "literal", "write.ts")], process.env);
  if (code !== 0) return code;
  if (findBrowser() === undefined) {
    process.stdout.write("docs/map.png stays as it is: there is no Chromium, which `npm test` installs.\n");
    return 0;
  }
  return handOver(node.file, [join(checkout, "test", "map-picture.ts")], process.env);
});
