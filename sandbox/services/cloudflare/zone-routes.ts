/** Routes to what belongs to a zone besides its records: settings, signing, rulesets and load balancers. */
import { deleteDnssec, editDnssec, readDnssec } from "./dnssec.ts";
import { refusals } from "./errors.ts";
import { omit } from "./fields.ts";
import { paginate } from "./filters.ts";
import {
  createBalancer,
  deleteBalancer,
  overwriteBalancer,
  renderBalancer,
  requireBalancer,
} from "./load-balancers.ts";
import { idAt, paged, type Context, type Methods, type Routes } from "./route.ts";
import { createRuleset, deleteRuleset, entrypoint, overwriteRuleset, requireRuleset } from "./rulesets.ts";
import { editSetting, listSettings, readSetting } from "./settings.ts";
import type { Zone } from "./store.ts";

function zoneOf(context: Context): Zone {
  const zone = context.store.zone(idAt(context, 0));
  if (zone === undefined) throw refusals.unroutable(context.request.path);
  return zone;
}

const settings: Methods = {
  GET: (context) => ({ result: listSettings(context.store, zoneOf(context)) }),
};

const setting: Methods = {
  GET: (context) => ({ result: readSetting(context.store, zoneOf(context), idAt(context, 1)) }),
  PATCH: (context) => ({
    result: editSetting(context.store, zoneOf(context), idAt(context, 1), context.body()),
  }),
};

const dnssec: Methods = {
  GET: (context) => ({ result: readDnssec(context.store, zoneOf(context)) }),
  PATCH: (context) => ({ result: editDnssec(context.store, zoneOf(context), context.body()) }),
  DELETE: (context) => ({ result: deleteDnssec(context.store, zoneOf(context)) }),
};

const rulesets: Methods = {
  GET: (context) => {
    const found = context.store.objects("ruleset", zoneOf(context).id);
    // A list names rulesets and leaves out their rules.
    return paged(paginate(found, context.request.query, 25, 50), (shown) => omit(shown, "rules"));
  },
  POST: (context) => ({ result: createRuleset(context.store, zoneOf(context), context.body()) }),
};

const ruleset: Methods = {
  GET: (context) => ({ result: requireRuleset(context.store, zoneOf(context), idAt(context, 1)) }),
  PUT: (context) => ({
    result: overwriteRuleset(context.store, zoneOf(context), idAt(context, 1), context.body()),
  }),
  DELETE: (context) => {
    deleteRuleset(context.store, zoneOf(context), idAt(context, 1));
    return { result: null, status: 204 };
  },
};

const entrypoints: Methods = {
  GET: (context) => ({ result: entrypoint(context.store, zoneOf(context), idAt(context, 1)) }),
};

const balancers: Methods = {
  GET: (context) => {
    const zone = zoneOf(context);
    const found = context.store.objects("load_balancer", zone.id);
    return paged(paginate(found, context.request.query, 25, 1_000), (balancer) =>
      renderBalancer(balancer, zone),
    );
  },
  POST: (context) => {
    const zone = zoneOf(context);
    const { accountId } = context.credentials;
    return { result: renderBalancer(createBalancer(context.store, zone, accountId, context.body()), zone) };
  },
};

const balancer: Methods = {
  GET: (context) => {
    const zone = zoneOf(context);
    return { result: renderBalancer(requireBalancer(context.store, zone, idAt(context, 1)), zone) };
  },
  PUT: (context) => {
    const zone = zoneOf(context);
    const { store, credentials } = context;
    const changed = overwriteBalancer(store, zone, credentials.accountId, idAt(context, 1), context.body());
    return { result: renderBalancer(changed, zone) };
  },
  DELETE: (context) => {
    deleteBalancer(context.store, zoneOf(context), idAt(context, 1));
    return { result: { id: idAt(context, 1) } };
  },
};

export const zoneRoutes: Routes = [
  ["/zones/:id/settings", settings],
  ["/zones/:id/settings/:name", setting],
  ["/zones/:id/dnssec", dnssec],
  ["/zones/:id/rulesets", rulesets],
  ["/zones/:id/rulesets/:id", ruleset],
  ["/zones/:id/rulesets/phases/:name/entrypoint", entrypoints],
  ["/zones/:id/load_balancers", balancers],
  ["/zones/:id/load_balancers/:id", balancer],
];
