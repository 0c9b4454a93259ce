/** Entry of `roadnet`; scripts/roadnet.mjs starts it with the right tools on PATH. */
import { enableCompileCache } from "node:module";
import { resolve } from "node:path";
import { tolerateClosedOutput } from "../scripts/lib/output.mjs";

tolerateClosedOutput();

// Where the sandbox's engine keeps it too. A folder that cannot be written only makes the next start as slow as this one.
enableCompileCache(resolve(import.meta.dirname, "..", "node_modules", ".cache", "node-compile"));
const { runCommand } = await import("./program.ts");

process.exitCode = await runCommand(process.argv.slice(2));
