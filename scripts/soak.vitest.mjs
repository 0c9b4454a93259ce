/** How `npm run soak` runs its suites: each brings up what it needs by itself, and one runs after the other. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export default {
  root: dirname(dirname(fileURLToPath(import.meta.url))),
  test: {
    include: ["test/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 900_000,
  },
};
