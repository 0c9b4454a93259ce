/**
 * `roadnet sandbox prove` on the sandbox that runs: packets do what the proof says, a difference is found and told, and
 * on networks that differ in one place packets and the proof agree as well. CI asks a sample; `npm run soak` all of it,
 * and a hundred networks (ROADNET_MUTATIONS), on a sandbox of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { networkOf, readNetwork, stackFile } from "../../cli/prove/network.ts";
import { prove } from "../../cli/prove/prove.ts";
import { createProgress } from "../../scripts/lib/progress.mjs";
import { askService } from "../../sandbox/ask.ts";
import { sandboxDown } from "../../sandbox/down.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { sandboxPaths, serviceSocket } from "../../sandbox/paths.ts";
import { placesOf } from "../../sandbox/prove/places.ts";
import { loadWorld } from "../../sandbox/fabric/world.ts";
import { AwsClient } from "../../sandbox/services/aws/client.ts";
import { sandboxUp } from "../../sandbox/up.ts";
import type { Actor } from "./mutation.ts";
import { settle, withoutRule } from "./packets.ts";
import { complaints, mutatedNetworks, whileMutated } from "./proven-mutation.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Undefined in CI. */
const wanted = process.env.ROADNET_MUTATIONS;
const isSoak = wanted !== undefined;
const networks = Number(wanted ?? 2);
console.log(`prove: ROADNET_SEED=${seed}`);

const own = isSoak ? mkdtempSync(join(tmpdir(), "rn-prove-")) : undefined;
if (own !== undefined) process.env.ROADNET_SANDBOX_DIR = own;
const paths = sandboxPaths();

beforeAll(async () => {
  if (own !== undefined) await sandboxUp({ paths, progress: createProgress(), packets: true });
  await settle();
});

afterAll(async () => {
  if (own === undefined) return;
  await sandboxDown({ paths, progress: createProgress(), purge: true });
  rmSync(own, { recursive: true, force: true });
});

function runningNetwork(): ReturnType<typeof readNetwork> {
  const { file, text } = stackFile(paths);
  return readNetwork(text, file);
}

/** Changes the sandbox's cloud by drift, and its hosts past their network. */
function actor(): Actor {
  const aws = new AwsClient(serviceSocket(paths, "aws"));
  return {
    drift: async (request) => await aws.drift(request),
    describe: async () => await aws.describe(),
    onHost: async (host, argv, stdin) => {
      const place = placesOf(await aws.describe(), loadWorld()).get(host);
      const name = place?.role.replace(/^h-/, "") ?? host;
      const { exitCode, stdout, stderr } = await execInMachine(name, argv, { stdin }, paths);
      if (exitCode !== 0) throw new Error(`${host}: ${argv.join(" ")}: ${stderr}`);
      return stdout;
    },
  };
}

describe("packets and the proof of the stack", () => {
  it("agree, between everybody and everybody", async ({ task }) => {
    const network = runningNetwork();
    // Nothing has changed since itself: what is asked is a sample of all pairs.
    const before = isSoak ? undefined : network;
    const report = await prove({ network, before, seed }, paths);
    expect(complaints("the stack", report)).toEqual([]);
    expect(report.pairs.length).toBeGreaterThan(800);
    expect(report.asked).toBeGreaterThan(isSoak ? 100_000 : 2000);
    expect(report.passed).toBeGreaterThan(isSoak ? 3000 : 30);
    Object.assign(task.meta, {
      note: `${report.pairs.length} pairs, ${report.asked} questions, ${report.sent} packets`,
    });
  });

  it("differ where a rule is not as the stack has it, and both reasons are told", async () => {
    const rule = { group: "us-west/internal", protocol: "tcp", fromPort: 8080 };
    const selection = { from: ["edge-home/lucidia"], to: ["us-west/api-1"] };
    const network = runningNetwork();
    const told = async (): Promise<string[]> =>
      complaints("without the rule", await prove({ network, selection, seed }, paths));
    const without = await withoutRule(rule, told);
    expect(without.map((line) => line.replace(/^.*?: (.*?): .*$/, "$1"))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^edge-home\/lucidia to us-west\/api-1 \(10\.0\.10\.11\) 8080.*tcp$/),
      ]),
    );
    expect(without.join("\n")).toMatch(
      /proof pass \(us-west\/api-1 answers\), packets blocked \(the question ended at router of VPC us-west/,
    );
    expect(await told()).toEqual([]);
  });
});

describe("packets and the proof of networks that differ in one place", () => {
  it(`agree, on ${networks} of them`, { timeout: 3_600_000 }, async ({ task }) => {
    const base = runningNetwork();
    const done: string[] = [];
    const wrong: string[] = [];
    for (const mutated of mutatedNetworks(base, seed, isSoak)) {
      const { words } = mutated.mutation;
      const report = await whileMutated(mutated, actor(), settle, async () => {
        const { network } = mutated;
        return await prove({ network, before: base, seed: seed + done.length }, paths);
      });
      if (report === undefined) continue;
      done.push(words);
      wrong.push(...complaints(words, report));
      if (done.length >= networks) break;
    }
    expect(wrong).toEqual([]);
    expect(done).toHaveLength(networks);
    Object.assign(task.meta, { note: `seed ${seed}: ${done.length} networks` });
    // Nothing is left of them.
    const report = await prove({ network: networkOf(base.plan), before: base, seed }, paths);
    expect(complaints("afterwards", report)).toEqual([]);
  });
});

it("the fabric says nothing is amiss", async () => {
  const { problems, error } = (await askService("fabric", "GET", "/status", undefined, paths)) as {
    problems: readonly string[];
    error?: string;
  };
  expect([problems, error]).toEqual([[], undefined]);
});
