/**
 * The simulated AWS as a process: `node sandbox/services/aws/main.ts`.
 *
 * Environment: ROADNET_SANDBOX_DIR (whose AWS this is), ROADNET_AWS_QUOTAS (JSON such as `{"vpcsPerRegion": 20}`).
 * It ends on SIGTERM and SIGINT; at any other end its state is as it was after the last complete change.
 */
import { mkdirSync } from "node:fs";
import { SandboxError } from "../../mode.ts";
import { sandboxPaths, serviceSocket } from "../../paths.ts";
import { announceReady, retire } from "../../service.ts";
import { writeLog } from "../log.ts";
import { defaultQuotas, parseQuotas } from "./quotas.ts";
import { createAwsServer, listen } from "./server.ts";
import { AwsService } from "./service.ts";

const paths = sandboxPaths();
const { ROADNET_AWS_QUOTAS: quotas } = process.env;
mkdirSync(paths.run, { recursive: true, mode: 0o700 });

/** @returns the service, unless its state is damaged: then the log has why, and the process ends */
function startService(): AwsService {
  try {
    return new AwsService(paths.aws, {
      quotas: quotas === undefined || quotas === "" ? defaultQuotas : parseQuotas(quotas),
      log: writeLog,
    });
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    writeLog(error.message);
    process.exit(1);
  }
}
const service = startService();
const server = createAwsServer(service, writeLog);

let ending = false;
function end(): void {
  if (ending) {
    return;
  }
  ending = true;
  service.faults.clear();
  server.close(() => {
    service.store.close();
    writeLog("ended");
    retire("aws", paths);
    process.exit(0);
  });
  server.closeAllConnections();
}
process.on("SIGTERM", end);
process.on("SIGINT", end);

await listen(server, serviceSocket(paths, "aws"));
announceReady("aws", {}, paths);
writeLog(
  `process ${process.pid} started: the simulated AWS listens on ${serviceSocket(paths, "aws")}; its state is in ${paths.aws}`,
);
