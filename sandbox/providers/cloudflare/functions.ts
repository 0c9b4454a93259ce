/**
 * The functions that look things up.
 *
 * Sources: terraform-provider-cloudflare v5.22.0, `internal/services/zone/data_source.go`, and `list_data_source.go` of
 * `zone`, `dns_record` and each type of {@link ownedLists}.
 */
import { isList, isMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import { applicationTable, policyTable } from "./access-tables.ts";
import type { Api } from "./api.ts";
import { objectFromApi, snakeCase, withoutNulls } from "./attributes.ts";
import type { Attributes, TypeTable } from "./attributes.ts";
import { loadBalancerTable, monitorTable, poolTable } from "./load-balancing-tables.ts";
import { rulesetTable } from "./rulesets.ts";
import { dnsRecordResult, zoneResult } from "./tables.ts";
import { tunnelTable } from "./tunnels.ts";

export type LookUp = (api: Api, args: ValueMap) => Promise<ValueMap>;

/** How many items are fetched where the program does not say. */
const defaultItems = 1_000;

/** Arguments as a query: `name: {exact: "x"}` as `name.exact=x`, a list as its items between commas. */
function toQuery(args: ValueMap, prefix = ""): Record<string, string> {
  const entries = Object.entries(args).flatMap(([name, value]): (readonly [string, string])[] => {
    const key = prefix + snakeCase(name);
    if (value === null) return [];
    if (isMap(value)) return Object.entries(toQuery(value, `${key}.`));
    if (isList(value)) return value.length === 0 ? [] : [[key, value.map(String).join(",")]];
    if (typeof value === "object") throw new Error(`the argument ${prefix}${name} is not known`);
    return [[key, String(value)]];
  });
  return Object.fromEntries(entries);
}

function omit(args: ValueMap, ...names: readonly string[]): ValueMap {
  return Object.fromEntries(Object.entries(args).filter(([name]) => !names.includes(name)));
}

/** The plural that the SDK made of the API's `type`. */
function withType(args: ValueMap): ValueMap {
  return { ...omit(args, "types"), ...(args.types === undefined ? {} : { type: args.types }) };
}

async function fetchAll(api: Api, path: string, args: ValueMap, most: Value): Promise<readonly unknown[]> {
  const limit = typeof most === "number" && most > 0 ? most : defaultItems;
  const items: unknown[] = [];
  // Each page has an item at least, so there are never more pages than items.
  for (let page = 1; page <= limit; page += 1) {
    const query = { ...toQuery(args), ...(page === 1 ? {} : { page: String(page) }) };
    const { result } = await api.request("GET", path, { query });
    const found = result as readonly unknown[];
    items.push(...found);
    if (found.length === 0 || items.length >= limit) break;
  }
  return items.slice(0, limit);
}

function render(attributes: Attributes, item: unknown): ValueMap {
  return withoutNulls(objectFromApi(attributes, item as Readonly<Record<string, unknown>>));
}

const getZone: LookUp = async (api, args) => {
  const filter = args.filter ?? null;
  let id = args.zoneId ?? null;
  if (isMap(filter)) {
    const { result } = await api.request("GET", "/zones", { query: toQuery(withType(filter)) });
    const found = result as readonly { readonly id: string }[];
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new Error(`failed to find exactly one result: ${found.length} found`);
    }
    ({ id } = only);
  }
  if (typeof id !== "string" || id === "") {
    throw new Error(
      "Invalid zone configuration: empty or null zone ID: zone_id resolved to an empty or null value.",
    );
  }
  const { result } = await api.request("GET", `/zones/${encodeURIComponent(id)}`);
  return { ...args, ...render(zoneResult, result), id, zoneId: id };
};

const getZones: LookUp = async (api, args) => {
  const items = await fetchAll(api, "/zones", withType(omit(args, "maxItems")), args.maxItems ?? null);
  return { ...args, results: items.map((item) => render(zoneResult, item)) };
};

const getDnsRecords: LookUp = async (api, args) => {
  if (typeof args.zoneId !== "string" || args.zoneId === "")
    throw new Error("missing required zone_id parameter");
  const path = `/zones/${encodeURIComponent(args.zoneId)}/dns_records`;
  const items = await fetchAll(api, path, omit(args, "zoneId", "maxItems"), args.maxItems ?? null);
  return { ...args, results: items.map((item) => render(dnsRecordResult, item)) };
};

/** What the API shows of a resource in a list: all but what its path says. */
function listed({ attributes }: TypeTable): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, { place }]) => place === undefined));
}

/** A function that lists everything of a type that belongs to an account or a zone. */
function listOwned(owner: "accountId" | "zoneId", path: string, table: TypeTable): LookUp {
  return async (api, args) => {
    const id = args[owner];
    if (typeof id !== "string" || id === "")
      throw new Error(`missing required ${snakeCase(owner)} parameter`);
    const scope = `/${owner === "accountId" ? "accounts" : "zones"}/${encodeURIComponent(id)}`;
    const rest = omit(args, "accountId", "zoneId", "maxItems");
    const items = await fetchAll(api, scope + path, rest, args.maxItems ?? null);
    return { ...args, results: items.map((item) => render(listed(table), item)) };
  };
}

const ownedLists: readonly (readonly [name: string, LookUp])[] = [
  ["LoadBalancers", listOwned("zoneId", "/load_balancers", loadBalancerTable)],
  ["LoadBalancerMonitors", listOwned("accountId", "/load_balancers/monitors", monitorTable)],
  ["LoadBalancerPools", listOwned("accountId", "/load_balancers/pools", poolTable)],
  ["ZeroTrustAccessApplications", listOwned("accountId", "/access/apps", applicationTable)],
  ["ZeroTrustAccessPolicies", listOwned("accountId", "/access/policies", policyTable)],
  ["ZeroTrustTunnelCloudflareds", listOwned("accountId", "/cfd_tunnel", tunnelTable)],
];

/** Its list has two names, the older of which is to be given up. */
const getRulesets: LookUp = async (api, args) => {
  const found = await listOwned("zoneId", "/rulesets", rulesetTable)(api, args);
  return { ...found, rulesets: found.results ?? [] };
};

export const functions: ReadonlyMap<string, LookUp> = new Map([
  ["cloudflare:index/getZone:getZone", getZone],
  ["cloudflare:index/getZones:getZones", getZones],
  ["cloudflare:index/getDnsRecords:getDnsRecords", getDnsRecords],
  ["cloudflare:index/getRulesets:getRulesets", getRulesets],
  ...ownedLists.map(([name, lookUp]) => [`cloudflare:index/get${name}:get${name}`, lookUp] as const),
]);
