/**
 * Where the services of us-west keep their data, and who measures its hosts, with real packets and real clients: who is
 * meant to get through gets an answer, and nobody else a packet.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { configOf } from "../unit/plan/subject.ts";
import { eventualAnswer } from "./eventually.ts";
import { connect, fetchFrom, instance, onHost, settle, withoutRule } from "./packets.ts";

const client = "us-west/api-1";
const outsiders = ["us-west/lb-1", "us-west/hub-1", "eu-west/api-1"];

const config = configOf("sandbox");
const addressOf = (name: string): string => config.hosts["us-west"]?.[name]?.address ?? "";
const redis = addressOf("redis-1");
const postgres = addressOf("postgres-1");
const hub = addressOf("hub-1");

/** Runs a line of shell on a host of the plan; whatever it prints. */
async function sh(key: string, line: string): Promise<string> {
  return (await onHost(key, ["sh", "-c", line])).output.trim();
}

const authority = "/run/stores-authority.crt";

beforeAll(async () => {
  await settle();
  const { id } = await instance(client);
  const install =
    "apt-get -qq update && apt-get -qq -y install --no-install-recommends postgresql-client-15 redis-tools";
  const { exitCode, stderr } = await execInMachine(id, ["sh", "-c", install], { timeoutSeconds: 300 });
  if (exitCode !== 0) throw new Error(stderr);
  const own = await sh("coral-reef/node-1", "cat /etc/prometheus/ca.crt");
  await sh(client, `cat > ${authority} <<'END'\n${own}\nEND`);
});

describe("Redis", () => {
  const ask = (words: string): Promise<string> =>
    sh(client, `REDISCLI_AUTH=$(cat /etc/blackroad/redis.password) timeout 5 redis-cli -h ${redis} ${words}`);

  test("answers an api host that has the password, and no other question", async () => {
    expect(await ask("PING")).toBe("PONG");
    expect(await sh(client, `timeout 5 redis-cli -h ${redis} PING`)).toContain("NOAUTH");
    const rule = { group: "us-west/database", protocol: "tcp", fromPort: 6379 };
    expect(await withoutRule(rule, () => connect(client, redis, 6379))).toBe("dropped");
    expect(await ask("PING")).toBe("PONG");
  });

  test("keeps what it has been told over a restart", async () => {
    expect(await ask("SET stores-test kept")).toBe("OK");
    // It writes to its disk once a second.
    await sh("us-west/redis-1", "sleep 1.5; systemctl restart redis-server");
    expect(
      await eventualAnswer(
        () => ask("GET stores-test"),
        (said) => said === "kept",
        20,
      ),
    ).toBe("kept");
    expect(await ask("DEL stores-test")).toBe("1");
  });
});

describe("PostgreSQL", () => {
  const ask = (statement: string, mode = `verify-full sslrootcert=${authority}`): Promise<string> => {
    const where = `host=${postgres} dbname=blackroad user=blackroad connect_timeout=5 sslmode=${mode}`;
    const password = "PGPASSWORD=$(cat /etc/blackroad/postgres.password)";
    return sh(client, `${password} psql --no-psqlrc --tuples-only --no-align -c "${statement}" "${where}"`);
  };

  test("answers an api host that has the password, over TLS with a certificate for its address", async () => {
    expect(await ask("SELECT 1")).toBe("1");
    expect(await ask("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).toBe("t");
    expect(await ask("SELECT 1", "disable")).toContain("no encryption");
    const rule = { group: "us-west/database", protocol: "tcp", fromPort: 5432 };
    expect(await withoutRule(rule, () => connect(client, postgres, 5432))).toBe("dropped");
    expect(await ask("SELECT 1")).toBe("1");
  });

  test("lets the services make tables of their own, and nothing else", async () => {
    expect(await ask("CREATE TABLE stores_test (a int); DROP TABLE stores_test; SELECT 2")).toContain("2");
    expect(await ask("CREATE ROLE other")).toContain("permission denied");
  });
});

test("hosts outside the group reach neither Redis nor PostgreSQL", async () => {
  const ways = outsiders.flatMap((key) => [[key, redis, 6379] as const, [key, postgres, 5432] as const]);
  const ask = async ([key, address, port]: (typeof ways)[number]): Promise<string> =>
    `${key} ${address} ${await connect(key, address, port)}`;
  expect(await Promise.all(ways.map(ask))).toEqual(ways.map(([key, address]) => `${key} ${address} dropped`));
});

test("the database's host has no way out but to the mirrors, by the hub", async () => {
  const key = "us-west/postgres-1";
  const through = (url: string): Promise<string> =>
    sh(key, `curl -s -o /dev/null -w '%{http_code}' --max-time 10 -x http://${hub}:8888 ${url}`);
  expect(await connect(key, "192.0.2.80", 80)).toBe("dropped");
  expect(await through("http://packages.sandbox.test/debian/Packages")).toBe("200");
  expect(await through("http://page.sandbox.test/")).toBe("403");
  expect(await connect(client, hub, 8888)).toBe("dropped");
});

test.for([
  ["vault-1", 8200, "vault"],
  ["ollama-1", 11434, "ollama"],
] as const)(
  "%s answers the region's services, and says that it stands in for them",
  async ([name, port, service]) => {
    const said = await fetchFrom(client, `http://${addressOf(name)}:${port}/`);
    expect(said).toContain(`"service":"${service}","standIn":true,"host":"${name}.us-west"`);
    expect(await connect("us-west/lb-1", addressOf(name), port)).toBe("dropped");
  },
);

interface Target {
  readonly scrapeUrl: string;
  readonly health: string;
  readonly lastError: string;
}

test("Prometheus gets measurements of every instance that it reaches", async () => {
  const instances = ["us-west", "eu-west"].flatMap((region) =>
    Object.values(config.hosts[region] ?? {})
      .filter(({ role }) => role !== "hub")
      .map(({ address = "" }) => `http://${address}:9100/metrics`),
  );
  const wanted = [...instances, `http://${addressOf("lb-2")}:8404/metrics`].sort();
  const ask = async (): Promise<string[]> => {
    const said = await fetchFrom(
      client,
      `http://${addressOf("prometheus-1")}:9090/api/v1/targets?state=active`,
    );
    const { data } = JSON.parse(said ?? '{"data":{"activeTargets":[]}}') as {
      data: { activeTargets: Target[] };
    };
    return data.activeTargets
      .map(({ scrapeUrl, health, lastError }) =>
        health === "up" ? scrapeUrl : `${scrapeUrl} ${health} ${lastError}`,
      )
      .sort();
  };
  expect(await eventualAnswer(ask, (found) => found.join() === wanted.join(), 60)).toEqual(wanted);
});
