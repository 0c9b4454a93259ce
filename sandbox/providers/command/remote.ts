/** A command on a remote host: `remote/commandOutputs.go` of @pulumi/command 1.2.1. */
import type { Operation } from "../shared/shell.ts";
import { openFiles } from "./copy.ts";
import type { RemoteFiles } from "./copy.ts";
import { dial, standardBackOff } from "./dial.ts";
import type { BackOff } from "./dial.ts";
import { quote } from "./go-text.ts";
import type { Connection, Logging } from "./inputs.ts";
import { OutputCollector } from "./output.ts";
import type { RunResult } from "./output.ts";
import { openSession } from "./session.ts";
import type { Session } from "./session.ts";

export interface RemoteRun {
  readonly connection: Connection;
  readonly command: string;
  readonly stdin: string;
  /** Every variable must be accepted by the host. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables that are worth a warning only when the host refuses them. */
  readonly previousOutput: Readonly<Record<string, string>>;
  readonly logging: Logging;
}

export interface RemoteOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly backOff: BackOff;
}

export interface OpenedHost {
  /** Once only. */
  readonly session: () => Promise<Session>;
  readonly files: () => Promise<RemoteFiles>;
  readonly close: () => void;
}

/** A way to reach a host: over SSH, or as a host made of files. */
export type OpenHost = (connection: Connection, operation: Operation) => Promise<OpenedHost>;

const refusedVariable = (name: string) =>
  `Unable to set '${name}'. This only works if your SSH server is configured to accept
	these variables via AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote host, you could
	prefix the command itself with the variables in the form 'VAR=value command'`;

export function overSsh(options: Partial<RemoteOptions> = {}): OpenHost {
  return async (connection, operation) => {
    const dialled = await dial(connection, {
      signal: operation.signal,
      environment: options.environment ?? process.env,
      backOff: options.backOff ?? standardBackOff,
      retrying: (message) => {
        operation.log("info", message, { status: true });
      },
    });
    // The command's connection ends with the update, so that the host ends the command too.
    const aborted = () => {
      dialled.close();
      dialled.client.destroy();
    };
    operation.signal.addEventListener("abort", aborted, { once: true });
    const close = () => {
      operation.signal.removeEventListener("abort", aborted);
      dialled.close();
    };
    return {
      session: () => openSession(dialled.client),
      files: () => openFiles(dialled.client),
      close,
    };
  };
}

async function setEnvironment(session: Session, run: RemoteRun, operation: Operation): Promise<void> {
  for (const [name, value] of Object.entries(run.environment)) {
    await session.setVariable(name, value).catch((error: unknown) => {
      operation.log("error", refusedVariable(name));
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`could not set environment variable ${quote(name)}: ${reason}`, { cause: error });
    });
  }
  for (const [name, value] of Object.entries(run.previousOutput)) {
    await session.setVariable(name, value).catch(() => {
      operation.log("warning", refusedVariable(name));
    });
  }
}

/**
 * Runs a command and returns what it printed. An error's text holds the command and everything that it printed,
 * but never its input.
 */
export async function runRemote(open: OpenHost, run: RemoteRun, operation: Operation): Promise<RunResult> {
  const host = await open(run.connection, operation);
  const output = new OutputCollector(run.logging, (line) => {
    operation.log("info", line, { status: true });
  });
  try {
    const session = await host.session();
    await setEnvironment(session, run, operation);
    try {
      await session.run(run.command, run.stdin, output);
    } catch (error) {
      const reason = operation.signal.aborted ? "context canceled" : (error as Error).message;
      throw new Error(`${reason}: running ${quote(run.command)}:\n${output.combined}`, { cause: error });
    }
  } finally {
    output.finish();
    host.close();
  }
  return output.result;
}
