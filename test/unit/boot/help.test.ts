/** Each command's help is its own, needs no set-up, and is printed at once. */
import { execFileSync, spawnSync } from "node:child_process";
import { expect, it } from "vitest";

it.each([
  ["start", "Usage: npm start"],
  ["test", "Usage: npm test"],
  ["soak", "Usage: npm run soak"],
  ["bench", "Usage: npm run bench"],
])("scripts/%s.mjs --help", (script, title) => {
  for (const option of ["--help", "-h"]) {
    const text = execFileSync(process.execPath, [`scripts/${script}.mjs`, option], {
      encoding: "utf8",
      timeout: 10_000,
    });
    expect(text.startsWith(title)).toBe(true);
    expect(text).toMatch(/Examples:\n {2}\S/);
  }
});

it("npm test refuses --official with anything else, rather than leave it out", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/test.mjs", "--official", "x.test.ts"], {
    encoding: "utf8",
    timeout: 10_000,
  });
  expect({ status, stderr }).toEqual({ status: 2, stderr: "npm test: --official goes with nothing else.\n" });
});
