/** The script that waits for a server, with an `ssh-keyscan` that only plays one: nothing is asked of any network. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { scriptCommand } from "../../../components/hosts/command.ts";

/** What each look at the server finds: `+` an answer, `-` none; the last goes on. */
function wait(looks: string, root?: string) {
  const folder = mkdtempSync(join(tmpdir(), "roadnet-await-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const programs = {
    sudo: `shift\nexec "$@"`,
    "ssh-keyscan": `cat
echo "$*" >>"$FOLDER/log"
look=$(wc -l <"$FOLDER/log")
[ "$look" -le "\${#LOOKS}" ] || look=\${#LOOKS}
[ "$(printf %s "$LOOKS" | cut -c "$look")" = - ] || echo "$3 ssh-ed25519 AAAA"`,
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const { commandLine, stdin } = scriptCommand("await", [], "10.0.10.11\n");
  const { status, stderr } = spawnSync("/bin/sh", ["-c", commandLine], {
    input: stdin,
    encoding: "utf8",
    timeout: 15_000,
    env: {
      PATH: `${folder}:/usr/bin:/bin`,
      FOLDER: folder,
      LOOKS: looks,
      ROADNET_PAUSE_SECONDS: "0",
      ...(root === undefined ? {} : { ROADNET_ROOT: root }),
    },
  });
  const log = join(folder, "log");
  return { status, stderr, looks: existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [] };
}

describe("await.sh", () => {
  it("ends when the server has answered twice in a row", () => {
    expect(wait("+")).toEqual({ status: 0, stderr: "", looks: Array(2).fill("-T 5 10.0.10.11") });
    expect(wait("---+-++").looks).toHaveLength(7);
  });

  it("gives up after 120 looks, with the address", () => {
    const { status, stderr, looks } = wait("-");
    expect(status).toBe(1);
    expect(stderr).toBe("error: the SSH server of 10.0.10.11 has not answered 120 times\n");
    expect(looks).toHaveLength(120);
  });

  it("does not wait for a host made of files", () => {
    expect(wait("-", "/nowhere")).toEqual({ status: 0, stderr: "", looks: [] });
  });
});
