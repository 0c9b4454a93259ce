/** local.Command and the function local.run. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { overSsh } from "../../../sandbox/providers/command/remote.ts";
import { commandFunctions, commandResources } from "../../../sandbox/providers/command/resources.ts";
import { Opaque, isMap } from "../../../sandbox/providers/shared/values.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { create, eventually, failure, newOperation } from "./run.ts";

function localCommands() {
  const found = commandResources(overSsh()).find(({ table }) => table.token === "command:local:Command");
  if (found === undefined) throw new Error("there is no local.Command");
  return found;
}
const commands = localCommands();

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "roadnet-local-"));
  onTestFinished(() => {
    rmSync(made, { recursive: true });
  });
  return made;
}

async function run(inputs: ValueMap): Promise<ValueMap> {
  const [found] = commandFunctions;
  if (found === undefined) throw new Error("there is no local.run");
  return found.invoke(newOperation(), inputs);
}

test("a command has input, variables, a folder and an interpreter", async () => {
  const dir = folder();
  const { id, state } = await create(commands, {
    create: "cat; pwd; echo $A; echo aside >&2",
    stdin: "in\n",
    dir,
    environment: { A: "b" },
  });
  expect(id).toMatch(/^say[0-9a-f]{8}$/);
  expect(state).toMatchObject({ stdout: `in\n${dir}\nb`, stderr: "aside" });
  const other = await create(commands, {
    create: "console.log(1 + 1)",
    interpreter: [process.execPath, "-e"],
  });
  expect(other.state.stdout).toBe("2");
});

test("update and delete see what was printed before", async () => {
  const file = join(folder(), "seen");
  const inputs = {
    create: "echo one",
    update: "echo two $PULUMI_COMMAND_STDOUT",
    delete: `echo "$PULUMI_COMMAND_STDOUT" >'${file}'`,
  };
  const { id, state } = await create(commands, inputs);
  const updated = await commands.update?.(newOperation(), id, state, inputs);
  expect(updated?.stdout).toBe("two one");
  await commands.delete?.(newOperation(), id, updated ?? {});
  expect(readFileSync(file, "utf8")).toBe("two one\n");
});

test("failures are told in Go's words", async () => {
  const failed = (inputs: ValueMap) => failure(create(commands, inputs));
  expect(await failed({ create: "echo out; exit 4", stdin: "s3cret" })).toBe(
    'exit status 4: running "echo out; exit 4":\nout\n',
  );
  expect(await failed({ create: "kill -KILL $$" })).toBe('signal: killed: running "kill -KILL $$":\n');
  expect(await failed({ create: "true", dir: "/nowhere" })).toBe(
    'chdir /nowhere: no such file or directory: running "true":\n',
  );
  expect(await failed({ create: "x", interpreter: ["no-such-program"] })).toContain(
    'exec: "no-such-program": executable file not found in $PATH',
  );
  expect(await failed({ create: "x", interpreter: ["/no/program"] })).toContain(
    "fork/exec /no/program: no such file or directory",
  );
});

test("nothing that a command started outlives a cancelled update", async () => {
  const file = join(folder(), "pid");
  const operation = newOperation();
  const command = `sh -c 'echo $$ >${file}.new; mv ${file}.new ${file}; sleep 60; true' & wait; true`;
  const running = failure(create(commands, { create: command }, operation));
  await eventually(() => existsSync(file));
  const pid = Number(readFileSync(file, "utf8"));
  operation.controller.abort(new Error("context canceled"));
  expect(await running).toContain("context canceled");
  await eventually(() => !existsSync(`/proc/${pid}`));
});

test("files become assets, and an archive of assets", async () => {
  const dir = folder();
  writeFileSync(join(dir, "b.bin"), "bb");
  const { state } = await create(commands, {
    create: "printf a >a.txt; mkdir d; printf c >d/c.txt",
    dir,
    assetPaths: ["*", "!*.bin"],
    archivePaths: ["**"],
  });
  const assets = isMap(state.assets) ? state.assets : {};
  expect(Object.keys(assets)).toEqual(["a.txt"]);
  expect(assets["a.txt"]).toEqual(
    new Opaque("asset", {
      path: join(dir, "a.txt"),
      hash: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    }),
  );
  const archive = state.archive instanceof Opaque ? state.archive.fields.assets : undefined;
  expect(Object.keys(isMap(archive) ? archive : {})).toEqual(["a.txt", "b.bin", "d/c.txt"]);
});

test("local.run runs at once and returns its arguments too", async () => {
  expect(await run({ command: "echo $A", environment: { A: "x" } })).toEqual({
    command: "echo $A",
    environment: { A: "x" },
    stdout: "x",
    stderr: "",
  });
  expect(await failure(run({}))).toBe("Missing required property 'command'");
  expect(await failure(run({ command: "exit 1" }))).toContain("exit status 1");
});
