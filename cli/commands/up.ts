import type { Command } from "commander";
import { sandboxStatus } from "../../sandbox/status.ts";
import { sandboxUp } from "../../sandbox/up.ts";
import { commandProgress, globalOptions, printResult } from "../context.ts";
import { recoverSandbox } from "./recover.ts";
import { statusLines } from "./status.ts";

const examples = `
Examples:
  npm start                                  the same, after installing what is missing
  roadnet sandbox up --no-packets            the control plane alone; host files go to .sandbox/rendered
  ROADNET_PROVIDERS=stand-ins npm start      no official plugin, even where one can be had`;

/** What a newcomer can try once the sandbox is up, each a command that works as it stands. */
function suggestions(packets: boolean): readonly string[] {
  const common = [
    ["npx roadnet sandbox status", "what runs"],
    ["npx roadnet sandbox exec -- pulumi stack output", "what other teams may rely on"],
    ["npx roadnet sandbox exec -- pulumi preview", "shows no change"],
    ["npx roadnet sandbox describe /tmp/cloud", "the simulated AWS, as `aws ec2 describe-*` would print it"],
  ];
  const withPackets = [
    ["npx roadnet sandbox exec --in lucidia -- wg show", "the tunnels of a Pi"],
    [
      "npx roadnet sandbox exec --in lucidia -- curl -s http://10.0.10.11:8080/",
      "through the tunnel to us-west",
    ],
  ];
  const rows = [...common, ...(packets ? withPackets : []), ["npm stop", "ends everything"]];
  return rows.map(([command = "", what = ""]) => `  ${command.padEnd(76)} ${what}`);
}

export function addUp(parent: Command): void {
  parent
    .command("up")
    .description("bring the sandbox up and deploy the stack in it")
    .option("--no-packets", "without namespaces and machines: the control plane alone")
    .option("--no-deploy", "start everything but run no `pulumi up`")
    .addHelpText("after", examples)
    .action(async (options: { packets: boolean; deploy: boolean }, command: Command) => {
      await sandboxUp({
        ...options,
        progress: commandProgress(command),
        recover: (_reason, paths) => recoverSandbox(paths),
      });
      const status = await sandboxStatus();
      printResult(command, status, () => [
        "",
        ...statusLines(status),
        "",
        "Try:",
        ...suggestions(options.packets),
      ]);
      if (!options.packets && !globalOptions(command).json) {
        process.stdout.write(`\nThe files of each host are in ${status.folder}/rendered/by-name.\n`);
      }
    });
}
