/** The account's collections whose objects are made, read, overwritten as a whole and deleted, each in its own file. */
import {
  createApp,
  createPolicy,
  deleteApp,
  deletePolicy,
  overwriteApp,
  overwritePolicy,
  renderApp,
  renderPolicy,
  requireApp,
  requirePolicy,
} from "./access.ts";
import type { Fields } from "./fields.ts";
import { createMonitor, deleteMonitor, overwriteMonitor, requireMonitor } from "./monitors.ts";
import { createPool, deletePool, overwritePool, requirePool } from "./pools.ts";
import type { ObjectKind, Store, StoredObject } from "./store.ts";

export interface Collection {
  readonly kind: ObjectKind;
  /** Where it stands in the account, with what its identifiers look like. */
  readonly path: string;
  readonly identifier: ":id" | ":uuid";
  /** Fields by which a list can be asked for some of its objects. */
  readonly filters: readonly string[];
  readonly create: (store: Store, account: string, body: Fields) => StoredObject;
  /** @throws ApiError where there is none. */
  readonly require: (store: Store, account: string, id: string) => StoredObject;
  readonly overwrite: (store: Store, account: string, id: string, body: Fields) => StoredObject;
  readonly remove: (store: Store, account: string, id: string) => void;
  /** As the API shows it, where that is more than what is stored. */
  readonly render?: (store: Store, account: string, object: StoredObject) => Fields;
}

export const accountCollections: readonly Collection[] = [
  {
    kind: "monitor",
    path: "load_balancers/monitors",
    identifier: ":id",
    filters: [],
    create: createMonitor,
    require: requireMonitor,
    overwrite: overwriteMonitor,
    remove: deleteMonitor,
  },
  {
    kind: "pool",
    path: "load_balancers/pools",
    identifier: ":id",
    filters: ["monitor"],
    create: createPool,
    require: requirePool,
    overwrite: overwritePool,
    remove: deletePool,
  },
  {
    kind: "access_policy",
    path: "access/policies",
    identifier: ":uuid",
    filters: [],
    create: createPolicy,
    require: requirePolicy,
    overwrite: overwritePolicy,
    remove: deletePolicy,
    render: renderPolicy,
  },
  {
    kind: "access_app",
    path: "access/apps",
    identifier: ":uuid",
    filters: ["domain", "name", "aud"],
    create: createApp,
    require: requireApp,
    overwrite: overwriteApp,
    remove: deleteApp,
    render: renderApp,
  },
];
