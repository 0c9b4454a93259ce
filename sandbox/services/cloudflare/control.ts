/** The control API on the service's unix socket: drift, faults, calls; for tests and for `roadnet`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ApiError } from "./errors.ts";
import { readBody, writeJson, type ApiParts } from "./http.ts";
import { createRecord, deleteRecord, editRecord, renderRecord, requireRecord } from "./records.ts";
import type { Store, Zone } from "./store.ts";
import { createZone, deleteZone, forceZone, renderZone, type Fields } from "./zones.ts";

/** A wrong request to the control API, in a sentence. */
class ControlError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function textField(body: Fields, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new ControlError(400, `${name} must be a text`);
  return value;
}

/** A zone by its id or its name. */
function findZone(store: Store, idOrName: string): Zone {
  const zone = store.zone(idOrName) ?? store.zoneByName(idOrName);
  if (zone === undefined) throw new ControlError(404, `there is no zone ${idOrName}`);
  return zone;
}

function driftZone({ store, credentials }: ApiParts, action: string, body: Fields, set: Fields): Fields {
  if (action === "create") return renderZone(createZone(store, credentials, set), credentials);
  const { id } = findZone(store, textField(body, "zone"));
  if (action === "modify") return renderZone(forceZone(store, id, set), credentials);
  deleteZone(store, id);
  return { id };
}

/** A record of a zone by its id, or by name and type where that means one. */
function findRecord(store: Store, zone: Zone, body: Fields): string {
  if (body.id !== undefined) return requireRecord(store, zone, textField(body, "id")).id;
  const [name, type] = [textField(body, "name"), textField(body, "type")];
  const found = store.recordsNamed(zone.id, name).filter((record) => record.type === type);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new ControlError(
      404,
      `${zone.name} has ${found.length} records ${name} ${type}; give the id of one`,
    );
  }
  return only.id;
}

function driftRecord({ store }: ApiParts, action: string, body: Fields, set: Fields): Fields {
  const zone = findZone(store, textField(body, "zone"));
  if (action === "create") return renderRecord(createRecord(store, zone, set));
  const id = findRecord(store, zone, body);
  if (action === "modify") return renderRecord(editRecord(store, zone, id, set));
  deleteRecord(store, zone, id);
  return { id };
}

/** Changes something behind Pulumi's back, by the API's own rules. */
function drift(parts: ApiParts, body: Fields): Fields {
  const action = textField(body, "action");
  if (!["create", "modify", "delete"].includes(action)) {
    throw new ControlError(400, "action must be create, modify or delete");
  }
  const set = body.set ?? {};
  if (typeof set !== "object" || Array.isArray(set)) throw new ControlError(400, "set must be an object");
  const kind = textField(body, "kind");
  if (kind !== "zone" && kind !== "record") throw new ControlError(400, "kind must be zone or record");
  const change = kind === "zone" ? driftZone : driftRecord;
  const changed = parts.store.transaction(() => change(parts, action, body, set as Fields));
  parts.log(`drift: ${action} ${kind} ${String(changed.id)}`);
  return changed;
}

/** Every zone with its records, as the API shows them. */
function describe({ store, credentials }: ApiParts): Fields {
  const zones = store.zones().map((zone) => ({
    ...renderZone(zone, credentials),
    dns_records: store.records(zone.id).map(renderRecord),
  }));
  return { zones };
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
      return describe(parts);
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
