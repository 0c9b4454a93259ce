/** Entry of `roadnet`; scripts/roadnet.mjs starts it with the right tools on PATH. */
import { runCommand } from "./program.ts";

process.exitCode = await runCommand(process.argv.slice(2));
