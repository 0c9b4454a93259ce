/** What belongs to an account or a zone besides records, as clients of the API see it: answers and refusals. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestService, type ApiAnswer } from "./service.ts";

const service = new TestService();
const secret = Buffer.alloc(32, 7).toString("base64");
let account = "";
let zone = "";

beforeAll(async () => {
  await service.start();
  zone = await service.zone("example.com");
  account = String((await service.call("GET", "/accounts")).results[0]?.id);
});
afterAll(() => service.remove());

function refusal({ status, success, errors, result }: ApiAnswer): readonly unknown[] {
  expect({ success, result }).toEqual({ success: false, result: null });
  return [status, ...errors.map(({ code }) => code)];
}

function call(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
  return service.call(method, path.replace("ACCOUNT", account).replace("ZONE", zone), body);
}

async function make(path: string, body: object): Promise<string> {
  const { result, errors } = await call("POST", path, body);
  expect(errors).toEqual([]);
  return String(result.id);
}

const monitors = "/accounts/ACCOUNT/load_balancers/monitors";
const pools = "/accounts/ACCOUNT/load_balancers/pools";
const balancers = "/zones/ZONE/load_balancers";
const tunnels = "/accounts/ACCOUNT/cfd_tunnel";
const origins = [{ name: "o", address: "198.18.1.1" }];
const none = "0".repeat(32);
const noUuid = "00000000-0000-4000-8000-000000000000";

const refused: readonly (readonly [string, string, string, unknown, readonly number[]])[] = [
  ["another account", "GET", `/accounts/${none}/cfd_tunnel`, undefined, [403, 10000]],
  ["an identifier that is no UUID", "GET", `${tunnels}/${none}`, undefined, [404, 7003, 7000]],
  ["an unknown monitor", "GET", `${monitors}/${none}`, undefined, [404, 0]],
  ["a monitor too often", "POST", monitors, { interval: 14 }, [400, 1002]],
  ["a monitor of an unknown type", "POST", monitors, { type: "gopher" }, [400, 1002]],
  ["a monitor of TCP without a port", "POST", monitors, { type: "tcp" }, [400, 1002]],
  ["a monitor's codes", "POST", monitors, { expected_codes: "ok" }, [400, 1002]],
  ["a pool without origins", "POST", pools, { name: "x", origins: [] }, [400, 1002]],
  ["a pool's name", "POST", pools, { name: "a.b", origins }, [400, 1002]],
  [
    "a pool with an origin twice",
    "POST",
    pools,
    { name: "x", origins: [...origins, ...origins] },
    [400, 1002],
  ],
  ["a pool with an unknown monitor", "POST", pools, { name: "x", origins, monitor: none }, [400, 1002]],
  [
    "an origin that is no host",
    "POST",
    pools,
    { name: "x", origins: [{ name: "o", address: "a b" }] },
    [400, 1002],
  ],
  [
    "a Host header of somebody else's zone",
    "POST",
    pools,
    { name: "x", origins: [{ ...origins[0], header: { Host: ["a.example.net"] } }] },
    [400, 1002],
  ],
  ["a pool's place, by half", "POST", pools, { name: "x", origins, latitude: 1 }, [400, 1002]],
  ["a load balancer without a fallback", "POST", balancers, { name: "x.example.com" }, [400, 1002]],
  ["a load balancer outside of its zone", "POST", balancers, { name: "x.example.net" }, [400, 1002]],
  [
    "a load balancer of an unknown pool",
    "POST",
    balancers,
    { name: "x.example.com", default_pools: [none], fallback_pool: none },
    [400, 1002],
  ],
  ["a load balancer of an unknown zone", "GET", `/zones/${none}/load_balancers`, undefined, [404, 7003]],
  ["an unknown tunnel", "GET", `${tunnels}/${noUuid}`, undefined, [404, 1003]],
  ["a tunnel's short secret", "POST", tunnels, { name: "x", tunnel_secret: "c2hvcnQ=" }, [400, 1030]],
  [
    "a tunnel's secret that is no base64",
    "POST",
    tunnels,
    { name: "x", tunnel_secret: "!".repeat(44) },
    [400, 1030],
  ],
  ["an unknown setting", "GET", "/zones/ZONE/settings/luck", undefined, [400, 1006]],
  ["a setting's value", "PATCH", "/zones/ZONE/settings/ssl", { value: "maybe" }, [400, 1007]],
  ["deleting a setting", "DELETE", "/zones/ZONE/settings/ssl", undefined, [405, 7001]],
  ["an unknown ruleset", "GET", `/zones/ZONE/rulesets/${none}`, undefined, [404, 0]],
  [
    "a policy for nobody",
    "POST",
    "/accounts/ACCOUNT/access/policies",
    { name: "x", decision: "allow" },
    [400, 12130],
  ],
  ["an unknown application", "GET", `/accounts/ACCOUNT/access/apps/${noUuid}`, undefined, [404, 0]],
  [
    "an application in front of somebody else's name",
    "POST",
    "/accounts/ACCOUNT/access/apps",
    { domain: "a.example.net" },
    [400, 12130],
  ],
];

test.each(refused)("refused: %s", async (_, method, path, body, expected) => {
  expect(refusal(await call(method, path, body))).toEqual(expected);
});

describe("load balancing", () => {
  test("names are unique, and what is named stays", async () => {
    const monitor = await make(monitors, { type: "https", path: "/health", expected_codes: "200" });
    const first = await make(pools, { name: "first", origins, monitor });
    const second = await make(pools, { name: "second", origins });
    expect(refusal(await call("POST", pools, { name: "first", origins }))).toEqual([400, 1003]);
    const third = await make(pools, { name: "third", origins });
    const body = { name: "api.example.com", default_pools: [first], fallback_pool: second };
    const rules = [{ name: "r", condition: "true", overrides: { default_pools: [third] } }];
    const balancer = await make(balancers, { ...body, rules });
    expect(refusal(await call("POST", balancers, body))).toEqual([400, 1003]);

    expect(refusal(await call("DELETE", `${monitors}/${monitor}`))).toEqual([412, 1005]);
    for (const pool of [first, second, third]) {
      expect(refusal(await call("DELETE", `${pools}/${pool}`))).toEqual([412, 1005]);
    }
    // Two steps: out of the load balancer, then away.
    await call("PUT", `${balancers}/${balancer}`, body);
    expect((await call("DELETE", `${pools}/${third}`)).success).toBe(true);
    await call("DELETE", `${balancers}/${balancer}`);
    for (const pool of [first, second]) expect((await call("DELETE", `${pools}/${pool}`)).success).toBe(true);
    expect((await call("DELETE", `${monitors}/${monitor}`)).success).toBe(true);
  });

  test("affinity has bounds by its kind, and its defaults", async () => {
    const pool = await make(pools, { name: "affine", origins });
    const body = { name: "affine.example.com", proxied: true, default_pools: [pool], fallback_pool: pool };
    const tries = [
      { session_affinity: "cookie", session_affinity_ttl: 60 },
      { session_affinity: "header", session_affinity_ttl: 60 },
      {
        session_affinity: "header",
        session_affinity_ttl: 3_601,
        session_affinity_attributes: { headers: ["X"] },
      },
    ];
    for (const affinity of tries) {
      expect(refusal(await call("POST", balancers, { ...body, ...affinity }))).toEqual([400, 1002]);
    }
    const balancer = await make(balancers, { ...body, session_affinity: "cookie" });
    const { result } = await call("GET", `${balancers}/${balancer}`);
    expect(result).toMatchObject({
      session_affinity_ttl: 82_800,
      steering_policy: "off",
      zone_name: "example.com",
    });
    expect(Object.keys(result)).not.toContain("ttl");
    await call("DELETE", `${balancers}/${balancer}`);
    await call("DELETE", `${pools}/${pool}`);
  });

  test("an account has twenty pools and twenty endpoints", async () => {
    const many = Array.from({ length: 20 }, (_, n) => ({ name: `o${n}`, address: "198.18.1.1" }));
    const big = await make(pools, { name: "big", origins: many });
    expect(refusal(await call("POST", pools, { name: "one-more", origins }))).toEqual([400, 1002]);
    const one = many.slice(0, 1);
    await call("PUT", `${pools}/${big}`, { name: "big", origins: one });
    const made = await Promise.all(
      many.slice(1).map(({ name }) => make(pools, { name: `pool-${name}`, origins: one })),
    );
    expect(refusal(await call("POST", pools, { name: "one-more", origins: one }))).toEqual([400, 1002]);
    for (const pool of [big, ...made]) await call("DELETE", `${pools}/${pool}`);
  });
});

describe("tunnels", () => {
  test("the secret is kept as a hash, and told to nobody", async () => {
    const { result } = await call("POST", tunnels, {
      name: "secretive",
      config_src: "cloudflare",
      tunnel_secret: secret,
    });
    expect(result).toMatchObject({ name: "secretive", tun_type: "cfd_tunnel", status: "inactive" });
    const everything = JSON.stringify([
      result,
      await service.control.calls(),
      await service.control.describe(),
    ]);
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(
      createHash("sha256").update(Buffer.from(secret, "base64")).digest("hex"),
    );
  });

  test("a name is taken until its tunnel is deleted; a deleted one is still told of", async () => {
    const id = await make(tunnels, { name: "once" });
    expect(refusal(await call("POST", tunnels, { name: "once" }))).toEqual([409, 1013]);
    await call("DELETE", `${tunnels}/${id}`);
    expect((await call("GET", `${tunnels}/${id}`)).result.deleted_at).toEqual(expect.any(String));
    expect(refusal(await call("DELETE", `${tunnels}/${id}`))).toEqual([404, 1003]);
    const again = await make(tunnels, { name: "once" });
    const listed = await call("GET", `${tunnels}?name=once&is_deleted=false`);
    expect(listed.results.map((tunnel) => tunnel.id)).toEqual([again]);
  });

  test("every change of a configuration is a new version, and a wrong one is none", async () => {
    const path = `${tunnels}/${await make(tunnels, { name: "versioned" })}/configurations`;
    expect((await call("GET", path)).result).toMatchObject({ version: 0, config: null });
    const ingress = [
      { hostname: "a.example.com", service: "http://localhost:1" },
      { service: "http_status:404" },
    ];
    const put = (rules: unknown) => call("PUT", path, { config: { ingress: rules } });
    expect((await put(ingress)).result).toMatchObject({ version: 1, config: { ingress } });
    for (const wrong of [
      [],
      ingress.slice(0, 1),
      ingress.toReversed(),
      [{ service: "udp://localhost:53" }],
    ]) {
      expect(refusal(await put(wrong))).toEqual([400, 1056]);
    }
    expect((await put(ingress.slice(1))).result).toMatchObject({ version: 2 });
  });
});

describe("settings, signing and rulesets of a zone", () => {
  test("a setting has its first value until it is changed", async () => {
    const path = "/zones/ZONE/settings/always_use_https";
    expect((await call("GET", path)).result).toMatchObject({ value: "off", modified_on: null });
    await call("PATCH", path, { value: "on" });
    expect((await call("GET", path)).result).toMatchObject({ id: "always_use_https", value: "on" });
    const { results } = await call("GET", "/zones/ZONE/settings");
    expect(results.find(({ id }) => id === "always_use_https")).toMatchObject({ value: "on" });
  });

  test("signing makes a key, whose DS record is its hash", async () => {
    const path = "/zones/ZONE/dnssec";
    expect((await call("GET", path)).result).toMatchObject({ status: "disabled", ds: null });
    expect((await call("PATCH", path, { status: "active" })).result).toMatchObject({ status: "pending" });
    const { result } = await call("GET", path);
    expect(result).toMatchObject({ status: "active", algorithm: "13", flags: 257 });
    const key = Buffer.from(String(result.public_key), "base64");
    const owner = Buffer.from("\u0007example\u0003com\u0000", "latin1");
    const digest = createHash("sha256").update(Buffer.concat([owner, Buffer.from([1, 1, 3, 13]), key]));
    const expected = digest.digest("hex").toUpperCase();
    expect(result.ds).toBe(`example.com. 3600 IN DS ${String(result.key_tag)} 13 2 ${expected}`);
    expect(refusal(await call("DELETE", path))).toEqual([400, 0]);
    await call("PATCH", path, { status: "disabled" });
    expect((await call("GET", path)).result).toMatchObject({ status: "disabled", ds: result.ds });
    expect((await call("DELETE", path)).success).toBe(true);
    expect((await call("GET", path)).result).toMatchObject({ ds: null });
  });

  test("a phase has one ruleset, whose rules keep their identifiers by their references", async () => {
    const rule = (ref: string) => ({ ref, expression: "true", action: "set_cache_settings" });
    const body = { name: "default", kind: "zone", phase: "http_request_cache_settings" };
    const { result } = await call("POST", "/zones/ZONE/rulesets", { ...body, rules: [rule("a")] });
    const [first] = result.rules as readonly { id: string }[];
    expect(refusal(await call("POST", "/zones/ZONE/rulesets", body))).toEqual([400, 20217]);
    const path = `/zones/ZONE/rulesets/${String(result.id)}`;
    const changed = await call("PUT", path, { rules: [rule("b"), rule("a")] });
    expect(changed.result).toMatchObject({
      version: "2",
      rules: [{ ref: "b" }, { ref: "a", id: first?.id }],
    });
    const entry = await call("GET", `/zones/ZONE/rulesets/phases/${body.phase}/entrypoint`);
    expect(entry.result.id).toBe(result.id);
    const [listed] = (await call("GET", "/zones/ZONE/rulesets")).results;
    expect(Object.keys(listed ?? {})).not.toContain("rules");
    const response = await fetch(service.baseUrl + path.replace("ZONE", zone), {
      method: "DELETE",
      headers: { authorization: `Bearer ${service.token}` },
    });
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });
});

describe("Access", () => {
  test("a name has one application, and a policy in use stays", async () => {
    const policies = "/accounts/ACCOUNT/access/policies";
    const apps = "/accounts/ACCOUNT/access/apps";
    const policy = await make(policies, { name: "us", decision: "allow", include: [{ everyone: {} }] });
    const body = {
      type: "self_hosted",
      domain: "grafana.example.com",
      policies: [{ id: policy, precedence: 1 }],
    };
    const app = await make(apps, body);
    expect(refusal(await call("POST", apps, body))).toEqual([409, 11010]);
    const twice = { ...body, domain: "other.example.com", policies: [...body.policies, ...body.policies] };
    expect(refusal(await call("POST", apps, twice))).toEqual([400, 12130]);
    expect((await call("GET", `${apps}/${app}`)).result).toMatchObject({
      policies: [{ id: policy, name: "us", decision: "allow" }],
      self_hosted_domains: ["grafana.example.com"],
      session_duration: "24h",
    });
    expect((await call("GET", `${policies}/${policy}`)).result).toMatchObject({ app_count: 1 });
    expect(refusal(await call("DELETE", `${policies}/${policy}`))).toEqual([400, 12130]);
    await call("DELETE", `${apps}/${app}`);
    expect((await call("DELETE", `${policies}/${policy}`)).success).toBe(true);
  });
});

test("a zone takes what belongs to it along", async () => {
  const id = await service.zone("example.org");
  const pool = await make(pools, { name: "left", origins });
  const body = { name: "api.example.org", default_pools: [pool], fallback_pool: pool };
  await make(`/zones/${id}/load_balancers`, body);
  await call("PATCH", `/zones/${id}/settings/ssl`, { value: "strict" });
  await call("DELETE", `/zones/${id}`);
  expect((await call("DELETE", `${pools}/${pool}`)).success).toBe(true);
  const again = await service.zone("example.org");
  expect((await call("GET", `/zones/${again}/settings/ssl`)).result.value).toBe("full");
});

test("drift of every kind, and what is described of it", async () => {
  const { control } = service;
  const account = { name: "drifting", origins };
  await control.drift({ kind: "pool", action: "create", set: account });
  await control.drift({ kind: "pool", action: "modify", name: "drifting", set: { enabled: false } });
  await control.drift({
    kind: "setting",
    action: "modify",
    zone: "example.com",
    id: "ssl",
    set: { value: "off" },
  });
  const { zones, account: described } = await control.describeAll();
  expect(described.pools.at(-1)).toMatchObject({ name: "drifting", enabled: false, origins });
  expect(zones.find(({ name }) => name === "example.com")?.settings).toMatchObject({ ssl: "off" });
  await control.drift({ kind: "pool", action: "delete", name: "drifting" });
  await expect(control.drift({ kind: "pool", action: "delete", name: "drifting" })).rejects.toThrow(
    "there are 0",
  );
  await expect(
    control.drift({ kind: "setting", action: "create", zone: "example.com", set: {} }),
  ).rejects.toThrow("there is no create of a setting");
});
