/** The stand-in provider's tables and plans, property by property, against the simulated API. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Attributes } from "../../../sandbox/providers/cloudflare/attributes.ts";
import { readConfig } from "../../../sandbox/providers/cloudflare/config.ts";
import { CloudflareProvider } from "../../../sandbox/providers/cloudflare/provider.ts";
import { dnsRecordTable, zoneTable } from "../../../sandbox/providers/cloudflare/tables.ts";
import { Unknown, type Value, type ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { TestService } from "./service.ts";

const service = new TestService();
const provider = new CloudflareProvider(new AbortController().signal);
const recordUrn = "urn:pulumi:s::p::cloudflare:index/dnsRecord:DnsRecord::r";
const zoneUrn = "urn:pulumi:s::p::cloudflare:index/zone:Zone::z";

let zone = "";
let account = "";
let counter = 0;

beforeAll(async () => {
  await service.start();
  zone = await service.zone("blackroad.io");
  await service.control.drift({ action: "modify", kind: "zone", zone, set: { plan: "pro" } });
  account = String((await service.call("GET", "/accounts")).results[0]?.id);
  provider.configure({ baseUrl: service.baseUrl, apiToken: service.token, retryMilliseconds: 10 });
});
afterAll(() => service.remove());
beforeEach(() => service.control.clearFaults());

/** Inputs of a record with a name of its own. */
function inputs(change: ValueMap = {}): ValueMap {
  counter += 1;
  return {
    zoneId: zone,
    name: `n${counter}.blackroad.io`,
    type: "A",
    content: "198.18.1.1",
    ttl: 300,
    ...change,
  };
}

function without(values: ValueMap, name: string): ValueMap {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));
}

interface Made {
  readonly id: string;
  readonly state: ValueMap;
}

async function make(urn: string, said: ValueMap): Promise<Made> {
  const { inputs: checked, failures } = provider.check(urn, said);
  expect(failures).toEqual([]);
  return await provider.create(urn, checked, false);
}

type Effect = "update" | "replace" | "nothing";

function effect(urn: string, state: ValueMap, said: ValueMap): Effect {
  const { changed, replaces } = provider.diff(urn, state, said);
  if (replaces.length > 0) return "replace";
  return changed.length > 0 ? "update" : "nothing";
}

function inputNames(attributes: Attributes): readonly string[] {
  return Object.entries(attributes)
    .filter(([, { from }]) => from !== "computed")
    .map(([name]) => name)
    .sort();
}

interface Change {
  readonly before?: ValueMap;
  readonly to: Value;
  readonly effect: Effect;
  /** What the API has afterwards, where the change is an update of it. */
  readonly api?: Readonly<Record<string, unknown>>;
}

const srv: ValueMap = {
  type: "SRV",
  content: null,
  data: { priority: 1, weight: 1, port: 1, target: "a.test" },
};

const recordChanges: Readonly<Record<string, Change>> = {
  zoneId: { to: "0".repeat(32), effect: "replace" },
  type: { to: "AAAA", effect: "replace" },
  name: { to: "other.blackroad.io", effect: "update", api: { name: "other.blackroad.io" } },
  content: { to: "198.18.1.2", effect: "update", api: { content: "198.18.1.2" } },
  ttl: { to: 600, effect: "update", api: { ttl: 600 } },
  comment: { to: "why", effect: "update", api: { comment: "why" } },
  priority: {
    before: { type: "MX", content: "mx.test", priority: 1 },
    to: 2,
    effect: "update",
    api: { priority: 2 },
  },
  proxied: { before: { ttl: 1 }, to: true, effect: "update", api: { proxied: true, ttl: 1 } },
  privateRouting: { to: true, effect: "update", api: { private_routing: true } },
  tags: { to: ["b", "a"], effect: "update", api: { tags: ["a", "b"] } },
  settings: {
    before: { type: "CNAME", content: "a.test" },
    to: { flattenCname: true },
    effect: "update",
    api: { settings: { flatten_cname: true } },
  },
  data: {
    before: srv,
    to: { priority: 1, weight: 1, port: 2, target: "a.test" },
    effect: "update",
    api: { content: "1 2 a.test" },
  },
  includeShadowMetadata: { to: true, effect: "update" },
};

