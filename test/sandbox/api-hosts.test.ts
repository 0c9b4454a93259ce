/**
 * The API from the internet, with real packets: spread over the api hosts of us-west by nginx and by HAProxy, with
 * WebSockets that stay where they are. One host falls silent without a word, as one does that has lost its power; each
 * request is counted on either side.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { authorityFile } from "../../sandbox/services/edge/certificates.ts";
import { configOf } from "../unit/plan/subject.ts";
import { eventualAnswer } from "./eventually.ts";
import { fetchFrom, inNamespace, instance, onHost, settle } from "./packets.ts";
import { requestsFrom, webSocketFrom, type Message, type Request } from "./web-client.ts";

const paths = sandboxPaths();
/** Whom the stranger trusts: the authority of Cloudflare's edge, and the stack's own, which ws.blackroad.io has. */
const authorities = join(paths.run, "api-hosts-authorities.pem");

const hosts = configOf("sandbox").hosts["us-west"] ?? {};
const having = (role: string): [name: string, address: string][] =>
  Object.entries(hosts)
    .filter(([, host]) => host.role === role)
    .map(([name, { address = "" }]) => [name, address]);
/** Addresses of the region's api hosts by what they call themselves, and those of its load balancers. */
const apis = new Map(having("api").map(([name, address]) => [`${name}.us-west`, address]));
const balancers = having("load-balancer").map(([, address]) => address);

const workers = 6;
const api = (seconds: number): Promise<Request[]> =>
  requestsFrom("stranger", authorities, { url: "https://api.blackroad.io/api/v1", workers, seconds });
const webSocket = (messages: number, seconds = 20): Promise<Message[]> =>
  webSocketFrom("stranger", authorities, { url: "wss://ws.blackroad.io/ws/", messages, seconds });

const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
const answered = (all: readonly Request[]): string[] => all.flatMap(({ host }) => host ?? []);
/** Which load balancer has used which api hosts: `10.0.1.20 api-1.us-west`. */
const pairs = (all: readonly Request[]): string[] =>
  unique(all.flatMap(({ from, host }) => (host === undefined ? [] : [`${from ?? ""} ${host}`])));
const allPairs = (names: readonly string[]): string[] =>
  balancers.flatMap((balancer) => names.map((name) => `${balancer} ${name}`)).sort();

async function fileOn(key: string, path: string): Promise<string> {
  const { exitCode, output } = await onHost(key, ["cat", path]);
  if (exitCode !== 0) throw new Error(output);
  return output;
}

beforeAll(async () => {
  await settle();
  const own = await fileOn("coral-reef/node-1", "/etc/prometheus/ca.crt");
  writeFileSync(authorities, `${readFileSync(authorityFile(paths), "utf8")}${own}`);
});

afterAll(() => {
  rmSync(authorities, { force: true });
});

test("HTTPS to api.blackroad.io comes from every api host, by every load balancer of the region", async () => {
  expect(apis.size).toBeGreaterThan(2);
  const all = await api(3);
  expect(all.filter(({ failure }) => failure !== undefined)).toEqual([]);
  expect(pairs(all)).toEqual(allPairs([...apis.keys()]));
});

describe("a WebSocket to ws.blackroad.io", () => {
  const messages = 200;

  test("stays on one api host, however much is said", async () => {
    const all = await webSocket(messages);
    expect(all.map(({ number, text }) => [number, text])).toEqual(
      Array.from({ length: messages }, (_, index) => [index + 1, `message ${index + 1}`]),
    );
    expect(unique(all.map(({ connection }) => connection))).toHaveLength(1);
    expect([...apis.keys()]).toEqual(expect.arrayContaining(unique(all.map(({ host }) => host))));
  });

  test("comes to the same host when it is opened anew", async () => {
    const opened = [];
    for (let time = 0; time < 6; time += 1) opened.push(...(await webSocket(2)));
    expect(unique(opened.map(({ connection }) => connection))).toHaveLength(6);
    expect(unique(opened.map(({ host }) => host))).toHaveLength(1);
  });
});

/** A number of a load balancer's own configuration. */
function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`the configuration has no ${pattern.source}`);
  return Number(found);
}

/** Linux's first time-out of a segment in a network without delay, in seconds; each further one is twice as long. */
const firstTimeoutSeconds = 0.2;

/**
 * Within how many seconds nobody waits for a host that has fallen silent: until nginx gives up connecting, HAProxy has
 * looked in vain often enough, and what was sent on connections that were open counts as lost.
 */
