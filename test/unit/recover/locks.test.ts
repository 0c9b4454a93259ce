/** Recovery with a `pulumi` that only plays what is asked of it: which commands run, and what a refusal becomes. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { recover, RecoverError } from "../../../cli/recover/recover.ts";
import type { ResourceState } from "../../../cli/recover/state.ts";
import type { Description } from "../../../sandbox/services/aws/client.ts";
import { foundByHand } from "../../sandbox/unlisted.ts";

interface Played {
  /** What `pulumi whoami` says. */
  readonly url: string;
  /** When the state was written, for one export after the other; the last goes on. */
  readonly written: readonly string[];
  /** What `pulumi stack import` fails with. */
  readonly refusal?: string;
  /** What was being made; a component unless said otherwise. */
  readonly creating?: ResourceState;
}

const script = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const played = JSON.parse(readFileSync(join(__dirname, "played.json"), "utf8"));
const args = process.argv.slice(2);
const log = join(__dirname, "log");
const command = args.slice(0, args.findIndex((arg) => arg.startsWith("--"))).join(" ");
const exported = existsSync(log) ? readFileSync(log, "utf8").split("stack export").length - 1 : 0;
appendFileSync(log, command + "\\n");
if (args[0] === "whoami") console.log(JSON.stringify({ user: "somebody", url: played.url }));
if (command === "stack export") {
  const time = played.written[Math.min(exported, played.written.length - 1)];
  const component = { urn: "urn:pulumi:s::p::blackroad:aws:Routes::r", type: "blackroad:aws:Routes", custom: false };
  const resource = played.creating ?? component;
  const pending_operations = [{ type: "creating", resource }];
  const state = { version: 3, deployment: { manifest: { time }, resources: [], pending_operations } };
  writeFileSync(args[args.indexOf("--file") + 1], JSON.stringify(state));
}
if (command === "stack import" && played.refusal !== undefined) {
  console.error(played.refusal);
  process.exit(255);
}
`;

/** Puts the playing `pulumi` on PATH for one test; returns what has been run. */
function play(played: Played): () => readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "roadnet-played-"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "pulumi"), script);
  chmodSync(join(folder, "pulumi"), 0o755);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "commonjs" }));
  writeFileSync(join(folder, "played.json"), JSON.stringify(played));
  vi.stubEnv("PATH", `${folder}:${process.env.PATH ?? ""}`);
  vi.stubEnv("PULUMI_BACKEND_URL", "");
  return () => readFileSync(join(folder, "log"), "utf8").trim().split("\n");
}

function recoverDev(found: Readonly<Record<string, string>> = {}) {
  return recover({
    cwd: tmpdir(),
    stack: "dev",
    dryRun: false,
    force: false,
    search: false,
    found,
    adopt: [],
    settleSeconds: 0,
    onProgress: () => undefined,
  });
}

describe("where locks cannot be seen", () => {
  test("the state is mended, nothing is cancelled, and the kind of the backend is told", async () => {
    const ran = play({ url: "s3://states", written: ["2026-11-21T14:22:00Z"] });
    const { unseenLocks, locks, decisions } = await recoverDev();
    expect(unseenLocks).toBe("s3://");
    expect(locks).toEqual([]);
    expect(decisions.map(({ action }) => action)).toEqual(["forget"]);
    expect(ran()).toEqual(["whoami", "stack export", "stack export", "stack import"]);
  });

  test("a lock stops it with what to do", async () => {
    const refusal =
      "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) …";
    play({ url: "s3://states", written: ["2026-11-21T14:22:00Z"], refusal });
    await expect(recoverDev()).rejects.toThrow(/this update has ended; then `pulumi cancel --stack dev`/);
  });

  test("another refusal stays what it is", async () => {
    play({ url: "s3://states", written: ["2026-11-21T14:22:00Z"], refusal: "error: no such bucket" });
    const failure = await recoverDev().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RecoverError);
    expect(String(failure)).toContain("no such bucket");
    expect(String(failure)).not.toContain("pulumi cancel");
  });
});

test("a state that was written meanwhile is not overwritten", async () => {
  const ran = play({ url: "s3://states", written: ["2026-11-21T14:22:00Z", "2026-11-21T14:22:01Z"] });
  await expect(recoverDev()).rejects.toThrow("dev has been updated meanwhile: recover it again");
  expect(ran()).not.toContain("stack import");
});

test("without PULUMI_BACKEND_URL, local files are found by what pulumi says", async () => {
  play({ url: "file://~/no-such-folder", written: ["2026-11-21T14:22:00Z"] });
  expect((await recoverDev()).unseenLocks).toBeUndefined();
});

describe("what no provider lists", () => {
  const type = "aws:route53/resolverRuleAssociation:ResolverRuleAssociation";
  const urn = `urn:pulumi:s::p::blackroad:aws:Forwarding$${type}::us-west/dns-outbound/consul`;
  const inputs = { region: "us-west-2", resolverRuleId: "rslvr-rr-1", vpcId: "vpc-1" };
  const killed = {
    url: "s3://states",
    written: ["2026-11-21T14:22:00Z"],
    creating: { urn, type, custom: true, inputs },
  };
  const stopped = async (): Promise<string> => {
    const failure = await recoverDev().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RecoverError);
    return String(failure);
  };

  test("stops recovery before anything is changed, with the command by which to look", async () => {
    const ran = play(killed);
    expect(await stopped()).toContain(
      "  aws route53resolver list-resolver-rule-associations --region us-west-2 --filters Name=ResolverRuleId,Values=rslvr-rr-1 Name=VPCId,Values=vpc-1\n" +
        `  --found '${urn}=ID', or with none for ID if it lists nothing`,
    );
    expect(ran()).not.toContain("stack import");
  });

  test("is adopted, or forgotten, as a person has found it", async () => {
    play(killed);
    expect((await recoverDev({ [urn]: "none" })).decisions).toMatchObject([{ action: "forget", urn }]);
    play(killed);
    const { decisions, refreshed } = await recoverDev({ [urn]: "rslvr-rrassoc-1" });
    expect(decisions).toMatchObject([{ action: "adopt", urn, id: "rslvr-rrassoc-1" }]);
    expect(refreshed).toEqual([urn]);
  });

  test("is found by the sandbox's tests in what the simulated AWS describes", async () => {
    play(killed);
    const output = await stopped();
    const there = { Id: "rslvr-rrassoc-1", ResolverRuleId: "rslvr-rr-1", VPCId: "vpc-1" };
    const described = (associations: readonly object[]) =>
      ({
        regions: {
          "us-west-2": { "resolver-rule-associations": { ResolverRuleAssociations: associations } },
        },
      }) as unknown as Description;
    expect(foundByHand(output, described([there]))).toEqual(["--found", `${urn}=rslvr-rrassoc-1`]);
    expect(foundByHand(output, described([{ ...there, VPCId: "vpc-2" }]))).toEqual([
      "--found",
      `${urn}=none`,
    ]);
  });
});
