import { describe, expect, it } from "vitest";
import { explainFailure, mustRun, run } from "../../../scripts/lib/run.mjs";

describe("run", () => {
  it("gives code, both outputs and every line", async () => {
    const lines: string[] = [];
    const result = await run("sh", ["-c", "echo out; echo err >&2; exit 3"], {
      timeoutSeconds: 10,
      onLine: (line) => lines.push(line),
    });
    expect(result).toMatchObject({ code: 3, stdout: "out\n", stderr: "err\n", timedOut: false });
    expect(lines.sort()).toEqual(["err", "out"]);
  });

  it("kills what takes too long, and says so", async () => {
    const startedAt = Date.now();
    const result = await run("sleep", ["30"], { timeoutSeconds: 0.3 });
    expect(result).toMatchObject({ code: undefined, timedOut: true });
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });

  it("tells a program that is missing from one that fails", async () => {
    expect(await run("no-such-program-4711", [], { timeoutSeconds: 5 })).toMatchObject({ missing: true });
    await expect(mustRun("Unpacking", "no-such-program-4711", [], { timeoutSeconds: 5 })).rejects.toThrow(
      "Unpacking failed: there is no no-such-program-4711 on this machine.",
    );
  });
});

describe("explainFailure", () => {
  const failure = { code: 1, timedOut: false, missing: false, stdout: "" };

  it.each([
    ["npm error code ENOSPC", "the disk is full"],
    ["tar: write error: No space left on device", "the disk is full"],
    ["npm error request failed, reason: getaddrinfo ENOTFOUND registry", "could not be reached"],
    ["E: Temporary failure resolving 'mirror'", "could not be reached"],
    ["dial tcp: lookup proxy: no such host", "could not be reached"],
    ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "not trusted here"],
    ["npm error code EACCES", "may not write where it must"],
    ["tls: failed to verify certificate: x509: certificate signed by unknown authority", "not trusted here"],
  ])("%s", (stderr, expected) => {
    expect(explainFailure({ ...failure, stderr })).toContain(expected);
  });

  it("keeps quiet where the output tells nothing", () => {
    expect(explainFailure({ ...failure, stderr: "segmentation fault" })).toBeUndefined();
  });
});
