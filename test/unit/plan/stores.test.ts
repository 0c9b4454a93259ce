/** Redis, PostgreSQL and Prometheus of prod: what they are told, who may ask them, and where their passwords are. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { aptProxyPath } from "../../../components/plan/packages.ts";
import type { HostFile } from "../../../components/plan/generation.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { renderTemplate } from "../../../components/plan/render.ts";
import { absent, changed } from "../config/subject.ts";
import { passing, planWith, proverOf, stranger } from "../proof/subject.ts";
import { hostOf, namedSymbol, planOf } from "./subject.ts";

const prod = planOf("prod");

function fileOf(host: string, path: string, plan = prod): HostFile | undefined {
  return hostOf(plan, host).generation.files.find((file) => file.path === path);
}

function textOf(host: string, path: string, plan = prod): string {
  const file = fileOf(host, path, plan);
  return file === undefined ? "" : renderTemplate(file.content, namedSymbol);
}

const linesOf = (host: string, path: string): string[] => textOf(host, path).split("\n");

describe("passwords", () => {
  it("are in secret files of those who need them, and nowhere else", () => {
    const holding = prod.hosts.flatMap(({ key, generation }) =>
      generation.files
        .filter(({ content }) =>
          content.some((piece) => typeof piece !== "string" && piece.kind === "shared-secret"),
        )
        .map(({ path, mode, owner, secret, content }) => [
          `${key} ${path}`,
          `${mode} ${owner} ${secret === true ? "secret" : "plain"}`,
          content.flatMap((piece) => (typeof piece === "string" ? [] : [namedSymbol(piece)])).join(" "),
        ]),
    );
    const redis = "<shared secret us-west/redis-1>";
    const postgres = "<shared secret us-west/postgres-1>";
    const api = "0640 root:blackroad-api secret";
    expect(holding).toEqual([
      ...["api-1", "api-2", "api-3"].flatMap((name) => [
        [`us-west/${name} /etc/blackroad/postgres.password`, api, postgres],
        [`us-west/${name} /etc/blackroad/redis.password`, api, redis],
      ]),
      ["us-west/postgres-1 /etc/postgresql/blackroad.password", "0640 root:postgres secret", postgres],
      ["us-west/redis-1 /etc/redis/redis.conf", "0640 root:redis secret", redis],
    ]);
  });
});

describe("Redis", () => {
  it("listens at its address, with a password, and keeps what it has answered", () => {
    expect(linesOf("us-west/redis-1", "/etc/redis/redis.conf")).toEqual(
      expect.arrayContaining([
        "bind 10.0.10.50 127.0.0.1",
        "protected-mode yes",
        "appendonly yes",
        "requirepass <shared secret us-west/redis-1>",
      ]),
    );
  });
});

describe("PostgreSQL", () => {
  it("listens at its address, over TLS alone, for its region's network and one role", () => {
    expect(linesOf("us-west/postgres-1", "/etc/postgresql/15/main/conf.d/blackroad.conf")).toEqual(
      expect.arrayContaining(["listen_addresses = '10.0.20.10'", "ssl = on"]),
    );
    const rules = linesOf("us-west/postgres-1", "/etc/postgresql/15/main/pg_hba.conf");
    expect(rules.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
      "local all all peer",
      "hostssl blackroad blackroad 10.0.0.0/16 scram-sha-256",
    ]);
  });

  it("gets its packages through the hub, and knows so before it has any", () => {
    const proxy = 'Acquire::http::Proxy "http://10.0.1.10:8888/";';
    expect(textOf("us-west/postgres-1", aptProxyPath)).toContain(proxy);
    expect(hostOf(prod, "us-west/postgres-1").aptProxy).toBe(textOf("us-west/postgres-1", aptProxyPath));
    const others = prod.hosts.filter(({ key }) => key !== "us-west/postgres-1");
    expect(others.flatMap(({ aptProxy }) => aptProxy ?? [])).toEqual([]);
  });

  it("has a hub that fetches for its tier from the mirrors alone; one without such a host fetches nothing", () => {
    expect(linesOf("us-west/hub-1", "/etc/tinyproxy/tinyproxy.conf")).toEqual(
      expect.arrayContaining([
        "Listen 10.0.1.10",
        "Allow 10.0.20.0/24",
        "Allow 10.0.21.0/24",
        "ConnectPort 443",
        "FilterDefaultDeny Yes",
      ]),
    );
    expect(textOf("us-west/hub-1", "/etc/tinyproxy/mirrors")).toBe(
      "^cdn-aws\\.deb\\.debian\\.org$\n^deb\\.debian\\.org$\n^security\\.debian\\.org$\n",
    );
    expect(hostOf(prod, "eu-west/hub-1").generation.packages).not.toContain("tinyproxy");
    const without = planNetwork(parseNetworkConfig(changed(["hosts us-west postgres-1", absent])), "prod");
    expect(hostOf(without, "us-west/hub-1").generation.packages).not.toContain("tinyproxy");
  });
});

describe("Prometheus", () => {
  it("asks every instance that it reaches, and HAProxy", () => {
    const { scrape_configs: jobs } = parse(
      textOf("us-west/prometheus-1", "/etc/prometheus/prometheus.yml"),
    ) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    const targets = new Map(
      jobs.map((job) => [job.job_name, job.static_configs.flatMap((each) => each.targets)]),
    );
    const instances = prod.hosts.filter(
      ({ instance, tunnelAddress }) => instance !== undefined && tunnelAddress === undefined,
    );
    expect(targets.get("node")?.sort()).toEqual(instances.map(({ address }) => `${address}:9100`).sort());
    expect(targets.get("haproxy")).toEqual(["10.0.1.30:8404"]);
    expect([...targets.keys()]).toEqual(["haproxy", "node"]);
  });
});

describe("the gates", () => {
  const prover = proverOf(planWith());

  it.each([
    ["an api host's to Redis", "us-west/api-1", "10.0.10.50", "6379/tcp", "6379/tcp"],
    ["an api host's to PostgreSQL", "us-west/api-2", "10.0.20.10", "5432/tcp", "5432/tcp"],
    ["an api host's to Vault", "us-west/api-1", "10.0.10.100", "8200/tcp", "8200/tcp"],
    ["an api host's to Ollama", "us-west/api-1", "10.0.10.60", "11434/tcp", "11434/tcp"],
    ["Prometheus's to a database", "us-west/prometheus-1", "10.0.20.10", "9100/tcp", "9100/tcp"],
    ["Prometheus's to the other region", "us-west/prometheus-1", "10.1.10.11", "9100/tcp", "9100/tcp"],
    ["Prometheus's to HAProxy", "us-west/prometheus-1", "10.0.1.30", "8404/tcp", "8404/tcp"],
    ["PostgreSQL's to the hub's proxy", "us-west/postgres-1", "10.0.1.10", "8888/tcp", "8888/tcp"],
    ["a load balancer's to Redis", "us-west/lb-1", "10.0.10.50", "6379/tcp", "nothing"],
    ["a load balancer's to PostgreSQL", "us-west/lb-1", "10.0.20.10", "5432/tcp", "nothing"],
    ["the other region's to Redis", "eu-west/api-1", "10.0.10.50", "6379/tcp", "nothing"],
    ["the other region's to Vault", "eu-west/api-1", "10.0.10.100", "8200/tcp", "nothing"],
    ["an api host's to the hub's proxy", "us-west/api-1", "10.0.1.10", "8888/tcp", "nothing"],
    ["PostgreSQL's to the world", "us-west/postgres-1", stranger, "443/tcp", "nothing"],
  ])("decide about %s", (_, from, to, traffic, passes) => {
    expect(passing(prover, from, to, traffic)).toBe(passes);
  });
});
