/** Judgements of real previews: what is stopped, what an approval lets through, and for how long. */
import { describe, expect, it } from "vitest";
import { judge, passes, type Judgement } from "../../../cli/guard/judge.ts";
import { approvalFor, day } from "./approval.ts";
import { previewOf, type PreviewName } from "./previews.ts";

const subnetUrn =
  "urn:pulumi:sandbox::blackroad-network::blackroad:aws:Vpc$aws:ec2/subnet:Subnet::us-west/database/us-west-2a";
const subnet = "subnet us-west/database/us-west-2a";

const judged = (name: PreviewName, guard: object = {}): Judgement => judge(previewOf(name, guard), day);

/** What stops a plan, as threat and resource. */
const stops = ({ stopped }: Judgement): string[] =>
  stopped.map(({ threat, resource }) => `${threat} ${resource}`);

describe("a plan", () => {
  it("that changes nothing passes", () => {
    const judgement = judged("quiet");
    expect(passes(judgement)).toBe(true);
    expect(judgement).toMatchObject({ stopped: [], approved: [], unclear: [], notes: [], protected: [] });
  });

  it("that replaces a subnet is stopped for that and nothing else", () => {
    const judgement = judged("subnet");
    expect(stops(judgement)).toEqual([`replace ${subnet}`]);
    expect(judgement.stopped[0]).toMatchObject({
      urns: [subnetUrn],
      message: "would be replaced (cidrBlock would change)",
      approval: undefined,
    });
  });

  it("that deletes a peering is stopped for the peering, not for its routes", () => {
    expect(stops(judged("peering"))).toEqual(["delete peering us-west/eu-west"]);
  });

  it("that was cut short by protection is stopped, and said to be no whole plan", () => {
    const judgement = judged("peering-refused");
    expect(stops(judgement)).toEqual(["delete peering us-west/eu-west"]);
    expect(judgement.unclear).toEqual([expect.stringContaining("preview with --ignore-protect")]);
  });

  it("that switches protection off is stopped for every resource that would lose it", () => {
    expect(stops(judged("unprotected"))).toEqual([
      "unprotect hub-address us-west/hub-1",
      "unprotect name-server guard.test/dev.guard.test/NS/39aa266b",
      "unprotect nat-address us-west/nat/us-west-2a",
      "unprotect nat-gateway us-west/nat/us-west-2a",
      "unprotect peering us-west/eu-west",
      "unprotect subnet eu-west/database/eu-west-1a",
      "unprotect subnet eu-west/database/eu-west-1b",
      "unprotect subnet us-west/database/us-west-2a",
      "unprotect subnet us-west/database/us-west-2b",
      "unprotect subnet us-west/private/us-west-2a",
      "unprotect subnet us-west/public/us-west-2a",
      "unprotect vpc eu-west",
      "unprotect vpc us-west",
      "unprotect zone guard.test",
    ]);
  });

  it("is guarded by what the state protects, though the configuration no longer says so", () => {
    expect(stops(judged("subnet", { protect: false }))).toEqual([`replace ${subnet}`]);
    expect(judged("quiet", { protect: false }).notes).toEqual([
      "blackroad-network:network.guard.protect is false: of this stack only a zone's records are guarded, and what is still protected from before",
    ]);
  });

  it("is guarded by what the configuration says, though the state does not protect it yet or any more", () => {
    const { steps, ...rest } = previewOf("subnet");
    const bare = steps.map((step) => ({ ...step, ...(step.oldState && { oldState: {} }) }));
    const judgement = judge({ ...rest, steps: bare }, day);
    expect(stops(judgement)).toEqual([`replace ${subnet}`]);
    const off = { ...rest.guard, protect: false };
    expect(passes(judge({ ...rest, guard: off, steps: bare }, day))).toBe(true);
  });

  it("is stopped by a step that nobody knows yet", () => {
    const { steps, ...rest } = previewOf("subnet");
    const odd = steps.map((step) => (step.op === "replace" ? { ...step, op: "evaporate" } : step));
    const [finding] = judge({ ...rest, steps: odd }, day).stopped;
    expect(finding).toMatchObject({ threat: "delete", message: "would be gone (evaporate)" });
  });

  it("is stopped at what somebody protected by hand, by its URN", () => {
    const { steps, ...rest } = previewOf("subnet");
    const byHand = steps.map((step) =>
      step.op === "replace" ? { ...step, oldState: { ...step.oldState, protect: true } } : step,
    );
    const urn = subnetUrn.replace(
      "aws:ec2/subnet:Subnet",
      "aws:ec2/routeTableAssociation:RouteTableAssociation",
    );
    expect(stops(judge({ ...rest, steps: byHand }, day)).sort()).toEqual([
      `replace ${subnet}`,
      `replace ${urn}`,
    ]);
  });
});

