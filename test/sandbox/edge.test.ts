/**
 * Cloudflare's edge with real packets: from somebody on the internet through the edge to the hosts, by load balancer and
 * by tunnel. What carries a request is taken away, to see it take the next way.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askService } from "../../sandbox/ask.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { authorityFile } from "../../sandbox/services/edge/certificates.ts";
import type { EdgeStatus } from "../../sandbox/services/edge/control.ts";
import { CloudflareControl } from "../cloudflare-control.ts";
import { eventualAnswer, eventually } from "./eventually.ts";
import { inNamespace, onHost, settle, withoutRule } from "./packets.ts";

const home = "edge-home/lucidia";
const cloudflare = new CloudflareControl();
/** As short as the account's plan has it, so that a change shows within the tests' patience. */
const quick = { interval: 15, timeout: 2, retries: 0 };
const ours = { action: "modify", kind: "monitor", name: "api.blackroad.io" } as const;
/** Two looks of a monitor, and a machine that has other things to do. */
const failoverSeconds = 60;

/** What a stranger gets of a URL: status, headers and body. */
async function fetchEdge(url: string, ...more: readonly string[]): Promise<string> {
  const curl = ["curl", "--silent", "--show-error", "--include", "--max-time", "10"];
  const { output } = await inNamespace("stranger", [
    ...curl,
    "--cacert",
    authorityFile(sandboxPaths()),
    ...more,
    url,
  ]);
  return output;
}

/** What a stranger's resolver says of a name: its addresses, or the code of what is wrong. */
async function resolveName(name: string): Promise<string> {
  const program = `require("node:dns").resolve4(process.argv[1], (error, found) => {
    console.log(error?.code ?? found.sort().join(" "));
  })`;
  const { output } = await inNamespace("stranger", [process.execPath, "-e", program, name]);
  return output.trim();
}

function statusOf(answer: string): string {
  return /^HTTP\/\S+ (\d+)/.exec(answer)?.[1] ?? answer;
}

async function edgeStatus(): Promise<EdgeStatus> {
  return (await askService("edge", "GET", "/status")) as EdgeStatus;
}

/** What answers at home on each of the ports that the tunnel leads to. */
const atHome: Readonly<Record<number, string>> = { 8080: "api", 3000: "dashboard", 3001: "grafana" };

/** What a service at home says of itself in every answer. */
function saidAtHome(port: number): string {
  return `"service":"${atHome[port] ?? "none"}","standIn":true,"host":"lucidia"`;
}

beforeAll(async () => {
  await settle();
  await cloudflare.drift({ ...ours, set: quick });
});

afterAll(async () => {
  await cloudflare.drift({ ...ours, set: { interval: 60, timeout: 5, retries: 2 } });
});

const api = "https://api.blackroad.io/api/v1";
/** What every api host of a region says of itself. */
const west = '"site":"us-west"';
const east = '"site":"eu-west"';

/** Whether the edge answers api.blackroad.io with something that has this text. */
async function apiSays(text: string): Promise<string> {
  return await eventualAnswer(
    async () => await fetchEdge(api),
    (answer) => answer.includes(text),
    failoverSeconds,
  );
}

describe("api.blackroad.io", () => {
  test("is the edge's by name, over HTTPS alone, and comes from an api host behind a load balancer", async () => {
    expect(await resolveName("api.blackroad.io")).toBe("104.16.0.10 104.16.0.11");
    const plain = await fetchEdge("http://api.blackroad.io/api/v1");
    expect([statusOf(plain), plain]).toEqual(["301", expect.stringContaining(api)]);
    const answer = await apiSays(west);
    expect(answer).toContain(west);
    expect(answer.toLowerCase()).toMatch(/server: cloudflare[\s\S]*cf-ray: [0-9a-f]{16}-sbx/);
  });

  test("moves to the other region when one is lost, to home by the tunnel when both are, and back", async () => {
    const intoWest = { group: "us-west/public", protocol: "tcp", fromPort: 443 };
    const intoEast = { group: "eu-west/public", protocol: "tcp", fromPort: 443 };
    const own = saidAtHome(8080);
    await withoutRule(intoWest, async () => {
      expect(await apiSays(east)).toContain(east);
      await withoutRule(intoEast, async () => {
        expect(await apiSays(own)).toContain(own);
      });
    });
    expect(await apiSays(west)).toContain(west);
  });
});

describe("through the tunnel", () => {
  test("lucidia's connector holds four connections that it has dialled, to both of the edge's addresses", async () => {
    const { tunnels } = await edgeStatus();
    expect(tunnels.map(({ name, connections }) => [name, connections.map(({ index }) => index)])).toEqual([
      ["blackroad-tunnel", [0, 1, 2, 3]],
    ]);
    const { output } = await onHost(home, ["ss", "-Htn", "state", "established", "dport", "= :7844"]);
    expect(new Set(output.match(/198\.41\.\d+\.\d+/g))).toEqual(new Set(["198.41.192.7", "198.41.200.7"]));
  });

  test.for([
    ["dashboard.blackroad.io", 3000],
    ["grafana.blackroad.io", 3001],
  ] as const)("%s comes for those whom Access lets in", async ([host, port]) => {
    const stranger = await fetchEdge(`https://${host}/`);
    expect([statusOf(stranger), stranger]).toEqual([
      "302",
      expect.stringContaining("/cdn-cgi/access/login/"),
    ]);
    const { token } = (await askService("edge", "POST", "/access/token", {
      ...{ host, email: "ada@blackroad.io" },
    })) as { token: string };
    const answer = await fetchEdge(`https://${host}/api/v1`, "--cookie", `CF_Authorization=${token}`);
    expect([statusOf(answer), answer]).toEqual(["200", expect.stringContaining(saidAtHome(port))]);
  });

  test("a name that no rule has gets 404, one that nobody has made does not exist", async () => {
    const zones = await cloudflare.describeAll();
    const [{ id } = { id: "" }] = zones.account.tunnels;
    const name = "nobody.blackroad.io";
    const set = { type: "CNAME", name, content: `${id}.cfargotunnel.com`, proxied: true, ttl: 1 };
    expect(await resolveName(name)).toBe("ENOTFOUND");
    await cloudflare.drift({ action: "create", kind: "record", zone: "blackroad.io", set });
    try {
      // The edge hears of a new record a moment after the API has it; until then it has no such name.
      const status = async (): Promise<string | undefined> => statusOf(await fetchEdge(`https://${name}/`));
      expect(await eventualAnswer(status, (seen) => seen !== "409", 10)).toBe("404");
    } finally {
      await cloudflare.drift({ action: "delete", kind: "record", zone: "blackroad.io", name, type: "CNAME" });
    }
  });

  test("without its connector is 530 and 1033, until that dials again", async () => {
    await onHost(home, ["systemctl", "stop", "cloudflared"]);
    try {
      const { token } = (await askService("edge", "POST", "/access/token", {
        ...{ host: "grafana.blackroad.io", email: "ada@blackroad.io" },
      })) as { token: string };
      const answer = await fetchEdge(
        "https://grafana.blackroad.io/",
        "--cookie",
        `CF_Authorization=${token}`,
      );
      expect([statusOf(answer), answer]).toEqual(["530", expect.stringContaining("1033")]);
    } finally {
      await onHost(home, ["systemctl", "start", "cloudflared"]);
    }
    const isBack = async (): Promise<boolean> =>
      (await edgeStatus()).tunnels.every(({ connections }) => connections.length === 4);
    expect(await eventually(isBack, failoverSeconds)).toBe(true);
  });
});
