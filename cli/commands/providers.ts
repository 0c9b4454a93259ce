import type { Command } from "commander";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMode, requireMode } from "../../sandbox/mode.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { installPlugins, pluginTable, readPlugins, type PluginUse } from "../../sandbox/plugins.ts";
import { commandProgress, printResult } from "../context.ts";

const examples = `
Examples:
  roadnet sandbox providers                  which plugin the sandbox uses for each provider
  roadnet sandbox providers --check          which a new sandbox would use
  ROADNET_PROVIDERS=official roadnet sandbox providers --check
                                             fails, saying why, where the official ones cannot be had`;

/** Finds out in a folder that is thrown away; downloads stay in the cache. */
async function check(command: Command): Promise<readonly PluginUse[]> {
  const root = mkdtempSync(join(tmpdir(), "roadnet-providers-"));
  try {
    const paths = sandboxPaths(root);
    mkdirSync(paths.pulumiHome, { recursive: true });
    const packets = readMode()?.packets ?? true;
    return await commandProgress(command).step(
      "providers",
      (say) => installPlugins({ packets, paths, say }),
      () => "",
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

export function addProviders(parent: Command): void {
  parent
    .command("providers")
    .description("which plugin serves each provider: an official one or a stand-in")
    .option("--check", "what a new sandbox would use, found out now", false)
    .addHelpText("after", examples)
    .action(async (options: { check: boolean }, command: Command) => {
      if (!options.check) requireMode();
      const uses = options.check ? await check(command) : readPlugins();
      printResult(command, uses, () => pluginTable(uses));
    });
}