describe("DnsRecord, each property changed once", () => {
  test("every input of the table is in the list", () => {
    expect(Object.keys(recordChanges).sort()).toEqual(inputNames(dnsRecordTable.attributes));
  });

  test.each(Object.entries(recordChanges))("%s", async (name, change) => {
    const said = inputs(change.before);
    const made = await make(recordUrn, said);
    expect(effect(recordUrn, made.state, said)).toBe("nothing");
    const changed = { ...said, [name]: change.to };
    expect(provider.diff(recordUrn, made.state, changed).changed).toContain(name);
    expect(effect(recordUrn, made.state, changed)).toBe(change.effect);
    if (change.effect !== "update") return;
    const updated = await provider.update(recordUrn, made.state, changed, false);
    expect(effect(recordUrn, updated, changed)).toBe("nothing");
    const { result } = await service.call("GET", `/zones/${zone}/dns_records/${made.id}`);
    expect(result).toMatchObject(change.api ?? {});
    // And back: what is no longer said is taken away.
    const back = await provider.update(recordUrn, updated, said, false);
    expect(effect(recordUrn, back, said)).toBe("nothing");
  });

  const refused: readonly (readonly [string, ValueMap, string])[] = [
    ["type unknown", { type: "SPF" }, "type"],
    ["priority too large", { priority: 65536 }, "priority"],
    ["a port too large", { ...srv, data: { port: 65536 } }, "data.port"],
    ["content as well as data", { data: { flags: 0 } }, "content"],
    ["ttl as a text", { ttl: "300" }, "ttl"],
    ["a computed property", { createdOn: "now" }, "createdOn"],
    ["an unknown property", { value: "198.18.1.1" }, "value"],
    ["no name", { name: null }, "name"],
    ["no ttl", { ttl: null }, "ttl"],
  ];
  test.each(refused)("refused: %s", (_, change, property) => {
    expect(provider.check(recordUrn, inputs(change)).failures.map((failure) => failure.property)).toContain(
      property,
    );
  });

  test("proxied with another ttl than 1 is refused before the API is asked", async () => {
    const before = (await service.control.calls()).length;
    await expect(make(recordUrn, inputs({ proxied: true }))).rejects.toThrow("ttl must be set to 1");
    expect(await service.control.calls()).toHaveLength(before);
  });
});

const zoneChanges: Readonly<Record<string, Change>> = {
  name: { to: "other.test", effect: "replace" },
  account: { to: { id: "0".repeat(32) }, effect: "replace" },
  paused: { to: true, effect: "update", api: { paused: true } },
  type: { to: "partial", effect: "update", api: { type: "partial" } },
  vanityNameServers: { to: ["ns1.x.test"], effect: "update", api: { vanity_name_servers: ["ns1.x.test"] } },
};

describe("Zone, each property changed once", () => {
  test("every input of the table is in the list", () => {
    expect(Object.keys(zoneChanges).sort()).toEqual(inputNames(zoneTable.attributes));
  });

  test.each(Object.entries(zoneChanges))("%s", async (name, change) => {
    const said: ValueMap = { name: `${name.toLowerCase()}.test`, account: { id: account } };
    const made = await make(zoneUrn, said);
    expect(effect(zoneUrn, made.state, said)).toBe("nothing");
    const changed = { ...said, [name]: change.to };
    expect(effect(zoneUrn, made.state, changed)).toBe(change.effect);
    if (change.effect !== "update") return;
    const updated = await provider.update(zoneUrn, made.state, changed, false);
    expect(effect(zoneUrn, updated, changed)).toBe("nothing");
    const calls = await service.control.calls();
    expect(Object.keys(JSON.parse(calls.at(-1)?.body ?? "") as object)).toHaveLength(1);
    expect((await service.call("GET", `/zones/${made.id}`)).result).toMatchObject(change.api ?? {});
  });

  test("refused: a type that there is not, no account", () => {
    const properties = (said: ValueMap) =>
      provider.check(zoneUrn, said).failures.map(({ property }) => property);
    expect(properties({ name: "x.test", account: { id: account }, type: "half" })).toEqual(["type"]);
    expect(properties({ name: "x.test" })).toEqual(["account"]);
  });
});

