import { readFileSync } from "node:fs";

/** What a command that is run once is not run again for; a replacement takes the new values. */
export const replacedOnly = ["connection", "create", "stdin"];

/** A script of `scripts/`. */
export type ScriptName = "agent" | "await" | "keys" | "meet";

/** What `@pulumi/command` runs: a short command line, and everything else on its standard input. */
export interface ScriptCommand {
  readonly commandLine: string;
  readonly stdin: string;
}

/** No line of a payload begins like this, so the shell cannot end the payload early. */
const endOfPayload = "ROADNET-END-OF-PAYLOAD";

/**
 * Runs a script as root, with the payload on the script's standard input.
 *
 * Script and payload both travel on the shell's standard input: when a command fails, the provider's message
 * repeats the whole command line, and it would end up in process lists too. Standard input does neither. The shell
 * must have read the whole script before any of it runs, or the programs that it starts would eat the rest; the
 * braces make it so, and the payload is their here-document.
 */
export function scriptCommand(script: ScriptName, args: readonly string[], payload: string): ScriptCommand {
  const { command, stdin } = rootScript(script, args, payload);
  return { commandLine: `sudo -n ${command}`, stdin };
}

/** The same for a shell that is root's already. */
export function rootScript(
  script: ScriptName,
  args: readonly string[],
  payload: string,
): { readonly command: string; readonly stdin: string } {
  for (const arg of args) {
    if (!/^[a-z0-9/._-]+$/.test(arg)) throw new Error(`the argument "${arg}" would need quoting.`);
  }
  if (payload !== "" && !payload.endsWith("\n"))
    throw new Error("the payload does not end with a line break.");
  const body = `${read("common")}\n${read(script)}`;
  return {
    command: ["sh -s --", ...args].join(" "),
    stdin: `{\n${body}\n} <<'${endOfPayload}'\n${payload}${endOfPayload}\n`,
  };
}

function read(name: string): string {
  return readFileSync(new URL(`scripts/${name}.sh`, import.meta.url), "utf8");
}
