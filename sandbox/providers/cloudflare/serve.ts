/** The provider protocol, in front of the provider. */
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { method, serveProvider, type Serving } from "../shared/protocol.ts";
import { decodeMap, encodeMap, equal, revealMap } from "../shared/values.ts";
import type { ValueMap } from "../shared/values.ts";
import { readConfig } from "./config.ts";
import type { CloudflareProvider } from "./provider.ts";

type Struct = structPb.Struct | undefined;

function read(struct: Struct): ValueMap {
  return decodeMap(struct?.toJavaScript());
}

function write(values: ValueMap): structPb.Struct {
  return structPb.Struct.fromJavaScript(encodeMap(values) as Record<string, structPb.JavaScriptValue>);
}

function failuresOf(failures: readonly { readonly property: string; readonly reason: string }[]) {
  return failures.map(({ property, reason }) => {
    const failure = new pb.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    return failure;
  });
}

function configuration(provider: CloudflareProvider) {
  return {
    checkConfig: method((request: pb.CheckRequest) => {
      const response = new pb.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: method((request: pb.DiffRequest) => {
      const [olds, news] = [read(request.getOlds()), read(request.getNews())];
      const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
      const response = new pb.DiffResponse();
      response.setChanges(equal(revealMap(olds), revealMap(news)) ? DIFF_NONE : DIFF_SOME);
      return response;
    }),
    configure: method((request: pb.ConfigureRequest) => {
      provider.configure(readConfig(revealMap(read(request.getArgs())), process.env));
      const response = new pb.ConfigureResponse();
      response.setSupportspreview(true);
      // Values come without marks: what was secret as an input the engine itself keeps secret as an output.
      response.setAcceptsecrets(false);
      return response;
    }),
  };
}

function changes(provider: CloudflareProvider) {
  return {
    check: method((request: pb.CheckRequest) => {
      const { inputs, failures } = provider.check(request.getUrn(), read(request.getNews()));
      const response = new pb.CheckResponse();
      response.setInputs(write(inputs));
      response.setFailuresList(failuresOf(failures));
      return response;
    }),
    diff: method((request: pb.DiffRequest) => {
      const inputs = read(request.getNews());
      const { changed, replaces } = provider.diff(request.getUrn(), read(request.getOlds()), inputs);
      const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
      const response = new pb.DiffResponse();
      response.setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME);
      response.setDiffsList([...changed]);
      response.setReplacesList([...replaces]);
      return response;
    }),
    create: method(async (request: pb.CreateRequest) => {
      const inputs = read(request.getProperties());
      const { id, state } = await provider.create(request.getUrn(), inputs, request.getPreview());
      const response = new pb.CreateResponse();
      response.setId(id);
      response.setProperties(write(state));
      return response;
    }),
    update: method(async (request: pb.UpdateRequest) => {
      const [stored, inputs] = [read(request.getOlds()), read(request.getNews())];
      const state = await provider.update(request.getUrn(), stored, inputs, request.getPreview());
      const response = new pb.UpdateResponse();
      response.setProperties(write(state));
      return response;
    }),
    delete: method(async (request: pb.DeleteRequest) => {
      await provider.delete(request.getUrn(), request.getId(), read(request.getProperties()));
      return new emptyPb.Empty();
    }),
  };
}

function queries(provider: CloudflareProvider) {
  return {
    read: method(async (request: pb.ReadRequest) => {
      const stored = read(request.getProperties());
      const found = await provider.read(request.getUrn(), request.getId(), stored, read(request.getInputs()));
      const response = new pb.ReadResponse();
      // No id says that there is no such resource any more.
      if (found === undefined) return response;
      response.setId(found.id);
      response.setProperties(write(found.state));
      response.setInputs(write(found.inputs));
      return response;
    }),
    invoke: method(async (request: pb.InvokeRequest) => {
      const response = new pb.InvokeResponse();
      response.setReturn(write(await provider.invoke(request.getTok(), read(request.getArgs()))));
      return response;
    }),
  };
}

/** Serves the protocol on a loopback port. */
export async function serve(
  provider: CloudflareProvider,
  version: string,
  cancel: () => void,
): Promise<Serving> {
  const methods = { ...configuration(provider), ...changes(provider), ...queries(provider) };
  return await serveProvider({ name: "cloudflare", version, cancel, methods });
}
