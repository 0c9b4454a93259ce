import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Kernel } from "../../../sandbox/fabric/kernel.ts";
import { createFabricServer, Fabric, type CloudSource } from "../../../sandbox/fabric/service.ts";
import type { MachineDriver } from "../../../sandbox/fabric/machines.ts";
import { loadWorld } from "../../../sandbox/fabric/world.ts";

const NO_HOSTS: MachineDriver = {
  startMachine: () => Promise.resolve(),
  stopMachine: () => Promise.resolve(),
  destroyMachine: () => Promise.resolve(),
  runningMachines: () => [],
  existingMachines: () => [],
};

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true });
  }
});

/** A fabric whose AWS describes what cannot be read, so that the kernel is never asked for anything. */
function brokenFabric(): { fabric: Fabric; asked: () => number } {
  let asked = 0;
  const cloud: CloudSource = {
    waitForRevision: () => Promise.resolve(1),
    describe: () => {
      asked += 1;
      return Promise.resolve({ revision: "one" });
    },
  };
  const fabric = new Fabric({
    kernel: new Kernel("/nowhere"),
    cloud,
    world: loadWorld(),
    driver: NO_HOSTS,
    log: () => undefined,
  });
  return { fabric, asked: () => asked };
}

async function call(fabric: Fabric, method: string, path: string): Promise<[number, unknown]> {
  const folder = mkdtempSync(join(tmpdir(), "rn-service-"));
  folders.push(folder);
  const socketPath = join(folder, "fabric.sock");
  const server = createFabricServer(fabric);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  try {
    return await new Promise((resolve, reject) => {
      request({ socketPath, method, path }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => {
          resolve([response.statusCode ?? 0, JSON.parse(text) as unknown]);
        });
      })
        .on("error", reject)
        .end();
    });
  } finally {
    server.close();
  }
}

describe("the fabric's service", () => {
  it("tells what it cannot read, to those who wait and in its status", async () => {
    const { fabric } = brokenFabric();
    const [status, body] = await call(fabric, "POST", "/reconcile?wait");
    expect(status).toBe(500);
    expect((body as { error: string }).error).toContain("revision: Invalid input");
    const [, told] = await call(fabric, "GET", "/status");
    expect(told).toMatchObject({ revision: -1, error: (body as { error: string }).error });
  });

  it("shares one reconciliation among those who come while one waits", async () => {
    const { fabric, asked } = brokenFabric();
    const calls = Array.from({ length: 5 }, () => fabric.reconcile().catch(() => "failed"));
    expect(await Promise.all(calls)).toEqual(Array(5).fill("failed"));
    expect(asked()).toBe(1);
    await fabric.reconcile().catch(() => undefined);
    expect(asked()).toBe(2);
  });

  it("knows no other calls", async () => {
    const { fabric } = brokenFabric();
    expect(await call(fabric, "GET", "/reconcile")).toEqual([404, { error: "there is no GET /reconcile" }]);
    expect(await call(fabric, "GET", "/health")).toEqual([200, { ok: true }]);
  });
});
