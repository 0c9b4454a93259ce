import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** The tests' own sandbox, so that they never touch the one that `npm start` made. */
const { ROADNET_SANDBOX_DIR: wanted } = process.env;
const sandbox = wanted === undefined || wanted === "" ? join(import.meta.dirname, ".sandbox-test") : wanted;

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
          name: "sandbox",
          include: ["test/sandbox/**/*.test.ts"],
          // With stand-ins asked for it compares them with an altered one, on sandboxes of its own: `npm run soak`.
          exclude: process.env.ROADNET_PROVIDERS === "stand-ins" ? ["test/sandbox/official.test.ts"] : [],
          // All of them share one running sandbox, so one file runs after the other.
          fileParallelism: false,
          globalSetup: ["test/sandbox/setup.ts"],
          env: { ROADNET_SANDBOX_DIR: sandbox },
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
