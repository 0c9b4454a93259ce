/** The API as its clients see it: over HTTP, with a process of its own behind it. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestService, type ApiAnswer } from "./service.ts";

const service = new TestService();
let zone = "";

beforeAll(async () => {
  await service.start();
  zone = await service.zone("blackroad.io");
});
afterAll(() => service.remove());

function post(body: unknown): Promise<ApiAnswer> {
  return service.call("POST", `/zones/${zone}/dns_records`, body);
}

function refusal({ status, success, errors, result }: ApiAnswer): readonly unknown[] {
  expect({ success, result }).toEqual({ success: false, result: null });
  return [status, ...errors.map(({ code }) => code)];
}

describe("who asks", () => {
  const cases: readonly (readonly [string, string, string | null, readonly number[]])[] = [
    ["nobody", "/zones", null, [400, 9106]],
    ["no bearer", "/zones", "Basic eDp5", [400, 6003]],
    ["a malformed token", "/zones", "Bearer not/a token", [400, 6003]],
    ["an unknown token, of zones", "/zones", "Bearer unknown", [403, 9109]],
    ["an unknown token, of records", "/zones/ZONE/dns_records", "Bearer unknown", [403, 10000]],
    ["an unknown token, of itself", "/user/tokens/verify", "Bearer unknown", [401, 1000]],
  ];
  test.each(cases)("%s", async (_, path, authorization, expected) => {
    const answer = await service.call("GET", path.replace("ZONE", zone), undefined, authorization);
    expect(refusal(answer)).toEqual(expected);
  });

  test("the sandbox's own token is active", async () => {
    const { result } = await service.call("GET", "/user/tokens/verify");
    expect(result).toMatchObject({ status: "active" });
    expect(JSON.stringify(result)).not.toContain(service.token);
  });
});

describe("what is asked", () => {
  const cases: readonly (readonly [string, string, string, unknown, readonly number[]])[] = [
    ["unknown route", "GET", "/user/firewall", undefined, [404, 7000]],
    ["malformed identifier", "GET", "/zones/not-hex", undefined, [404, 7003, 7000]],
    ["wrong method", "PUT", "/zones", {}, [405, 7001]],
    ["malformed JSON for a zone", "POST", "/zones", "{", [400, 6007]],
    ["malformed JSON for a record", "POST", "/zones/ZONE/dns_records", "{", [400, 9207]],
    ["a list for a record", "POST", "/zones/ZONE/dns_records", [], [400, 9207]],
    ["unknown zone", "GET", `/zones/${"0".repeat(32)}`, undefined, [404, 1001]],
    ["records of an unknown zone", "GET", `/zones/${"0".repeat(32)}/dns_records`, undefined, [404, 7003]],
    ["unknown record", "GET", `/zones/ZONE/dns_records/${"0".repeat(32)}`, undefined, [404, 81044]],
    [
      "deleting an unknown record",
      "DELETE",
      `/zones/ZONE/dns_records/${"0".repeat(32)}`,
      undefined,
      [404, 81044],
    ],
    ["a page that is none", "GET", "/zones?page=0", undefined, [400, 9207]],
  ];
  test.each(cases)("%s", async (_, method, path, body, expected) => {
    expect(refusal(await service.call(method, path.replace("ZONE", zone), body))).toEqual(expected);
  });

  test("outside of the API's prefix there is nothing", async () => {
    const response = await fetch(new URL("/", service.baseUrl), {
      headers: { authorization: `Bearer ${service.token}` },
    });
    expect(response.status).toBe(404);
  });

  test("an oversized body is refused, not kept", async () => {
    const answer = await service.call("POST", `/zones/${zone}/dns_records`, "x".repeat(2 * 1024 * 1024));
    expect(refusal(answer)).toEqual([413, 9207]);
  });

  test("a request that is no HTTP ends the connection and nothing else", async () => {
    await new Promise<void>((resolve) => {
      const outgoing = request(service.baseUrl, { method: "GET", headers: { "content-length": "5" } });
      outgoing.on("error", () => {
        resolve();
      });
      outgoing.flushHeaders();
      setTimeout(() => outgoing.destroy(), 50);
    });
    expect((await service.call("GET", "/zones")).success).toBe(true);
  });
});

describe("zones", () => {
  test("what a new zone is", async () => {
    const { result } = await service.call("GET", `/zones/${zone}`);
    expect(result).toMatchObject({
      name: "blackroad.io",
      status: "pending",
      type: "full",
      paused: false,
      activated_on: null,
      development_mode: 0,
      account: { name: "Sandbox" },
    });
    expect(result.id).toMatch(/^[0-9a-f]{32}$/);
    expect(result.created_on).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(result.name_servers).toHaveLength(2);
  });

  test("the account, on one page and on no other", async () => {
    const [only] = (await service.call("GET", "/accounts")).results;
    expect(only).toMatchObject({ name: "Sandbox", type: "standard" });
    expect((await service.call("GET", "/accounts?page=2")).results).toEqual([]);
    expect((await service.call("GET", `/accounts/${String(only?.id)}`)).result).toEqual(only);
    expect(refusal(await service.call("GET", `/accounts/${"0".repeat(32)}`))).toEqual([404, 7003]);
  });

  const refused: readonly (readonly [string, unknown, readonly number[]])[] = [
    ["existing", { name: "BlackRoad.io" }, [400, 1061]],
    ["below an existing one", { name: "dev.blackroad.io" }, [400, 1116]],
    ["one label", { name: "localhost" }, [400, 1049]],
    ["an address", { name: "192.0.2.1" }, [400, 1049]],
    ["without a name", {}, [400, 9101]],
    ["another account's", { name: "example.org", account: { id: "0".repeat(32) } }, [403, 0]],
    ["unknown type", { name: "example.org", type: "half" }, [400, 9207]],
  ];
  test.each(refused)("refused: %s", async (_, body, expected) => {
    expect(refusal(await service.call("POST", "/zones", body))).toEqual(expected);
  });

  test("edited, activated, listed, deleted with its records", async () => {
    const id = await service.zone("example.com");
    const path = `/zones/${id}`;
    expect((await service.call("PATCH", path, { paused: true })).result).toMatchObject({
      paused: true,
      type: "full",
    });
    await service.call("PUT", `${path}/activation_check`);
    expect((await service.call("GET", path)).result).toMatchObject({ status: "active", paused: true });
    const names = async (query: string) =>
      (await service.call("GET", `/zones?${query}`)).results.map(({ name }) => name);
    expect(await names("")).toEqual(["blackroad.io", "example.com"]);
    expect(await names("name=EXAMPLE.com")).toEqual(["example.com"]);
    expect(await names("name=contains:road")).toEqual(["blackroad.io"]);
    expect(await names("status=active")).toEqual(["example.com"]);
    expect(await names("direction=desc&per_page=1")).toEqual(["example.com"]);
    expect(await names("per_page=1&page=2")).toEqual(["example.com"]);
    expect(await names("account.id=x")).toEqual([]);
    expect((await service.call("GET", "/zones?per_page=1")).info).toEqual({
      page: 1,
      per_page: 1,
      count: 1,
      total_count: 2,
      total_pages: 2,
    });
    await service.call("POST", `${path}/dns_records`, { name: "a", type: "A", content: "198.18.1.1" });
    expect((await service.call("DELETE", path)).result).toEqual({ id });
    expect(refusal(await service.call("GET", `${path}/dns_records`))).toEqual([404, 7003]);
  });
});

describe("records", () => {
  test("what a record is, and how its name is completed", async () => {
    const { result } = await post({
      name: "Vpn",
      type: "A",
      content: "198.18.1.5",
      ttl: 300,
      comment: "hub",
    });
    expect(result).toMatchObject({
      name: "vpn.blackroad.io",
      type: "A",
      content: "198.18.1.5",
      ttl: 300,
      proxied: false,
      proxiable: true,
      comment: "hub",
      tags: [],
      settings: {},
      meta: {},
    });
    expect(Object.keys(result)).toContain("comment_modified_on");
    expect(Object.keys(result)).not.toContain("tags_modified_on");
    const names = {
      "@": "blackroad.io",
      "x.blackroad.io.": "x.blackroad.io",
      bücher: "xn--bcher-kva.blackroad.io",
    };
    for (const [name, complete] of Object.entries(names)) {
      expect((await post({ name, type: "TXT", content: name })).result.name).toBe(complete);
    }
  });

  const contents: readonly (readonly [
    string,
    Readonly<Record<string, unknown>>,
    Readonly<Record<string, unknown>>,
  ])[] = [
    ["AAAA", { content: "2001:DB8:0:0::1" }, { content: "2001:db8::1" }],
    ["CNAME", { content: "Page.Sandbox.Test." }, { content: "page.sandbox.test" }],
    ["MX", { content: "mx.example.net", priority: 10 }, { content: "mx.example.net", priority: 10 }],
    ["TXT", { content: '"v=spf1 -all"' }, { content: '"v=spf1 -all"' }],
    ["NS", { content: "ns.example.net" }, { content: "ns.example.net" }],
    [
      "SRV",
      { data: { priority: 5, weight: 0, port: 5222, target: "talk.example.net" } },
      { content: "0 5222 talk.example.net", priority: 5 },
    ],
    ["CAA", { data: { flags: 0, tag: "issue", value: "ca.test" } }, { content: '0 issue "ca.test"' }],
    [
      "URI",
      { data: { weight: 1, target: "https://x" }, priority: 3 },
      { content: '1 "https://x"', priority: 3 },
    ],
    [
      "LOC",
      {
        data: {
          lat_degrees: 37,
          lat_minutes: 46,
          lat_seconds: 46,
          lat_direction: "N",
          long_degrees: 122,
          long_minutes: 23,
          long_seconds: 35,
          long_direction: "W",
          altitude: 0,
          size: 100,
          precision_horz: 0,
          precision_vert: 0,
        },
      },
      { content: "37 46 46.000 N 122 23 35.000 W 0.00 100.00 0.00 0.00" },
    ],
  ];
  test.each(contents)("content of %s", async (type, said, shown) => {
    const answer = await post({ name: `content-${type}`, type, ...said });
    expect(answer.errors).toEqual([]);
    expect(answer.result).toMatchObject({ type, ttl: 1, ...shown });
  });

  const refused: readonly (readonly [string, Readonly<Record<string, unknown>>, number])[] = [
    ["no type", { type: undefined }, 9101],
    ["unknown type", { type: "SPF" }, 9002],
    ["no name", { name: undefined }, 9101],
    ["an empty label", { name: "a..b" }, 9000],
    ["a star inside", { name: "a.*.b" }, 9000],
    ["a label of 64", { name: "a".repeat(64) }, 9000],
    ["no content", { content: undefined }, 9101],
    ["A: a name", { content: "example.net" }, 9005],
    ["A: leading zeros", { content: "198.018.1.5" }, 9005],
    ["A: out of range", { content: "256.1.1.1" }, 9005],
    ["AAAA: IPv4", { type: "AAAA" }, 9006],
    ["CNAME: an address", { type: "CNAME" }, 9007],
    ["CNAME: a URL", { type: "CNAME", content: "https://example.net" }, 9007],
    ["CNAME: itself", { type: "CNAME", content: "refused.blackroad.io" }, 9039],
    ["MX: no priority", { type: "MX", content: "mx.example.net" }, 9008],
    ["MX: priority", { type: "MX", content: "mx.example.net", priority: 65536 }, 9008],
    ["MX: an address", { type: "MX", priority: 1 }, 9009],
    ["SRV: no data", { type: "SRV" }, 9101],
    ["SRV: no port", { type: "SRV", data: { priority: 1, weight: 1, target: "x.y" } }, 9101],
    ["SRV: port", { type: "SRV", data: { priority: 1, weight: 1, port: 65536, target: "x.y" } }, 9007],
    ["ttl 59", { ttl: 59 }, 9021],
    ["ttl 86401", { ttl: 86401 }, 9021],
    ["ttl of a half", { ttl: 60.5 }, 9021],
    ["ttl as a text", { ttl: "300" }, 9021],
    ["a proxied TXT", { type: "TXT", proxied: true }, 9004],
    ["a proxied private address", { content: "10.0.10.11", proxied: true }, 9003],
    ["proxied as a text", { proxied: "yes" }, 9207],
    ["a tag in the free plan", { tags: ["owner:net"] }, 9300],
    ["a comment of 101", { comment: "x".repeat(101) }, 9301],
  ];
  test.each(refused)("refused: %s", async (_, change, code) => {
    const answer = await post({ name: "refused", type: "A", content: "198.18.1.9", ...change });
    expect(refusal(answer)).toEqual([400, code]);
  });

  test("a proxied record's ttl is automatic, whatever was said", async () => {
    const { result } = await post({ name: "lb", type: "A", content: "198.18.1.2", ttl: 300, proxied: true });
    expect(result).toMatchObject({ ttl: 1, proxied: true });
  });

  test("what cannot stand beside what", async () => {
    const make = (name: string, type: string, content: string) => post({ name, type, content });
    await make("one", "A", "198.18.1.1");
    await make("two", "CNAME", "one.blackroad.io");
    await make("three", "NS", "ns.example.net");
    expect(refusal(await make("one", "A", "198.18.1.1"))).toEqual([400, 81058]);
    expect((await make("one", "A", "198.18.1.2")).success).toBe(true);
    expect((await make("one", "TXT", "beside")).success).toBe(true);
    expect(refusal(await make("one", "CNAME", "x.example.net"))).toEqual([400, 81053]);
    expect(refusal(await make("two", "CNAME", "x.example.net"))).toEqual([400, 81053]);
    expect(refusal(await make("two", "A", "198.18.1.1"))).toEqual([400, 81054]);
    expect((await make("two", "TXT", "beside")).success).toBe(true);
    expect(refusal(await make("three", "A", "198.18.1.1"))).toEqual([400, 81056]);
    expect(refusal(await make("one", "NS", "ns.example.net"))).toEqual([400, 81053]);
    // Quoted or not, it is the same text.
    await make("four", "TXT", "same");
    expect(refusal(await make("four", "TXT", '"same"'))).toEqual([400, 81058]);
  });

  test("PUT starts anew, PATCH keeps, and times tell which changed", async () => {
    const made = await post({ name: "edit", type: "A", content: "198.18.1.1", ttl: 120, comment: "why" });
    const path = `/zones/${zone}/dns_records/${String(made.result.id)}`;
    const patched = (await service.call("PATCH", path, { content: "198.18.1.2" })).result;
    expect(patched).toMatchObject({ content: "198.18.1.2", ttl: 120, comment: "why" });
    expect(patched.created_on).toBe(made.result.created_on);
    expect(patched.comment_modified_on).toBe(made.result.comment_modified_on);
    expect(String(patched.modified_on) > String(made.result.modified_on)).toBe(true);
    const put = (await service.call("PUT", path, { name: "edit", type: "A", content: "198.18.1.3" })).result;
    expect(put).toMatchObject({
      content: "198.18.1.3",
      ttl: 1,
      comment: null,
      created_on: made.result.created_on,
    });
    expect(Object.keys(put)).not.toContain("comment_modified_on");
    await post({ name: "edit", type: "A", content: "198.18.1.4" });
    expect(refusal(await service.call("PATCH", path, { content: "198.18.1.4" }))).toEqual([400, 81058]);
    expect((await service.call("DELETE", path)).result).toEqual({ id: made.result.id });
    expect(refusal(await service.call("GET", path))).toEqual([404, 81044]);
  });

  test("tags and longer comments in a plan that has them", async () => {
    await service.control.drift({
      action: "modify",
      kind: "zone",
      zone: "blackroad.io",
      set: { plan: "pro" },
    });
    const { result } = await post({
      name: "tag",
      type: "A",
      content: "198.18.1.1",
      tags: ["team:net", "a"],
      comment: "x".repeat(500),
    });
    expect(result.tags).toEqual(["a", "team:net"]);
    expect(Object.keys(result)).toContain("tags_modified_on");
    const list = await service.call("GET", `/zones/${zone}/dns_records?tag.present=team`);
    expect(list.results.map(({ id }) => id)).toEqual([result.id]);
  });
});
