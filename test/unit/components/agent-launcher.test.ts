/** The script that runs the uploaded agent: only a whole one, of the right sum, wherever it was cut off before. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { scriptCommand } from "../../../components/hosts/command.ts";
import { ScriptHost, type Run } from "./script-host.ts";

/** What is uploaded here is never run: a host made of files has an agent of its own, on the PATH. */
const agent = "an agent\n".repeat(1000);
const sha256 = createHash("sha256").update(agent).digest("hex");
const upload = "root/home/admin/reef-agent.upload";
const installed = `root/var/lib/reef-agent/run-${sha256}`;

let host: ScriptHost;
const makeHost = (): ScriptHost => {
  const made = new ScriptHost();
  made.program("reef-agent", `echo "ran $*"; cat`);
  made.write(upload, agent);
  return made;
};
const command = (document = '{"a":1}\n', ...words: readonly string[]) =>
  scriptCommand("agent", [sha256, "/home/admin/reef-agent.upload", ...words], document);
const apply = command('{"a":1}\n', "apply", "--json", "--number", "7");
const launch = (cutAt?: number): Run => host.run(apply, cutAt);

beforeEach(() => {
  host = makeHost();
});
afterEach(() => {
  host.remove();
});

describe("agent.sh", () => {
  it("puts the upload where only root gets at it, and runs it with its arguments and all of its standard input", () => {
    const run = launch();
    expect(run).toMatchObject({ status: 0, stderr: "", stdout: 'ran apply --json --number 7\n{"a":1}\n' });
    expect(host.snapshot()[installed]).toBe(`700 ${agent}`);
    expect(Object.keys(host.snapshot()).filter((path) => path.includes("run.new"))).toEqual([]);
  });

  it("hands on a document of any size, with anything in it", () => {
    const document = `${JSON.stringify({ text: `$HOME \`id\` 'EOF' "\\ %s\n${"x".repeat(300_000)}` })}\n`;
    expect(host.run(command(document, "plan")).stdout).toBe(`ran plan\n${document}`);
  });

  it("needs the upload once only", () => {
    launch();
    host.delete(upload);
    expect(launch()).toMatchObject({ status: 0, stdout: 'ran apply --json --number 7\n{"a":1}\n' });
  });

  it.each([
    ["missing", undefined],
    ["empty", ""],
    ["cut short", agent.slice(0, -1)],
    ["another program", agent.replace("an", "no")],
  ])("refuses an upload that is %s, runs nothing, and says what helps", (_, content) => {
    host.delete(upload);
    if (content !== undefined) host.write(upload, content);
    const run = launch();
    expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 1, stdout: "" });
    expect(run.stderr).toContain(
      "error: the agent's upload /home/admin/reef-agent.upload is missing or damaged",
    );
    expect(run.stderr).toContain("pulumi up --replace");
    expect(host.exists(installed)).toBe(false);
    host.write(upload, agent);
    expect(launch().status).toBe(0);
  });

  it("takes a new upload beside the old one", () => {
    launch();
    const newer = createHash("sha256").update("newer\n").digest("hex");
    host.write(upload, "newer\n");
    const { status } = host.run(scriptCommand("agent", [newer, "/home/admin/reef-agent.upload", "csr"], ""));
    expect(status).toBe(0);
    expect(host.exists(installed)).toBe(true);
    expect(host.read(`root/var/lib/reef-agent/run-${newer}`)).toBe("newer\n");
  });

  it("takes the installed agent where any will do", () => {
    host.delete(upload);
    const request = scriptCommand("agent", ["any", "/home/admin/reef-agent.upload", "csr"], '{"key":"/k"}\n');
    expect(host.run(request)).toMatchObject({ status: 0, stderr: "", stdout: 'ran csr\n{"key":"/k"}\n' });
    expect(host.calls).toBe(0);
  });

  it("ends with the agent's exit code", () => {
    host.program("reef-agent", "exit 4");
    expect(launch().status).toBe(4);
  });

  it("refuses to be called without a command", () => {
    const { status, stderr } = host.run(scriptCommand("agent", [sha256, "/x"], ""));
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "error: usage: agent.sh SHA256|any UPLOAD COMMAND [ARGUMENT …]\n",
    });
  });

  it("never leaves a part of an agent where one is run, wherever it was cut off", { timeout: 60_000 }, () => {
    launch();
    const steps = host.calls;
    expect(steps).toBeGreaterThanOrEqual(3);
    for (let step = 1; step <= steps; step += 1) {
      host.remove();
      host = makeHost();
      const cut = launch(step);
      expect(cut.stdout, `cut off before step ${step}`).toBe("");
      if (host.exists(installed)) expect(host.read(installed)).toBe(agent);
      // What was half written is not taken for an agent later on.
      host.write("root/var/lib/reef-agent/run.new", "half an ag");
      expect(launch().status).toBe(0);
      expect(host.snapshot()[installed]).toBe(`700 ${agent}`);
    }
  });
});

describe("scriptCommand", () => {
  it("refuses arguments that would need quoting, and payloads without a line break at their end", () => {
    expect(() => scriptCommand("agent", ["$(id)"], "")).toThrow('the argument "$(id)" would need quoting');
    expect(() => scriptCommand("agent", ["A"], "")).toThrow("would need quoting");
    expect(() => scriptCommand("agent", [], "x")).toThrow("does not end with a line break");
  });
});
