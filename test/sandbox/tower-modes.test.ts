/**
 * Towers outside of a rack, each mode on its own, by `pulumi up` of a changed configuration: a machine of the home LAN
 * becomes a tower in local, server and peer-to-peer mode, one after the other, and what it was in the end. (Cluster
 * mode is what the stack's rack is in: rack.test.ts.)
 */
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { mustRunPulumi, stackName } from "../../sandbox/engine.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { eventualAnswer } from "./eventually.ts";
import { connect, onHost, settle } from "./packets.ts";

const paths = sandboxPaths();
const stackFile = join(paths.project, `Pulumi.${stackName}.yaml`);
const before = readFileSync(stackFile, "utf8");
const key = "edge-home/lucidia-alt";
const neighbour = "edge-home/blackroad-pi";
const address = "192.168.4.99";
const upSeconds = 600;

/** Its one cable is in the port that the mode uses on a LAN. */
const ports = {
  local: { primary: "eth1", secondary: "eth0", management: "eth2" },
  server: { primary: "eth1", secondary: "eth0", management: "eth2" },
  p2p_hub: { primary: "eth0", secondary: "eth1", management: "eth2" },
};

async function up(): Promise<void> {
  await mustRunPulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], {
    paths,
    timeoutSeconds: upSeconds,
  });
}

/** Gives the machine the role of a tower, and brings it up. */
async function become(mode: keyof typeof ports, options: object = {}): Promise<void> {
  const stack = parseDocument(before);
  const path = ["config", "blackroad-network:network", "hosts", "edge-home", "lucidia-alt"];
  stack.setIn([...path, "role"], "tower");
  stack.setIn([...path, "tower"], stack.createNode({ mode, ports: ports[mode], ...options }));
  // They say what is meant of the machine as it was.
  stack.deleteIn(["config", "blackroad-network:network", "flows"]);
  writeFileSync(stackFile, stack.toString());
  await up();
}

async function onTower(script: string): Promise<string> {
  const { exitCode, output } = await onHost(key, ["sh", "-c", script]);
  if (exitCode !== 0) throw new Error(`${script}: ${exitCode}: ${output}`);
  return output.trim();
}

/** What the tower's Prometheus measures, and how that goes, once it is as expected or half a minute has passed. */
async function targets(expected: readonly string[]): Promise<readonly string[]> {
  interface Target {
    readonly scrapeUrl: string;
    readonly health: string;
    readonly lastError: string;
  }
  const ask = async (): Promise<readonly string[]> => {
    const url = `http://${address}:9090/api/v1/targets?state=active`;
    const { exitCode, output } = await onHost(key, ["curl", "-sf", "--max-time", "5", url]);
    if (exitCode !== 0) return [];
    const { data } = JSON.parse(output) as { data: { activeTargets: Target[] } };
    return data.activeTargets
      .map(({ scrapeUrl, health, lastError }) => `${scrapeUrl} ${health} ${lastError}`.trim())
      .sort();
  };
  return await eventualAnswer(ask, (seen) => seen.join() === expected.join(), 30);
}

const ownTargets = (scheme: string): readonly string[] =>
  [`${scheme}://${address}:8080`, `http://${address}:9090`, `http://${address}:9100`]
    .map((url) => `${url}/metrics up`)
    .sort();

/** The status of an answer as a neighbour on the LAN gets it, and its body. */
async function ask(url: string): Promise<string> {
  const curl = ["curl", "-sk", "--max-time", "5", "-w", " %{http_code}", url];
  return (await onHost(neighbour, curl)).output;
}

beforeAll(settle);

afterAll(async () => {
  if (readFileSync(stackFile, "utf8") === before) return;
  writeFileSync(stackFile, before);
  await up();
}, upSeconds * 1000);

describe("in local mode", () => {
  beforeAll(() => become("local"), upSeconds * 1000);

  test("it answers its LAN in clear text, and says that it is the stand-in", async () => {
    expect(await ask(`http://${address}:8080/api/v1/status`)).toMatch(
      /"standIn":true.*"mode":"local".* 200$/s,
    );
  });

  test("its network.yaml says what the mode is, and TURN is closed", async () => {
    expect(await onTower("cat /etc/coral-reef/network.yaml")).toMatch(/^ *mode: local$/m);
    expect(await connect(neighbour, address, 3478)).toBe("dropped");
  });

  test("Prometheus has every planned target up", async () => {
    expect(await targets(ownTargets("http"))).toEqual(ownTargets("http"));
  });
});

