/** Routes to what belongs to the account: tunnels, and the collections of monitors, pools and Access. */
import { accountCollections, type Collection } from "./collections.ts";
import { refusals } from "./errors.ts";
import { paginate } from "./filters.ts";
import { idAt, paged, type Context, type Methods, type Routes } from "./route.ts";
import type { StoredObject } from "./store.ts";
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

function shown(collection: Collection, { store }: Context, account: string, object: StoredObject): unknown {
  return collection.render?.(store, account, object) ?? object;
}

/** Its objects as far as the query's names go, a page of them; and a further one. */
function collectionMethods(collection: Collection): Methods {
  return {
    GET: (context) => {
      const account = accountOf(context);
      const { query } = context.request;
      const found = context.store
        .objects(collection.kind, account)
        .filter((object) =>
          collection.filters.every((name) => (query.get(name) ?? object[name]) === object[name]),
        );
      return paged(paginate(found, query, 25, 1_000), (object) =>
        shown(collection, context, account, object),
      );
    },
    POST: (context) => {
      const account = accountOf(context);
      return {
        result: shown(
          collection,
          context,
          account,
          collection.create(context.store, account, context.body()),
        ),
      };
    },
  };
}

/** One of its objects. */
function itemMethods(collection: Collection): Methods {
  return {
    GET: (context) => {
      const account = accountOf(context);
      const found = collection.require(context.store, account, idAt(context, 1));
      return { result: shown(collection, context, account, found) };
    },
    PUT: (context) => {
      const account = accountOf(context);
      const changed = collection.overwrite(context.store, account, idAt(context, 1), context.body());
      return { result: shown(collection, context, account, changed) };
    },
    DELETE: (context) => {
      collection.remove(context.store, accountOf(context), idAt(context, 1));
      return { result: { id: idAt(context, 1) } };
    },
  };
}

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

export const accountRoutes: Routes = [
  ...accountCollections.flatMap((collection): Routes => {
    const path = `/accounts/:id/${collection.path}`;
    return [
      [path, collectionMethods(collection)],
      [`${path}/${collection.identifier}`, itemMethods(collection)],
    ];
  }),
  ["/accounts/:id/cfd_tunnel", tunnels],
  ["/accounts/:id/cfd_tunnel/:uuid", tunnel],
  ["/accounts/:id/cfd_tunnel/:uuid/configurations", configuration],
];
