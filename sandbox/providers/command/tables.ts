/**
 * The properties of @pulumi/command 1.2.1's resources and functions.
 *
 * Source: pulumi/pulumi-command v1.2.1, `provider/pkg/provider/{common,local,remote}/*.go`, whose field tags say
 * what is optional, secret and replacing, and `provider/cmd/pulumi-resource-command/schema.json`.
 */
import type { PropertyRule, PropertyTable, ResourceTable } from "../shared/table.ts";
import type { Value } from "../shared/values.ts";

const loggingModes = ["stdout", "stderr", "stdoutAndStderr", "none"];

const optional = (type: PropertyRule["type"]): PropertyRule => ({ type, presence: "optional" });
const required = (type: PropertyRule["type"]): PropertyRule => ({ type, presence: "required" });
const computed = (type: PropertyRule["type"]): PropertyRule => ({ type, presence: "computed" });

const logging: PropertyRule = {
  ...optional("string"),
  refuse: (value: Value) =>
    typeof value === "string" && loggingModes.includes(value)
      ? undefined
      : `logging must be one of ${loggingModes.join(", ")}`,
};

const endpoint: PropertyTable = {
  host: required("string"),
  user: { ...optional("string"), default: "root" },
  port: { ...optional("number"), default: 22 },
  password: { ...optional("string"), secret: true },
  privateKey: { ...optional("string"), secret: true },
  privateKeyPassword: { ...optional("string"), secret: true },
  agentSocketPath: optional("string"),
  dialErrorLimit: { ...optional("integer"), default: 10 },
  perDialTimeout: { ...optional("integer"), default: 15 },
  hostKey: optional("string"),
};

const connection: PropertyRule = {
  type: { object: { ...endpoint, proxy: optional({ object: endpoint }) } },
  presence: "required",
  secret: true,
};

const triggers: PropertyRule = { ...optional({ listOf: "any" }), replaces: true };

const lifecycle: PropertyTable = {
  triggers,
  create: optional("string"),
  update: optional("string"),
  delete: optional("string"),
};

const output: PropertyTable = { stdout: computed("string"), stderr: computed("string") };

const localBase: PropertyTable = {
  stdin: optional("string"),
  logging,
  interpreter: optional({ listOf: "string" }),
  dir: optional("string"),
  environment: optional({ mapOf: "string" }),
  assetPaths: optional({ listOf: "string" }),
  archivePaths: optional({ listOf: "string" }),
  addPreviousOutputInEnv: optional("boolean"),
};

const localOutput: PropertyTable = {
  ...output,
  assets: computed({ mapOf: "asset-or-archive" }),
  archive: computed("asset-or-archive"),
};

export const remoteCommand: ResourceTable = {
  token: "command:remote:Command",
  source: "provider/pkg/provider/remote/command.go",
  properties: {
    ...lifecycle,
    stdin: optional("string"),
    logging,
    connection,
    environment: optional({ mapOf: "string" }),
    addPreviousOutputInEnv: optional("boolean"),
    ...output,
  },
};

export const copyToRemote: ResourceTable = {
  token: "command:remote:CopyToRemote",
  source: "provider/pkg/provider/remote/copy.go",
  properties: {
    connection,
    triggers,
    source: required("asset-or-archive"),
    remotePath: required("string"),
  },
};

/** Without an update of its own: every change replaces. */
export const copyFile: ResourceTable = {
  token: "command:remote:CopyFile",
  source: "provider/pkg/provider/remote/copyfile.go",
  properties: {
    connection: { ...connection, replaces: true },
    triggers,
    localPath: { ...required("string"), replaces: true },
    remotePath: { ...required("string"), replaces: true },
  },
};

export const localCommand: ResourceTable = {
  token: "command:local:Command",
  source: "provider/pkg/provider/local/command.go",
  properties: { ...lifecycle, ...localBase, ...localOutput },
};

/** A function, not a resource; its table serves to check the arguments. */
export const localRun: ResourceTable = {
  token: "command:local:run",
  source: "provider/pkg/provider/local/run.go",
  properties: { ...localBase, command: required("string"), ...localOutput },
};
