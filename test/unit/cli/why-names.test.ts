/** `roadnet why` with names, as it is typed. */
import { expect, it } from "vitest";
import { roadnet } from "./roadnet.ts";

it("follows a name over Cloudflare's edge, without hosts that are down, by exit code and JSON", async () => {
  const stack = ["--stack", "sandbox", "--json"];
  const [api, lost, inside] = await Promise.all([
    roadnet(["why", "internet", "api.blackroad.io", "443/tcp", ...stack, "--without", "us-west", "eu-west"]),
    roadnet(["why", "internet", "api.blackroad.io", "443/tcp", ...stack, "--without", "nobody"]),
    roadnet(["why", "internet", "redis.blackroad.internal", "6379/tcp", ...stack]),
  ]);
  expect(api.code).toBe(0);
  expect(JSON.parse(api.stdout)).toMatchObject({
    verdict: "pass",
    servers: [{ pool: "home", by: "edge-home/lucidia, port 8080" }],
  });
  expect([lost.code, inside.code]).toEqual([2, 1]);
  expect(lost.stderr + lost.stdout).toContain("no host, region or site nobody");
});