async function allowedSeconds(): Promise<number> {
  const nginx = await fileOn("us-west/lb-1", "/etc/nginx/nginx.conf");
  const haproxy = await fileOn("us-west/lb-2", "/etc/haproxy/haproxy.cfg");
  const retries = await fileOn("us-west/lb-1", "/proc/sys/net/ipv4/tcp_retries2");
  const interval = numberIn(haproxy, /inter (\d+)s/);
  return Math.max(
    numberIn(nginx, /proxy_connect_timeout (\d+)s/),
    interval * (numberIn(haproxy, /fall (\d+)/) + 1),
    firstTimeoutSeconds * (2 ** (Number(retries) + 1) - 1),
  );
}

const chain = (at: string): string => `chain ${at} { type filter hook ${at} priority -400; policy drop; }`;

/** Runs something while a host takes and sends nothing, and nobody is told. */
async function whileSilent<T>(key: string, body: () => Promise<T>): Promise<T> {
  const nft = async (command: string): Promise<void> => {
    const { id } = await instance(key);
    const { exitCode, output } = await inNamespace(`h-${id}`, ["nft", command]);
    if (exitCode !== 0) throw new Error(output);
  };
  await nft(`table inet silent { ${chain("input")}; ${chain("output")}; }`);
  try {
    return await body();
  } finally {
    await nft("delete table inet silent");
  }
}

/** How many answers a host has given, this one included. */
async function answersOf(name: string): Promise<number> {
  const text = await fetchFrom("us-west/lb-1", `http://${apis.get(name) ?? ""}:8080/`);
  return (JSON.parse(text ?? "") as { number: number }).number;
}

/** What HAProxy thinks of an api host, for requests and for WebSockets: `UP`, `DOWN`, or that it does not look. */
async function haproxySays(name: string): Promise<string[]> {
  const csv =
    (await fetchFrom("us-west/lb-1", `http://${hosts["lb-2"]?.address ?? ""}:8404/stats;csv`)) ?? "";
  const [head = "", ...lines] = csv.split("\n");
  const column = head.split(",").indexOf("status");
  return lines
    .map((line) => line.split(","))
    .filter(([, server]) => server === name.split(".")[0])
    .map((cells) => cells[column] ?? "");
}

const pause = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

describe("an api host that falls silent", () => {
  test("loses its traffic within the health checks' time, and the others lose no request", async () => {
    const [{ host: victim } = { host: "" }] = await webSocket(1);
    const others = [...apis.keys()].filter((name) => name !== victim);
    const allowed = await allowedSeconds();
    console.log(`${victim} falls silent; its requests are elsewhere within ${allowed.toFixed(1)} s`);
    const before = new Map(
      await Promise.all(others.map(async (name) => [name, await answersOf(name)] as const)),
    );

    const load = api(3 + allowed + 8);
    await pause(3);
    const silentFrom = Date.now();
    const [all, reopened, status] = await whileSilent(`us-west/${victim.split(".")[0] ?? ""}`, async () => {
      // Who had a WebSocket there opens another one: nginx tries the silent host first, and then the next.
      const opened = await webSocket(1, allowed + 5);
      return [await load, opened, await haproxySays(victim)] as const;
    });

    expect(others).toContain(reopened[0]?.host);
    expect(status).toEqual(["DOWN", "DOWN"]);
    const failed = all.filter(({ failure }) => failure !== undefined);
    const during = all.filter(({ begun }) => begun > silentFrom);
    const after = all.filter(({ begun }) => begun > silentFrom + allowed * 1000);
    console.log(
      `${all.length} requests: ${during.length} since then, ${after.length} after the time; ${failed.length} failed`,
    );
    expect(failed.filter(({ begun }) => begun > silentFrom + allowed * 1000)).toEqual([]);
    // Only who was waiting for the silent host, and of each worker one request at most.
    expect(failed.length, JSON.stringify(failed)).toBeLessThanOrEqual(workers);
    expect(pairs(after)).toEqual(allPairs(others));
    // Every answer that the others gave has arrived.
    for (const name of others) {
      const given = (await answersOf(name)) - (before.get(name) ?? 0) - 1;
      expect([name, answered(all).filter((host) => host === name).length]).toEqual([name, given]);
    }

    const back = await eventualAnswer(
      async () => pairs(await api(2)),
      (found) => found.length === allPairs([...apis.keys()]).length,
      60,
    );
    expect(back).toEqual(allPairs([...apis.keys()]));
  });
});
