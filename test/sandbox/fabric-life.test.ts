/** The fabric's life cycle: what a service is started in, what a crash leaves, and that nothing stays. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Kernel } from "../../sandbox/fabric/kernel.ts";
import { createBaseNamespaces, destroyFabric, listLeaks, verifySealed } from "../../sandbox/fabric/life.ts";
import {
  createFabricServer,
  Fabric,
  type CloudSource,
  type FabricStatus,
} from "../../sandbox/fabric/service.ts";
import type { MachineDriver } from "../../sandbox/fabric/machines.ts";
import { loadWorld } from "../../sandbox/fabric/world.ts";
import type { Machine } from "../../sandbox/hosts/machine.ts";
import { describeJson } from "../unit/fabric/describe-json.ts";
import { testRegions } from "./fabric-world.ts";

let root: string;
let kernel: Kernel;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "rn-life-"));
  kernel = new Kernel(root);
});

afterEach(async () => {
  await destroyFabric(root);
  rmSync(root, { recursive: true });
});

describe("createBaseNamespaces", () => {
  it("makes what services are started in, and may be repeated", async () => {
    await createBaseNamespaces(root);
    expect(kernel.roles()).toEqual(["ctl", "inet", "op", "rslv"]);
    const services = (await kernel.addresses("inet")).map(({ cidr }) => cidr).sort();
    expect(services).toEqual([
      ...["1.1.1.1/32", "104.16.0.10/32", "104.16.0.11/32", "192.0.2.4/32", "192.0.2.80/32"],
      ...["198.41.192.7/32", "198.41.200.7/32", "8.8.8.8/32"],
    ]);
    expect(readFileSync(`/etc/netns/${kernel.fullName("op")}/resolv.conf`, "utf8")).toBe(
      "nameserver 1.1.1.1\n",
    );
    await kernel.batch("op", ["link add kept type bridge"]);
    await createBaseNamespaces(root);
    expect((await kernel.links("op")).map(({ ifname }) => ifname)).toEqual(["lo", "kept"]);
    expect(await verifySealed(root)).toEqual([]);
  });

  it("mends a name that a crash has left without a namespace behind it", async () => {
    writeFileSync(`/run/netns/${kernel.fullName("op")}`, "");
    await createBaseNamespaces(root);
    expect(kernel.roles().map((role) => kernel.isWhole(role))).toEqual([true, true, true, true]);
  });
});

describe("destroyFabric", () => {
  it("leaves nothing, also of what was built in part", async () => {
    await createBaseNamespaces(root);
    await kernel.addNamespace("vpc-1");
    await kernel.batch(undefined, [
      `link add igw netns ${kernel.fullName("vpc-1")} type veth peer name i-vpc-1 netns ${kernel.fullName("inet")}`,
    ]);
    writeFileSync(`/run/netns/${kernel.fullName("h-half")}`, "");
    expect(listLeaks(root)).toHaveLength(8);
    expect(await destroyFabric(root)).toEqual([]);
    expect(listLeaks(root)).toEqual([]);
    expect(existsSync(`/etc/netns/${kernel.fullName("op")}`)).toBe(false);
    expect(await destroyFabric(root)).toEqual([]);
  });

  it("names a process that still lives inside, and cuts it off", async () => {
    await createBaseNamespaces(root);
    await kernel.batch("op", ["link add way type bridge"]);
    const child = spawn("ip", ["netns", "exec", kernel.fullName("op"), "sleep", "60"]);
    try {
      await expect.poll(() => kernel.processes("op")).toEqual([child.pid]);
      expect(await destroyFabric(root)).toEqual([
        `process ${child.pid ?? 0} still lives in what was ${kernel.fullName("op")}`,
      ]);
      const devices = readFileSync(`/proc/${child.pid ?? 0}/net/dev`, "utf8");
      expect(devices).not.toContain("way:");
    } finally {
      child.kill();
    }
  });
});

/** An AWS that the test describes. */
class FakeCloud implements CloudSource {
  revision = 1;
  regions = testRegions();
  #waiting: (() => void)[] = [];

  describe(): Promise<unknown> {
    return Promise.resolve(describeJson(this.regions, this.revision));
  }

  async waitForRevision(after: number): Promise<number> {
    if (this.revision <= after) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.revision;
  }

  change(): void {
    this.revision += 1;
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }
}

class FakeHosts implements MachineDriver {
  readonly running = new Map<string, Machine>();
  /** Holds the end of machines until it is called. */
  finish: (() => void) | undefined;

  startMachine(machine: Machine): Promise<unknown> {
    return Promise.resolve(this.running.set(machine.name, machine));
  }

  async destroyMachine(name: string): Promise<void> {
    await new Promise<void>((resolve) => (this.finish = resolve));
    this.running.delete(name);
  }

  async stopMachine(name: string): Promise<void> {
    await this.destroyMachine(name);
  }

  runningMachines(): readonly Machine[] {
    return [...this.running.values()];
  }

  existingMachines(): readonly string[] {
    return [...this.running.keys()];
  }
}

describe("the service", () => {
  it("follows AWS, and keeps a namespace until its machine has ended", async () => {
    const cloud = new FakeCloud();
    const hosts = new FakeHosts();
    cloud.regions["us-west-2"].UserData["i-web"] = {
      UserData: { Value: Buffer.from("#cloud-config\n").toString("base64") },
    };
    const fabric = new Fabric({ kernel, cloud, world: loadWorld(), driver: hosts, log: () => undefined });
    const server = createFabricServer(fabric);
    await fabric.reconcile();
    const following = fabric.follow();
    expect(fabric.status()).toMatchObject({ revision: 1, problems: [] });
    await expect.poll(() => hosts.running.has("i-web")).toBe(true);
    expect(hosts.running.get("i-web")?.namespace).toBe(kernel.fullName("h-i-web"));

    const { Instances } = cloud.regions["us-west-2"];
    const web = Instances.find((each) => each.InstanceId === "i-web");
    expect(web).toBeDefined();
    Object.assign(web ?? {}, { State: { Name: "terminated" } });
    cloud.change();
    const goal = (): FabricStatus["machines"][number] | undefined =>
      fabric.status().machines.find(({ name }) => name === "i-web");
    await expect.poll(() => goal()?.goal, { timeout: 10_000 }).toBe("destroy");
    // Its packets are gone at once, its namespace only when nobody lives there.
    expect((await kernel.links("h-i-web")).map(({ ifname }) => ifname)).toEqual(["lo"]);
    await expect.poll(() => hosts.finish).toBeDefined();
    hosts.finish?.();
    await expect.poll(() => kernel.roles().includes("h-i-web"), { timeout: 10_000 }).toBe(false);

    fabric.stop();
    cloud.change();
    await following;
    server.close();
  }, 60_000);
});
