/** Changes behind Pulumi's back: of every kind of thing, by the API's own rules. */
import { accountCollections } from "./collections.ts";
import type { Credentials } from "./credentials.ts";
import { deleteDnssec, editDnssec } from "./dnssec.ts";
import type { Fields } from "./fields.ts";
import { createBalancer, deleteBalancer, overwriteBalancer } from "./load-balancers.ts";
import { createRecord, deleteRecord, editRecord, renderRecord, requireRecord } from "./records.ts";
import { createRuleset, deleteRuleset, overwriteRuleset } from "./rulesets.ts";
import { editSetting } from "./settings.ts";
import type { ObjectKind, Store, StoredObject, Zone } from "./store.ts";
import { createTunnel, deleteTunnel, editTunnel, renderTunnel, writeConfiguration } from "./tunnels.ts";
import { createZone, deleteZone, forceZone, renderZone } from "./zones.ts";

/** A wrong request to the control API, in a sentence. */
export class ControlError extends Error {
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

/** What a change is made with. */
interface Change {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly body: Fields;
  readonly set: Fields;
}

/** The changes of one kind; one that is absent cannot be made of it. */
interface Kind {
  readonly create?: (change: Change) => Fields;
  readonly modify?: (change: Change) => Fields;
  readonly delete?: (change: Change) => Fields;
}

function accountOf({ credentials }: Change): string {
  return credentials.accountId;
}

/** The zone that the body names. */
function zoneOf({ store, body }: Change): Zone {
  return findZone(store, textField(body, "zone"));
}

const zoneKind: Kind = {
  create: ({ store, credentials, set }) => renderZone(createZone(store, credentials, set), credentials),
  modify: (change) => {
    const { store, credentials, set } = change;
    return renderZone(forceZone(store, zoneOf(change).id, set), credentials);
  },
  delete: (change) => {
    const { id } = zoneOf(change);
    deleteZone(change.store, id);
    return { id };
  },
};

const recordKind: Kind = {
  create: (change) => renderRecord(createRecord(change.store, zoneOf(change), change.set)),
  modify: (change) => {
    const { store, body, set } = change;
    const zone = zoneOf(change);
    return renderRecord(editRecord(store, zone, findRecord(store, zone, body), set));
  },
  delete: (change) => {
    const zone = zoneOf(change);
    const id = findRecord(change.store, zone, change.body);
    deleteRecord(change.store, zone, id);
    return { id };
  },
};

/** What is listed by a name: for monitors, which have none, their description. */
function nameOf({ name, description }: StoredObject): unknown {
  return name ?? description;
}

/** Whose an object is: the zone's that is named, or else the account's. */
function scopeOf(change: Change): string {
  return change.body.zone === undefined ? accountOf(change) : zoneOf(change).id;
}

/** An object by its id, or by its name where that means one. */
function findObject(change: Change, kind: ObjectKind): StoredObject {
  const { store, body } = change;
  const alive = store
    .objects(kind, scopeOf(change))
    .filter(({ deleted_at }) => (deleted_at ?? null) === null);
  const [field, wanted] =
    body.id === undefined ? ["name", textField(body, "name")] : ["id", textField(body, "id")];
  const found = alive.filter((object) => (field === "id" ? object.id : nameOf(object)) === wanted);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new ControlError(404, `there are ${found.length} of kind ${kind} with the ${field} ${wanted}`);
  }
  return only;
}

/** A kind whose objects are overwritten as a whole: a change keeps what it does not name. */
function overwritten(
  kind: ObjectKind,
  create: (change: Change) => Fields,
  overwrite: (change: Change, id: string, whole: Fields) => Fields,
  remove: (change: Change, id: string) => void,
): Kind {
  return {
    create,
    modify: (change) => {
      const object = findObject(change, kind);
      return overwrite(change, object.id, { ...object, ...change.set });
    },
    delete: (change) => {
      const { id } = findObject(change, kind);
      remove(change, id);
      return { id };
    },
  };
}

const tunnelKind: Kind = {
  create: (change) => {
    const account = accountOf(change);
    return renderTunnel(createTunnel(change.store, account, change.set), account);
  },
  modify: (change) => {
    const account = accountOf(change);
    const { id } = findObject(change, "tunnel");
    return renderTunnel(editTunnel(change.store, account, id, change.set), account);
  },
  delete: (change) => {
    const account = accountOf(change);
    const { id } = findObject(change, "tunnel");
    return renderTunnel(deleteTunnel(change.store, account, id), account);
  },
};

const collectionKinds = accountCollections.map(({ kind, create, overwrite, remove }): [string, Kind] => [
  kind,
  overwritten(
    kind,
    (change) => create(change.store, accountOf(change), change.set),
    (change, id, whole) => overwrite(change.store, accountOf(change), id, whole),
    (change, id) => {
      remove(change.store, accountOf(change), id);
    },
  ),
]);

/** By the kinds' names in the control API. */
const kinds: Readonly<Record<string, Kind>> = {
  zone: zoneKind,
  record: recordKind,
  setting: {
    modify: (change) => editSetting(change.store, zoneOf(change), textField(change.body, "id"), change.set),
  },
  dnssec: {
    modify: (change) => editDnssec(change.store, zoneOf(change), change.set),
    delete: (change) => ({ id: deleteDnssec(change.store, zoneOf(change)) }),
  },
  ruleset: overwritten(
    "ruleset",
    (change) => createRuleset(change.store, zoneOf(change), change.set),
    (change, id, whole) => overwriteRuleset(change.store, zoneOf(change), id, whole),
    (change, id) => {
      deleteRuleset(change.store, zoneOf(change), id);
    },
  ),
  load_balancer: overwritten(
    "load_balancer",
    (change) => createBalancer(change.store, zoneOf(change), accountOf(change), change.set),
    (change, id, whole) => overwriteBalancer(change.store, zoneOf(change), accountOf(change), id, whole),
    (change, id) => {
      deleteBalancer(change.store, zoneOf(change), id);
    },
  ),
  tunnel: tunnelKind,
  tunnel_configuration: {
    modify: (change) => {
      const { id } = findObject(change, "tunnel");
      return writeConfiguration(change.store, accountOf(change), id, change.set);
    },
  },
  ...Object.fromEntries(collectionKinds),
};

const actions = ["create", "modify", "delete"] as const;

/**
 * Makes one change.
 *
 * @param body `{kind, action, zone?, id?, name?, type?, set?}`
 * @throws ControlError or ApiError where it cannot be made.
 */
export function makeDrift(store: Store, credentials: Credentials, body: Fields): Fields {
  const asked = textField(body, "action");
  const action = actions.find((known) => known === asked);
  if (action === undefined) throw new ControlError(400, "action must be create, modify or delete");
  const set = body.set ?? {};
  if (typeof set !== "object" || Array.isArray(set)) throw new ControlError(400, "set must be an object");
  const name = textField(body, "kind");
  const kind = kinds[name];
  if (kind === undefined) {
    throw new ControlError(400, `kind must be one of ${Object.keys(kinds).join(", ")}`);
  }
  const change = kind[action];
  if (change === undefined) throw new ControlError(400, `there is no ${action} of a ${name}`);
  return change({ store, credentials, body, set: set as Fields });
}
