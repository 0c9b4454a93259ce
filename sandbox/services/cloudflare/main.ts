/**
 * The simulated Cloudflare: its API v4, the DNS of the sandbox's internet, and a control API.
 *
 *     node main.ts --api 192.0.2.4:80 --dns 1.1.1.1:53,8.8.8.8:53 --edge 104.16.0.10,104.16.0.11 --names names.json
 *
 * It serves the sandbox that `$ROADNET_SANDBOX_DIR` means, in the network namespace that it is started in.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { parseArgs } from "node:util";
import { z } from "zod";
import { sandboxPaths, serviceSocket } from "../../paths.ts";
import { announceReady, findService, retire } from "../../service.ts";
import { createControlServer } from "./control.ts";
import { loadCredentials } from "./credentials.ts";
import { Resolver, type StaticNames } from "./dns-answer.ts";
import { answerMessage } from "./dns-message.ts";
import { listenDns, type Address } from "./dns-server.ts";
import { FaultPlan } from "../faults.ts";
import { writeLog } from "../log.ts";
import { CallLog } from "./calls.ts";
import { cloudflareFaultRules } from "./faults.ts";
import { createApiServer, type ApiParts } from "./http.ts";
import { apiPrefix } from "./route.ts";
import { Store } from "./store.ts";

const usage = `usage: main.ts --api HOST:PORT [--dns HOST:PORT,HOST:PORT --edge ADDRESS,ADDRESS] [--names FILE.json]
  --api    where the API listens over HTTP; port 0 for any free one
  --dns    where the resolver listens over UDP and TCP; without it there is none
  --edge   what the resolver answers for proxied names
  --names  names of the sandbox itself: {"page.sandbox.test": "192.0.2.80"}`;

function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`${text} is not HOST:PORT\n${usage}`);
  }
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port };
}

const address = z.union([z.ipv4(), z.ipv6()]);
const namesSchema = z.record(z.string(), z.union([address, z.array(address).min(1)]));

function readNames(file: string | undefined): StaticNames {
  if (file === undefined) return {};
  const names = namesSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return Object.fromEntries(
    Object.entries(names).map(([name, value]) => [
      name.toLowerCase().replace(/\.$/, ""),
      typeof value === "string" ? [value] : value,
    ]),
  );
}

function splitList(list: string | undefined): readonly string[] {
  return (list ?? "").split(",").filter((part) => part !== "");
}

async function listen(
  server: Server,
  target: { port: number; host: string } | { path: string },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(target, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ api: { type: "string" }, dns: { type: "string" } },
      ...{ edge: { type: "string" }, names: { type: "string" } },
    } as const,
  });
  const [resolvers, edge] = [splitList(values.dns), splitList(values.edge)];
  if (values.api === undefined || (resolvers.length > 0 && edge.length === 0)) throw new Error(usage);
  const paths = sandboxPaths();
  const living = findService("cloudflare", paths);
  if (living !== undefined) throw new Error(`the service already runs as process ${living.pid}`);
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  const parts: ApiParts = {
    store: new Store(paths.cloudflare),
    credentials: loadCredentials(paths),
    faults: new FaultPlan(cloudflareFaultRules, writeLog),
    calls: new CallLog(),
    log: writeLog,
  };
  const api = createApiServer(parts);
  await listen(api, parseAddress(values.api));
  const bound = api.address();
  if (bound === null || typeof bound === "string") throw new Error("the API has no address");
  const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  const url = `http://${host}:${bound.port}`;
  const resolver = new Resolver(parts.store, readNames(values.names), edge);
  const dns: string[] = [];
  for (const text of resolvers) {
    const server = await listenDns(
      (query, transport) => answerMessage(resolver, query, transport),
      parseAddress(text),
    );
    dns.push(`${server.address.host}:${server.address.port}`);
  }
  const socketPath = serviceSocket(paths, "cloudflare");
  // Left by a run that was killed: nobody listens on it, as no service lives.
  rmSync(socketPath, { force: true });
  await listen(createControlServer(parts), { path: socketPath });
  announceReady("cloudflare", { url, baseUrl: url + apiPrefix, dns: dns.join(",") }, paths);
  writeLog(
    `process ${process.pid} started: Cloudflare's API at ${url}${apiPrefix}${dns.length > 0 ? `, DNS at ${dns.join(", ")}` : ""}`,
  );
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      writeLog("ended");
      retire("cloudflare", paths);
      // Every change is on disk already, so there is nothing to wait for.
      process.exit(0);
    });
  }
}

try {
  await main();
} catch (error) {
  console.error(`cloudflare: ${error instanceof Error ? error.message : String(error)}`);
  // What listens already must not go on alone.
  process.exit(1);
}
