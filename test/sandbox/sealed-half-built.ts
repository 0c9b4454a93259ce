/**
 * A process of its own that builds the test cloud's fabric in the sandbox that `$ROADNET_SANDBOX_DIR` means, over and
 * over with and without a region, until it is killed in the middle of it.
 */
import { Kernel } from "../../sandbox/fabric/kernel.ts";
import { Fabric } from "../../sandbox/fabric/service.ts";
import { loadWorld } from "../../sandbox/fabric/world.ts";
import { describeJson, emptyRegion } from "../unit/fabric/describe-json.ts";
import { testRegions } from "./fabric-world.ts";

const rounds = 50;
let revision = 0;
const machines = { startMachine: none, stopMachine: none, destroyMachine: none };

function none(): Promise<void> {
  return Promise.resolve();
}

const fabric = new Fabric({
  kernel: new Kernel(),
  cloud: {
    waitForRevision: () => Promise.resolve(revision),
    describe: () => {
      revision += 1;
      const whole = testRegions();
      const regions = revision % 2 === 1 ? whole : { ...whole, "us-west-2": emptyRegion() };
      return Promise.resolve(describeJson(regions, revision));
    },
  },
  world: loadWorld(),
  driver: { ...machines, runningMachines: () => [], existingMachines: () => [] },
  log: () => undefined,
});
process.stdout.write("building\n");
for (let round = 0; round < rounds; round++) await fabric.reconcile();
