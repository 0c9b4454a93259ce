/** A wrong stack file under the real engine: everything is told at once, in plain words, and nothing is made. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sources, type RuleId } from "../../components/config/sources.ts";
import { stackName } from "../../sandbox/engine.ts";
import { findingsIn, list, withEdits, type Edits } from "../unit/config/stack-file.ts";
import { PaperSandbox } from "./paper-sandbox.ts";

let sandbox: PaperSandbox;
let stackFile: string;
/** The sandbox's own, in which nothing is wrong. */
let right: string;

beforeAll(async () => {
  sandbox = await PaperSandbox.start("bad-input");
  stackFile = join(sandbox.paths.project, `Pulumi.${stackName}.yaml`);
  right = readFileSync(stackFile, "utf8");
});

afterAll(async () => {
  await sandbox.remove();
});

const preview = ["preview"] as const;
const up = ["up", "--yes", "--skip-preview"] as const;

/** The exit code of an engine whose program failed. */
const failed = 1;

/** Runs the engine on a wrong file. @returns what it printed as errors of the program, each as it was thrown */
async function refusals(args: readonly string[], file: string): Promise<string[]> {
  writeFileSync(stackFile, file);
  const { exitCode, stdout, stderr } = await sandbox.pulumi(args);
  const output = `${stdout}\n${stderr}`;
  expect([exitCode, output]).toEqual([failed, output]);
  // Where the code failed is nothing to whoever wrote the file.
  expect(output).not.toMatch(/^\s*at .*[:(]|node_modules|\.ts:\d|unhandled|Node\.js v/im);
  await expectNothingMade();
  return errorsIn(stdout);
}

async function expectNothingMade(): Promise<void> {
  const [aws, cloudflare] = await Promise.all([sandbox.aws.calls(), sandbox.cloudflare.calls()]);
  expect(aws.filter(({ method }) => ["create", "update", "delete"].includes(method))).toEqual([]);
  expect(cloudflare.filter(({ method }) => method !== "GET")).toEqual([]);
}

/** The errors in the diagnostics, as texts without the engine's indentation. */
function errorsIn(stdout: string): string[] {
  const [, diagnostics = ""] = stdout.split(/^Diagnostics:$/m);
  return diagnostics
    .split(/^ {4}error: /m)
    .slice(1)
    .map((text) => text.split(/\n\s*\n/)[0] ?? "")
    .map((text) => text.replaceAll(/^ {4}/gm, "").trimEnd());
}

const wrong: Edits = {
  "regions us-west vpc_cidr": "10.0.0.0/16",
  "regions us-west subnets public 1": "10.0.2.1/24",
  "regions eu-west nat": "none",
  "hosts us-west lb-1 address": "10.0.1.3",
  "hosts us-west lb-2 role": "loadbalancer",
  "wireguard managementHub": "us-wst",
  "dns zones blackroad.io records 1 proxied": true,
  "cloudflare loadBalancers api.blackroad.io steering": "round_robin",
};

const told: readonly (readonly [path: string, rule?: RuleId])[] = [
  ["regions.us-west.subnets.public[1]", "aws/canonical-network"],
  ["regions.us-west.vpc_cidr"],
  ["hosts.us-west.lb-2.role"],
  ['cloudflare.loadBalancers["api.blackroad.io"].steering', "cloudflare/steering-policy"],
  ["wireguard.managementHub"],
  ['dns.zones["blackroad.io"].records[1].proxied', "cloudflare/proxied-ports"],
  ["hosts.us-west.lb-1.address", "aws/reserved-addresses"],
  ["hosts.eu-west.api-1.address", "aws/peering-not-transitive"],
  ['dns.zones["blackroad.io"].records[1].ttl', "cloudflare/proxied-ttl"],
];

test.each([
  ["a preview", preview],
  ["an update", up],
])("%s tells everything that is wrong with a file, once", async (_, args) => {
  const errors = await refusals(args, withEdits(right, wrong));
  expect(errors).toHaveLength(1);
  const findings = findingsIn(errors[0] ?? "");
  expect(findings.map(({ path, rule, source }) => ({ path, rule, source }))).toEqual(
    told.map(([path, rule]) => ({ path, rule, source: rule === undefined ? undefined : sources[rule] })),
  );
});

test("what can be counted only when it is compiled is told in the same way", async () => {
  const openings = list(20, (index) => ({ port: 1000 + index, protocol: "tcp", source: "0.0.0.0/0" }));
  const errors = await refusals(preview, withEdits(right, { "securityGroups public ingress": openings }));
  expect(errors).toHaveLength(1);
  expect(findingsIn(errors[0] ?? "").map(({ path, rule }) => [path, rule])).toEqual([
    ["regions.eu-west.subnets.public", "aws/quota-acl-rules"],
    ["regions.us-west.subnets.public", "aws/quota-acl-rules"],
  ]);
});

test("what is wrong beside the network is told with it, before anything is planned", async () => {
  const beside = (file: string, key: string, value: string): string => {
    const line = new RegExp(`^( {2}blackroad-network:${key}: ).*$`, "m");
    expect(file).toMatch(line);
    return file.replace(line, (_, start: string) => start + value);
  };
  const file = withEdits(right, { "wireguard mtu": 1500 });
  const errors = await refusals(
    up,
    beside(beside(file, "cloudflareAccountId", "REPLACE-ME"), "askSeconds", "301"),
  );
  expect(errors).toHaveLength(1);
  expect(findingsIn(errors[0] ?? "").map(({ path }) => path)).toEqual([
    "wireguard.mtu",
    "cloudflareAccountId",
    "askSeconds",
  ]);
});
