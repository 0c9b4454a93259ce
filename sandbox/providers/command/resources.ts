/** The resources and functions of @pulumi/command 1.2.1. */
import { randomBytes } from "node:crypto";
import type { FunctionHandler, Operation, ResourceHandler } from "../shared/shell.ts";
import { checkInputs, diffInputs } from "../shared/table.ts";
import type { ResourceTable } from "../shared/table.ts";
import { equal, reveal } from "../shared/values.ts";
import type { ValueMap } from "../shared/values.ts";
import { copyPlainFile, copySource, refuseSource } from "./copy.ts";
import type { RemoteFiles } from "./copy.ts";
import { connection, flag, logging, requiredText, text, textMap, texts } from "./inputs.ts";
import { runLocal } from "./local.ts";
import type { LocalRun } from "./local.ts";
import { runRemote } from "./remote.ts";
import type { OpenHost } from "./remote.ts";
import { copyFile, copyToRemote, localCommand, localRun, remoteCommand } from "./tables.ts";

/** The official ids: the resource's name and eight hexadecimal digits. */
function newId(name: string): string {
  return name + randomBytes(4).toString("hex");
}

/** What the last create or update printed, for the next one's environment. */
function previousOutput(inputs: ValueMap, state: ValueMap): Record<string, string> {
  if (flag(inputs, "addPreviousOutputInEnv") === false) return {};
  const stdout = text(state, "stdout") ?? "";
  const stderr = text(state, "stderr") ?? "";
  return {
    ...(stdout !== "" && { PULUMI_COMMAND_STDOUT: stdout }),
    ...(stderr !== "" && { PULUMI_COMMAND_STDERR: stderr }),
  };
}

type RunCommand = (
  command: string,
  inputs: ValueMap,
  state: ValueMap,
  operation: Operation,
) => Promise<ValueMap>;

/** The life of a command resource, the same for local and remote ones (`commandController.go` of either). */
function commandHandler(table: ResourceTable, empty: ValueMap, run: RunCommand): ResourceHandler {
  const outputs = Object.keys(table.properties).filter(
    (key) => table.properties[key]?.presence === "computed",
  );
  return {
    table,
    check: (inputs) => checkInputs(table, inputs, { defaults: true }),
    diff: (state, inputs) => diffInputs(table, state, inputs),
    create: async (operation, inputs) => {
      const command = text(inputs, "create");
      const printed =
        command === undefined ? empty : { ...empty, ...(await run(command, inputs, {}, operation)) };
      return { id: newId(operation.name), state: { ...inputs, ...printed } };
    },
    update: async (operation, _id, state, inputs) => {
      const command = text(inputs, "update") ?? text(inputs, "create");
      const kept = Object.fromEntries(Object.entries(state).filter(([key]) => outputs.includes(key)));
      const printed = command === undefined ? {} : await run(command, inputs, state, operation);
      return { ...inputs, ...empty, ...kept, ...printed };
    },
    delete: async (operation, _id, state) => {
      const command = text(state, "delete");
      if (command !== undefined) await run(command, state, state, operation);
    },
  };
}

export function remoteCommandHandler(open: OpenHost): ResourceHandler {
  return commandHandler(
    remoteCommand,
    { stdout: "", stderr: "" },
    async (command, inputs, state, operation) => ({
      ...(await runRemote(
        open,
        {
          command,
          connection: connection(inputs),
          stdin: text(inputs, "stdin") ?? "",
          environment: textMap(inputs, "environment"),
          previousOutput: previousOutput(inputs, state),
          logging: logging(inputs),
        },
        operation,
      )),
    }),
  );
}

function localRunOf(command: string, inputs: ValueMap, previous: Record<string, string>): LocalRun {
  return {
    command,
    interpreter: texts(inputs, "interpreter"),
    folder: text(inputs, "dir"),
    stdin: text(inputs, "stdin") ?? "",
    environment: { ...textMap(inputs, "environment"), ...previous },
    logging: logging(inputs),
    assetPaths: texts(inputs, "assetPaths"),
    archivePaths: texts(inputs, "archivePaths"),
  };
}

const localCommandHandler = commandHandler(
  localCommand,
  { stdout: "", stderr: "" },
  (command, inputs, state, operation) =>
    runLocal(localRunOf(command, inputs, previousOutput(inputs, state)), operation),
);

async function withFiles(
  open: OpenHost,
  inputs: ValueMap,
  operation: Operation,
  use: (files: RemoteFiles) => Promise<void>,
): Promise<void> {
  const host = await open(connection(inputs), operation);
  try {
    await use(await host.files());
  } finally {
    host.close();
  }
}

function copyToRemoteHandler(open: OpenHost): ResourceHandler {
  const copy = (inputs: ValueMap, operation: Operation) =>
    withFiles(open, inputs, operation, (files) =>
      copySource(files, reveal(inputs.source ?? null), requiredText(inputs, "remotePath")),
    );
  return {
    table: copyToRemote,
    check: (values) => {
      const { inputs, failures } = checkInputs(copyToRemote, values, { defaults: true });
      const refusal = refuseSource(reveal(inputs.source ?? null));
      return { inputs, failures: refusal === undefined ? failures : [...failures, refusal] };
    },
    diff: (state, inputs) => diffInputs(copyToRemote, state, inputs),
    create: async (operation, inputs) => {
      await copy(inputs, operation);
      return { id: newId(""), state: inputs };
    },
    update: async (operation, _id, state, inputs) => {
      // A changed connection alone copies nothing, as in the official provider.
      const moved = !equal(reveal(state.source ?? null), reveal(inputs.source ?? null));
      if (moved || text(state, "remotePath") !== text(inputs, "remotePath")) await copy(inputs, operation);
      return inputs;
    },
  };
}

function copyFileHandler(open: OpenHost): ResourceHandler {
  return {
    table: copyFile,
    check: (inputs) => checkInputs(copyFile, inputs, { defaults: true }),
    diff: (state, inputs) => diffInputs(copyFile, state, inputs),
    create: async (operation, inputs) => {
      await withFiles(open, inputs, operation, (files) =>
        copyPlainFile(files, requiredText(inputs, "localPath"), requiredText(inputs, "remotePath")),
      );
      return { id: newId(""), state: inputs };
    },
  };
}

/** All resource types, on hosts that `open` reaches. */
export function commandResources(open: OpenHost): readonly ResourceHandler[] {
  return [remoteCommandHandler(open), copyToRemoteHandler(open), copyFileHandler(open), localCommandHandler];
}

const runFunction: FunctionHandler = {
  token: localRun.token,
  invoke: async (operation, values) => {
    const { inputs, failures } = checkInputs(localRun, values, { defaults: true });
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
    const printed = await runLocal(localRunOf(requiredText(inputs, "command"), inputs, {}), operation);
    return { ...inputs, ...printed };
  },
};

export const commandFunctions: readonly FunctionHandler[] = [runFunction];
