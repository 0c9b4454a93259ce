/** Routes to what belongs to the account: tunnels, monitors, pools and Access. */
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
import { refusals } from "./errors.ts";
import { paginate } from "./filters.ts";
import { createMonitor, deleteMonitor, overwriteMonitor, requireMonitor } from "./monitors.ts";
import { createPool, deletePool, overwritePool, requirePool } from "./pools.ts";
import { idAt, paged, type Context, type Methods, type Routes } from "./route.ts";
import type { ObjectKind, StoredObject } from "./store.ts";
import {
  createTunnel,
  deleteTunnel,
  editTunnel,
  listTunnels,
  readConfiguration,
  renderTunnel,
  requireTunnel,
  writeConfiguration,
} from "./tunnels.ts";

/** The account of the path, which is the token's or none. */
function accountOf(context: Context): string {
  const id = idAt(context, 0);
  if (id !== context.credentials.accountId) throw refusals.authentication();
  return id;
}

/** A list's objects as far as the query's names go, a page of them. */
function list(
  context: Context,
  kind: ObjectKind,
  render: (object: StoredObject) => unknown,
  names: readonly string[],
) {
  const { query } = context.request;
  const found = context.store
    .objects(kind, accountOf(context))
    .filter((object) => names.every((name) => (query.get(name) ?? object[name]) === object[name]));
  return paged(paginate(found, query, 25, 1_000), render);
}

const monitors: Methods = {
  GET: (context) => list(context, "monitor", (monitor) => monitor, []),
  POST: (context) => ({ result: createMonitor(context.store, accountOf(context), context.body()) }),
};

const monitor: Methods = {
  GET: (context) => ({ result: requireMonitor(context.store, accountOf(context), idAt(context, 1)) }),
  PUT: (context) => ({
    result: overwriteMonitor(context.store, accountOf(context), idAt(context, 1), context.body()),
  }),
  DELETE: (context) => {
    deleteMonitor(context.store, accountOf(context), idAt(context, 1));
    return { result: { id: idAt(context, 1) } };
  },
};

const pools: Methods = {
  GET: (context) => list(context, "pool", (pool) => pool, ["monitor"]),
  POST: (context) => ({ result: createPool(context.store, accountOf(context), context.body()) }),
};

const pool: Methods = {
  GET: (context) => ({ result: requirePool(context.store, accountOf(context), idAt(context, 1)) }),
  PUT: (context) => ({
    result: overwritePool(context.store, accountOf(context), idAt(context, 1), context.body()),
  }),
  DELETE: (context) => {
    deletePool(context.store, accountOf(context), idAt(context, 1));
    return { result: { id: idAt(context, 1) } };
  },
};

const tunnels: Methods = {
  GET: (context) => {
    const account = accountOf(context);
    const { query } = context.request;
    const found = listTunnels(context.store, account, query);
    return paged(paginate(found, query, 20, 1_000), (tunnel) => renderTunnel(tunnel, account));
  },
  POST: (context) => {
    const account = accountOf(context);
    return { result: renderTunnel(createTunnel(context.store, account, context.body()), account) };
  },
};

const tunnel: Methods = {
  GET: (context) => {
    const account = accountOf(context);
    return { result: renderTunnel(requireTunnel(context.store, account, idAt(context, 1)), account) };
  },
  PATCH: (context) => {
    const account = accountOf(context);
    return {
      result: renderTunnel(editTunnel(context.store, account, idAt(context, 1), context.body()), account),
    };
  },
  DELETE: (context) => {
    const account = accountOf(context);
    return { result: renderTunnel(deleteTunnel(context.store, account, idAt(context, 1)), account) };
  },
};

const configuration: Methods = {
  GET: (context) => ({ result: readConfiguration(context.store, accountOf(context), idAt(context, 1)) }),
  PUT: (context) => ({
    result: writeConfiguration(context.store, accountOf(context), idAt(context, 1), context.body()),
  }),
};

const policies: Methods = {
  GET: (context) => {
    const account = accountOf(context);
    return list(context, "access_policy", (found) => renderPolicy(context.store, account, found), []);
  },
  POST: (context) => {
    const account = accountOf(context);
    const made = createPolicy(context.store, account, context.body());
    return { result: renderPolicy(context.store, account, made) };
  },
};

const policy: Methods = {
  GET: (context) => {
    const account = accountOf(context);
    return {
      result: renderPolicy(context.store, account, requirePolicy(context.store, account, idAt(context, 1))),
    };
  },
  PUT: (context) => {
    const account = accountOf(context);
    const changed = overwritePolicy(context.store, account, idAt(context, 1), context.body());
    return { result: renderPolicy(context.store, account, changed) };
  },
  DELETE: (context) => {
    deletePolicy(context.store, accountOf(context), idAt(context, 1));
    return { result: { id: idAt(context, 1) } };
  },
};

const apps: Methods = {
  GET: (context) => {
    const account = accountOf(context);
    const render = (found: StoredObject) => renderApp(context.store, account, found);
    return list(context, "access_app", render, ["domain", "name", "aud"]);
  },
  POST: (context) => {
    const account = accountOf(context);
    return { result: renderApp(context.store, account, createApp(context.store, account, context.body())) };
  },
};

const app: Methods = {
  GET: (context) => {
    const account = accountOf(context);
    return {
      result: renderApp(context.store, account, requireApp(context.store, account, idAt(context, 1))),
    };
  },
  PUT: (context) => {
    const account = accountOf(context);
    const changed = overwriteApp(context.store, account, idAt(context, 1), context.body());
    return { result: renderApp(context.store, account, changed) };
  },
  DELETE: (context) => {
    deleteApp(context.store, accountOf(context), idAt(context, 1));
    return { result: { id: idAt(context, 1) } };
  },
};

export const accountRoutes: Routes = [
  ["/accounts/:id/load_balancers/monitors", monitors],
  ["/accounts/:id/load_balancers/monitors/:id", monitor],
  ["/accounts/:id/load_balancers/pools", pools],
  ["/accounts/:id/load_balancers/pools/:id", pool],
  ["/accounts/:id/cfd_tunnel", tunnels],
  ["/accounts/:id/cfd_tunnel/:uuid", tunnel],
  ["/accounts/:id/cfd_tunnel/:uuid/configurations", configuration],
  ["/accounts/:id/access/policies", policies],
  ["/accounts/:id/access/policies/:uuid", policy],
  ["/accounts/:id/access/apps", apps],
  ["/accounts/:id/access/apps/:uuid", app],
];
