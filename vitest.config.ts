import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** The tests' own sandbox, so that they never touch the one that `npm start` made. */
const { ROADNET_SANDBOX_DIR: wanted } = process.env;
const sandbox = wanted === undefined || wanted === "" ? join(import.meta.dirname, ".sandbox-test") : wanted;

/**
 * What is tried with the real engine and the simulated clouds alone, in sandboxes without packets that each file brings
 * up for itself, and the map's page in a browser. `npm test` runs them beside the files that wait for machines.
 */
const engine = [
  "aws-engine",
  "bad-input",
  "cloud-faults",
  "cloudflare-engine",
  "guard",
  "interrupted",
  "interrupted-cases",
  "lifecycle",
  "map",
  "small-providers-engine",
  "stacks",
  "starts",
].map((name) => `test/sandbox/${name}.test.ts`);

/** One file after the other. */
const oneByOne = { fileParallelism: false, testTimeout: 900_000, hookTimeout: 1_200_000 };

export default defineConfig({
  test: {
    // Two cores: a worker per core.
    maxWorkers: 2,
    // Time limits are for what hangs: a machine that has other things to do is only slow.
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...oneByOne,
          name: "engine",
          include: engine,
          // None of them uses the sandbox that others share: there is none in this place.
          env: { ROADNET_SANDBOX_DIR: `${sandbox}-none` },
        },
      },
      {
        test: {
          ...oneByOne,
          name: "sandbox",
          include: ["test/sandbox/**/*.test.ts"],
          exclude: [
            ...engine,
            // With stand-ins asked for it compares them with an altered one, on sandboxes of its own: `npm run soak`.
            ...(process.env.ROADNET_PROVIDERS === "stand-ins" ? ["test/sandbox/official.test.ts"] : []),
          ],
          // Most of them share one running sandbox.
          globalSetup: ["test/sandbox/setup.ts"],
          env: { ROADNET_SANDBOX_DIR: sandbox },
        },
      },
    ],
  },
});
