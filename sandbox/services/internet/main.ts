/**
 * The web of the sandbox's internet: a page that tells its visitor's address, and Debian packages for the hosts.
 *
 *     node main.ts --packages FOLDER [--listen 192.0.2.80:80]
 *
 * It serves the sandbox that `$ROADNET_SANDBOX_DIR` means and is started in its namespace `inet`.
 */
import { parseArgs } from "node:util";
import { sandboxPaths } from "../../paths.ts";
import { announceReady, findService, retire } from "../../service.ts";
import { writeLog } from "../log.ts";
import { createWebServer } from "./web.ts";

const usage = "usage: main.ts --packages FOLDER [--listen HOST:PORT]";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { packages: { type: "string" }, listen: { type: "string", default: "192.0.2.80:80" } },
  });
  const [, host, port] = /^([\d.]+):(\d+)$/.exec(values.listen) ?? [];
  if (values.packages === undefined || host === undefined) {
    throw new Error(usage);
  }
  const paths = sandboxPaths();
  const living = findService("internet", paths);
  if (living !== undefined) {
    throw new Error(`the service already runs as process ${living.pid}`);
  }
  const server = createWebServer(values.packages, writeLog);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(port), host, resolve);
  });
  announceReady("internet", {}, paths);
  writeLog(`process ${process.pid} started on ${values.listen}, with the packages in ${values.packages}`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      writeLog("ended");
      retire("internet", paths);
      process.exit(0);
    });
  }
}

try {
  await main();
} catch (error) {
  console.error(`internet: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
