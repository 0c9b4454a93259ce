/** remote.Command against an SSH server on 127.0.0.1: what it runs, and its life as a resource. */
import { describe, expect, test } from "vitest";
import { Secret, reveal } from "../../../sandbox/providers/shared/values.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { commands, connection, create, eventually, failure, host, newOperation } from "./run.ts";
import type { TestHost } from "./ssh-host.ts";

describe("a command", () => {
  test("gets its input, and its output loses one line break", async () => {
    const to = await host();
    const operation = newOperation();
    const { id, state } = await create(
      commands,
      { connection: connection(to), create: "cat; echo; echo; echo aside >&2", stdin: "in\n" },
      operation,
    );
    expect(id).toMatch(/^say[0-9a-f]{8}$/);
    expect(state).toMatchObject({ stdout: "in\n\n", stderr: "aside" });
    expect(to.seen.stdin).toEqual(["in\n"]);
    expect(operation.lines.sort()).toEqual(["info ", "info ", "info aside", "info in"]);
    await eventually(() => to.open.size === 0);
  });

  test.each([
    ["none", []],
    ["stdout", ["info out"]],
    ["stderr", ["info err"]],
    ["stdoutAndStderr", ["info err", "info out"]],
  ])("with logging %s", async (logging, lines) => {
    const operation = newOperation();
    const to = await host();
    await create(
      commands,
      { connection: connection(to), create: "echo out; echo err >&2", logging },
      operation,
    );
    expect(operation.lines.sort()).toEqual(lines);
  });

  test("that fails shows itself and all its output, but not its input", async () => {
    const to = await host();
    const command = `echo "out"; echo err >&2; exit 3`;
    const text = await failure(
      create(commands, { connection: connection(to), create: command, stdin: "s3cret" }),
    );
    expect(text).toMatch(
      /^Process exited with status 3: running "echo \\"out\\"; echo err >&2; exit 3":\n(?:out\nerr|err\nout)\n$/,
    );
    await eventually(() => to.open.size === 0);
  });

  test("that a signal ends says which", async () => {
    const to = await host();
    const text = await failure(create(commands, { connection: connection(to), create: "kill -TERM $$" }));
    expect(text).toBe(`Process exited with status 143 from signal TERM: running "kill -TERM $$":\n`);
  });

  test("may print megabytes to both streams and never read its input", async () => {
    const to = await host();
    const create3Megabytes = "head -c 3000000 /dev/zero | tr '\\0' x";
    const { state } = await create(commands, {
      connection: connection(to),
      create: `${create3Megabytes}; ${create3Megabytes} >&2`,
      stdin: "y".repeat(3_000_000),
      logging: "none",
    });
    expect(state.stdout).toHaveLength(3_000_000);
    expect(state.stderr).toHaveLength(3_000_000);
  });

  test("runs beside many others, each on a connection of its own", async () => {
    const to = await host();
    const states = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        create(commands, { connection: connection(to), create: `sleep 0.2; echo ${index}` }),
      ),
    );
    expect(states.map(({ state }) => state.stdout)).toEqual(states.map((_, index) => String(index)));
    expect(to.seen.connections).toBe(20);
    await eventually(() => to.open.size === 0);
  });

  test("ends with the update", async () => {
    const to = await host();
    const operation = newOperation();
    const running = failure(create(commands, { connection: connection(to), create: "sleep 60" }, operation));
    await eventually(() => to.seen.commands.length === 1);
    const started = Date.now();
    operation.controller.abort(new Error("context canceled"));
    expect(await running).toContain("context canceled");
    expect(Date.now() - started).toBeLessThan(2_000);
    await eventually(() => to.open.size === 0);
  });
});

