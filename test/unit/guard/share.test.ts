/** The guard's promises, whatever the plan: counted here in the plainest way. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { approvalsOn } from "../../../cli/guard/approvals.ts";
import { exceedsShare, judge, passes } from "../../../cli/guard/judge.ts";
import {
  guardedByUrn,
  guardedKinds,
  subjectComplaint,
  subjectOf,
} from "../../../components/config/guarded.ts";
import { approvalFor, day } from "./approval.ts";
import { previewOf } from "./previews.ts";

const count = fc.nat(60);
const limits = fc.record({ percent: fc.nat(100), atLeast: fc.integer({ min: 1, max: 40 }) });

describe("the share of a zone's records", () => {
  it("is said to be exceeded, or not, only where it is so whatever is not shown", () => {
    fc.assert(
      fc.property(count, count, count, limits, (changed, unchanged, hidden, { percent, atLeast }) => {
        const existing = changed + unchanged;
        const verdicts = Array.from({ length: hidden + 1 }, (_, more) => {
          const records = existing + more;
          return records >= atLeast && changed / records > percent / 100 + 1e-9;
        });
        const [first = false] = verdicts;
        const expected = verdicts.every((verdict) => verdict === first) ? first : undefined;
        expect(exceedsShare({ existing, changed, hidden }, { percent, atLeast })).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

const plans = fc.constantFrom("subnet", "peering", "unprotected", "records" as const);

describe("whatever is approved", () => {
  const everything = [...previewOf("subnet").steps, ...previewOf("peering").steps].map(({ urn }) => urn);
  const guarded = [...new Set(everything.filter((urn) => guardedByUrn(urn) !== undefined).map(subjectOf))];
  const subjects = fc.uniqueArray(fc.constantFrom(...guarded, "records guard.test"));

  it("a plan passes if and only if all that it takes away is among it, and nothing else is lifted", () => {
    fc.assert(
      fc.property(plans, subjects, (name, approved) => {
        const bare = judge(previewOf(name), day);
        const judgement = judge(
          previewOf(name, { approvals: approved.map((each) => approvalFor(each)) }),
          day,
        );
        const open = bare.stopped.map(({ resource }) => resource).filter((each) => !approved.includes(each));
        expect(judgement.stopped.map(({ resource }) => resource)).toEqual(open);
        expect(passes(judgement)).toBe(open.length === 0);
        for (const urn of judgement.protected) expect(approved).toContain(subjectOf(urn));
      }),
      { numRuns: 200 },
    );
  });

  it("an approval lets nothing through on any day before or after its own", () => {
    const date = fc
      .integer({ min: 0, max: 400 })
      .map((n) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10));
    fc.assert(
      fc.property(date, date, date, (from, to, when) => {
        const [approved = "", expires = ""] = [from, to].sort();
        const written = { resource: "vpc us-west", reason: "a reason", by: "Alexa", approved, expires };
        const [{ standing } = { standing: undefined }] = approvalsOn(when, [written]);
        expect(standing === "in force").toBe(when >= approved && when <= expires);
      }),
    );
  });
});

describe("the kinds of guarded resources", () => {
  it.each(Object.entries(guardedKinds))("%s has an example that its name fits", (kind, { example, name }) => {
    expect(example).toMatch(name);
    expect(subjectComplaint(`${kind} ${example}`)).toBeUndefined();
  });

  it("are all in a real plan, and found by their URNs", () => {
    const found = previewOf("subnet").steps.flatMap(({ urn }) => guardedByUrn(urn)?.kind ?? []);
    expect([...new Set(found)].sort()).toEqual(Object.keys(guardedKinds).sort());
  });
});
