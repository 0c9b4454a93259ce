/** docs/deviations.md is what the documents' contradictions and their corrections make of it, and leaves none out. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { deviationsFile, foundBy, readDeviations, renderDeviations } from "../../literal/deviations.ts";
import { literalFindings } from "../../literal/literal.ts";

const deviations = readDeviations();
const findings = literalFindings();

describe("the two documents taken by their word", () => {
  it.each([
    ["refused aws/database-zones regions.us-west.subnets.database[0]"],
    ["refused aws/reserved-addresses hosts.us-west.api-1.address"],
    ["refused ours sites.coral-reef.network"],
    ['refused cloudflare/private-origins dns.zones["blackroad.io"].records[2].content'],
    ['refused dns/mx-target dns.zones["blackroad.io"].records[3].content'],
    ['refused cloudflare/origin-elsewhere dns.zones["blackroad.io"].records[0].content'],
    ["stopped 22/tcp us-west/hub-1 > us-west/postgres-1,us-west/redis-1 @ securityGroups.database.ingress"],
    ["stopped 8888/tcp us-west/postgres-1 > us-west/hub-1 @ securityGroups.database.egress"],
    [
      "stopped 51820/udp coral-reef/gateway,edge-home/blackroad-pi,edge-home/lucidia > us-west/hub-1 @ securityGroups.public.ingress",
    ],
    ['finding names/nobody-asked dns.private.zones["blackroad.internal"]'],
    // What tunnels that are down hide.
    [
      'stopped 22/tcp us-west/hub-1 > edge-home/lucidia-alt @ wireguard.peers["edge-home/lucidia"].masquerade',
    ],
  ])("are told: %s", (text) => {
    expect(findings.map((finding) => finding.text)).toContain(text);
  });

  it("contradict themselves and the platform in nothing that is not among the deviations", () => {
    const claimed = new Set(deviations.flatMap((deviation) => foundBy(deviation, findings)));
    expect(findings.filter((finding) => !claimed.has(finding)).map(({ text }) => text)).toEqual([]);
  });

  it("do so in everything that a deviation says is found", () => {
    const missing = deviations.flatMap(({ found = [] }) =>
      found.filter((pattern) => !findings.some(({ text }) => new RegExp(pattern).test(text))),
    );
    expect(missing).toEqual([]);
  });
});

describe("docs/deviations.md", () => {
  it("is what `npm run docs` writes", async () => {
    expect(readFileSync(deviationsFile, "utf8")).toBe(await renderDeviations());
  });
});
