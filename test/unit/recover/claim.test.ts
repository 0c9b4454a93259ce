/** What a search has found is the stack's where something tells so, or a person does. */
import { describe, expect, test } from "vitest";
import { claimsOf, objection } from "../../../cli/recover/claim.ts";
import type { Decision } from "../../../cli/recover/state.ts";

const vpc: Decision = { action: "adopt", urn: "urn:vpc", id: "vpc-1", found: "aws-tag" };
const role: Decision = { action: "adopt", urn: "urn:role", id: "prod-role", found: "aws-named" };
const pool: Decision = { action: "adopt", urn: "urn:pool", id: "0a1b", found: "cloudflare-owned" };
const record: Decision = { action: "adopt", urn: "urn:record", id: "2c3d", found: "cloudflare-record" };
const zone: Decision = { action: "discard", urn: "urn:zone", id: "4e5f", found: "cloudflare-zone" };
const never: Decision = { action: "forget", urn: "urn:never", reason: "it was never made" };

describe("a search", () => {
  test("adopts what tags tell, and nothing at Cloudflare unasked", () => {
    const claims = claimsOf([vpc, role, pool, record, zone, never], []);
    expect(claims).toEqual({ claimed: [vpc, role], open: [pool, record, zone], unknown: [] });
    const said = objection(claims);
    for (const text of ["0a1b in place of urn:pool", "2c3d in place of urn:record", "4e5f", "--adopt"])
      expect(said).toContain(text);
    expect(said).not.toContain("vpc-1");
  });

  test("adopts what a person says is the stack's, and asks on for the rest", () => {
    const claims = claimsOf([vpc, pool, record], ["0a1b"]);
    expect(claims).toEqual({ claimed: [vpc, pool], open: [record], unknown: [] });
    const all = claimsOf([vpc, pool, record], ["0a1b", "2c3d"]);
    expect(all.claimed).toEqual([vpc, pool, record]);
    expect(objection(all)).toBeUndefined();
  });

  test("does nothing on an id that nobody has found", () => {
    const claims = claimsOf([vpc, pool], ["0a1b", "ffff"]);
    expect(claims.unknown).toEqual(["ffff"]);
    expect(objection(claims)).toBe("nothing was found of ffff: take it out of --adopt");
  });
});
