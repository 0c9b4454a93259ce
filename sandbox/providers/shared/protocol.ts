/**
 * What the stand-ins that speak the provider protocol themselves have in common. The SDK's own server for providers,
 * which shell.ts uses, knows neither configuration nor planned values nor the inputs at a refresh.
 */
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type {
  sendUnaryData,
  ServerUnaryCall,
  ServiceError,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";

/** An error as the engine shows it: its message, and nothing else. */
export function plainError(error: unknown): Partial<ServiceError> {
  return { code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}

/** A method of the protocol from a function that returns or throws. */
export function method<Q, A>(
  answer: (request: Q) => A | Promise<A>,
  toProtocolError: (error: unknown) => Partial<ServiceError> = plainError,
) {
  return (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>): void => {
    Promise.resolve(call.request)
      .then(answer)
      .then(
        (value) => {
          callback(null, value);
        },
        (error: unknown) => {
          callback(toProtocolError(error));
        },
      );
  };
}

export interface ServedProvider {
  readonly name: string;
  /** To the digit: the engine asks for one version and takes no other. */
  readonly version: string;
  /** Called when the user cancels the update. */
  readonly cancel: () => void;
  /** The provider's own methods of the protocol. */
  readonly methods: UntypedServiceImplementation;
}

export interface Serving {
  readonly port: number;
  stop(): void;
}

/** Serves the protocol on a loopback port. */
export async function serveProvider({ name, version, cancel, methods }: ServedProvider): Promise<Serving> {
  const about = {
    getPluginInfo: method(() => {
      const info = new pluginPb.PluginInfo();
      info.setVersion(version);
      return info;
    }),
    getSchema: method(() => {
      const response = new pb.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name, version }));
      return response;
    }),
    attach: method(() => new emptyPb.Empty()),
    cancel: method(() => {
      cancel();
      return new emptyPb.Empty();
    }),
  };
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, { ...about, ...methods });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    stop: () => {
      server.forceShutdown();
    },
  };
}