describe("what a plan and a state say", () => {
  test("a preview knows what is said and nothing else", async () => {
    const { state } = await provider.create(recordUrn, inputs(), true);
    expect(state).toMatchObject({ content: "198.18.1.1", proxied: false });
    for (const name of ["id", "createdOn", "modifiedOn", "proxiable", "meta", "tags", "settings"]) {
      expect(state[name], name).toBeInstanceOf(Unknown);
    }
    expect(Object.keys(state)).not.toContain("commentModifiedOn");
    const made = await make(recordUrn, inputs());
    const update = await provider.update(recordUrn, made.state, { ...inputs(), ttl: 600 }, true);
    expect(update.modifiedOn).toBeInstanceOf(Unknown);
    expect(update.createdOn).toBe(made.state.createdOn);
    expect(update.id).toBe(made.id);
  });

  test("a created record's outputs", async () => {
    const said = inputs({ comment: "hub" });
    const { id, state } = await make(recordUrn, said);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(state).toEqual({
      ...said,
      id,
      proxied: false,
      includeShadowMetadata: false,
      proxiable: true,
      settings: {},
      tags: [],
      meta: "{}",
      createdOn: state.createdOn,
      modifiedOn: state.modifiedOn,
      commentModifiedOn: state.modifiedOn,
      __meta: '{"schema_version":"500"}',
    });
  });

  test("short names stay as they were said, until a refresh; then they are no difference", async () => {
    const said = inputs({ name: "short" });
    const made = await make(recordUrn, said);
    expect(made.state.name).toBe("short");
    const found = await provider.read(recordUrn, made.id, made.state, said);
    expect(found?.state.name).toBe("short.blackroad.io");
    expect(effect(recordUrn, found?.state ?? {}, said)).toBe("nothing");
    // `shor` is another name, although the state's starts with it; so is a name shortened by a label.
    expect(effect(recordUrn, found?.state ?? {}, { ...said, name: "shor" })).toBe("update");
    const deep = inputs({ name: "a.b" });
    const deepMade = await make(recordUrn, deep);
    const deepFound = await provider.read(recordUrn, deepMade.id, deepMade.state, deep);
    expect(effect(recordUrn, deepFound?.state ?? {}, { ...deep, name: "a" })).toBe("update");
    expect(effect(recordUrn, deepFound?.state ?? {}, { ...deep, name: "@" })).toBe("nothing");
  });

  test("a CNAME's case is no difference, its settings are off where nothing is said", async () => {
    const said = inputs({ type: "CNAME", content: "Target.Test" });
    const made = await make(recordUrn, said);
    expect(made.state.settings).toEqual({ ipv4Only: false, ipv6Only: false, flattenCname: false });
    const found = await provider.read(recordUrn, made.id, made.state, said);
    expect(found?.state.content).toBe("target.test");
    expect(effect(recordUrn, found?.state ?? {}, said)).toBe("nothing");
  });

  test("a refresh takes over into the inputs what was said there, and finds what is gone", async () => {
    const said = inputs({ comment: "hub" });
    const made = await make(recordUrn, said);
    await service.control.drift({
      action: "modify",
      kind: "record",
      zone,
      id: made.id,
      set: { content: "198.18.1.66", comment: null, ttl: 900, proxied: false },
    });
    const found = await provider.read(recordUrn, made.id, made.state, said);
    expect(found?.inputs).toEqual({ ...without(said, "comment"), content: "198.18.1.66", ttl: 900 });
    expect(provider.diff(recordUrn, found?.state ?? {}, said).changed).toEqual(
      expect.arrayContaining(["content", "comment", "ttl"]),
    );
    await service.control.drift({ action: "delete", kind: "record", zone, id: made.id });
    expect(await provider.read(recordUrn, made.id, made.state, said)).toBeUndefined();
    await expect(provider.delete(recordUrn, made.id, made.state)).rejects.toThrow("404 Not Found");
  });

  test("an import by zone and record", async () => {
    const said = inputs({ comment: "hub" });
    const made = await make(recordUrn, said);
    const found = await provider.read(recordUrn, `${zone}/${made.id}`, {}, {});
    expect(found?.id).toBe(made.id);
    expect(found?.inputs).toEqual(said);
    expect(effect(recordUrn, found?.state ?? {}, said)).toBe("nothing");
    await expect(provider.read(recordUrn, made.id, {}, {})).rejects.toThrow('"<zone_id>/<dns_record_id>"');
    const zoneFound = await provider.read(zoneUrn, zone, {}, {});
    expect(zoneFound?.inputs).toEqual({ name: "blackroad.io", account: { id: account } });
  });
});

