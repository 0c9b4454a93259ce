/** Which request does what: the routes of Cloudflare's API v4 that the simulator has, apart from HTTP. */
import type { Credentials } from "./credentials.ts";
import { ApiError, refusals } from "./errors.ts";
import { listRecords, listZones, paginate, type Page } from "./filters.ts";
import {
  batchRecords,
  createRecord,
  deleteRecord,
  editRecord,
  overwriteRecord,
  recordZone,
  renderRecord,
  requireRecord,
} from "./records.ts";
import type { Store } from "./store.ts";
import {
  activateZone,
  createZone,
  deleteZone,
  editZone,
  renderZone,
  requireZone,
  type Fields,
} from "./zones.ts";

/** Where the API stands on its host, as at api.cloudflare.com. */
export const apiPrefix = "/client/v4";

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Fields;
}

interface Outcome {
  readonly result: unknown;
  readonly info?: Page<unknown>["info"];
  readonly messages?: readonly unknown[];
}

interface Context {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly request: ApiRequest;
  /** The identifiers of the path, in order. */
  readonly ids: readonly string[];
  /** The body as an object. @throws ApiError if it is none. */
  readonly body: () => Fields;
}

type Handler = (context: Context) => Outcome;
type Methods = Readonly<Record<string, Handler>>;

function paged<T>(page: Page<T>, render: (item: T) => unknown): Outcome {
  return { result: page.items.map(render), info: page.info };
}

function first(ids: readonly string[]): string {
  return ids[0] ?? "";
}

const verify: Handler = ({ credentials }) => ({
  result: { id: credentials.tokenId, status: "active" },
  messages: [{ code: 10000, message: "This API Token is valid and active", type: null }],
});

const accounts: Handler = ({ credentials, request }) => {
  const name = request.query.get("name");
  const found = name === null || name === credentials.accountName ? [credentials] : [];
  return paged(paginate(found, request.query, 20, 50), renderAccount);
};

const account: Handler = ({ credentials, ids }) => {
  if (first(ids) !== credentials.accountId) throw refusals.accountNotFound();
  return { result: renderAccount(credentials) };
};

function renderAccount({ accountId, accountName }: Credentials): Fields {
  return { id: accountId, name: accountName, type: "standard", settings: {} };
}

const zones: Methods = {
  GET: ({ store, credentials, request }) =>
    paged(listZones(store.zones(), request.query, credentials), (zone) => renderZone(zone, credentials)),
  POST: ({ store, credentials, body }) => ({
    result: renderZone(createZone(store, credentials, body()), credentials),
  }),
};

const zone: Methods = {
  GET: ({ store, credentials, ids }) => ({ result: renderZone(requireZone(store, first(ids)), credentials) }),
  PATCH: ({ store, credentials, ids, body }) => ({
    result: renderZone(editZone(store, first(ids), body()), credentials),
  }),
  DELETE: ({ store, ids }) => {
    deleteZone(store, first(ids));
    return { result: { id: first(ids) } };
  },
};

const activationCheck: Methods = {
  PUT: ({ store, ids }) => ({ result: { id: activateZone(store, first(ids)).id } }),
};

function zoneOf({ store, request, ids }: Context) {
  return recordZone(store, first(ids), request.path);
}

const records: Methods = {
  GET: (context) =>
    paged(listRecords(context.store.records(zoneOf(context).id), context.request.query), renderRecord),
  POST: (context) => ({
    result: renderRecord(createRecord(context.store, zoneOf(context), context.body())),
  }),
};

const batch: Methods = {
  POST: (context) => ({ result: batchRecords(context.store, zoneOf(context), context.body()) }),
};

const record: Methods = {
  GET: (context) => ({
    result: renderRecord(requireRecord(context.store, zoneOf(context), context.ids[1] ?? "")),
  }),
  PUT: (context) => ({
    result: renderRecord(
      overwriteRecord(context.store, zoneOf(context), context.ids[1] ?? "", context.body()),
    ),
  }),
  PATCH: (context) => ({
    result: renderRecord(editRecord(context.store, zoneOf(context), context.ids[1] ?? "", context.body())),
  }),
  DELETE: (context) => {
    const id = context.ids[1] ?? "";
    deleteRecord(context.store, zoneOf(context), id);
    return { result: { id } };
  },
};

/** `:id` stands for an identifier: 32 hex digits. */
const routes: readonly (readonly [pattern: string, methods: Methods])[] = [
  ["/user/tokens/verify", { GET: verify }],
  ["/accounts", { GET: accounts }],
  ["/accounts/:id", { GET: account }],
  ["/accounts/:id/tokens/verify", { GET: verify }],
  ["/zones", zones],
  ["/zones/:id", zone],
  ["/zones/:id/activation_check", activationCheck],
  ["/zones/:id/dns_records", records],
  ["/zones/:id/dns_records/batch", batch],
  ["/zones/:id/dns_records/:id", record],
];

function findRoute(path: string): { readonly methods: Methods; readonly ids: readonly string[] } {
  const segments = path.slice(apiPrefix.length).replace(/\/+$/, "").split("/");
  for (const [pattern, methods] of routes) {
    const parts = pattern.split("/");
    const matches =
      parts.length === segments.length && parts.every((part, i) => part === ":id" || part === segments[i]);
    if (!matches) continue;
    const ids = segments.filter((_, index) => parts[index] === ":id");
    if (ids.some((id) => !/^[0-9a-f]{32}$/.test(id))) throw refusals.malformedIdentifier(path);
    return { methods, ids };
  }
  throw refusals.noRoute();
}

/** Tells who asks by the bearer token; how a wrong one is refused depends on what it was used for. */
function authenticate({ authorization, path }: ApiRequest, credentials: Credentials): void {
  if (authorization === undefined) throw refusals.missingAuthorization();
  const token = /^Bearer +([A-Za-z0-9_-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw refusals.malformedAuthorization();
  if (token === credentials.apiToken) return;
  if (path.endsWith("/tokens/verify")) throw refusals.invalidToken();
  throw path.includes("/dns_records") ? refusals.authentication() : refusals.invalidAccessToken();
}

function parseBody(text: string, path: string): Fields {
  const malformed = path.includes("/dns_records") ? refusals.invalidBody : refusals.malformedJson;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed();
  return value as Fields;
}

/** An answer in the API's envelope. */
export function failure(error: ApiError): ApiResponse {
  return {
    status: error.status,
    headers: error.headers,
    body: { result: null, success: false, errors: error.errors, messages: [] },
  };
}

/** Does what a request asks for, in one transaction, and says what came of it. */
export function answer(
  store: Store,
  credentials: Credentials,
  request: ApiRequest,
  beforeCommit?: () => void,
): ApiResponse {
  try {
    if (request.path !== apiPrefix && !request.path.startsWith(`${apiPrefix}/`)) throw refusals.noRoute();
    authenticate(request, credentials);
    const { methods, ids } = findRoute(request.path);
    const handler = methods[request.method];
    if (handler === undefined) throw refusals.method(request.method);
    const body = () => parseBody(request.body, request.path);
    const outcome = store.transaction(
      () => handler({ store, credentials, request, ids, body }),
      beforeCommit,
    );
    return {
      status: 200,
      headers: {},
      body: {
        result: outcome.result,
        success: true,
        errors: [],
        messages: outcome.messages ?? [],
        ...(outcome.info === undefined ? {} : { result_info: outcome.info }),
      },
    };
  } catch (error) {
    if (error instanceof ApiError) return failure(error);
    throw error;
  }
}
