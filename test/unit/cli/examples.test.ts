/** What the help shows can be typed: each example is a command line that the program takes. */
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { buildProgram } from "../../../cli/program.ts";
import { examples } from "../../examples.ts";

const all = await examples();

/** A program that only parses. */
async function parser(reached: (command: string) => void): Promise<Command> {
  const disarm = (command: Command, path: readonly string[]): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (command.commands.length === 0) {
      command.action(() => {
        reached(path.join(" "));
      });
    }
    for (const each of command.commands) disarm(each, [...path, each.name()]);
  };
  const program = await buildProgram();
  disarm(program, []);
  return program;
}

it("every command that takes one has an example of itself", () => {
  const named = new Set(all.map(({ args }) => args.filter((word) => !word.startsWith("--")).join(" ")));
  for (const command of ["status", "describe", "providers", "exec", "drift", "fail", "logs", "prove"]) {
    expect(
      [...named].some((words) => words.startsWith(`sandbox ${command}`)),
      command,
    ).toBe(true);
  }
});

describe("an example is parsed to the end", () => {
  it.each(all.map(({ command, args }) => [command, args.join(" "), args] as const))(
    "%s: roadnet %s",
    async (_command, _line, args) => {
      const reached: string[] = [];
      const program = await parser((command) => reached.push(command));
      await program.parseAsync([...args], { from: "user" });
      const words = args.filter((word) => !word.startsWith("--")).join(" ");
      expect(reached).toHaveLength(1);
      expect(words.startsWith(reached[0] ?? "?")).toBe(true);
    },
  );

  it("and what is no option of its command is not", async () => {
    const program = await parser(() => undefined);
    const wrong = ["sandbox", "fail", "aws", "drop", "--often", "3"];
    await expect(program.parseAsync(wrong, { from: "user" })).rejects.toThrow("unknown option '--often'");
  });
});
