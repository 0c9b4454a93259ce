import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EngineProgress } from "../../../sandbox/engine-progress.ts";
import {
  engineEnvironment,
  operatorCommand,
  passphraseFile,
  preparePassphrase,
  runPulumi,
} from "../../../sandbox/engine.ts";
import { endEngines, findRunningEngine } from "../../../sandbox/engines.ts";
import { countResources, findInterruption } from "../../../sandbox/interrupted.ts";
import { namespaceName, sandboxPaths, type SandboxPaths } from "../../../sandbox/paths.ts";
import { processStartTicks } from "../../../sandbox/service.ts";

let paths: SandboxPaths;
beforeEach(() => {
  paths = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-engine-")));
  for (const folder of [paths.run, paths.project, join(paths.root, "bin")]) {
    mkdirSync(folder, { recursive: true });
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(paths.root, { recursive: true });
});

function announceCloudflare(): void {
  const record = {
    pid: process.pid,
    startTicks: processStartTicks(process.pid),
    details: { baseUrl: "http://127.0.0.1:4711/client/v4" },
  };
  writeFileSync(join(paths.run, "cloudflare.json"), JSON.stringify(record));
}

describe("the engine's environment", () => {
  it("has nothing of the caller's accounts", () => {
    const foreign = {
      AWS_PROFILE: "prod",
      AWS_SECRET_ACCESS_KEY: "secret",
      CLOUDFLARE_API_KEY: "secret",
      CLOUDFLARE_API_TOKEN: "the caller's",
      PULUMI_ACCESS_TOKEN: "secret",
      PULUMI_BACKEND_URL: "https://example.org",
      SSH_AUTH_SOCK: "/the/callers/agent",
    };
    for (const [name, value] of Object.entries(foreign)) {
      vi.stubEnv(name, value);
    }
    const environment = engineEnvironment(paths, { packets: true });
    for (const [name, value] of Object.entries(foreign)) {
      expect(environment[name]).not.toBe(value);
    }
    expect(Object.keys(environment).filter((name) => name.startsWith("AWS_"))).toEqual([]);
  });

  it("leads to the sandbox's own home, state, agent and Cloudflare", () => {
    expect(engineEnvironment(paths, { packets: true })).toMatchObject({
      PULUMI_HOME: paths.pulumiHome,
      PULUMI_BACKEND_URL: `file://${paths.state}`,
      ROADNET_SANDBOX_DIR: paths.root,
      CLOUDFLARE_BASE_URL: "http://192.0.2.4/client/v4",
      SSH_AUTH_SOCK: join(paths.run, "agent.sock"),
    });
  });

  it("keeps what Node.js has compiled for the next sandbox of the checkout", () => {
    const checkout = join(import.meta.dirname, "..", "..", "..");
    const { NODE_COMPILE_CACHE: folder } = engineEnvironment(paths, { packets: true });
    expect(folder).toBe(join(checkout, "node_modules", ".cache", "node-compile"));
  });

  it("has paper hosts and a loopback Cloudflare without packets", () => {
    announceCloudflare();
    const environment = engineEnvironment(paths, { packets: false });
    expect(environment.ROADNET_PAPER_HOSTS).toBe(paths.rendered);
    expect(environment.CLOUDFLARE_BASE_URL).toBe("http://127.0.0.1:4711/client/v4");
    expect(environment.SSH_AUTH_SOCK).toBeUndefined();
  });

  it("says that the services are down", () => {
    expect(() => engineEnvironment(paths, { packets: false })).toThrow("cloudflare service is not running");
  });

  it("holds the passphrase by a file that only its owner reads, made once", () => {
    preparePassphrase(paths);
    const passphrase = readFileSync(passphraseFile(paths), "utf8");
    preparePassphrase(paths);
    expect(readFileSync(passphraseFile(paths), "utf8")).toBe(passphrase);
    expect(passphrase.length).toBeGreaterThan(40);
    expect(statSync(passphraseFile(paths)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(engineEnvironment(paths, { packets: true }))).not.toContain(passphrase);
  });

  it("puts the engine into the operator's namespace, where there is one", () => {
    const namespace = namespaceName("op", paths.root);
    expect(operatorCommand(["pulumi", "up"], paths, { packets: true })).toEqual([
      "ip",
      "netns",
      "exec",
      namespace,
      "pulumi",
      "up",
    ]);
    expect(operatorCommand(["pulumi", "up"], paths, { packets: false })).toEqual(["pulumi", "up"]);
  });
});

describe("runPulumi", () => {
  /** A `pulumi` that does what the shell text says. */
  function fake(text: string): void {
    announceCloudflare();
    writeFileSync(join(paths.root, "bin", "pulumi"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    vi.stubEnv("PATH", `${join(paths.root, "bin")}:/usr/bin:/bin`);
  }

  it("gives what it printed and how it ended, run in the project", async () => {
    fake('echo "$@"; pwd; echo oops >&2; exit 255');
    const result = await runPulumi(["stack", "ls"], { paths, packets: false });
    expect(result).toEqual({
      exitCode: 255,
      stdout: `stack ls --non-interactive\n${paths.project}\n`,
      stderr: "oops\n",
    });
  });

  it("passes every event on but the engine's debugging, and leaves nothing of them on disk", async () => {
    const sender = join(import.meta.dirname, "send-events.ts");
    fake(`exec '${process.execPath}' --disable-warning=ExperimentalWarning '${sender}' "$@"`);
    const seen: EngineEvent[] = [];
    const result = await runPulumi(["up"], { paths, packets: false, onEvent: (event) => seen.push(event) });
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(seen.map(({ sequence }) => sequence)).toEqual([1, 3, 4]);
    const left = readdirSync(paths.root, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => name.includes("ev"))).toEqual([]);
  });

  it("is not held up by an engine that never connects", async () => {
    fake("exit 3");
    const result = await runPulumi(["up"], { paths, packets: false, onEvent: () => undefined });
    expect(result.exitCode).toBe(3);
    expect(readdirSync(paths.run).filter((name) => name.startsWith("ev-"))).toEqual([]);
  });

  it("takes away the sockets of killed starts, and no other's", async () => {
    fake("exit 0");
    const { pid: dead } = spawnSync("true");
    const socketOf = (pid: number): string => `ev-${pid.toString(36)}-0.sock`;
    mkdirSync(paths.run, { recursive: true });
    for (const pid of [dead, process.ppid]) writeFileSync(join(paths.run, socketOf(pid)), "");
    writeFileSync(join(paths.run, "event.sock"), "");
    await runPulumi(["up"], { paths, packets: false, onEvent: () => undefined });
    expect(readdirSync(paths.run).filter((name) => name.startsWith("ev"))).toEqual(
      [socketOf(process.ppid), "event.sock"].sort(),
    );
  });

  it("listens to several engines at once", async () => {
    fake(`ls '${paths.run}' | grep -c '^ev-' >> '${paths.root}/counts'; sleep 1`);
    const options = { paths, packets: false, onEvent: () => undefined };
    await Promise.all([1, 2].map(() => runPulumi(["up"], options)));
    expect(readFileSync(join(paths.root, "counts"), "utf8")).toContain("2");
    expect(readdirSync(paths.run).filter((name) => name.startsWith("ev-"))).toEqual([]);
  });

  it("names what is missing", async () => {
    announceCloudflare();
    vi.stubEnv("PATH", join(paths.root, "bin"));
    await expect(runPulumi(["up"], { paths, packets: false })).rejects.toThrow(
      "There is no `pulumi` on PATH",
    );
  });
});

it("counts resources as an update does: without the providers that the engine makes for itself", () => {
  const folder = join(paths.state, ".pulumi", "stacks", "blackroad-network");
  mkdirSync(folder, { recursive: true });
  const parts = [
    "pulumi:pulumi:Stack::blackroad-network-sandbox",
    "pulumi:providers:aws::aws",
    "pulumi:providers:tls::default_5_6_1",
    "pulumi:providers:command::default",
    "blackroad:aws:Vpc$aws:ec2/vpc:Vpc::default",
  ];
  const resources = parts.map((part) => ({ urn: `urn:pulumi:sandbox::blackroad-network::${part}` }));
  const state = { version: 3, checkpoint: { latest: { resources } } };
  writeFileSync(join(folder, "sandbox.json"), JSON.stringify(state));
  expect(countResources(paths)).toBe(3);
});

describe("findInterruption", () => {
  function lock(pid: number): void {
    const folder = join(paths.state, ".pulumi", "locks", "organization", "blackroad-network", "sandbox");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "a.json"), JSON.stringify({ pid, timestamp: new Date().toISOString() }));
  }

  function checkpoint(pending: readonly unknown[]): void {
    const folder = join(paths.state, ".pulumi", "stacks", "blackroad-network");
    mkdirSync(folder, { recursive: true });
    const latest = { resources: [], pending_operations: pending };
    writeFileSync(join(folder, "sandbox.json"), JSON.stringify({ version: 3, checkpoint: { latest } }));
  }

  it("finds nothing after an engine that ended well", () => {
    expect(findInterruption(paths)).toBeUndefined();
    checkpoint([]);
    expect(findInterruption(paths)).toBeUndefined();
  });

  it("finds a dead engine's lock, and operations that nobody recorded", () => {
    checkpoint([{ type: "creating" }, { type: "creating" }]);
    expect(findInterruption(paths)).toBe("2 operations were begun and never recorded as done");
    lock(999_999_999);
    expect(findInterruption(paths)).toContain("process 999999999) has died");
  });

  it("is none while the engine still runs, which is found by its lock", () => {
    expect(findRunningEngine(paths)).toBeUndefined();
    lock(process.pid);
    expect(findRunningEngine(paths)).toBe(process.pid);
    expect(findInterruption(paths)).toBeUndefined();
  });
});

describe("findRunningEngine", () => {
  it("also finds one that has not taken the lock yet", async () => {
    const program = join(paths.root, "bin", "pulumi");
    copyFileSync("/bin/sleep", program);
    const env = { ...process.env, PULUMI_HOME: paths.pulumiHome };
    const engine = spawn(program, ["60"], { stdio: "ignore", env });
    const other = spawn("sleep", ["60"], { stdio: "ignore", env });
    await new Promise((resolve) => other.once("spawn", resolve));
    await vi.waitFor(() => {
      expect(findRunningEngine(paths)).toBe(engine.pid);
    });
    expect(await endEngines(paths)).toBe(2);
    expect(findRunningEngine(paths)).toBeUndefined();
  });
});

describe("endEngines", () => {
  it("ends what runs in this sandbox's PULUMI_HOME and nothing else", async () => {
    const start = (home: string) =>
      spawn("sleep", ["60"], { stdio: "ignore", env: { ...process.env, PULUMI_HOME: home } });
    const ours = start(paths.pulumiHome);
    const theirs = start(`${paths.pulumiHome}-2`);
    await new Promise((resolve) => theirs.once("spawn", resolve));
    expect(await endEngines(paths)).toBe(1);
    expect(processStartTicks(ours.pid ?? 0)).toBeUndefined();
    expect(processStartTicks(theirs.pid ?? 0)).toBeDefined();
    theirs.kill("SIGKILL");
  });
});

describe("EngineProgress", () => {
  const event = (fields: object): EngineEvent => ({ sequence: 0, timestamp: 0, ...fields });
  const urn = (name: string) => `urn:pulumi:sandbox::blackroad-network::aws:ec2/vpc:Vpc::${name}`;

  it("counts what is done and names what is under way", () => {
    const progress = new EngineProgress();
    const metadata = (op: string, name: string) => ({ metadata: { op, urn: urn(name) } });
    progress.see(event({ resourcePreEvent: metadata("create", "us-west") }));
    progress.see(event({ resourcePreEvent: metadata("create", "eu-west") }));
    progress.see(event({ resourcePreEvent: metadata("same", "zone") }));
    progress.see(event({ resOutputsEvent: metadata("same", "zone") }));
    expect(progress.line()).toBe("1 resources done, creating us-west and 1 more");
    progress.see(event({ resOutputsEvent: metadata("create", "us-west") }));
    progress.see(event({ resOpFailedEvent: metadata("create", "eu-west") }));
    expect(progress.line()).toBe("3 resources done");
  });

  it("keeps errors and warnings, without colour codes and each once", () => {
    const progress = new EngineProgress();
    const diagnostic = (severity: string, message: string) => ({
      diagnosticEvent: { severity, message, urn: urn("us-west"), color: "never" },
    });
    progress.see(event(diagnostic("error", "<{%fg 1%}>VpcLimitExceeded<{%reset%}>\n")));
    progress.see(event(diagnostic("error", "<{%fg 1%}>VpcLimitExceeded<{%reset%}>\n")));
    progress.see(event(diagnostic("info#err", "chatter")));
    expect(progress.problems).toEqual(["us-west: VpcLimitExceeded"]);
  });

  it("says when there was nothing to do", () => {
    const progress = new EngineProgress();
    progress.see(event({ summaryEvent: { resourceChanges: { same: 210 } } }));
    expect(progress.summary()).toBe("nothing to do: all 210 resources are as they should be");
    progress.see(event({ summaryEvent: { resourceChanges: { same: 7, create: 2, delete: 1 } } }));
    expect(progress.summary()).toBe("created 2, deleted 1, unchanged 7");
  });
});
