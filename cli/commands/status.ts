import type { Command } from "commander";
import { pluginTable } from "../../sandbox/plugins.ts";
import { sandboxStatus, type SandboxStatus } from "../../sandbox/status.ts";
import { printResult } from "../context.ts";

function block(title: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? title : "").padEnd(11)} ${line}`);
}

/** A sandbox's status for people. */
export function statusLines(status: SandboxStatus): readonly string[] {
  if (status.packets === undefined) {
    return [`There is no sandbox in ${status.folder}.`];
  }
  const services = status.services.map(({ name, pid, details }) => {
    const facts = Object.entries(details)
      .filter(([, value]) => value !== "")
      .map(([key, value]) => `${key} ${value}`);
    return [`${name.padEnd(11)} ${pid === undefined ? "does not run" : `process ${pid}`}`, ...facts].join(
      ", ",
    );
  });
  return [
    ...block("sandbox", [`${status.folder} (${status.packets ? "with packets" : "control plane alone"})`]),
    ...block("stack", [`${status.resources} resources`]),
    ...block("services", services),
    ...block("providers", pluginTable(status.providers)),
    ...block("namespaces", status.namespaces.length === 0 ? [] : [status.namespaces.join(" ")]),
    ...block(
      "machines",
      status.machines.map(({ name, title, address }) =>
        [title.padEnd(24), address.padEnd(15), title === name ? "" : name].join(" ").trimEnd(),
      ),
    ),
  ];
}

/** Whether everything that belongs to the sandbox runs. */
function isUp(status: SandboxStatus): boolean {
  return status.packets !== undefined && status.services.every(({ pid }) => pid !== undefined);
}

export function addStatus(parent: Command): void {
  parent
    .command("status")
    .description("what of the sandbox runs; exits with 1 if a service does not")
    .addHelpText("after", "\nExamples:\n  roadnet sandbox status\n  roadnet --json sandbox status")
    .action(async (_options: unknown, command: Command) => {
      const status = await sandboxStatus();
      printResult(command, status, () => statusLines(status));
      if (!isUp(status)) {
        process.exitCode = 1;
      }
    });
}
