/** Lists of records, and many changes at once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestService, type ApiAnswer } from "./service.ts";

const service = new TestService();

beforeAll(() => service.start());
afterAll(() => service.remove());

function refusal({ status, success, errors, result }: ApiAnswer): readonly unknown[] {
  expect({ success, result }).toEqual({ success: false, result: null });
  return [status, ...errors.map(({ code }) => code)];
}

describe("lists of records", () => {
  let lists = "";
  beforeAll(async () => {
    lists = await service.zone("lists.test");
    for (let index = 0; index < 7; index += 1) {
      const body = { name: `h${index}`, type: "A", content: `198.18.2.${index}`, ttl: 60 + index };
      await service.call(
        "POST",
        `/zones/${lists}/dns_records`,
        index === 3 ? { ...body, proxied: true } : body,
      );
    }
    await service.call("POST", `/zones/${lists}/dns_records`, {
      name: "_acme-challenge",
      type: "TXT",
      content: "token",
      comment: "made by certbot",
    });
  });

  const queries: readonly (readonly [string, readonly string[]])[] = [
    ["name=h1.lists.test", ["h1"]],
    ["name=h1", []],
    ["name.exact=H2.lists.test&type=a", ["h2"]],
    ["name.startswith=h&content.endswith=.2.5", ["h5"]],
    ["name.contains=acme", ["_acme-challenge"]],
    ["content=198.18.2.4", ["h4"]],
    ['content="token"', ["_acme-challenge"]],
    ["proxied=true", ["h3"]],
    ["comment.present=true", ["_acme-challenge"]],
    ["comment.absent=true&order=name&per_page=2", ["h0", "h1"]],
    ["match=any&name=h0.lists.test&type=TXT&order=name", ["_acme-challenge", "h0"]],
    ["order=ttl&direction=desc&per_page=3&page=1", ["h6", "h5", "h4"]],
    ["type=A&per_page=5&page=2", ["h5", "h6"]],
    ["search=certbot", ["_acme-challenge"]],
    ["page=99", []],
    ["tag.absent=x&type=TXT", ["_acme-challenge"]],
  ];
  test.each(queries)("%s", async (query, expected) => {
    const { results } = await service.call("GET", `/zones/${lists}/dns_records?${query}`);
    expect(results.map(({ name }) => String(name).replace(".lists.test", ""))).toEqual(expected);
  });

  test("a query that the API does not know is refused", async () => {
    expect(refusal(await service.call("GET", `/zones/${lists}/dns_records?order=age`))).toEqual([400, 9207]);
  });

  test("a batch is done wholly or not at all", async () => {
    const path = `/zones/${lists}/dns_records`;
    const [first] = (await service.call("GET", `${path}?name=h0.lists.test`)).results;
    const bad = await service.call("POST", `${path}/batch`, {
      deletes: [{ id: first?.id }],
      posts: [{ name: "h1", type: "A", content: "198.18.2.1" }],
    });
    expect(refusal(bad)).toEqual([400, 81058]);
    expect((await service.call("GET", `${path}/${String(first?.id)}`)).success).toBe(true);
    const good = await service.call("POST", `${path}/batch`, {
      deletes: [{ id: first?.id }],
      posts: [{ name: "h0", type: "CNAME", content: "h1.lists.test" }],
    });
    expect(good.result).toMatchObject({ deletes: [{ id: first?.id }], posts: [{ name: "h0.lists.test" }] });
  });

  test("the free plan holds 200 records", async () => {
    const id = await service.zone("full.test");
    const posts = Array.from({ length: 200 }, (_, n) => ({
      name: `n${n}`,
      type: "A",
      content: "198.18.1.1",
    }));
    await service.call("POST", `/zones/${id}/dns_records/batch`, { posts });
    const more = await service.call("POST", `/zones/${id}/dns_records`, {
      name: "x",
      type: "A",
      content: "198.18.1.1",
    });
    expect(refusal(more)).toEqual([400, 81045]);
  });
});