describe("its variables", () => {
  test("are refused together with the command where the host does not accept them", async () => {
    const to = await host({ acceptEnvironment: ["LANG"] });
    const inputs = { connection: connection(to), create: "echo $LANG" };
    const { state } = await create(commands, { ...inputs, environment: { LANG: "C.UTF-8" } });
    expect(state.stdout).toBe("C.UTF-8");
    const operation = newOperation();
    expect(await failure(create(commands, { ...inputs, environment: { OTHER: "1" } }, operation))).toBe(
      'could not set environment variable "OTHER": ssh: setenv failed',
    );
    expect(to.seen.commands).toEqual(["echo $LANG"]);
    expect(operation.lines.join("\n")).toContain("error Unable to set 'OTHER'");
  });

  test("of the output before are worth a warning only", async () => {
    const accepting = await host({ acceptEnvironment: ["PULUMI_COMMAND_STDOUT", "PULUMI_COMMAND_STDERR"] });
    const refusing = await host();
    const said = async (to: TestHost, more: ValueMap = {}) => {
      const inputs = {
        connection: connection(to),
        create: "echo one",
        update: "echo was $PULUMI_COMMAND_STDOUT",
        ...more,
      };
      const first = await create(commands, inputs);
      const operation = newOperation();
      const state = await commands.update?.(operation, first.id, first.state, {
        ...first.inputs,
        stdin: "changed",
      });
      return [state?.stdout, operation.lines.filter((line) => line.startsWith("warning")).length];
    };
    expect(await said(accepting)).toEqual(["was one", 0]);
    expect(await said(refusing)).toEqual(["was", 1]);
    expect(await said(accepting, { addPreviousOutputInEnv: false })).toEqual(["was", 0]);
  });
});

describe("the life of a resource", () => {
  test("create, update, delete", async () => {
    const to = await host();
    const inputs = { connection: connection(to), create: "echo made", delete: "echo gone" };
    const { id, state, inputs: checked } = await create(commands, inputs);
    expect(commands.diff(state, checked)).toEqual({ changed: [], replaces: [] });
    // Without an update command, the create command runs again.
    const again = await commands.update?.(newOperation(), id, state, { ...checked, stdin: "x" });
    expect(again).toMatchObject({ stdout: "made", stdin: "x" });
    await commands.delete?.(newOperation(), id, state);
    expect(to.seen.commands).toEqual(["echo made", "echo made", "echo gone"]);
  });

  test("without any command nothing is dialled", async () => {
    const { state } = await create(commands, { connection: { host: "host.invalid" } });
    expect(state).toMatchObject({ stdout: "", stderr: "" });
    await commands.delete?.(newOperation(), "id", state);
  });

  test("triggers replace, everything else updates", async () => {
    const to = await host();
    const { state, inputs } = await create(commands, {
      connection: connection(to),
      create: "true",
      triggers: [1, { a: ["x"] }],
    });
    const changes: Readonly<Record<string, ValueMap[string]>> = {
      create: "false",
      update: "u",
      delete: "d",
      stdin: "s",
      logging: "none",
      environment: { A: "1" },
      addPreviousOutputInEnv: false,
      connection: new Secret({ ...(reveal(inputs.connection ?? null) as ValueMap), user: "other" }),
    };
    for (const [key, value] of Object.entries(changes)) {
      expect(commands.diff(state, { ...inputs, [key]: value })).toEqual({ changed: [key], replaces: [] });
    }
    const { triggers } = inputs;
    expect(commands.diff(state, { ...inputs, triggers: [2, { a: ["x"] }] }).replaces).toEqual(["triggers"]);
    expect(commands.diff(state, { ...inputs, triggers: [1, { a: ["x"] }] }).changed).toEqual([]);
    expect(triggers).toBeDefined();
  });

  test("connections become secret and get their defaults", () => {
    const { inputs, failures } = commands.check({ connection: { host: "h", proxy: { host: "p" } } });
    expect(failures).toEqual([]);
    expect(inputs.connection).toBeInstanceOf(Secret);
    const defaults = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };
    expect(reveal(inputs.connection ?? null)).toEqual({
      ...defaults,
      host: "h",
      proxy: { ...defaults, host: "p" },
    });
  });

  test("what is wrong is said of every property", () => {
    const { failures } = commands.check({
      connection: { port: "22", hots: "h" },
      create: 1,
      logging: "loud",
      stdinn: "x",
    });
    expect(failures.map(({ property }) => property).sort()).toEqual([
      "connection.host",
      "connection.hots",
      "connection.port",
      "create",
      "logging",
      "stdinn",
    ]);
    expect(commands.check({}).failures[0]?.reason).toBe("Missing required property 'connection'");
  });
});
