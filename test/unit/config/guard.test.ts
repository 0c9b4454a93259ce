/** What approvals must say, and what is said of those that do not. */
import { describe, expect, it } from "vitest";
import { parseGuardConfig, parseNetworkConfig } from "../../../components/config/parse.ts";
import { approvalFor } from "../guard/approval.ts";
import { changed, told } from "./subject.ts";

const approvals = (...options: readonly object[]): readonly [string, unknown] => [
  "guard approvals",
  options.map((each) => ({ ...approvalFor("vpc us-west"), ...each })),
];

const kinds = "vpc, subnet, nat-gateway, nat-address, hub-address, peering, zone, name-server, records";
const urn = "urn:pulumi:prod::blackroad-network::blackroad:aws:Vpc$aws:ec2/vpc:Vpc::us-west";

describe("an approval", () => {
  it.each([
    [
      { resource: undefined },
      "resource",
      "is missing: it must be a guarded resource such as vpc us-west, or its URN.",
    ],
    [
      { resource: "everything" },
      "resource",
      `must be a URN, or a kind and a name such as vpc us-west, but is "everything"; kinds are ${kinds}.`,
    ],
    [{ resource: "vpc *" }, "resource", "must name a vpc as in vpc us-west, but is vpc *."],
    [
      { resource: "subnet us-west" },
      "resource",
      "must name a subnet as in subnet us-west/public/us-west-2a, but is subnet us-west.",
    ],
    [{ resource: "urn:pulumi:prod" }, "resource", "is no whole URN: copy it from the plan."],
    [{ reason: undefined }, "reason", "is missing: it must be a reason, one line of 8 to 300 characters."],
    [{ reason: "" }, "reason", 'must be a reason, one line of 8 to 300 characters, but is "".'],
    [{ by: " " }, "by", 'must be who approves, one line of at most 100 characters, but is " ".'],
    [{ approved: undefined }, "approved", "is missing: it must be a day such as 2026-05-01."],
    [{ expires: "soon" }, "expires", 'must be a day such as 2026-05-01, but is "soon".'],
    [{ expires: "2026-02-30" }, "expires", 'must be a day such as 2026-05-01, but is "2026-02-30".'],
    [{ expires: "2026-5-8" }, "expires", 'must be a day such as 2026-05-01, but is "2026-5-8".'],
    [
      { expires: "2026-05-08 12:00:00 +0000 UTC" },
      "expires",
      'must be a day such as 2026-05-01, but is "2026-05-08 12:00:00 +0000 UTC".',
    ],
    [
      { expires: "2026-04-30" },
      "expires",
      "is before it is approved: 2026-04-30, and approved is 2026-05-01.",
    ],
    [
      { expires: "2026-06-02" },
      "expires",
      "is too late: an approval is good for 31 days at most, and from 2026-05-01 to 2026-06-02 are 32.",
    ],
    [{ all: true }, "all", "is not a known key: Known: resource, reason, by, approved, expires."],
  ])("%j is refused", (options, key, message) => {
    expect(told(approvals(options))).toEqual([[`guard.approvals[0].${key}`, message]]);
  });

  it.each([
    {},
    { resource: urn },
    { resource: "records blackroad.io" },
    { resource: "peering us-west/eu-west", expires: "2026-06-01" },
    { approved: "2026-05-01 00:00:00 +0000 UTC", expires: "2026-05-08 00:00:00 +0000 UTC" },
  ])("%j is taken", (options) => {
    expect(told(approvals(options))).toEqual([]);
  });

  it("is of a resource that no other is of, however it is written", () => {
    expect(told(approvals({}, { resource: "vpc eu-west" }, { resource: urn }))).toEqual([
      [
        "guard.approvals[2].resource",
        "is approved twice: vpc us-west is already guard.approvals[0].resource.",
      ],
    ]);
  });

  it("is told about along with what is wrong elsewhere", () => {
    const days = { approved: "2026-05-01 00:00:00 +0000 UTC", expires: "2026-07-01 00:00:00 +0000 UTC" };
    expect(told(["owner", ""], approvals(days)).map(([path]) => path)).toEqual([
      "owner",
      "guard.approvals[0].expires",
    ]);
  });
});

describe("the guard", () => {
  it("is the same where it is read alone, and is refused for the same", () => {
    const network = changed(["guard records", { percent: 12 }], approvals({}));
    expect(parseGuardConfig(network)).toEqual(parseNetworkConfig(network).guard);
    const late = changed(approvals({ expires: "2026-07-01" }), ["owner", ""]);
    expect(() => parseGuardConfig(late)).toThrow(
      "has 1 problem:\n  blackroad-network:network.guard.approvals[0].expires",
    );
  });

  it("protects nothing and keeps to octoDNS's share where the stack says nothing", () => {
    const { guard } = parseNetworkConfig({ ...(changed() as object), guard: undefined });
    expect(guard).toEqual({ protect: false, records: { percent: 30, atLeast: 10 }, approvals: [] });
  });

  it.each([
    [["guard protect", "yes"], "guard.protect", 'must be true or false, but is "yes".'],
    [
      ["guard records", { percent: 101 }],
      "guard.records.percent",
      "must be percent, a whole number from 0 to 100, but is 101.",
    ],
    [["guard approvals", "all"], "guard.approvals", 'must be a list of approvals, but is "all".'],
    [["guard force", true], "guard.force", "is not a known key: Known: protect, records, approvals."],
  ] as const)("%j is refused", (change, path, message) => {
    expect(told(change)).toEqual([[path, message]]);
  });
});
