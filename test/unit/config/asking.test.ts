/** What stands beside the network in a stack's file: the Cloudflare account, and how hosts are asked. */
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { loadStackConfig, type StackConfig } from "../../../components/config/load.ts";
import { needsAccount } from "../../../components/config/parse.ts";
import { networkKey } from "../../../components/config/problem.ts";
import { findingsIn, refusalOf, withEdits } from "./stack-file.ts";
import { filledFile, filledNetwork } from "./stack.ts";

function loaded(config: Readonly<Record<string, string>>): StackConfig {
  const beside = Object.entries(config).map(([key, value]) => [`blackroad-network:${key}`, value]);
  pulumi.runtime.setAllConfig({
    [networkKey]: JSON.stringify(filledNetwork("dev")),
    ...(Object.fromEntries(beside) as Record<string, string>),
  });
  return loadStackConfig();
}

describe("how hosts are asked", () => {
  it("is in previews too, with five seconds for each, unless the stack says otherwise", () => {
    expect(loaded({}).asking).toEqual({ inPreviews: true, seconds: 5 });
    const { asking } = loaded({ askHosts: "false", askSeconds: "300" });
    expect(asking).toEqual({ inPreviews: false, seconds: 300 });
  });

  it.each(["0", "301", "-1", "2.5"])("is refused with %s seconds", (askSeconds) => {
    const message = `must be seconds for a host to answer in, a whole number from 1 to 300, but is ${askSeconds}.`;
    expect(() => loaded({ askSeconds })).toThrow(
      new pulumi.RunError(
        `The network's configuration has 1 problem:\n  blackroad-network:askSeconds\n    ${message}`,
      ),
    );
  });
});

describe("the Cloudflare account", () => {
  const dev = filledFile("dev");
  const { pools, fallback } = { pools: [{ name: "only", hosts: ["us-west/lb-1"] }], fallback: "only" };

  it("is not asked for where nothing belongs to one", () => {
    expect(dev).not.toContain("cloudflareAccountId:");
    expect(refusalOf(dev)).toBeUndefined();
    expect(loaded({}).cloudflareAccountId).toBeUndefined();
  });

  it.each([
    ["a zone", { "dns zones blackroad.io managed": true }],
    ["a tunnel", { "cloudflare tunnels": { way: { host: "us-west/hub-1", ingress: [] } } }],
    ["a load balancer", { "cloudflare loadBalancers": { "api.dev.blackroad.io": { pools, fallback } } }],
    ["Access", { "cloudflare access": { "api.dev.blackroad.io": { emails: ["a@blackroad.io"] } } }],
  ])("is missed where %s belongs to one", (_, edits) => {
    const told = findingsIn(refusalOf(withEdits(dev, edits)) ?? "it was taken");
    expect(told).toContainEqual({
      path: "cloudflareAccountId",
      message: "is missing: it must be a Cloudflare account id of 32 hexadecimal digits.",
    });
  });

  it("is told of together with all else that is wrong", () => {
    const file = filledFile("prod")
      .replace(
        /cloudflareAccountId: .*/,
        "cloudflareAccountId: REPLACE-ME\n  blackroad-network:askSeconds: 0",
      )
      .replace("mtu: 1420", "mtu: 9001");
    const told = findingsIn(refusalOf(file) ?? "it was taken");
    expect(told.map(({ path }) => path)).toEqual(["wireguard.mtu", "cloudflareAccountId", "askSeconds"]);
  });

  it.each([
    undefined,
    null,
    "none",
    [],
    { dns: null },
    { dns: { zones: { "a.test": null } } },
    { cloudflare: 1 },
  ])("is not asked for by a network that is none: %j", (network) => {
    expect(needsAccount(network)).toBe(false);
  });
});
