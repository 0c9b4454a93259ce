/** Giving a host up, with an `ssh` that only plays one: nothing is sent to any network. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { AskRoute } from "../../../components/hosts/ask-host.ts";
import {
  departedFile,
  leave,
  type DepartedHost,
  type LeaveRequest,
} from "../../../components/hosts/leave-host.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5";
const routes: readonly AskRoute[] = [
  { name: "tunnel", user: "pi", host: "10.200.0.10", hostKey },
  { name: "lan", user: "pi", host: "192.168.4.38", hostKey },
];
const host = "edge-home/lucidia";

let folder: string;
let request: LeaveRequest;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-leave-"));
  request = { host, routes, folder: join(folder, "departed") };
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** The first on PATH from now on; `$ADDRESS` is the host's, `$COMMAND` what it is to run. */
function playSsh(script: string): void {
  const program = `#!/bin/sh
for last; do destination=$COMMAND; COMMAND=$last; done
ADDRESS=\${destination#*@}
echo "$ADDRESS $COMMAND" >>"$FOLDER/calls"
${script}
`;
  writeFileSync(join(folder, "ssh"), program);
  chmodSync(join(folder, "ssh"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH ?? ""}`);
  vi.stubEnv("FOLDER", folder);
}

const calls = (): readonly string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
const record = (): DepartedHost =>
  JSON.parse(readFileSync(departedFile(request.folder, host), "utf8")) as DepartedHost;

describe("giving a host up", () => {
  it("is done over the first route that leads there", async () => {
    playSsh(`[ "$ADDRESS" = 192.168.4.38 ] || { echo no route >&2; exit 255; }`);
    expect(await leave(request, 0)).toBe("left");
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["10.200.0.10", "192.168.4.38"]);
    expect(calls()[1]).toContain("reef-agent leave");
    expect(existsSync(request.folder)).toBe(false);
  });

  it("writes down who is out of reach, with what it takes to try again, and leaves no half a file", async () => {
    playSsh("echo no route to $ADDRESS >&2; exit 255");
    expect(await leave(request, 0)).toBe("out of reach");
    expect(record()).toMatchObject({
      format: "roadnet-departed/1",
      host,
      routes,
      begun: false,
      reasons: { tunnel: "no route to 10.200.0.10", lan: "no route to 192.168.4.38" },
    });
    expect(readdirSync(request.folder)).toEqual(["edge-home+lucidia.json"]);
    playSsh("exit 0");
    expect(await leave(request, 0)).toBe("left");
    expect(readdirSync(request.folder)).toEqual([]);
  });

  it("asks on the other routes, and again, where the tunnel went with the rest", async () => {
    playSsh(`if [ -e "$FOLDER/gone" ]; then [ "$ADDRESS" = 192.168.4.38 ] && [ -e "$FOLDER/twice" ] && exit 0
      touch "$FOLDER/twice"; exit 255; fi
      echo leaving; touch "$FOLDER/gone"; exit 255`);
    expect(await leave(request, 0)).toBe("left");
    expect(calls().length).toBeGreaterThan(2);
  });

  it("says that a host had begun whom nobody sees again", async () => {
    playSsh(`[ "$ADDRESS" = 10.200.0.10 ] && [ ! -e "$FOLDER/gone" ] || exit 255
      echo leaving; touch "$FOLDER/gone"; exit 255`);
    expect(await leave(request, 0)).toBe("out of reach");
    expect(record().begun).toBe(true);
    expect(calls()).toHaveLength(6);
  });

  it("never fails as a program, and says what came of it", () => {
    playSsh("exit 255");
    const program = fileURLToPath(new URL("../../../components/hosts/leave-host.ts", import.meta.url));
    const run = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", program], {
      input: JSON.stringify(request),
      encoding: "utf8",
    });
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.stdout).toMatch(
      /^edge-home\/lucidia cannot be reached; .*edge-home\+lucidia\.json remembers it/,
    );
  });
});
