/** Which request does what: the routes of Cloudflare's API v4 that the simulator has, apart from HTTP. */
import { accountRoutes } from "./account-routes.ts";
import type { Credentials } from "./credentials.ts";
import { ApiError, refusals } from "./errors.ts";
import type { Fields } from "./fields.ts";
import { listRecords, listZones, paginate } from "./filters.ts";
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
import { apiPrefix, findRoute, idAt, paged } from "./route.ts";
import type { ApiRequest, Context, Handler, Methods, Routes } from "./route.ts";
import type { Store } from "./store.ts";
import { zoneRoutes } from "./zone-routes.ts";
import { activateZone, createZone, deleteZone, editZone, renderZone, requireZone } from "./zones.ts";

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Fields;
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

const account: Handler = (context) => {
  const { credentials } = context;
  if (idAt(context, 0) !== credentials.accountId) throw refusals.accountNotFound();
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
  GET: (context) => {
    const { store, credentials } = context;
    return { result: renderZone(requireZone(store, idAt(context, 0)), credentials) };
  },
  PATCH: (context) => {
    const { store, credentials, body } = context;
    return { result: renderZone(editZone(store, idAt(context, 0), body()), credentials) };
  },
  DELETE: (context) => {
    deleteZone(context.store, idAt(context, 0));
    return { result: { id: idAt(context, 0) } };
  },
};

const activationCheck: Methods = {
  PUT: (context) => ({ result: { id: activateZone(context.store, idAt(context, 0)).id } }),
};

function zoneOf(context: Context) {
  return recordZone(context.store, idAt(context, 0), context.request.path);
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
    result: renderRecord(requireRecord(context.store, zoneOf(context), idAt(context, 1))),
  }),
  PUT: (context) => ({
    result: renderRecord(overwriteRecord(context.store, zoneOf(context), idAt(context, 1), context.body())),
  }),
  PATCH: (context) => ({
    result: renderRecord(editRecord(context.store, zoneOf(context), idAt(context, 1), context.body())),
  }),
  DELETE: (context) => {
    const id = idAt(context, 1);
    deleteRecord(context.store, zoneOf(context), id);
    return { result: { id } };
  },
};

const routes: Routes = [
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
  ...zoneRoutes,
  ...accountRoutes,
];

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
    const { methods, ids } = findRoute(routes, request.path);
    const handler = methods[request.method];
    if (handler === undefined) throw refusals.method(request.method);
    const body = () => parseBody(request.body, request.path);
    const outcome = store.transaction(
      () => handler({ store, credentials, request, ids, body }),
      beforeCommit,
    );
    return {
      status: outcome.status ?? 200,
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
