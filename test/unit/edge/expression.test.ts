import { describe, expect, it } from "vitest";
import { parseCondition, type RuleRequest } from "../../../sandbox/services/edge/expression.ts";

const request: RuleRequest = {
  method: "POST",
  host: "api.blackroad.io",
  path: "/api/v1/things",
  query: "page=2",
  isTls: true,
  clientAddress: "192.0.2.66",
  headers: { "x-session-id": ["abc"], accept: ["text/html", "application/json"], cookie: ["a=1; b=2"] },
};

describe("conditions of rules", () => {
  it.each([
    ['any(http.request.headers.names[*] eq "x-session-id")', true],
    ['any(http.request.headers.names[*] eq "x-other")', false],
    ['any(lower(http.request.headers.values[*])[*] eq "x")', undefined],
    ['any(lower(http.request.headers.names[*]) == "accept")', true],
    ['all(http.request.headers.names[*] ne "x-other")', true],
    ['any(http.request.headers["accept"][*] contains "json")', true],
    ['http.request.headers["accept"][0] eq "text/html"', true],
    ['http.request.headers["absent"][0] eq ""', true],
    ['http.host eq "api.blackroad.io" and starts_with(http.request.uri.path, "/api/")', true],
    ['http.host eq "x" or http.request.method in {"GET" "POST"}', true],
    ['not http.request.method eq "GET" && !(http.request.uri.query contains "page=3")', true],
    ['ends_with(lower(http.request.uri), "PAGE=2")', false],
    ["ssl", true],
    ["not ssl", false],
    ["ip.src eq 192.0.2.66", true],
    ["ip.src in {192.0.2.1 192.0.2.66}", true],
    ['http.request.uri.path matches "^/api/v[0-9]+/"', true],
    ['http.request.uri.path ~ r"^/api/v\\d$"', false],
    ['http.cookie contains "b=2"', true],
    ['http.host eq "say \\"x\\""', false],
    // "and" binds more than "or".
    ["ssl or ssl and not ssl", true],
    ["(ssl or ssl) and not ssl", false],
  ] as const)("%s: %s", (text, expected) => {
    if (expected === undefined) expect(() => parseCondition(text)).toThrow();
    else expect(parseCondition(text)(request)).toBe(expected);
  });

  it.each([
    ["", "ends too early"],
    ["http.host eq", "ends too early"],
    ['http.host eq "a" "b"', "unexpected b"],
    ['http.hostt eq "a"', "does not know http.hostt"],
    ['http.request.headers.names[*] eq "a"', "any() or all()"],
    ['any(http.host eq "a")', "needs a list"],
    ["(ssl", "ends too early"],
    ['http.host eq "a', "cannot be read"],
    ['http.host matches "("', "Invalid regular expression"],
    ['ip.geoip.country eq "T1"', "does not know ip.geoip.country"],
  ])("refuses %s", (text, words) => {
    expect(() => parseCondition(text)).toThrow(words);
  });
});