describe("in server mode", () => {
  beforeAll(() => become("server", { rateLimit: { requestsPerMinute: 60, burst: 5 } }), upSeconds * 1000);

  test("it speaks TLS 1.3 alone on both ports", async () => {
    expect(await ask(`https://${address}:8080/api/v1/status`)).toMatch(/"mode":"server".* 200$/s);
    const hello = (version: string): string =>
      `openssl s_client -connect ${address}:8443 ${version} </dev/null 2>/dev/null | grep -E 'Protocol|New,' || true`;
    const { output: modern } = await onHost(neighbour, ["sh", "-c", hello("-tls1_3")]);
    const { output: old } = await onHost(neighbour, ["sh", "-c", hello("-tls1_2")]);
    expect(modern).toContain("New, TLSv1.3");
    expect(old).not.toMatch(/New, TLSv1/);
  });

  test("what is above the rate and its burst is refused, to that client alone", async () => {
    const url = `https://${address}:8080/api/v1/status`;
    const script = `for i in $(seq 12); do curl -sk -o /dev/null -w '%{http_code}\\n' ${url}; done | sort | uniq -c`;
    const { output } = await onHost(neighbour, ["sh", "-c", script]);
    // One at once and a burst of five; a request a second comes in addition while the others are made.
    expect(output).toMatch(/^ *(?:[5-9]) 200\n *(?:[3-7]) 429\n$/);
    const { output: other } = await onHost("edge-home/lucidia", ["curl", "-sk", "-w", " %{http_code}", url]);
    expect(other).toMatch(/ 200$/);
  });

  test("Prometheus has every planned target up", async () => {
    expect(await targets(ownTargets("https"))).toEqual(ownTargets("https"));
  });
});

describe("as a peer-to-peer hub", () => {
  beforeAll(() => become("p2p_hub", { p2p: { relayTo: ["192.168.4.0/24"] } }), upSeconds * 1000);

  /** Relays messages with a credential that ends in so many seconds, made of the secret as an issuer makes it. */
  async function relays(seconds: number, peer = ""): Promise<string> {
    const secret = await onTower("sed -n 's/^static-auth-secret=//p' /etc/turnserver.conf");
    const user = `${Math.floor(Date.now() / 1000) + seconds}:coral`;
    const password = createHmac("sha1", secret).update(user).digest("base64");
    const to = peer === "" ? "-y" : `-e ${peer}`;
    return await onTower(
      `timeout 20 turnutils_uclient ${to} -n 2 -m 1 -u '${user}' -w '${password}' ${address} 2>&1 || true`,
    );
  }

  test("it relays with a credential that was issued, and refuses one that has ended", async () => {
    expect(await relays(600)).toContain("Total lost packets 0 ");
    expect(await relays(-600)).toContain("Cannot complete Allocation");
  });

  test("it relays to no private network but those that are meant", async () => {
    expect(await relays(600, "10.200.0.10")).toMatch(/403|Forbidden/);
  });

  test("its ports are open to the LAN, and its secret is nobody's but coturn's and root's", async () => {
    expect(await connect(neighbour, address, 3478)).toBe("open");
    expect(await connect(neighbour, address, 5349)).toBe("open");
    expect(await onTower("stat -c '%a %U:%G' /etc/turnserver.conf")).toBe("640 root:turnserver");
  });

  test("Prometheus has every planned target up", async () => {
    expect(await targets(ownTargets("http"))).toEqual(ownTargets("http"));
  });
});

describe("back in its old role", () => {
  beforeAll(async () => {
    writeFileSync(stackFile, before);
    await up();
  }, upSeconds * 1000);

  test("nothing of the tower listens any more", async () => {
    for (const port of [8080, 3478, 9090]) expect(await connect(neighbour, address, port)).toBe("dropped");
    expect(await onTower("systemctl is-active coturn prometheus nginx || true")).not.toMatch(/^active$/m);
    // Keys stay where they were made.
    expect(await onTower("find /etc/coral-reef -type f | grep -v '[.]key$' || true")).toBe("");
  });

  test("a preview has nothing to do", async () => {
    const steps = JSON.parse(await mustRunPulumi(["preview", "--json"], { paths })) as {
      changeSummary: Record<string, number>;
    };
    expect(Object.keys(steps.changeSummary)).toEqual(["same"]);
  });
});
