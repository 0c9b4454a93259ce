/**
 * The edge of the simulated Cloudflare: what answers at the addresses of proxied names and what connectors of tunnels
 * dial, and a control API.
 *
 *     node main.ts --proxy 104.16.0.10,104.16.0.11 --connectors 198.41.192.7,198.41.200.7 --resolver 1.1.1.1
 *
 * It follows the Cloudflare of the sandbox that `$ROADNET_SANDBOX_DIR` means, in the network namespace that it is
 * started in.
 */
import { Resolver } from "node:dns/promises";
import { mkdirSync, rmSync } from "node:fs";
import type { ListenOptions, Server } from "node:net";
import { parseArgs } from "node:util";
import { sandboxPaths, serviceSocket } from "../../paths.ts";
import { announceReady, findService, retire } from "../../service.ts";
import { whatWentWrong, writeLog } from "../log.ts";
import { loadAuthority, loadPullAuthority, PullCertificate } from "./certificates.ts";
import { createControlServer } from "./control.ts";
import { Edge } from "./edge.ts";
import { authenticateTunnel, followCloudflare, type Following } from "./follow.ts";
import { proxiedPorts } from "./front.ts";
import { cloudflareLimits } from "./origin.ts";

const usage = `usage: main.ts --proxy ADDRESS,ADDRESS --connectors ADDRESS,ADDRESS --resolver ADDRESS
  --proxy       where proxied names are answered, on every proxied port
  --connectors  where connectors of tunnels dial, on 7844
  --resolver    the name server that origins' names are looked up at`;

const connectorPort = 7844;

function addresses(text: string | undefined): readonly string[] {
  const found = (text ?? "").split(",").filter((part) => part !== "");
  if (found.length === 0) throw new Error(usage);
  return found;
}

async function listen(server: Server, target: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(target, () => {
      server.off("error", reject);
      server.on("error", (error) => {
        writeLog(whatWentWrong(error));
      });
      resolve();
    });
  });
}

async function listenEverywhere(
  edge: Edge,
  proxy: readonly string[],
  connectors: readonly string[],
): Promise<void> {
  for (const port of proxiedPorts) {
    const front = edge.front(port);
    for (const host of proxy) await listen(front.server(), { host, port: port.port });
  }
  for (const host of connectors) await listen(edge.tunnelServer(), { host, port: connectorPort });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { proxy: { type: "string" }, connectors: { type: "string" }, resolver: { type: "string" } },
  });
  const [proxy, connectors] = [addresses(values.proxy), addresses(values.connectors)];
  const paths = sandboxPaths();
  const living = findService("edge", paths);
  if (living !== undefined) throw new Error(`the service already runs as process ${living.pid}`);
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers(addresses(values.resolver));
  const authority = loadAuthority(paths);
  const pulls = new PullCertificate(loadPullAuthority(paths));
  const edge = new Edge({
    authority,
    ways: {
      limits: cloudflareLimits,
      resolve: async (name) => await resolver.resolve4(name),
      own: new Set(proxy),
      ...(proxy[0] === undefined ? {} : { from: proxy[0] }),
      authorities: [authority.pem],
      pullCertificate: () => pulls.leaf(),
    },
    authenticate: async (registration) => {
      await authenticateTunnel(registration, paths);
    },
    log: writeLog,
  });
  const following: Following = await followCloudflare(
    paths,
    (state) => {
      edge.apply(state);
    },
    writeLog,
  );
  await listenEverywhere(edge, proxy, connectors);
  const socketPath = serviceSocket(paths, "edge");
  // Left by a run that was killed: nobody listens on it, as no service lives.
  rmSync(socketPath, { force: true });
  const control = createControlServer({
    state: () => edge.state,
    following: () => following,
    monitors: edge.monitors,
    tunnels: edge.tunnels,
    access: edge.access,
  });
  await listen(control, { path: socketPath });
  announceReady("edge", { proxy: proxy.join(","), connectors: connectors.join(",") }, paths);
  writeLog(
    `process ${process.pid} started at ${proxy.join(", ")}, and for connectors at ${connectors.join(", ")}`,
  );
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      writeLog("ended");
      retire("edge", paths);
      process.exit(0);
    });
  }
}

try {
  await main();
} catch (error) {
  console.error(`edge: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
