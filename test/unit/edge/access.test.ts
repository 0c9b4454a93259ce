import { describe, expect, it } from "vitest";
import { AccessKey, allows, judge, matches } from "../../../sandbox/services/edge/access.ts";
import type { RuleRequest } from "../../../sandbox/services/edge/expression.ts";
import type { Application, Policy } from "../../../sandbox/services/edge/state.ts";

function policy(
  decision: Policy["decision"],
  include: Policy["include"],
  more: Partial<Policy> = {},
): Policy {
  return { name: decision, decision, include, require: [], exclude: [], ...more };
}

const staff = policy("allow", [{ email_domain: { domain: "zone.test" } }]);

function application(policies: readonly Policy[], domains = ["dash.zone.test"], aud = "aud-1"): Application {
  return { id: aud, name: "dash", aud, self_hosted_domains: domains, policies: [...policies] };
}

function request(headers: RuleRequest["headers"] = {}, path = "/x", host = "dash.zone.test"): RuleRequest {
  return {
    ...{ method: "GET", host, path, query: "a=b", isTls: true },
    ...{ clientAddress: "192.0.2.66", headers },
  };
}

const key = new AccessKey();

describe("the doorman", () => {
  const apps = [application([staff])];

  it("sends strangers to the login page and lets those in whom a policy allows", () => {
    const stranger = judge(apps, request(), key);
    expect(stranger).toMatchObject({ kind: "denied", status: 302 });
    expect(stranger.kind === "denied" ? stranger.headers.location : "").toBe(
      "https://sandbox.cloudflareaccess.com/cdn-cgi/access/login/dash.zone.test?kid=aud-1&redirect_url=%2Fx%3Fa%3Db",
    );
    const token = key.issue(application([staff]), "Ada@zone.test");
    const expected = { kind: "known", email: "Ada@zone.test", token };
    expect(judge(apps, request({ cookie: [`a=b; CF_Authorization=${token}`] }), key)).toEqual(expected);
    expect(judge(apps, request({ "cf-access-token": [token] }), key)).toEqual(expected);
    const other = key.issue(application([staff]), "ada@zone.test.evil.test");
    expect(judge(apps, request({ "cf-access-token": [other] }), key)).toMatchObject({ status: 403 });
  });

  it("takes no token of another application, key or time, and none that was changed", () => {
    let now = 0;
    const clock = new AccessKey(() => now);
    const good = clock.issue(application([staff]), "ada@zone.test");
    const [head = "", body = "", signature = ""] = good.split(".");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, email: "eve@zone.test" })).toString("base64url");
    const tokens = [
      clock.issue(application([staff], [], "aud-2"), "ada@zone.test"),
      key.issue(application([staff]), "ada@zone.test"),
      `${head}.${changed}.${signature}`,
      `${head}.${body}.`,
      "x",
      "",
    ];
    for (const token of tokens) {
      expect(judge(apps, request({ "cf-access-token": [token] }), clock), token).toMatchObject({
        status: 302,
      });
    }
    expect(judge(apps, request({ "cf-access-token": [good] }), clock)).toMatchObject({ kind: "known" });
    now = 24 * 3_600_000;
    expect(judge(apps, request({ "cf-access-token": [good] }), clock)).toMatchObject({ status: 302 });
  });

  it("stands in front of the application's names and paths, the longest first, and nowhere else", () => {
    const open = application([policy("bypass", [{ everyone: {} }])], ["*.zone.test/public/*"], "aud-2");
    const both = [application([staff], ["*.zone.test"]), open];
    expect(judge(both, request({}, "/public/x"), key).kind).toBe("open");
    expect(judge(both, request({}, "/publicity"), key).kind).toBe("denied");
    expect(judge(both, request({}, "/", "a.zone.test"), key).kind).toBe("denied");
    expect(judge(both, request({}, "/", "zone.test"), key).kind).toBe("open");
  });

  it("lets addresses pass without a name", () => {
    const office = policy("bypass", [{ ip: { ip: "192.0.2.64/26" } }]);
    expect(judge([application([staff, office])], request(), key).kind).toBe("open");
    const elsewhere = policy("bypass", [{ ip: { ip: "192.0.2.0/26" } }]);
    expect(judge([application([staff, elsewhere])], request(), key).kind).toBe("denied");
  });
});

describe("a policy", () => {
  const ada = { email: "ada@zone.test", address: "192.0.2.66" };

  it("means who is included, is all that is required and nothing that is excluded", () => {
    const everyone = [{ everyone: {} }];
    expect(matches(staff, ada)).toBe(true);
    expect(matches(policy("allow", [{ email: { email: "ADA@zone.test" } }]), ada)).toBe(true);
    expect(
      matches(policy("allow", everyone, { require: [{ email_domain: { domain: "other.test" } }] }), ada),
    ).toBe(false);
    expect(
      matches(policy("allow", everyone, { exclude: [{ email: { email: "ada@zone.test" } }] }), ada),
    ).toBe(false);
    expect(
      matches(policy("allow", [{ email_domain: { domain: "one.test" } }]), { ...ada, email: "a@zone.test" }),
    ).toBe(false);
  });

  it("lets nobody in by what the sandbox knows nothing about", () => {
    const everyone = [{ everyone: {} }];
    const strange = [{ geo: { country_code: "US" } }];
    expect(matches(policy("allow", strange), ada)).toBe(false);
    expect(matches(policy("allow", everyone, { require: strange }), ada)).toBe(false);
    expect(matches(policy("allow", everyone, { exclude: strange }), ada)).toBe(false);
  });

  it("that denies ends the search, in the order of the application", () => {
    const not = policy("deny", [{ email: { email: "ada@zone.test" } }]);
    expect(allows(application([not, staff]), ada)).toBe(false);
    expect(allows(application([staff, not]), ada)).toBe(true);
    expect(allows(application([]), ada)).toBe(false);
  });
});