describe("an approval", () => {
  it.each([subnet, subnetUrn])("by %s lets that one through, and has its protection lifted", (resource) => {
    const judgement = judged("subnet", { approvals: [approvalFor(resource)] });
    expect(passes(judgement)).toBe(true);
    expect(judgement.approved).toMatchObject([
      { resource: subnet, approval: { by: "Alexa", standing: "in force" } },
    ]);
    expect(judgement.protected).toEqual([subnetUrn]);
  });

  it("of one resource leaves all others guarded", () => {
    const judgement = judged("unprotected", { approvals: [approvalFor(subnet)] });
    expect(stops(judgement)).toHaveLength(13);
    expect(stops(judgement)).not.toContain(`unprotect ${subnet}`);
    // The engine itself takes away what the program no longer asks for.
    expect(judgement.protected).toEqual([]);
  });

  it("has nothing lifted that is not protected any more", () => {
    const { steps, ...rest } = previewOf("subnet", { approvals: [approvalFor(subnet)] });
    const lifted = steps.map((step) => (step.urn === subnetUrn ? { ...step, oldState: {} } : step));
    const judgement = judge({ ...rest, steps: lifted }, day);
    expect(passes(judgement)).toBe(true);
    expect(judgement.protected).toEqual([]);
  });

  it.each([
    ["2026-04-30", "not yet", false],
    ["2026-05-01", "in force", true],
    ["2026-05-08", "in force", true],
    ["2026-05-09", "expired", false],
  ])("on %s is %s", (when, standing, through) => {
    const judgement = judge(previewOf("subnet", { approvals: [approvalFor(subnet)] }), when);
    expect(judgement.approvals).toMatchObject([{ standing }]);
    expect(passes(judgement)).toBe(through);
    expect(judgement.protected).toEqual(through ? [subnetUrn] : []);
  });

  it("that is over is told with its path, whether or not the plan needs it", () => {
    const approvals = [approvalFor("vpc eu-west"), approvalFor(subnet)];
    const expired = [
      "blackroad-network:network.guard.approvals[0].expires: the approval of vpc eu-west expired on 2026-05-08",
      `blackroad-network:network.guard.approvals[1].expires: the approval of ${subnet} expired on 2026-05-08`,
    ];
    expect(judge(previewOf("subnet", { approvals }), "2026-06-01").notes).toEqual(expired);
    expect(judge(previewOf("quiet", { approvals }), "2026-06-01").notes).toEqual(expired);
  });

  it("of what the stack has not is told with its path, where all of the stack is shown", () => {
    const elsewhere = subnetUrn.replace("sandbox", "prod");
    const approvals = [approvalFor("vpc us-wset"), approvalFor(elsewhere), approvalFor("vpc us-west")];
    const judgement = judged("subnet", { approvals });
    expect(judgement.notes).toEqual([
      "blackroad-network:network.guard.approvals[0].resource: the stack has no vpc us-wset",
      `blackroad-network:network.guard.approvals[1].resource: the stack has no ${elsewhere}`,
    ]);
    expect(stops(judgement)).toEqual([`replace ${subnet}`]);
    expect(judged("quiet", { approvals }).notes).toEqual([]);
  });

  it("whose days have no quotes in the stack's file is the same", () => {
    // So Pulumi passes a YAML timestamp on.
    const days = { approved: "2026-05-01 00:00:00 +0000 UTC", expires: "2026-05-08 00:00:00 +0000 UTC" };
    const judgement = judged("subnet", { approvals: [approvalFor(subnet, days)] });
    expect(judgement.approved).toMatchObject([
      { approval: { approved: "2026-05-01", expires: "2026-05-08" } },
    ]);
  });
});

describe("a zone's records", () => {
  it("are guarded from too many changes at once", () => {
    const [finding, ...others] = judged("records").stopped;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      threat: "records",
      resource: "records guard.test",
      message: "5 of 14 records would be deleted or changed, more than 30 %",
    });
    expect(finding?.urns).toHaveLength(5);
  });

  it("may change by as much as the stack says", () => {
    expect(passes(judged("records", { records: { percent: 36, atLeast: 10 } }))).toBe(true);
    expect(passes(judged("records", { records: { percent: 30, atLeast: 15 } }))).toBe(true);
    expect(passes(judged("records", { records: { percent: 35, atLeast: 14 } }))).toBe(false);
  });

  it("are not judged where they are not shown", () => {
    const judgement = judged("records-unshown");
    expect(judgement.stopped).toEqual([]);
    expect(judgement.unclear).toEqual([
      "guard.test would have 5 records deleted or changed, and how many it has is not shown: preview with --show-sames.",
    ]);
  });

  it.each(["records", "records-unshown"] as const)("can be approved for one zone: %s", (name) => {
    expect(passes(judged(name, { approvals: [approvalFor("records guard.test")] }))).toBe(true);
    expect(passes(judged(name, { approvals: [approvalFor("records other.test")] }))).toBe(false);
    expect(passes(judged(name, { approvals: [approvalFor("zone guard.test")] }))).toBe(false);
  });
});
