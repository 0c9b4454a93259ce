/** Which version of a plugin the installed SDK package asks the engine for: the one place that knows it. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const checkout = resolve(import.meta.dirname, "..", "..", "..");

/** To the digit: the engine asks for this version and takes no other. */
export function sdkVersion(name: string): string {
  const file = join(checkout, "node_modules", "@pulumi", name, "package.json");
  const { version, pulumi } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly version: string;
    readonly pulumi?: { readonly version?: string };
  };
  return pulumi?.version ?? version;
}
