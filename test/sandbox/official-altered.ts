/**
 * The command stand-in, altered on purpose: one host gets a file with another mode, and its state says
 * something else. A comparison that overlooks any of it is worth nothing.
 */
import { servePackage, type ResourceHandler } from "../../sandbox/providers/shared/shell.ts";
import { overSsh } from "../../sandbox/providers/command/remote.ts";
import { commandFunctions, commandResources } from "../../sandbox/providers/command/resources.ts";

const alteredName = "us-west/api-1/apply";

function alter(handler: ResourceHandler): ResourceHandler {
  return {
    ...handler,
    create: async (operation, inputs) => {
      if (operation.name !== alteredName || typeof inputs.stdin !== "string") {
        return await handler.create(operation, inputs);
      }
      const stdin = inputs.stdin.replace(
        '"path":"/etc/hosts","mode":"0644"',
        '"path":"/etc/hosts","mode":"0640"',
      );
      const { id, state } = await handler.create(operation, { ...inputs, stdin });
      const said = typeof state.stdout === "string" ? state.stdout : "";
      const stdout = said.replace('"changed": true', '"changed": true, "altered": true');
      return { id, state: { ...state, stdin: inputs.stdin, stdout } };
    },
  };
}

await servePackage(
  {
    name: "command",
    version: "1.2.1",
    resources: commandResources(overSsh()).map(alter),
    functions: commandFunctions,
  },
  process.argv.slice(2),
);
