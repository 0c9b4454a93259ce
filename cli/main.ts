/** Entry of `roadnet`; scripts/roadnet.mjs starts it with the right tools on PATH. */
import { tolerateClosedOutput } from "../scripts/lib/output.mjs";
import { runCommand } from "./program.ts";

tolerateClosedOutput();

process.exitCode = await runCommand(process.argv.slice(2));
