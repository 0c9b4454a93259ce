/** Messages to the engine: what `pulumi up` prints beside a resource. */
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";

export type Severity = "debug" | "info" | "warning" | "error";

export interface EngineLog {
  /** `status` messages are shown while the resource is worked on and then forgotten. */
  write(severity: Severity, urn: string, message: string, options?: { readonly status?: boolean }): void;
  /** Ends once everything written so far has arrived or failed to. */
  flush(): Promise<void>;
}

/** The first argument that is no flag: how the engine tells a plugin where it listens. */
function engineAddress(argv: readonly string[]): string | undefined {
  return argv.find((argument) => !argument.startsWith("-"));
}

class RemoteLog implements EngineLog {
  readonly #client: EngineClient;
  #last: Promise<void> = Promise.resolve();

  constructor(address: string) {
    this.#client = new EngineClient(address, credentials.createInsecure());
  }

  write(severity: Severity, urn: string, message: string, options?: { readonly status?: boolean }): void {
    const { DEBUG, INFO, WARNING, ERROR } = enginePb.LogSeverity;
    const request = new enginePb.LogRequest();
    request.setSeverity({ debug: DEBUG, info: INFO, warning: WARNING, error: ERROR }[severity]);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(options?.status === true);
    // One after the other, so that lines keep their order. A lost message must not fail the operation it is about.
    this.#last = this.#last.then(
      () =>
        new Promise<void>((done) => {
          this.#client.log(request, () => {
            done();
          });
        }),
    );
  }

  flush(): Promise<void> {
    return this.#last;
  }
}

/** A log that nobody reads, for a plugin that runs without an engine. */
const noLog: EngineLog = {
  write: () => undefined,
  flush: () => Promise.resolve(),
};

export function connectEngineLog(argv: readonly string[]): EngineLog {
  const address = engineAddress(argv);
  return address === undefined ? noLog : new RemoteLog(address);
}
