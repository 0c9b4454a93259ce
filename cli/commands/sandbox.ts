import type { Command } from "commander";
import { addDescribe } from "./describe.ts";
import { addDown } from "./down.ts";
import { addDrift } from "./drift.ts";
import { addExec } from "./exec.ts";
import { addFail } from "./fail.ts";
import { addLogs } from "./logs.ts";
import { addProve } from "./prove.ts";
import { addProviders } from "./providers.ts";
import { addStatus } from "./status.ts";
import { addUp } from "./up.ts";

export function addSandbox(parent: Command): void {
  const sandbox = parent
    .command("sandbox")
    .description("the whole network on this machine, with real packets and no cloud account")
    .enablePositionalOptions();
  for (const add of [
    addUp,
    addDown,
    addStatus,
    addDescribe,
    addProviders,
    addExec,
    addDrift,
    addFail,
    addLogs,
    addProve,
  ]) {
    add(sandbox);
  }
}
