import { describe, expect, it } from "vitest";

import { describeGraph } from "./graph.ts";

const run = describeGraph("dev");

describe("how the program of dev reaches its hosts", () => {
  it("meets what stands behind a virtual Pi when the Pi's tunnel is up", () => {
    const meeting = run().resources.find(({ name }) => name === "edge-home/lucidia-alt/meet");
    expect(meeting?.dependsOn).toEqual(
      expect.arrayContaining([
        "command:remote:Command edge-home/lucidia/confirm/tunnel",
        "command:remote:Command us-west/hub-1/confirm/direct",
      ]),
    );
  });

  it("adds records to production's zone and leaves the zone alone", () => {
    expect(run().resources.filter(({ type }) => type === "cloudflare:index/zone:Zone")).toEqual([]);
    const records = run().resources.filter(({ type }) => type === "cloudflare:index/dnsRecord:DnsRecord");
    expect(records.length).toBeGreaterThan(0);
    for (const { inputs } of records) {
      expect(inputs.name).toMatch(/\.dev\.blackroad\.io$/);
      expect(inputs.zoneId).toBe('id(cloudflare:index/getZone:getZone {"filter":{"name":"blackroad.io"}})');
    }
  });
});
