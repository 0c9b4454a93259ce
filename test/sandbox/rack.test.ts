/**
 * The rack of Coral-Reef towers as one `pulumi up` has brought it up: etcd agrees, requests that are held open spread
 * by the towers' weights, sessions stay where they began, and Prometheus on each tower sees all that was planned.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { eventualAnswer } from "./eventually.ts";
import { connect, onHost, settle } from "./packets.ts";

beforeAll(settle);

const nodes = ["node-1", "node-2", "node-3"] as const;
/** By the specification's "Multi-Node Load Balancing". */
const weights = { "node-1": 100, "node-2": 100, "node-3": 50 };
const front = "http://10.64.20.1:8080";
const client = "us-west/api-1";

async function onTower(name: string, command: string): Promise<string> {
  const { exitCode, output } = await onHost(`coral-reef/${name}`, ["sh", "-c", command]);
  if (exitCode !== 0) throw new Error(`${name}: ${command}: ${exitCode}: ${output}`);
  return output.trim();
}

async function onAllTowers(command: string): Promise<void> {
  await Promise.all(nodes.map((name) => onTower(name, command)));
}

/** What HAProxy in front of the towers says of them: how many requests are open at each, and whether it is up. */
async function servers(): Promise<Record<string, { readonly open: number; readonly status: string }>> {
  const csv = await onTower("node-1", "curl -sf --max-time 5 'http://10.64.10.1:8404/stats;csv'");
  const [header = "", ...lines] = csv.replace(/^# /, "").split("\n");
  const names = header.split(",");
  const rows = lines.map((line) => {
    const values = line.split(",");
    return new Map(names.map((name, index) => [name, values[index] ?? ""]));
  });
  return Object.fromEntries(
    rows
      .filter((row) => row.get("pxname") === "towers" && row.get("svname") !== "BACKEND")
      .map((row) => [
        row.get("svname") ?? "",
        { open: Number(row.get("scur")), status: row.get("status") ?? "" },
      ]),
  );
}

const allUp = (seen: Awaited<ReturnType<typeof servers>>): boolean =>
  nodes.every((name) => seen[name]?.status === "UP");

const etcdctl =
  "ETCDCTL_API=3 etcdctl --cacert /etc/etcd/ca.crt --cert /etc/etcd/etcd.crt --key /etc/etcd/etcd.key";

describe("etcd", () => {
  test.for(nodes)("every member is healthy, as %s sees it", async (name) => {
    const endpoints = "https://10.64.30.10:2379,https://10.64.30.11:2379,https://10.64.30.12:2379";
    const said = await onTower(name, `${etcdctl} --endpoints ${endpoints} endpoint health 2>&1`);
    expect(said.match(/is healthy/g)).toHaveLength(3);
  });

  test("what one writes the others read; without a certificate nobody gets an answer", async () => {
    const local = `${etcdctl} --endpoints https://127.0.0.1:2379`;
    const word = `written-${Date.now()}`;
    await onTower("node-1", `${local} put /test/word ${word}`);
    expect(await onTower("node-3", `${local} get --print-value-only /test/word`)).toBe(word);
    await onTower("node-2", `${local} del /test/word`);
    const bare = await onTower(
      "node-2",
      "ETCDCTL_API=3 etcdctl --cacert /etc/etcd/ca.crt --endpoints https://127.0.0.1:2379 --dial-timeout 2s --command-timeout 3s get /test/word 2>&1 || true",
    );
    expect(bare).toMatch(/bad certificate|certificate required|context deadline exceeded/);
  });
});

describe("an etcd member whose data are gone", () => {
  const first = `${etcdctl} --endpoints https://10.64.30.10:2379`;

  /** Ids of the members that have been up, by name. */
  async function members(): Promise<Record<string, string>> {
    const said = await onTower("node-1", `${first} member list`);
    const rows = said.split("\n").map((line) => line.split(", "));
    return Object.fromEntries(
      rows.flatMap(([id = "", status, name = ""]) => (status === "started" ? [[name, id]] : [])),
    );
  }

  test("takes its place again, as a new member with what the others know", { timeout: 120_000 }, async () => {
    const before = await members();
    expect(Object.keys(before).sort()).toEqual([...nodes]);
    const word = `kept-${Date.now()}`;
    await onTower("node-1", `${first} put /test/kept ${word}`);
    await onTower("node-3", "systemctl stop etcd; rm -rf /var/lib/etcd/*/member; systemctl start etcd");
    const isBack = (now: Record<string, string>): boolean =>
      now["node-3"] !== undefined && now["node-3"] !== before["node-3"];
    const after = await eventualAnswer(members, isBack, 60);
    expect(after).toEqual({ ...before, "node-3": after["node-3"] });
    expect(after["node-3"]).not.toBe(before["node-3"]);
    const own = `${etcdctl} --endpoints https://127.0.0.1:2379`;
    const read = async (): Promise<string> =>
      await onTower("node-3", `${own} get --consistency=s --print-value-only /test/kept || true`);
    expect(await eventualAnswer(read, (said) => said === word, 30)).toBe(word);
    await onTower("node-1", `${first} del /test/kept`);
  });
});

describe("the load balancer in front of the towers", () => {
  test("250 requests held open spread 100/100/50", { timeout: 180_000 }, async () => {
    expect(await eventualAnswer(servers, allUp, 60)).toMatchObject(
      Object.fromEntries(nodes.map((name) => [name, { status: "UP", open: 0 }])),
    );
    const held = 250;
    // Stopped, nginx answers nothing, while the kernel still takes connections: what comes in stays open. The check
    // of a tower's health takes three failures, five seconds apart, to call it down, and by then this is over.
    await onAllTowers("systemctl kill -s STOP nginx");
    let seen: Awaited<ReturnType<typeof servers>>;
    let answers: Promise<{ exitCode: number; output: string }>;
    try {
      const urls = `${front}/api/v1/status?request=[1-${held}]`;
      const curl = [
        ...["curl", "--silent", "--parallel", "--parallel-immediate"],
        ...["--parallel-max", String(held), "--max-time", "25", "--output", "/dev/null"],
        ...["--write-out", "%{http_code}\\n"],
      ];
      answers = onHost(client, [...curl, urls]);
      const openIn = (each: typeof seen): number =>
        nodes.reduce((sum, name) => sum + (each[name]?.open ?? 0), 0);
      seen = await eventualAnswer(servers, (each) => openIn(each) === held, 10);
    } finally {
      await onAllTowers("systemctl kill -s CONT nginx");
    }
    const { output } = await answers;
    expect(
      output
        .trim()
        .split("\n")
        .filter((code) => code === "200"),
    ).toHaveLength(held);
    for (const [name, weight] of Object.entries(weights)) {
      const share = (held * weight) / 250;
      expect(seen[name]?.open, `${name}: ${JSON.stringify(seen)}`).toBeGreaterThanOrEqual(share * 0.95);
      expect(seen[name]?.open, `${name}: ${JSON.stringify(seen)}`).toBeLessThanOrEqual(share * 1.05);
    }
  });

  test("a session stays on the tower where it began, by cookie and by header", async () => {
    const ask = (...options: readonly string[]) =>
      `curl -sf --max-time 5 ${options.join(" ")} ${front}/api/v1/status`;
    const hostsOf = (text: string): Set<string> => new Set(text.match(/"host":"[^"]+"/g));
    const onClient = async (script: string): Promise<string> =>
      (await onHost(client, ["sh", "-c", script])).output;
    const cookie = "/tmp/rack-cookie";
    const byCookie = await onClient(
      `rm -f ${cookie}; for i in 1 2 3 4 5 6; do ${ask("-b", cookie, "-c", cookie)}; done; rm -f ${cookie}`,
    );
    expect(hostsOf(byCookie).size).toBe(1);
    const byHeader = await onClient(
      `for i in 1 2 3 4 5 6; do ${ask("-H", `'X-Session-ID: ${Date.now()}'`)}; done`,
    );
    expect(hostsOf(byHeader).size).toBe(1);
    const neither = await onClient(`for i in $(seq 12); do ${ask()}; done`);
    expect(hostsOf(neither).size, "without either, requests go to all").toBe(3);
  });

  test("a tower that is gone gets no requests, and comes back", { timeout: 180_000 }, async () => {
    await onTower("node-2", "systemctl stop nginx");
    try {
      const down = await eventualAnswer(servers, (each) => each["node-2"]?.status === "DOWN", 60);
      expect(down["node-2"]?.status).toBe("DOWN");
      const script = `for i in $(seq 12); do curl -sf --max-time 5 ${front}/api/v1/status || echo failed; done`;
      const { output } = await onHost(client, ["sh", "-c", script]);
      expect(output).not.toContain("failed");
      expect(output).not.toContain("node-2");
    } finally {
      await onTower("node-2", "systemctl start nginx");
    }
    expect(allUp(await eventualAnswer(servers, allUp, 60))).toBe(true);
  });
});

describe("Prometheus", () => {
  interface Target {
    readonly scrapePool: string;
    readonly scrapeUrl: string;
    readonly health: string;
    readonly lastError: string;
  }

  const management = { "node-1": "10.64.10.10", "node-2": "10.64.10.11", "node-3": "10.64.10.12" };
  const api = { "node-1": "10.64.20.10", "node-2": "10.64.20.11", "node-3": "10.64.20.12" };
  const planned = [
    ...[...Object.values(management), "10.64.10.5", "10.200.0.20"].map(
      (host) => `node http://${host}:9100/metrics`,
    ),
    "haproxy http://10.64.10.1:8404/metrics",
    ...Object.values(api).map((host) => `gateway http://${host}:8080/metrics`),
    ...Object.values(management).map((host) => `etcd http://${host}:2381/metrics`),
    ...Object.values(management).map((host) => `prometheus http://${host}:9090/metrics`),
  ].sort();

  test.for(nodes)("%s has every planned target, and each is up", { timeout: 120_000 }, async (name) => {
    const targets = async (): Promise<readonly Target[]> => {
      const text = await onTower(
        name,
        `curl -sf --max-time 5 http://${management[name]}:9090/api/v1/targets?state=active`,
      );
      return (JSON.parse(text) as { data: { activeTargets: Target[] } }).data.activeTargets;
    };
    // Each is asked every 15 seconds.
    const seen = await eventualAnswer(targets, (each) => each.every(({ health }) => health === "up"), 45);
    expect(
      seen.filter(({ health }) => health !== "up").map(({ scrapeUrl, lastError }) => [scrapeUrl, lastError]),
    ).toEqual([]);
    expect(seen.map(({ scrapePool, scrapeUrl }) => `${scrapePool} ${scrapeUrl}`).sort()).toEqual(planned);
  });

  test("nobody but the management network asks it", async () => {
    expect(await connect("coral-reef/storage", management["node-1"], 9090)).toBe("open");
    expect(await connect(client, management["node-1"], 9090)).toBe("dropped");
  });
});
