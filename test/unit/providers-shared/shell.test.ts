/** The provider protocol, as the engine speaks it to a plugin's process. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { commandFunctions, commandResources } from "../../../sandbox/providers/command/resources.ts";
import { overSsh } from "../../../sandbox/providers/command/remote.ts";
import { createProvider, parseUrn } from "../../../sandbox/providers/shared/shell.ts";
import { randomResources } from "../../../sandbox/providers/random/resources.ts";
import { eventually } from "../command/run.ts";

const log = { write: () => undefined, flush: () => Promise.resolve() };
const urn = (type: string) => `urn:pulumi:s::p::parent:x:Y$${type}::a::b`;

test("a URN holds a type, behind its parents', and a name, which may hold colons", () => {
  expect(parseUrn(urn("m:n:T"))).toEqual({ type: "m:n:T", name: "a::b" });
  expect(() => parseUrn("m:n:T")).toThrow("not the URN");
});

test("types and functions that the official provider lacks are refused by name", async () => {
  const pkg = { name: "random", version: "4.21.2", resources: randomResources, functions: [] };
  const provider = createProvider(pkg, log, new AbortController());
  const type = urn("random:index/randomDice:RandomDice");
  expect(() => provider.check?.(type, {}, {})).toThrow(
    /does not know the resource type 'random:index\/randomDice:RandomDice'; it has random:index\/randomId:RandomId, /,
  );
  await expect(provider.create?.(type, {})).rejects.toThrow("does not know the resource type");
  await expect(provider.invoke?.("random:index:roll", {})).rejects.toThrow("does not know the function");
});

test("a resource goes through check, create, diff and read with its secrets marked", async () => {
  const pkg = { name: "random", version: "4.21.2", resources: randomResources, functions: [] };
  const provider = createProvider(pkg, log, new AbortController());
  const type = urn("random:index/randomBytes:RandomBytes");
  const checked = await provider.check?.(type, {}, { length: 3 });
  expect(checked).toEqual({ inputs: { length: 3 }, failures: [] });
  const created = await provider.create?.(type, { length: 3 });
  const outs = created?.outs as Record<string, { value: string }>;
  expect(outs.hex).toMatchObject({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  });
  expect(await provider.diff?.("id", type, outs, { length: 4 })).toEqual({
    changes: true,
    replaces: ["length"],
  });
  expect(await provider.read?.("id", type, outs)).toMatchObject({ id: "id", props: outs });
});

test("cancelling ends what runs and refuses what comes", async () => {
  const pkg = {
    name: "command",
    version: "1.2.1",
    resources: commandResources(overSsh()),
    functions: commandFunctions,
  };
  const provider = createProvider(pkg, log, new AbortController());
  const running = provider.invoke?.("command:local:run", { command: "sleep 60" });
  setTimeout(() => void provider.cancel?.(), 50);
  await expect(running).rejects.toThrow("context canceled");
  await expect(provider.invoke?.("command:local:run", { command: "true" })).rejects.toThrow(
    "context canceled",
  );
});

test.each(["command", "tls", "random"])(
  "the plugin %s says its port, and does not outlive the engine",
  async (name) => {
    const main = resolve(import.meta.dirname, "../../../sandbox/providers", name, "main.ts");
    // The shell plays the engine: it starts the plugin and is then killed.
    const engine = spawn(
      "sh",
      ["-c", `"$0" --disable-warning=ExperimentalWarning "$1" & echo $!; wait`, process.execPath, main],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    onTestFinished(() => {
      engine.kill("SIGKILL");
    });
    const lines: string[] = [];
    createInterface(engine.stdout).on("line", (line) => lines.push(line));
    await eventually(() => lines.length === 2);
    expect(lines[1]).toMatch(/^\d+$/);
    const pid = Number(lines[0]);
    onTestFinished(() => {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Gone, as it should be.
      }
    });
    const plugin = `/proc/${pid}`;
    expect(existsSync(plugin)).toBe(true);
    engine.kill("SIGKILL");
    await eventually(() => !existsSync(plugin));
  },
);
