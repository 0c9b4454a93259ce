/** Stands in for the plugin of @pulumi/command. Started by the engine as `pulumi-resource-command`. */
import { servePackage } from "../shared/shell.ts";
import { sdkVersion } from "../shared/version.ts";
import { onPaper } from "./paper.ts";
import { instanceAt } from "./paper-machines.ts";
import { overSsh } from "./remote.ts";
import { commandFunctions, commandResources } from "./resources.ts";

const paperHosts = process.env.ROADNET_PAPER_HOSTS;
const open = paperHosts === undefined || paperHosts === "" ? overSsh() : onPaper(paperHosts, instanceAt);

await servePackage(
  {
    name: "command",
    version: sdkVersion("command"),
    resources: commandResources(open),
    functions: commandFunctions,
  },
  process.argv.slice(2),
);
