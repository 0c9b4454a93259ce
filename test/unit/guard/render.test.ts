/** A judgement in words: what a person sees on a terminal. */
import { expect, it } from "vitest";
import { judge } from "../../../cli/guard/judge.ts";
import { renderJudgement } from "../../../cli/guard/render.ts";
import { approvalFor, day } from "./approval.ts";
import { previewOf, type PreviewName } from "./previews.ts";

const now = new Date(`${day}T12:00:00Z`);

function rendered(name: PreviewName, approvals: readonly object[] = []): string[] {
  const paint = (colour: number, text: string): string => `<${colour}>${text}</>`;
  return renderJudgement(judge(previewOf(name, { approvals }), day), { lifted: [], paint, now });
}

it("shows what is stopped in red, and what would let the first of it through", () => {
  const lines = rendered("unprotected", [approvalFor("vpc us-west")]);
  expect(lines[0]).toBe("<31>sandbox: the plan is stopped: 13 changes that nobody approved</>");
  expect(lines.filter((line) => line.startsWith("  <31>stopped</>  "))).toHaveLength(13);
  expect(lines).toContain("  <32>approved</> vpc us-west: would lose its protection");
  expect(lines.slice(-5)).toEqual([
    "  - resource: hub-address us-west/hub-1",
    "    reason: why it may go",
    "    by: who answers for it",
    "    approved: 2026-05-05",
    "    expires: 2026-05-12",
  ]);
});

it("shows what is approved in green, with who and why and how long", () => {
  const subnet = "subnet us-west/database/us-west-2a";
  const [verdict, what, who] = rendered("subnet", [approvalFor(subnet)]);
  expect(verdict).toBe("<32>sandbox: the plan passes: it does what was approved</>");
  expect(what).toBe(`  <32>approved</> ${subnet}: would be replaced (cidrBlock would change)`);
  expect(who).toBe("    by Alexa from 2026-05-01 to 2026-05-08: moves to another network, ticket 812");
});

it("shows in yellow what cannot be judged", () => {
  const [verdict, why] = rendered("records-unshown");
  expect(verdict).toBe("<33>sandbox: the plan cannot be judged</>");
  expect(why).toMatch(/^ {2}<33>unclear<\/> {2}guard\.test would have 5 records/);
});
