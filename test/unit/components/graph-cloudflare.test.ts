/** What the program asks Cloudflare for beyond plain records: an account with everything that the schema has. */
import { beforeAll, describe, expect, it } from "vitest";

import { changed } from "../config/subject.ts";
import { acceptedGraph, documentOf, graphOf, isSecret } from "./golden.ts";
import { runProgram, type ProgramRun, type Registered } from "./program.ts";

let run: ProgramRun;

const zone = {
  managed: true,
  records: [{ name: "dashboard", type: "CNAME", tunnel: "way", proxied: true }],
  dnssec: true,
  tls: { mode: "full", minimumVersion: "1.2", redirect: true, originPulls: true },
  cache: [{ name: "static", path: "/static/", edgeSeconds: 3600, browserSeconds: 60 }],
};

const account = {
  tunnels: {
    way: {
      host: "edge-home/lucidia",
      ingress: [
        { hostname: "api.example.test", service: "http://localhost:8080" },
        { hostname: "dashboard.example.test", service: "http://localhost:3000" },
        { service: "http_status:404" },
      ],
    },
  },
  loadBalancers: {
    "api.example.test": {
      pools: [
        { name: "us-west", hosts: ["us-west/lb-1"] },
        { name: "home", tunnel: "way" },
      ],
      fallback: "home",
      affinity: { header: "X-Session-ID" },
    },
  },
  access: { "dashboard.example.test": { emailDomains: ["example.test"] } },
};

/** What concerns the test's own zone and account. */
function ours(): readonly Registered[] {
  const ofStack = (name: string): boolean => name.startsWith("blackroad.io") || name.startsWith("secret/");
  return run.resources.filter(
    ({ type, name }) => /^(?:blackroad:cloudflare|cloudflare|random):/.test(type) && !ofStack(name),
  );
}

beforeAll(async () => {
  // The region's load balancers have names of both zones.
  const other = ["dns zones blackroad.io tls", { originPulls: true }] as const;
  const network = changed(["dns zones example.test", zone], other, ["cloudflare", account]);
  run = await runProgram("prod", { config: { "blackroad-network:network": JSON.stringify(network) } });
}, 120_000);

describe("at Cloudflare the program makes", () => {
  it("what was accepted, and nothing else", () => {
    const current = graphOf(ours());
    expect(current).toBe(acceptedGraph("cloudflare", current));
  });

  it("a tunnel whose secret is nowhere in the clear", () => {
    const tunnel = ours().find(({ type }) => type.endsWith(":ZeroTrustTunnelCloudflared"));
    expect(tunnel?.inputs.tunnelSecret).toSatisfy(isSecret);
    const credentials = "/etc/cloudflared/credentials.json";
    const apply = run.resources.find(({ name }) => name === "edge-home/lucidia/apply");
    expect(documentOf(apply?.inputs.stdin)?.files.map(({ path }) => path)).toContain(credentials);
    expect(apply?.inputs.stdin).toSatisfy(isSecret);
  });
});
