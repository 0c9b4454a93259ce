/**
 * No packet of a sandbox can leave the machine: while it is up, half up and down. Everything is tried from inside the
 * sandbox's namespaces; in the machine's own network there are only counters.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runPulumi } from "../../sandbox/engine.ts";
import { forEachBounded } from "../../sandbox/fabric/apply.ts";
import { Kernel } from "../../sandbox/fabric/kernel.ts";
import { createBaseNamespaces, destroyFabric, listLeaks, verifySealed } from "../../sandbox/fabric/life.ts";
import { groupMembers } from "../../sandbox/hosts/cgroups.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { machineGroup } from "../../sandbox/hosts/folders.ts";
import { runningMachines } from "../../sandbox/hosts/machine.ts";
import { run, runOrThrow } from "../../sandbox/hosts/run.ts";
import { namespaceName, sandboxDirectory, sandboxPaths } from "../../sandbox/paths.ts";
import { findService } from "../../sandbox/service.ts";
import { planOf } from "../unit/plan/subject.ts";
import { fetchFrom, settle } from "./packets.ts";
import {
  descendants,
  machineTargets,
  namespaceOf,
  sandboxAddresses,
  tryFromProcess,
  tryWaysOut,
  watchMachine,
  type Target,
} from "./sealed-probe.ts";

let targets: readonly Target[];

beforeAll(async () => {
  targets = await machineTargets();
  expect(targets, "the machine has an address that a leak would lead to").not.toEqual([]);
});

function namespaces(root: string): string[] {
  return new Kernel(root).roles().map((role) => namespaceName(role, root));
}

describe("a sandbox that is up", () => {
  const root = sandboxDirectory();
  const paths = sandboxPaths(root);
  const kernel = new Kernel(root);

  beforeAll(settle);

  it("has no link that leads out", async () => {
    expect(kernel.roles()).toEqual(expect.arrayContaining(["ctl", "inet", "op", "gw-edge-home", "stranger"]));
    expect(await verifySealed(root)).toEqual([]);
  });

  it("lets nothing out while everything is tried, and while the engine and the hosts work", async () => {
    const watch = await watchMachine(await sandboxAddresses(root));
    try {
      const [ways, preview] = await Promise.all([
        tryWaysOut(namespaces(root), targets),
        runPulumi(["preview", "--refresh"], { paths }),
      ]);
      expect(ways).toEqual([]);
      expect(preview.exitCode, preview.stderr).toBe(0);
      expect(await fetchFrom("edge-home/lucidia", "http://10.0.10.11:8080/")).toContain("api-1");
      expect(await fetchFrom("us-west/api-1", "http://page.sandbox.test/")).toMatch(/198\.18\./);
      expect(await watch.count()).toEqual({ left: 0, entered: 0, forwarded: 0 });
    } finally {
      await watch.stop();
    }
  });

  it("gives no machine a way out", async () => {
    const machines = runningMachines(paths);
    expect(machines).toHaveLength(planOf("sandbox").hosts.length);
    const attempts = machines.flatMap(({ name }) => targets.map((target) => ({ name, target })));
    await forEachBounded(attempts, machines.length, async ({ name, target: { address, family } }) => {
      const words = ["nc", "-vz", "-w", "2", ...(family === "IPv6" ? ["-6"] : []), address, "9"];
      const { exitCode, stderr } = await execInMachine(name, words, { timeoutSeconds: 20 }, paths);
      expect(exitCode, `${name} to ${address}: ${stderr}`).not.toBe(0);
      expect(stderr).toMatch(/timed out|unreachable|no route to host|cannot assign/i);
    });
  });

  it("keeps every process of machines, services and engine in its namespaces", async () => {
    for (const { name, namespace } of runningMachines(paths)) {
      const inside = groupMembers(machineGroup(name, paths)).filter((pid) => isInside(pid));
      expect(inside.length, name).toBeGreaterThan(3);
      const places = new Set(inside.map((pid) => namespaceOf(pid, kernel)));
      expect([...places].map((role) => kernel.fullName(role ?? "?"))).toEqual([namespace]);
    }
    for (const [service, role] of [
      ["aws", "ctl"],
      ["cloudflare", "inet"],
      ["internet", "inet"],
      ["resolver", "rslv"],
      ["fabric", "ctl"],
    ] as const) {
      expect(namespaceOf(findService(service, paths)?.pid ?? 0, kernel), service).toBe(role);
    }
    expect(await rolesOfEngine()).toEqual(["op"]);
  });

  /** Whether a process is in the machine's own process namespace, as all but its supervisor are. */
  function isInside(pid: number): boolean {
    try {
      return /^NSpid:(?:\s+\d+){2,}$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  }

  /** Where the engine, the program and the plugins are while a preview runs. */
  async function rolesOfEngine(): Promise<string[]> {
    const roles = new Set<string>();
    let plugins = 0;
    const engine = { pid: 0, ended: false };
    const running = runPulumi(["preview"], { paths, onStart: (pid) => (engine.pid = pid) }).finally(() => {
      engine.ended = true;
    });
    while (!engine.ended) {
      for (const pid of descendants(engine.pid)) {
        let command: string;
        try {
          command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        } catch {
          continue;
        }
        // `ip netns exec` itself begins outside and becomes `pulumi` inside.
        if (command === "" || command.startsWith("ip netns")) continue;
        if (/pulumi-resource|sandbox\/providers\//.test(command)) plugins += 1;
        const role = namespaceOf(pid, kernel);
        if (role !== undefined) roles.add(role);
        else if (existsSync(`/proc/${pid}/root`)) roles.add(`${command} is outside`);
      }
      await sleep(100);
    }
    expect((await running).exitCode).toBe(0);
    expect(plugins, "plugins were seen at work").toBeGreaterThan(0);
    return [...roles];
  }
});

