/** Stands in for the plugin of @pulumi/tls. Started by the engine as `pulumi-resource-tls`. */
import { servePackage } from "../shared/shell.ts";
import { sdkVersion } from "../shared/version.ts";
import { tlsFunctions } from "./functions.ts";
import { tlsResources } from "./resources.ts";

await servePackage(
  { name: "tls", version: sdkVersion("tls"), resources: tlsResources(), functions: tlsFunctions },
  process.argv.slice(2),
);
