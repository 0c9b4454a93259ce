/**
 * Stands in for ssh(1), for hosts made of files: `ssh [OPTION …] USER@ADDRESS COMMAND`. Only a host that has been met
 * answers, and only where the key that `KnownHostsCommand` prints is its own.
 */
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { OutputCollector } from "./output.ts";
import { onPaper, paperHostFolder } from "./paper.ts";

/** What ssh(1) ends with where the fault is its own or the network's. */
const sshFailed = 255;

/** Options are those that the program's own calls have; others are refused, so that none is ignored by oversight. */
function parse(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      F: { type: "string", short: "F" },
      T: { type: "boolean", short: "T" },
      o: { type: "string", short: "o", multiple: true },
    },
  });
  const [destination = "", command = ""] = positionals;
  const [user = "", host = ""] = destination.split("@");
  const knownHosts = values.o?.find((option) => option.startsWith("KnownHostsCommand="));
  // `/bin/echo %H TYPE KEY`
  const hostKey = knownHosts?.split(" ").slice(2).join(" ");
  return { user, host, command, hostKey };
}

async function main(): Promise<number> {
  const hosts = process.env.ROADNET_PAPER_HOSTS;
  if (hosts === undefined) throw new Error("there are no hosts made of files here");
  const { user, host, command, hostKey } = parse(process.argv.slice(2));
  if (!existsSync(paperHostFolder(hosts, host)))
    throw new Error(`connect to host ${host} port 22: No route to host`);
  const connection = {
    user,
    host,
    hostKey,
    port: 22,
    password: undefined,
    privateKey: undefined,
    privateKeyPassword: undefined,
    agentSocketPath: undefined,
    dialErrorLimit: 1,
    perDialTimeoutSeconds: 0,
    proxy: undefined,
  };
  const operation = { name: "ssh", urn: "", signal: new AbortController().signal, log: () => undefined };
  const opened = await onPaper(hosts)(connection, operation);
  const output = new OutputCollector("none", () => undefined);
  const session = await opened.session();
  try {
    await session.run(command, await text(process.stdin), output);
    return 0;
  } catch (error) {
    const status = /status (\d+)/.exec(error instanceof Error ? error.message : "");
    return Number(status?.[1] ?? sshFailed);
  } finally {
    opened.close();
    process.stdout.write(output.result.stdout);
    process.stderr.write(output.result.stderr);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`ssh: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = sshFailed;
}