describe("a sandbox that is half up, or down", () => {
  let root: string;
  let kernel: Kernel;
  let child: ChildProcess | undefined;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "rn-sealed-"));
    kernel = new Kernel(root);
  });

  afterEach(async () => {
    child?.kill("SIGKILL");
    child = undefined;
    await destroyFabric(root);
    rmSync(root, { recursive: true });
  });

  it("has no way out with the base namespaces alone", async () => {
    await createBaseNamespaces(root);
    const watch = await watchMachine(await sandboxAddresses(root));
    try {
      expect(await verifySealed(root)).toEqual([]);
      expect(await tryWaysOut(namespaces(root), targets)).toEqual([]);
      expect(await watch.count()).toEqual({ left: 0, entered: 0, forwarded: 0 });
    } finally {
      await watch.stop();
    }
  });

  it("has no way out when the fabric was killed in the middle, wherever that was", async () => {
    const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 1e6));
    console.log(`seed ${seed}`);
    await createBaseNamespaces(root);
    const seen = new Set<number>();
    for (let kill = 0; kill < 4; kill++) {
      child = spawn(process.execPath, [join(import.meta.dirname, "sealed-half-built.ts")], {
        env: { ...process.env, ROADNET_SANDBOX_DIR: root },
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout ?? child, "data");
      // Spread over the time that building takes on a busy machine, differently with every seed.
      await sleep(100 + kill * 350 + (((seed + kill) * 7919) % 350));
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
      seen.add(kernel.roles().length);
      const addresses = await sandboxAddresses(root);
      const watch = await watchMachine(addresses);
      try {
        expect(await verifySealed(root), `kill ${kill}, seed ${seed}`).toEqual([]);
        const whole = kernel.roles().filter((role) => kernel.isWhole(role));
        const names = whole.map((role) => kernel.fullName(role));
        expect(await tryWaysOut(names, targets), `kill ${kill}, seed ${seed}`).toEqual([]);
        expect(await watch.count()).toEqual({ left: 0, entered: 0, forwarded: 0 });
      } finally {
        await watch.stop();
      }
    }
    expect(Math.max(...seen), "more than the base was there").toBeGreaterThan(3);
  });

  it("has no way out for a process that outlives its namespace's name", async () => {
    await createBaseNamespaces(root);
    const addresses = await sandboxAddresses(root);
    child = spawn("ip", ["netns", "exec", kernel.fullName("op"), "sleep", "120"]);
    const pid = child.pid ?? 0;
    await expect.poll(() => kernel.processes("op")).toEqual([pid]);
    expect(await destroyFabric(root)).toHaveLength(1);
    expect(listLeaks(root)).toEqual([]);
    expect(await verifySealed(root)).toEqual([]);
    const watch = await watchMachine(addresses);
    try {
      expect(await tryFromProcess(pid, targets)).toEqual([]);
      expect(await watch.count()).toEqual({ left: 0, entered: 0, forwarded: 0 });
    } finally {
      await watch.stop();
    }
  });

  it("would be found out: a link to a network that stands for the machine's is named, used and counted", async () => {
    await createBaseNamespaces(root);
    const machine = `rn-test-${process.pid}-machine`;
    const target: Target = { family: "IPv4", address: "203.0.113.1", name: "the machine's eth0" };
    const op = kernel.fullName("op");
    await runOrThrow(["ip", "netns", "add", machine]);
    try {
      await kernel.batch("op", ["address replace 192.0.2.10/32 dev lo"]);
      await runOrThrow(["ip", "-n", machine, "link", "set", "lo", "up"]);
      await runOrThrow(["ip", "-n", machine, "link", "add", "eth0", "type", "bridge"]);
      const watch = await watchMachine(await sandboxAddresses(root), machine);
      expect(await tryWaysOut([op], [target])).toEqual([]);
      expect(await watch.count()).toEqual({ left: 0, entered: 0, forwarded: 0 });

      await runOrThrow(["ip", "-n", machine, "-batch", "-"], {
        stdin: [
          `link add leak type veth peer name way netns ${op}`,
          "address add 203.0.113.1/32 dev eth0",
          "link set eth0 up",
          "link set leak up",
          "route add 192.0.2.10 dev leak",
          "",
        ].join("\n"),
      });
      await kernel.batch("op", ["link set way up", "route add 203.0.113.1 dev way src 192.0.2.10"]);
      expect(await verifySealed(root)).toEqual([`${op}: way leads to ${machine}`]);
      expect(await tryWaysOut([op], [target])).toEqual([`${op} reaches the machine's eth0 (203.0.113.1)`]);
      const { entered = 0, left } = await watch.count();
      expect(entered).toBeGreaterThan(2);
      expect(left, "it has no other network to forward to").toBe(0);

      // What the machine would forward goes out by its own device.
      await run(["ip", "netns", "exec", machine, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
      await runOrThrow(["ip", "-n", machine, "route", "add", "203.0.113.9", "dev", "eth0"]);
      const neighbour = ["203.0.113.9", "lladdr", "02:00:00:00:00:09", "dev", "eth0"];
      await runOrThrow(["ip", "-n", machine, "neigh", "add", ...neighbour]);
      await kernel.batch("op", ["route add 203.0.113.9 via 203.0.113.1 dev way onlink src 192.0.2.10"]);
      const beyond: Target = { family: "IPv4", address: "203.0.113.9", name: "beyond" };
      expect(await tryWaysOut([op], [beyond])).toEqual([]);
      const { forwarded = 0, left: out = 0 } = await watch.count();
      expect(forwarded).toBeGreaterThan(0);
      expect(out).toBeGreaterThan(0);
      await watch.stop();
    } finally {
      await runOrThrow(["ip", "netns", "delete", machine]);
    }
  });
});
