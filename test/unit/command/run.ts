/** What the tests of remote and local commands have in common. */
import { onTestFinished } from "vitest";
import { overSsh } from "../../../sandbox/providers/command/remote.ts";
import type { RemoteOptions } from "../../../sandbox/providers/command/remote.ts";
import { remoteCommandHandler } from "../../../sandbox/providers/command/resources.ts";
import type { Operation, ResourceHandler } from "../../../sandbox/providers/shared/shell.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { newSshKey, startHost } from "./ssh-host.ts";
import type { HostOptions, TestHost } from "./ssh-host.ts";

/** The operator's key, which every {@link host} accepts. */
export const login = newSshKey();

/** The official back-off, but in a hurry; and no agent. */
export const quick: Partial<RemoteOptions> = {
  environment: {},
  backOff: { firstMilliseconds: 5, factor: 1.5, mostMilliseconds: 20 },
};

export const commands = remoteCommandHandler(overSsh(quick));

/** A host that ends with the test. */
export async function host(options: HostOptions = {}): Promise<TestHost> {
  const started = await startHost({ authorizedKeys: [login.public], ...options });
  onTestFinished(() => started.close());
  return started;
}

export function connection(to: TestHost, more: ValueMap = {}): ValueMap {
  return {
    host: "127.0.0.1",
    port: to.port,
    user: "operator",
    hostKey: to.hostKey,
    privateKey: login.private,
    ...more,
  };
}

export function without(key: string, values: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(values).filter(([each]) => each !== key));
}

export interface TestOperation extends Operation {
  readonly lines: string[];
  readonly controller: AbortController;
}

export function newOperation(): TestOperation {
  const lines: string[] = [];
  const controller = new AbortController();
  return {
    urn: "urn:pulumi:s::p::command:remote:Command::say",
    name: "say",
    signal: controller.signal,
    controller,
    lines,
    log: (severity, message) => {
      lines.push(`${severity} ${message}`);
    },
  };
}

/** Creates a resource from inputs that must pass the check. */
export async function create(
  handler: ResourceHandler,
  inputs: ValueMap,
  operation: Operation = newOperation(),
): Promise<{ readonly id: string; readonly state: ValueMap; readonly inputs: ValueMap }> {
  const checked = handler.check(inputs);
  if (checked.failures.length > 0) throw new Error(checked.failures.map(({ reason }) => reason).join("; "));
  return { ...(await handler.create(operation, checked.inputs)), inputs: checked.inputs };
}

/** Waits until something is so, and fails after five seconds. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 250; tries += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it did not happen within five seconds");
}

export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it succeeded");
}
