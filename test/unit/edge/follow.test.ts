/** The edge beside the simulated Cloudflare as a process of its own: what the one is told, the other goes by. */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import type { Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { askService } from "../../../sandbox/ask.ts";
import { serviceSocket } from "../../../sandbox/paths.ts";
import { announceReady, retire } from "../../../sandbox/service.ts";
import { authorityFile, loadAuthority } from "../../../sandbox/services/edge/certificates.ts";
import { createControlServer, type EdgeStatus } from "../../../sandbox/services/edge/control.ts";
import {
  authenticateTunnel,
  followCloudflare,
  type Following,
} from "../../../sandbox/services/edge/follow.ts";
import { route } from "../../../sandbox/services/edge/routing.ts";
import { TestService } from "../cloudflare/service.ts";
import { Bed } from "./bed.ts";

const service = new TestService();
const bed = new Bed();
const log: string[] = [];
let following: Following;
let control: Server;
let account = "";
let zone = "";
const secret = Buffer.alloc(32, 7).toString("base64");

/** What the API answers, which must be yes. */
async function api(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const { success, errors, result } = await service.call(method, path, body);
  if (!success) throw new Error(`${method} ${path}: ${JSON.stringify(errors)}`);
  return result;
}

function kindOf(host: string): string {
  return route(bed.edge.state, host).kind;
}

async function status(): Promise<EdgeStatus> {
  return (await askService("edge", "GET", "/status", undefined, service.paths)) as EdgeStatus;
}

async function token(host: string, email: string): Promise<unknown> {
  return await askService("edge", "POST", "/access/token", { host, email }, service.paths);
}

/** Below the time for which a question for news is open, so that an answer that comes only at its end is seen. */
const patience = { timeout: 12_000, interval: 20 };

beforeAll(async () => {
  await service.start();
  zone = await service.zone("zone.test");
  account = readFileSync(`${service.paths.keys}/cloudflare-account`, "utf8").trim();
  following = await followCloudflare(
    service.paths,
    (state) => {
      bed.edge.apply(state);
    },
    (line) => log.push(line),
  );
  const { access, monitors, tunnels } = bed.edge;
  control = createControlServer({
    ...{ access, monitors, tunnels },
    state: () => bed.edge.state,
    following: () => following,
  });
  mkdirSync(service.paths.run, { recursive: true });
  await new Promise<void>((resolve) => control.listen(serviceSocket(service.paths, "edge"), resolve));
  announceReady("edge", {}, service.paths);
});

afterAll(async () => {
  following.stop();
  control.close();
  retire("edge", service.paths);
  bed.close();
  await service.remove();
});

describe("the edge beside Cloudflare", () => {
  it("goes by a change as soon as it is made", async () => {
    expect(kindOf("www.zone.test")).toBe("unknown");
    const record = { name: "www", type: "A", content: "198.51.100.1", proxied: true, ttl: 1 };
    const { id } = await api("POST", `/zones/${zone}/dns_records`, record);
    await vi.waitFor(() => {
      expect(kindOf("www.zone.test")).toBe("records");
    }, patience);
    await service.control.drift({ action: "delete", kind: "record", zone: "zone.test", id: String(id) });
    await vi.waitFor(() => {
      expect(kindOf("www.zone.test")).toBe("unknown");
    }, patience);
  });

  it("reads everything that the API can hold, and tells what becomes of it", async () => {
    const monitor = await api("POST", `/accounts/${account}/load_balancers/monitors`, {
      ...{
        type: "https",
        description: "api",
        path: "/health",
        expected_codes: "200",
        interval: 15,
        timeout: 1,
      },
      ...{ retries: 0, header: { Host: ["api.zone.test"] }, allow_insecure: true },
    });
    const origins = [{ name: "one", address: "198.51.100.1", header: { Host: ["api.zone.test"] } }];
    const pool = await api("POST", `/accounts/${account}/load_balancers/pools`, {
      ...{ name: "west", origins, monitor: monitor.id, origin_steering: { policy: "random" } },
    });
    await bed.refusing("198.51.100.1:443");
    const rule = {
      ...{ name: "sessions", condition: 'any(http.request.headers.names[*] eq "x-session-id")' },
      overrides: {
        ...{ session_affinity: "header", session_affinity_ttl: 60 },
        session_affinity_attributes: { headers: ["X-Session-ID"], require_all_headers: true },
      },
    };
    const strange = { name: "strange", condition: "cf.bot_management.score lt 2", overrides: {} };
    await api("POST", `/zones/${zone}/load_balancers`, {
      ...{ name: "api.zone.test", default_pools: [pool.id], fallback_pool: pool.id, proxied: true },
      ...{ session_affinity: "cookie", session_affinity_ttl: 1_800, rules: [rule, strange] },
    });
    const policy = await api("POST", `/accounts/${account}/access/policies`, {
      ...{ name: "staff", decision: "allow", include: [{ email_domain: { domain: "zone.test" } }] },
    });
    await api("POST", `/accounts/${account}/access/apps`, {
      ...{ type: "self_hosted", name: "dash", domain: "dash.zone.test", policies: [{ id: policy.id }] },
    });
    await api("PATCH", `/zones/${zone}/settings/min_tls_version`, { value: "1.2" });
    await vi.waitFor(async () => {
      const { pools, problems, error } = await status();
      expect(error).toBeUndefined();
      expect(kindOf("api.zone.test")).toBe("balancer");
      expect(bed.edge.state.zones[0]?.settings.min_tls_version).toBe("1.2");
      expect(problems).toEqual([expect.stringContaining("rule strange of api.zone.test is left out")]);
      const [endpoint] = pools[0]?.endpoints ?? [];
      expect(pools[0]).toMatchObject({ name: "west", healthy: false });
      expect(endpoint).toMatchObject({
        name: "one",
        health: "down",
        reason: expect.stringMatching(/^521 /) as string,
      });
    }, patience);
  });

  it("hands tokens out in place of a login, to whom a policy lets in", async () => {
    expect(await token("dash.zone.test", "ada@zone.test")).toEqual({
      token: expect.stringMatching(/^ey/) as string,
    });
    await expect(token("dash.zone.test", "eve@other.test")).rejects.toThrow(
      "no policy of dash lets eve@other.test in",
    );
    await expect(token("www.zone.test", "ada@zone.test")).rejects.toThrow("no Access application");
    await expect(askService("edge", "GET", "/nothing", undefined, service.paths)).rejects.toThrow(
      "has no GET /nothing",
    );
  });

  it("takes a connector only as the API has its tunnel", async () => {
    const { id } = await api("POST", `/accounts/${account}/cfd_tunnel`, {
      ...{ name: "t", config_src: "cloudflare", tunnel_secret: secret },
    });
    const said = { accountTag: account, tunnelId: String(id), tunnelSecret: secret };
    const ask = async (more: object): Promise<void> => {
      const options = { clientId: "c", version: "1" };
      await authenticateTunnel({ ...said, connIndex: 0, options, ...more }, service.paths);
    };
    await ask({});
    await expect(ask({ tunnelSecret: Buffer.alloc(32, 8).toString("base64") })).rejects.toThrow(
      "Invalid tunnel secret",
    );
    await expect(ask({ tunnelSecret: "" })).rejects.toThrow("Invalid tunnel secret");
    await expect(ask({ accountTag: "0".repeat(32) })).rejects.toThrow("Invalid tunnel secret");
    await expect(ask({ tunnelId: "none" })).rejects.toThrow("Tunnel not found");
    await api("PUT", `/accounts/${account}/cfd_tunnel/${String(id)}/configurations`, {
      config: { ingress: [{ service: "http_status:404" }] },
    });
    await vi.waitFor(async () => {
      expect((await status()).tunnels).toEqual([{ id, name: "t", connections: [] }]);
    }, patience);
    await api("DELETE", `/accounts/${account}/cfd_tunnel/${String(id)}`);
    await expect(ask({})).rejects.toThrow("Tunnel was deleted");
  });

  it("goes on with what it knows while Cloudflare is away, says so, and follows it again", async () => {
    await service.stop("SIGKILL");
    await vi.waitFor(async () => {
      expect((await status()).error).toMatch(/could not be asked|does not run/);
    }, patience);
    expect(kindOf("api.zone.test")).toBe("balancer");
    await service.start();
    const record = { name: "back", type: "A", content: "198.51.100.1", proxied: true, ttl: 1 };
    await api("POST", `/zones/${zone}/dns_records`, record);
    await vi.waitFor(async () => {
      expect([kindOf("back.zone.test"), (await status()).error]).toEqual(["records", undefined]);
    }, patience);
  });

  it("keeps its authority, whose key nobody else may read", () => {
    const first = loadAuthority(service.paths);
    expect(loadAuthority(service.paths).pem).toBe(first.pem);
    expect(readFileSync(authorityFile(service.paths), "utf8")).toBe(first.pem);
    expect(statSync(`${service.paths.keys}/edge-ca.key`).mode & 0o777).toBe(0o600);
  });
});
