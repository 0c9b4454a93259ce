/** Findings of `roadnet verify`, where they are drawn. */
import { describe, expect, it } from "vitest";
import { layOut } from "../../../../cli/map/layout.ts";
import { marksByBox } from "../../../../cli/map/marks-by-box.ts";
import { marksShown } from "../../../../cli/map/svg.ts";
import { dataOf, describedNetwork, prodWith } from "./subject.ts";
import { to } from "../../proof/describe/network.ts";

describe("marks", () => {
  it("are none where verify finds nothing", () => {
    const { marks, verified } = dataOf(prodWith(), true);
    expect([marks, verified]).toEqual([[], "everything passes that is meant to, and nothing else"]);
  });

  it("are at the gate that decides, and at whom it is about", () => {
    const data = dataOf(prodWith({ "securityGroups database ingress 0 source": "10.0.0.0/8" }), true);
    const [mark] = data.marks;
    expect(data.verified).toBe("1 violation");
    expect(mark?.boxes).toContain("host:us-west/postgres-1");
    expect(mark?.where).toMatch(/^Pulumi\.prod\.yaml:\d+: securityGroups\.database\.ingress\[0\]$/);
    expect(mark?.title).toMatch(/^nobody intends it: 5432\/tcp from /);
    // On a folded region is marked what is in it.
    const layout = layOut(data.drawing, { width: 900, folded: new Set(["region:us-west"]) });
    const counts = marksByBox(data.marks);
    expect(marksShown(layout, counts).get("region:us-west")).toBeGreaterThan(0);
    expect(marksShown(layout, counts).has("host:us-west/postgres-1")).toBe(false);
  });

  it("are not asked for where nobody wants them", () => {
    const wrong = prodWith({ "securityGroups database ingress 0 source": "10.0.0.0/8" });
    expect(dataOf(wrong).marks).toEqual([]);
    expect(dataOf(wrong).verified).toBe("nobody has verified it");
  });

  it("are of a described network what is wrong whatever is meant", () => {
    const opened = describedNetwork(({ RouteTables }) => {
      const routes = RouteTables[0]?.Routes as object[];
      routes.push(to("10.9.0.0/16", { GatewayId: "igw-gone", State: "blackhole" }));
    });
    const { marks } = dataOf(opened, true);
    expect(marks.map(({ title }) => title)).toContainEqual(expect.stringContaining("10.9.0.0/16"));
  });
});
