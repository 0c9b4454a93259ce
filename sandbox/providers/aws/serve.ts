/** The provider protocol, in front of the plugin. */
import { Metadata, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import type { CheckResult } from "../../services/aws/check.ts";
import type { Difference } from "../../services/aws/diff.ts";
import { sameJson, type Properties } from "../../services/aws/json.ts";
import type { ResourceState } from "../../services/aws/provider.ts";
import { method as protocolMethod, plainError, serveProvider, type Serving } from "../shared/protocol.ts";
import { parseUrn } from "../shared/shell.ts";
import { sdkVersion } from "../shared/version.ts";
import { decodeMap, encodeMap, revealMap } from "../shared/values.ts";
import { RefusedError } from "./forward.ts";
import type { AwsPlugin } from "./plugin.ts";

/** Properties as plain JSON: no marks of secrecy, one text for everything unknown. */
function read(struct: structPb.Struct | undefined): Properties {
  return encodeMap(revealMap(decodeMap(struct?.toJavaScript()))) as Properties;
}

function write(values: Properties): structPb.Struct {
  return structPb.Struct.fromJavaScript(
    JSON.parse(JSON.stringify(values)) as Record<string, structPb.JavaScriptValue>,
  );
}

/** As {@link protocolMethod}, with {@link protocolError}. */
function method<Q, A>(answer: (request: Q) => A | Promise<A>) {
  return protocolMethod(answer, protocolError);
}

function protocolError(error: unknown): Partial<ServiceError> {
  if (!(error instanceof RefusedError) || error.created === undefined) {
    return plainError(error);
  }
  const { created, message } = error;
  // The resource exists, so the engine must keep it: its id and properties travel in the error's details.
  const failed = new pb.ErrorResourceInitFailed();
  failed.setId(created.id);
  failed.setProperties(write(created.outputs));
  failed.setReasonsList([message]);
  const packed = new anyPb.Any();
  packed.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rpcStatus = new statusPb.Status();
  rpcStatus.setCode(status.UNKNOWN);
  rpcStatus.setMessage(message);
  rpcStatus.addDetails(packed);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(rpcStatus.serializeBinary()));
  return { code: status.UNKNOWN, details: message, metadata };
}

const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;

function configuration(plugin: AwsPlugin) {
  return {
    checkConfig: method((request: pb.CheckRequest) => {
      const response = new pb.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: method((request: pb.DiffRequest) => {
      const same = sameJson(
        read(request.getOlds()) as Record<string, never>,
        read(request.getNews()) as Record<string, never>,
      );
      const response = new pb.DiffResponse();
      response.setChanges(same ? DIFF_NONE : DIFF_SOME);
      return response;
    }),
    configure: method(async (request: pb.ConfigureRequest) => {
      await plugin.configure(read(request.getArgs()));
      const response = new pb.ConfigureResponse();
      response.setSupportspreview(true);
      // Values come without marks: what was secret as an input the engine itself keeps secret as an output.
      response.setAcceptsecrets(false);
      return response;
    }),
  };
}

function inspections(plugin: AwsPlugin) {
  return {
    check: method(async (request: pb.CheckRequest) => {
      const result = (await plugin.send({
        method: "check",
        ...resource(request.getUrn()),
        olds: read(request.getOlds()),
        news: read(request.getNews()),
        randomSeed: Buffer.from(request.getRandomseed_asU8()).toString("hex"),
      })) as CheckResult;
      const response = new pb.CheckResponse();
      response.setInputs(write(result.inputs));
      response.setFailuresList(
        result.failures.map(({ property, reason }) => {
          const failure = new pb.CheckFailure();
          failure.setProperty(property);
          failure.setReason(reason);
          return failure;
        }),
      );
      return response;
    }),
    diff: method(async (request: pb.DiffRequest) => {
      const result = (await plugin.send({
        method: "diff",
        ...resource(request.getUrn()),
        id: request.getId(),
        state: read(request.getOlds()),
        oldInputs: read(request.getOldInputs()),
        inputs: read(request.getNews()),
        ignoreChanges: request.getIgnorechangesList(),
      })) as Difference;
      return diffResponse(result);
    }),
    read: method(async (request: pb.ReadRequest) => {
      const result = (await plugin.send({
        method: "read",
        ...resource(request.getUrn()),
        id: request.getId(),
        state: read(request.getProperties()),
        ...(request.hasInputs() ? { oldInputs: read(request.getInputs()) } : {}),
      })) as (ResourceState & { inputs: Properties }) | null;
      const response = new pb.ReadResponse();
      // No id says that there is no such resource any more.
      if (result !== null) {
        response.setId(result.id);
        response.setProperties(write(result.outputs));
        response.setInputs(write(result.inputs));
      }
      return response;
    }),
    invoke: method(async (request: pb.InvokeRequest) => {
      const args = read(request.getArgs());
      const result = await plugin.send({ method: "invoke", token: request.getTok(), args });
      const response = new pb.InvokeResponse();
      response.setReturn(write(result as Properties));
      return response;
    }),
  };
}

function diffResponse(result: Difference): pb.DiffResponse {
  const kinds = pb.PropertyDiff.Kind;
  const byName = {
    add: kinds.ADD,
    delete: kinds.DELETE,
    update: kinds.UPDATE,
    "add-replace": kinds.ADD_REPLACE,
    "delete-replace": kinds.DELETE_REPLACE,
    "update-replace": kinds.UPDATE_REPLACE,
  } as const;
  const response = new pb.DiffResponse();
  response.setChanges(result.changed.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setDiffsList([...result.changed]);
  response.setReplacesList([...result.replaces]);
  response.setDeletebeforereplace(result.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  for (const [path, kind] of Object.entries(result.detailed)) {
    const difference = new pb.PropertyDiff();
    difference.setKind(byName[kind]);
    response.getDetaileddiffMap().set(path, difference);
  }
  return response;
}

function changes(plugin: AwsPlugin) {
  return {
    create: method(async (request: pb.CreateRequest) => {
      const state = (await plugin.send({
        method: "create",
        ...resource(request.getUrn()),
        inputs: read(request.getProperties()),
        preview: request.getPreview(),
        clientToken: plugin.newToken(),
      })) as ResourceState;
      const response = new pb.CreateResponse();
      response.setId(state.id);
      response.setProperties(write(state.outputs));
      return response;
    }),
    update: method(async (request: pb.UpdateRequest) => {
      const state = (await plugin.send({
        method: "update",
        ...resource(request.getUrn()),
        id: request.getId(),
        state: read(request.getOlds()),
        oldInputs: read(request.getOldInputs()),
        inputs: read(request.getNews()),
        ignoreChanges: request.getIgnorechangesList(),
        preview: request.getPreview(),
      })) as ResourceState;
      const response = new pb.UpdateResponse();
      response.setProperties(write(state.outputs));
      return response;
    }),
    delete: method(async (request: pb.DeleteRequest) => {
      await plugin.send({
        method: "delete",
        ...resource(request.getUrn()),
        id: request.getId(),
        state: read(request.getProperties()),
      });
      return new emptyPb.Empty();
    }),
  };
}

function resource(urn: string): { urn: string; type: string; name: string } {
  return { urn, ...parseUrn(urn) };
}

/** Serves the protocol on a loopback port. */
export async function serve(plugin: AwsPlugin): Promise<Serving> {
  return await serveProvider({
    name: "aws",
    version: sdkVersion("aws"),
    cancel: () => {
      plugin.cancel();
    },
    methods: { ...configuration(plugin), ...inspections(plugin), ...changes(plugin) },
  });
}
