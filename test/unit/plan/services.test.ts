/** What a region has for AWS's own services. */
import { describe, expect, it } from "vitest";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import type { RegionPlan } from "../../../components/plan/model.ts";
import { absent, changed, type Change } from "../config/subject.ts";

function region(stack: string, ...changes: readonly Change[]): RegionPlan {
  const plan = planNetwork(parseNetworkConfig(changed(...changes)), stack);
  const found = plan.regions.find(({ key }) => key === "us-west");
  if (found === undefined) throw new Error("there is no us-west");
  return found;
}

describe("flow logs", () => {
  it("go to a group of the stack and the region, by a role of the same", () => {
    expect(region("prod", ["regions us-west flowLogs", {}]).flowLog).toEqual({
      key: "us-west/flow-logs",
      logGroup: "/blackroad/prod/us-west/flow-logs",
      role: "prod-us-west-flow-logs",
      traffic: "ALL",
      retentionDays: 30,
    });
    expect(region("prod", ["regions us-west flowLogs", { traffic: "accepted" }]).flowLog?.traffic).toBe(
      "ACCEPT",
    );
  });

  it("have roles whose names are cut where IAM takes no longer ones, and stay apart", () => {
    const [a = "", b = ""] = ["a", "b"].map(
      (end) => region(`${"long".repeat(20)}-${end}`, ["regions us-west flowLogs", {}]).flowLog?.role,
    );
    expect([a.length, b.length]).toEqual([64, 64]);
    expect(a).not.toBe(b);
    expect(a).toMatch(/^longlong.*-[0-9a-f]{8}$/);
  });
});

describe("gateway endpoints", () => {
  it("serve the tiers that have a way out, and the database tier not", () => {
    const { gatewayEndpoints } = region("prod", ["regions us-west gatewayEndpoints", ["s3"]]);
    expect(gatewayEndpoints).toEqual([
      {
        key: "us-west/endpoint/s3",
        service: "com.amazonaws.us-west-2.s3",
        routeTables: ["us-west/private/us-west-2a", "us-west/private/us-west-2b", "us-west/public"],
      },
    ]);
  });
});

describe("the subnets of databases", () => {
  it("have a name that RDS takes, and none where there is no such tier", () => {
    expect(region("Prod").databaseSubnetGroup?.name).toBe("prod-us-west-database");
    const tiers: Change[] = [
      ["regions us-west tiers", ["public", "private"]],
      ["regions us-west subnets database", []],
      ["hosts us-west postgres-1", absent],
    ];
    expect(region("prod", ...tiers).databaseSubnetGroup).toBeUndefined();
  });
});
