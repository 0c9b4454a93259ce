/**
 * The fabric's process.
 *
 *     node main.ts [--world FILE] [--no-machines]
 *
 * It serves the sandbox that `$ROADNET_SANDBOX_DIR` means and is started as root in its namespace `ctl`.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  destroyMachine,
  runningMachines,
  startMachine,
  stopMachine,
  type Machine,
} from "../hosts/machine.ts";
import { sandboxPaths, serviceSocket, type SandboxPaths } from "../paths.ts";
import { writeLog } from "../services/log.ts";
import { AwsClient } from "../services/aws/client.ts";
import { announceReady, findService, retire } from "../service.ts";
import { Kernel } from "./kernel.ts";
import type { MachineDriver } from "./machines.ts";
import { createFabricServer, Fabric } from "./service.ts";
import { loadWorld, WORLD_FILE } from "./world.ts";

function hosts(paths: SandboxPaths): MachineDriver {
  return {
    startMachine: (machine) => startMachine(machine, paths),
    stopMachine: (name) => stopMachine(name, {}, paths),
    destroyMachine: (name) => destroyMachine(name, paths),
    runningMachines: () => runningMachines(paths),
    existingMachines: () => {
      mkdirSync(paths.hosts, { recursive: true, mode: 0o700 });
      return readdirSync(paths.hosts);
    },
  };
}

/** For tests that put processes of their own into the machines' namespaces: every machine counts as running. */
function noMachines(): MachineDriver {
  const running = new Map<string, Machine>();
  const remove = (name: string): Promise<void> => {
    running.delete(name);
    return Promise.resolve();
  };
  return {
    startMachine: (machine) => Promise.resolve(running.set(machine.name, machine)),
    stopMachine: remove,
    destroyMachine: remove,
    runningMachines: () => [...running.values()],
    existingMachines: () => [],
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { world: { type: "string" }, "no-machines": { type: "boolean", default: false } },
  });
  if (process.getuid?.() !== 0) {
    throw new Error("the fabric makes network namespaces, which only root may");
  }
  const paths = sandboxPaths();
  const living = findService("fabric", paths);
  if (living !== undefined) {
    throw new Error(`the service already runs as process ${living.pid}`);
  }
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  const fabric = new Fabric({
    kernel: new Kernel(paths.root),
    cloud: new AwsClient(serviceSocket(paths, "aws")),
    world: loadWorld(values.world ?? WORLD_FILE),
    driver: values["no-machines"] ? noMachines() : hosts(paths),
    log: writeLog,
  });
  // Ready means that packets flow: whoever waits for the service needs no second wait.
  await fabric.reconcile();
  const socketPath = serviceSocket(paths, "fabric");
  // Left by a run that was killed: nobody listens on it, as no service lives.
  rmSync(socketPath, { force: true });
  const server = createFabricServer(fabric);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  announceReady("fabric", {}, paths);
  writeLog(`process ${process.pid} started`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      fabric.stop();
      writeLog("ended");
      retire("fabric", paths);
      // The kernel's state stays: the next fabric finds it, or destroyFabric() removes it.
      process.exit(0);
    });
  }
  await fabric.follow();
}

try {
  await main();
} catch (error) {
  console.error(`fabric: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
