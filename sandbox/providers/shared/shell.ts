/**
 * The part that all stand-in providers have in common: from Pulumi's provider protocol to one handler per resource
 * type, with cancellation, and without outliving the engine.
 */
import { main } from "@pulumi/pulumi/provider/index.js";
import type { Provider } from "@pulumi/pulumi/provider/index.js";
import { connectEngineLog } from "./engine-log.ts";
import type { EngineLog, Severity } from "./engine-log.ts";
import { whenParentEnds } from "./parent.ts";
import { decodeMap, encodeMap } from "./values.ts";
import type { ValueMap } from "./values.ts";
import type { CheckFailure, ResourceTable } from "./table.ts";

/** What an operation on one resource may use. */
export interface Operation {
  readonly urn: string;
  readonly name: string;
  /** Aborted when the user cancels the update, and when the engine is gone. */
  readonly signal: AbortSignal;
  log(severity: Severity, message: string, options?: { readonly status?: boolean }): void;
}

export interface ReadResult {
  readonly state: ValueMap;
  readonly inputs: ValueMap;
  /** Where an import names the resource otherwise than its id does. */
  readonly id?: string;
}

export interface ResourceHandler {
  readonly table: ResourceTable;
  check(inputs: ValueMap): { readonly inputs: ValueMap; readonly failures: readonly CheckFailure[] };
  /** `state` is what create or update returned last. */
  diff(
    state: ValueMap,
    inputs: ValueMap,
  ): { readonly changed: readonly string[]; readonly replaces: readonly string[] };
  create(operation: Operation, inputs: ValueMap): Promise<{ readonly id: string; readonly state: ValueMap }>;
  /** Absent where every change replaces. */
  update?(operation: Operation, id: string, state: ValueMap, inputs: ValueMap): Promise<ValueMap>;
  delete?(operation: Operation, id: string, state: ValueMap): Promise<void>;
  /** Absent where there is nothing to look at: a refresh then keeps the state. An empty state asks for an import. */
  read?(id: string, state: ValueMap): Promise<ReadResult | undefined>;
}

export interface FunctionHandler {
  readonly token: string;
  invoke(operation: Operation, inputs: ValueMap): Promise<ValueMap>;
}

export interface ProviderPackage {
  readonly name: string;
  /** The version of the SDK whose plugin this stands in for. */
  readonly version: string;
  readonly resources: readonly ResourceHandler[];
  readonly functions: readonly FunctionHandler[];
}

/** `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME` taken apart. */
export function parseUrn(urn: string): { readonly type: string; readonly name: string } {
  const [, , types, ...name] = urn.split("::");
  if (types === undefined || name.length === 0) throw new Error(`${urn} is not the URN of a resource`);
  return { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
}

function findHandler(pkg: ProviderPackage, urn: string): ResourceHandler {
  const { type } = parseUrn(urn);
  const handler = pkg.resources.find(({ table }) => table.token === type);
  if (handler !== undefined) return handler;
  const known = pkg.resources.map(({ table }) => table.token).join(", ");
  throw new Error(
    `the stand-in provider ${pkg.name} does not know the resource type '${type}'; it has ${known}`,
  );
}

function startOperation(urn: string, log: EngineLog, signal: AbortSignal): Operation {
  return {
    urn,
    name: urn === "" ? "" : parseUrn(urn).name,
    signal,
    log: (severity, message, options) => {
      log.write(severity, urn, message, options);
    },
  };
}

/** The provider protocol over a package's handlers; `cancel` aborts every operation, running or still to come. */
export function createProvider(
  pkg: ProviderPackage,
  log: EngineLog,
  cancellation: AbortController,
): Provider {
  const handlerOf = (urn: string) => findHandler(pkg, urn);
  const operation = (urn: string) => startOperation(urn, log, cancellation.signal);

  return {
    version: pkg.version,
    check: (urn, _olds, news) => {
      const { inputs, failures } = handlerOf(urn).check(decodeMap(news));
      return Promise.resolve({ inputs: encodeMap(inputs), failures: [...failures] });
    },
    diff: (_id, urn, olds, news) => {
      const { changed, replaces } = handlerOf(urn).diff(decodeMap(olds), decodeMap(news));
      return Promise.resolve({ changes: changed.length > 0, replaces: [...replaces] });
    },
    create: async (urn, inputs) => {
      const { id, state } = await handlerOf(urn).create(operation(urn), decodeMap(inputs));
      await log.flush();
      return { id, outs: encodeMap(state) };
    },
    update: async (id, urn, olds, news) => {
      const handler = handlerOf(urn);
      if (handler.update === undefined) throw new Error(`Update is not implemented for resource ${urn}`);
      const state = await handler.update(operation(urn), id, decodeMap(olds), decodeMap(news));
      await log.flush();
      return { outs: encodeMap(state) };
    },
    delete: async (id, urn, state) => {
      await handlerOf(urn).delete?.(operation(urn), id, decodeMap(state));
      await log.flush();
    },
    read: async (id, urn, state) => {
      const handler = handlerOf(urn);
      if (handler.read === undefined) return { id, props: state as unknown };
      const found = await handler.read(id, decodeMap(state));
      if (found === undefined) return { id: "", props: {} };
      return { id: found.id ?? id, props: encodeMap(found.state), inputs: encodeMap(found.inputs) };
    },
    invoke: async (token, inputs) => {
      const handler = pkg.functions.find((candidate) => candidate.token === token);
      if (handler === undefined) {
        throw new Error(`the stand-in provider ${pkg.name} does not know the function '${token}'`);
      }
      const result = await handler.invoke(operation(""), decodeMap(inputs));
      await log.flush();
      return { outputs: encodeMap(result) };
    },
    cancel: () => {
      cancellation.abort(new Error("context canceled"));
      return Promise.resolve();
    },
  };
}

/** How long handlers have to end connections and processes of their own. */
const graceMilliseconds = 1_000;

/** Serves a package to the engine that started this process, until that engine ends it. */
export async function servePackage(pkg: ProviderPackage, argv: readonly string[]): Promise<void> {
  const cancellation = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      cancellation.abort(new Error("context canceled"));
      setTimeout(() => process.exit(1), graceMilliseconds).unref();
    });
  }
  whenParentEnds(() => {
    cancellation.abort(new Error("the engine has ended"));
    setTimeout(() => process.exit(1), graceMilliseconds);
  });
  await main(createProvider(pkg, connectEngineLog(argv), cancellation), [...argv]);
}
