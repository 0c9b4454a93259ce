/**
 * The resolvers of all VPCs, each at its VPC's base plus two: they differ by what their VPC knows.
 *
 *     node main.ts [--listen 169.254.169.253:53] [--internet 1.1.1.1:53]
 *
 * It serves the sandbox that `$ROADNET_SANDBOX_DIR` means and is started in its namespace `rslv`, to which the fabric
 * leads the questions of every VPC, each under an address that tells the VPC, and the addresses of outbound endpoints.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { resolverSources } from "../../fabric/resolver.ts";
import { sandboxPaths, serviceSocket } from "../../paths.ts";
import { announceReady, findService, retire } from "../../service.ts";
import { AwsClient } from "../aws/client.ts";
import { answerMessageLater } from "../cloudflare/dns-message.ts";
import { listenDns, type Address } from "../cloudflare/dns-server.ts";
import { writeLog } from "../log.ts";
import { resolve } from "./answer.ts";
import { ask } from "./ask.ts";
import { readNames, type Way } from "./names.ts";

const pollSeconds = 25;
const retryMilliseconds = 1000;

function parseAddress(text: string): Address {
  const [, host, port] = /^([\d.]+):(\d+)$/.exec(text) ?? [];
  if (host === undefined) throw new Error(`${JSON.stringify(text)} is no HOST:PORT`);
  return { host, port: Number(port) };
}

/** What is known about names by the address under which a VPC's questions come. */
type Known = ReadonlyMap<string, readonly Way[]>;

async function know(cloud: AwsClient): Promise<Known> {
  const names = readNames(await cloud.describe());
  const sources = resolverSources([...names.keys()]);
  return new Map([...names].map(([vpc, ways]) => [sources.get(vpc) ?? "", ways]));
}

/** Follows AWS for ever; while it does not answer, what was known last goes on. */
async function follow(cloud: AwsClient, learn: (known: Known) => void): Promise<never> {
  let revision = -1;
  for (;;) {
    try {
      const next = await cloud.waitForRevision(revision, pollSeconds);
      if (next === revision) continue;
      learn(await know(cloud));
      revision = next;
    } catch (error) {
      writeLog(`what AWS describes cannot be had: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(retryMilliseconds);
    }
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      listen: { type: "string", default: "169.254.169.253:53" },
      internet: { type: "string", default: "1.1.1.1:53" },
    },
  });
  const paths = sandboxPaths();
  const living = findService("resolver", paths);
  if (living !== undefined) throw new Error(`the service already runs as process ${living.pid}`);
  const cloud = new AwsClient(serviceSocket(paths, "aws"));
  let known = await know(cloud);
  const { host, port } = parseAddress(values.internet);
  await listenDns((query, transport, client) => {
    const ways = known.get(client);
    // Nobody but VPCs has a way here.
    if (ways === undefined) return undefined;
    const around = { ways, internet: { address: host, port }, ask };
    return answerMessageLater((name, type) => resolve(name, type, around), query, transport);
  }, parseAddress(values.listen));
  announceReady("resolver", {}, paths);
  writeLog(`process ${process.pid} started on ${values.listen}`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      writeLog("ended");
      retire("resolver", paths);
      process.exit(0);
    });
  }
  await follow(cloud, (next) => {
    known = next;
  });
}

try {
  await main();
} catch (error) {
  console.error(`resolver: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
