/** Stands in for the plugin of @pulumi/random. Started by the engine as `pulumi-resource-random`. */
import { servePackage } from "../shared/shell.ts";
import { sdkVersion } from "../shared/version.ts";
import { randomResources } from "./resources.ts";

await servePackage(
  { name: "random", version: sdkVersion("random"), resources: randomResources, functions: [] },
  process.argv.slice(2),
);
