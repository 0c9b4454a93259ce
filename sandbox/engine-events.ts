/**
 * The engine's events as they happen, over a unix socket. Not through a file: what the SDK logs for debugging is among
 * them, and that has every output of every resource in the clear, secrets included.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Server, ServerCredentials, type ServerReadableStream, type sendUnaryData } from "@grpc/grpc-js";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import services from "@pulumi/pulumi/proto/events_grpc_pb.js";
import type { EventRequest } from "@pulumi/pulumi/proto/events_pb.js";
import type { SandboxPaths } from "./paths.ts";
import { SandboxError } from "./mode.ts";
import { processStartTicks } from "./service.ts";

export interface EventListener {
  /** What `pulumi` takes for `--event-log`. */
  readonly target: string;
  /** Resolves once all that the engine has sent is passed on, and removes the socket. */
  close(): Promise<void>;
}

/** The socket's name tells whose it is: `ev-PID-N.sock`, both in base 36, so that paths of sockets stay short. */
const base = 36;

/** Takes away the sockets of processes that were killed: nobody listens there any more. */
function removeStale(run: string): void {
  for (const name of readdirSync(run)) {
    const [, owner] = /^ev-([0-9a-z]+)-[0-9a-z]\.sock$/.exec(name) ?? [];
    if (owner !== undefined && processStartTicks(parseInt(owner, base)) === undefined) {
      rmSync(join(run, name), { force: true });
    }
  }
}

let listeners = 0;

/** A name that no listener of this process has; it may be one that is about to bind. */
function freeSocket(run: string): string {
  for (let tried = 0; tried < base; tried++) {
    const n = listeners++ % base;
    const socket = join(run, `ev-${process.pid.toString(base)}-${n.toString(base)}.sock`);
    if (!existsSync(socket)) return socket;
  }
  throw new SandboxError(`This process listens to ${base} engines already, and can to no more.`);
}

/** Passes every event on but those for debugging. */
export async function listenForEvents(
  paths: SandboxPaths,
  onEvent: (event: EngineEvent) => void,
): Promise<EventListener> {
  removeStale(paths.run);
  const socket = freeSocket(paths.run);
  const streamEvents = (
    call: ServerReadableStream<EventRequest, emptyPb.Empty>,
    done: sendUnaryData<emptyPb.Empty>,
  ): void => {
    call.on("data", (request: EventRequest) => {
      const event = JSON.parse(request.getEvent()) as EngineEvent;
      // The SDK's type does not know that debug messages come, too.
      const severity: string | undefined = event.diagnosticEvent?.severity;
      if (severity !== "debug") {
        onEvent(event);
      }
    });
    call.on("end", () => {
      done(null, new emptyPb.Empty());
    });
    // The engine has died; its exit code tells.
    call.on("error", () => undefined);
  };
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  server.addService(services.EventsService, { streamEvents });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) {
        resolve();
      } else {
        reject(error);
      }
    });
  });
  return {
    // The engine takes what follows `tcp://` for a gRPC target of any kind.
    target: `tcp://unix://${socket}`,
    close: async () => {
      await shutDown(server);
      rmSync(socket, { force: true });
    },
  };
}

/** How long a stream of an engine that has ended may take to end as well, in milliseconds. */
const closeMilliseconds = 2_000;

async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, closeMilliseconds);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
