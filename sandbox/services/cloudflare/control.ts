/** The control API on the service's unix socket: drift, faults, calls; for tests, for `roadnet` and for the edge. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { describe } from "./describe.ts";
import { ControlError, makeDrift } from "./drift.ts";
import { ApiError } from "./errors.ts";
import type { Fields } from "./fields.ts";
import { readBody, writeJson, type ApiParts } from "./http.ts";
import { authenticateConnector } from "./tunnels.ts";

/** Changes something behind Pulumi's back, by the API's own rules. */
function drift(parts: ApiParts, body: Fields): Fields {
  const changed = parts.store.transaction(() => makeDrift(parts.store, parts.credentials, body));
  parts.log(`drift: ${String(body.action)} ${String(body.kind)} ${String(changed.id)}`);
  return changed;
}

/** Of a long poll, in seconds. */
const mostSeconds = 60;

async function revision({ store }: ApiParts, query: URLSearchParams): Promise<Fields> {
  const [after, seconds] = [Number(query.get("after") ?? -1), Number(query.get("timeoutSeconds") ?? 0)];
  if (!Number.isFinite(after) || !Number.isFinite(seconds)) {
    throw new ControlError(400, "after and timeoutSeconds must be numbers");
  }
  return { revision: await store.waitForRevision(after, Math.min(seconds, mostSeconds)) };
}

function authenticate({ store, credentials }: ApiParts, body: Fields): Fields {
  const reason = authenticateConnector(store, credentials.accountId, body);
  if (reason !== undefined) throw new ControlError(403, reason);
  return { ok: true };
}

function route(
  parts: ApiParts,
  method: string,
  { pathname, searchParams }: URL,
  body: () => Fields,
): unknown {
  switch (`${method} ${pathname}`) {
    case "GET /health":
      return { ok: true };
    case "GET /describe":
      return describe(parts.store, parts.credentials);
    case "GET /revision":
      return revision(parts, searchParams);
    case "POST /tunnels/authenticate":
      return authenticate(parts, body());
    case "GET /calls":
      return { calls: parts.calls.list() };
    case "GET /faults":
      return parts.faults.answer(searchParams);
    case "POST /faults":
      return parts.faults.add(body());
    case "DELETE /faults":
      return parts.faults.clear();
    case "POST /drift":
      return drift(parts, body());
    default:
      throw new ControlError(404, `the control API has no ${method} ${pathname}`);
  }
}

async function handle(parts: ApiParts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await readBody(message);
  const url = new URL(message.url ?? "/", "http://control.invalid");
  try {
    const body = (): Fields => {
      const value: unknown = JSON.parse(text ?? "");
      if (typeof value !== "object" || value === null)
        throw new ControlError(400, "the body must be an object");
      return value as Fields;
    };
    writeJson(response, 200, await route(parts, message.method ?? "GET", url, body));
  } catch (error) {
    const status = error instanceof ControlError || error instanceof ApiError ? error.status : 400;
    parts.log(`${message.method ?? ""} ${url.pathname}: ${status}, ${(error as Error).message}`);
    writeJson(response, status, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** The control API, not yet listening. */
export function createControlServer(parts: ApiParts): Server {
  return createServer((message, response) => {
    response.on("error", () => undefined);
    handle(parts, message, response).catch(() => {
      response.socket?.destroy();
    });
  });
}
