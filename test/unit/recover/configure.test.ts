/** A `pulumi` that only writes down what it was given. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { configure } from "../../../cli/recover/configure.ts";

test("values are given over standard input, and on no command line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "roadnet-configure-"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const script = `#!/bin/sh\necho "$PLACE $*" >>log\ncat >>values\necho >>values\n`;
  writeFileSync(join(folder, "pulumi"), script);
  chmodSync(join(folder, "pulumi"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH ?? ""}`);
  await configure(
    { folder, stack: "ask", environment: { PLACE: "here" } },
    {
      "aws:region": { value: "us-west-2" },
      "cloudflare:apiToken": { value: "a=b c", secret: true },
    },
  );
  expect(readFileSync(join(folder, "log"), "utf8").trim().split("\n")).toEqual([
    "here config set aws:region --plaintext --stack ask --non-interactive",
    "here config set cloudflare:apiToken --secret --stack ask --non-interactive",
  ]);
  expect(readFileSync(join(folder, "values"), "utf8")).toBe("us-west-2\na=b c\n");
});
