import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";

const checkout = resolve(import.meta.dirname, "../../..");
const vitest = join(checkout, "node_modules", "vitest", "vitest.mjs");
const reporter = join(checkout, "test", "failures.ts");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-failures-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the folder's tests with nothing but the reporter. @returns what it told; `onText` gets all so far as it comes */
async function told(onText: (text: string) => void = () => undefined): Promise<string> {
  const args = [vitest, "run", "--root", folder, "--globals", `--reporter=${reporter}`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      onText((text += chunk));
    });
  }
  await new Promise((done) => child.once("close", done));
  return stripVTControlCharacters(text);
}

it("tells why a test has failed before the next one is over", async () => {
  const flag = join(folder, "told");
  writeFileSync(
    join(folder, "a.test.js"),
    `import { existsSync } from "node:fs";
     describe("group", () => {
       test("breaks", () => expect(1 + 1).toBe(3));
       test("waits until that is told", async () => {
         for (let tries = 0; !existsSync(${JSON.stringify(flag)}); tries++) {
           if (tries > 600) throw new Error("nothing was told");
           await new Promise((wake) => setTimeout(wake, 50));
         }
       });
     });`,
  );
  const text = await told((soFar) => {
    if (soFar.includes("expected 2 to be 3")) writeFileSync(flag, "");
  });
  expect(text).toContain("FAIL a.test.js > group > breaks");
  expect(text).toMatch(/a\.test\.js:3:\d+/);
  expect(text).not.toContain("nothing was told");
  expect(text.match(/FAIL/g)).toHaveLength(1);
});

it("tells of hooks and of files that break as a whole", async () => {
  writeFileSync(
    join(folder, "hook.test.js"),
    `describe("group", () => { beforeAll(() => { throw new Error("no set-up"); }); test("one", () => {}); });`,
  );
  writeFileSync(join(folder, "file.test.js"), `throw new Error("no file");`);
  const text = await told();
  expect(text).toMatch(/FAIL hook\.test\.js > group\n.*no set-up/s);
  expect(text).toMatch(/FAIL file\.test\.js\n.*no file/s);
});