describe("requests", () => {
  test("what a creation and an update send", async () => {
    const said = inputs({ comment: "hub" });
    const made = await make(recordUrn, said);
    await provider.update(recordUrn, made.state, without(said, "comment"), false);
    const bodies = (await service.control.calls())
      .slice(-2)
      .map(({ method, body }) => [method, JSON.parse(body) as unknown]);
    const { name, content, ttl, type } = said;
    expect(bodies).toEqual([
      ["POST", { name, content, ttl, type, proxied: false, comment: "hub" }],
      ["PUT", { name, content, ttl, type, proxied: false, comment: null, settings: {}, tags: [] }],
    ]);
  });

  test("repeated twice, by 429, 500 and a cut connection, and no more", async () => {
    const count = async () => (await service.control.calls()).length;
    for (const fault of ["throttle", "error", "drop"] as const) {
      const asked = fault === "throttle" ? { seconds: 0 } : {};
      const before = await count();
      await service.control.addFault({ fault, times: 2, ...asked, match: { method: "POST" } });
      await make(recordUrn, inputs());
      expect((await count()) - before, fault).toBe(3);
      await service.control.addFault({ fault, times: 3, ...asked, match: { method: "POST" } });
      await expect(make(recordUrn, inputs()), fault).rejects.toThrow("failed to make http request: POST");
    }
  });

  test("a refusal is not repeated, and names the API's reason", async () => {
    const before = (await service.control.calls()).length;
    await expect(make(recordUrn, inputs({ content: "x" }))).rejects.toThrow(
      /POST ".*\/dns_records": 400 Bad Request .*"code":9005/,
    );
    expect(await service.control.calls()).toHaveLength(before + 1);
  });

  test("made, but the answer lost: the repetition finds it there already", async () => {
    await service.control.addFault({ fault: "drop", when: "after", match: { method: "POST" } });
    await expect(make(recordUrn, inputs())).rejects.toThrow("81058");
  });
});

describe("functions", () => {
  test("getZone by id and by name, getZones, getDnsRecords", async () => {
    const byId = await provider.invoke("cloudflare:index/getZone:getZone", { zoneId: zone });
    expect(byId).toMatchObject({ id: zone, zoneId: zone, name: "blackroad.io", account: { id: account } });
    const byName = await provider.invoke("cloudflare:index/getZone:getZone", {
      filter: { name: "blackroad.io" },
    });
    expect(byName).toEqual({ ...byId, filter: { name: "blackroad.io" } });
    await expect(
      provider.invoke("cloudflare:index/getZone:getZone", { filter: { name: "no.test" } }),
    ).rejects.toThrow("failed to find exactly one result: 0 found");
    const zones = await provider.invoke("cloudflare:index/getZones:getZones", { name: "blackroad.io" });
    expect(zones.results).toMatchObject([{ id: zone }]);
    const all = await provider.invoke("cloudflare:index/getZones:getZones", { maxItems: 2 });
    expect(all.results).toHaveLength(2);
    const made = await make(recordUrn, inputs({ comment: "only me" }));
    const records = await provider.invoke("cloudflare:index/getDnsRecords:getDnsRecords", {
      zoneId: zone,
      comment: { exact: "only me" },
    });
    expect(records.results).toMatchObject([{ id: made.id, content: "198.18.1.1" }]);
  });

  test("more than one page", async () => {
    const many = await service.zone("many.test");
    const posts = Array.from({ length: 130 }, (_, n) => ({
      name: `n${n}`,
      type: "A",
      content: "198.18.1.1",
    }));
    await service.call("POST", `/zones/${many}/dns_records/batch`, { posts });
    const { results } = await provider.invoke("cloudflare:index/getDnsRecords:getDnsRecords", {
      zoneId: many,
    });
    expect(results).toHaveLength(130);
  });

  test("a type or function without a table is refused by name", async () => {
    const urn = "urn:pulumi:s::p::cloudflare:index/list:List::r";
    expect(() => provider.check(urn, {})).toThrow("has no table for the type cloudflare:index/list:List");
    await expect(provider.invoke("cloudflare:index/getUser:getUser", {})).rejects.toThrow("does not know");
  });
});

describe("configuration", () => {
  test("properties before variables; never Cloudflare itself", () => {
    const variables = { CLOUDFLARE_BASE_URL: "http://a.test/client/v4", CLOUDFLARE_API_TOKEN: "t" };
    expect(readConfig({}, variables)).toEqual({ baseUrl: "http://a.test/client/v4", apiToken: "t" });
    const explicit = readConfig({ baseUrl: "http://b.test", apiToken: "u" }, variables);
    expect(explicit).toEqual({ baseUrl: "http://b.test", apiToken: "u" });
    expect(() => readConfig({}, {})).toThrow("CLOUDFLARE_BASE_URL");
    expect(() => readConfig({ baseUrl: "https://api.cloudflare.com/client/v4" }, {})).toThrow(
      "official plugin",
    );
    expect(() => readConfig({ apiKey: "k" }, variables)).toThrow("apiToken only");
  });
});
