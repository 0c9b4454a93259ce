/**
 * The finished stack's hosts: an update that has nothing to do touches none, a change what it concerns alone, and what
 * has been lost on a host is back after one update, with nothing left to change.
 *
 * The stack is as it was found in the end.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentSocket, operatorPublicKeyFile } from "../../sandbox/hosts/keys.ts";
import { runOrThrow } from "../../sandbox/hosts/run.ts";
import { namespaceName } from "../../sandbox/paths.ts";
import {
  configure,
  differences,
  fingerprints,
  hosts,
  machinesRun,
  paths,
  preview,
  pulumi,
  readConfiguration,
  setUpAnew,
  tell,
  up,
  writeConfiguration,
} from "./live-bed.ts";
import { connect, fetchFrom, inNamespace, instance, settle } from "./packets.ts";

const folder = mkdtempSync(join(tmpdir(), "roadnet-live-"));
const api = "http://10.0.10.11:8080/";
const operatorKey = (): string => readFileSync(operatorPublicKeyFile(paths), "utf8").trim();

let found: string;

beforeAll(async () => {
  await settle();
  found = readConfiguration();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  if (readConfiguration() === found) return;
  // A test has failed on its way.
  writeConfiguration(found);
  await up();
});

async function expectNothingLeft(): Promise<void> {
  const { steps, output } = await preview();
  expect(steps, output).toEqual({});
}

/** Something that goes on in a namespace for as long as nobody ends it: a line each time that it has worked. */
class Ongoing {
  readonly #child: ChildProcess;
  lines: string[] = [];
  hasEnded = false;

  constructor(role: string, command: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn("ip", ["netns", "exec", namespaceName(role, paths.root), ...command], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.lines.push(...text.split("\n").filter((line) => line !== ""));
    });
    this.#child.once("exit", () => (this.hasEnded = true));
  }

  /** @throws Error where it does not go on. */
  async works(): Promise<void> {
    const before = this.lines.length;
    for (let tries = 0; tries < 100 && this.lines.length === before && !this.hasEnded; tries++)
      await sleep(100);
    if (this.lines.length === before) throw new Error(`it has ended: ${this.lines.slice(-3).join(" | ")}`);
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

/** One request after the other on the same connection; another connection would be the end of it. */
const requests = (address: string): readonly string[] => [
  process.execPath,
  "--eval",
  `const socket = require("node:tls").connect({ host: "${address}", port: 443, servername: "api.blackroad.io", rejectUnauthorized: false });
   const ask = () => socket.write("GET /health HTTP/1.1\\r\\nHost: api.blackroad.io\\r\\n\\r\\n");
   socket.on("secureConnect", () => { ask(); setInterval(ask, 500); });
   socket.on("data", (data) => { if (/^HTTP\\/1.1 200/.test(String(data))) console.log("answered"); });
   for (const event of ["close", "error"]) socket.on(event, () => process.exit(1));`,
];

const quiet = ["-F", "none", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"];
const anyHostKey = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];

/** An SSH session that says something every half second. */
function session(user: string, address: string, hub: string): Ongoing {
  const proxy = ["ssh", ...quiet, ...anyHostKey, "-W", "%h:%p", `admin@${hub}`].join(" ");
  const command = ["ssh", ...quiet, ...anyHostKey, "-o", `ProxyCommand=${proxy}`, `${user}@${address}`];
  const env = { SSH_AUTH_SOCK: agentSocket(paths) };
  return new Ongoing("op", [...command, "while sleep 0.5; do echo there; done"], env);
}

/** Whether a key that no agent holds logs in. */
async function logsIn(keyFile: string, user: string, address: string): Promise<boolean> {
  const only = ["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-i", keyFile];
  const { exitCode, output } = await inNamespace("op", [
    "ssh",
    ...[...quiet, ...anyHostKey, ...only, `${user}@${address}`, "true"],
  ]);
  if (exitCode !== 0 && !output.includes("Permission denied")) throw new Error(output);
  return exitCode === 0;
}

test("a second update changes nothing on any host", async () => {
  const before = await fingerprints();
  expect(Object.keys(before)).toHaveLength(hosts.length);
  expect(before["us-west/lb-1"]?.units["nginx.service"]).toMatch(/^[0-9a-f]{32}$/);
  expect(Object.keys(before["us-west/lb-1"]?.files ?? {}).length).toBeGreaterThan(10);
  expect((await up()).steps).toEqual({});
  expect(differences(before, await fingerprints())).toEqual([]);
});

describe("a changed port", () => {
  test("touches the one table that lets it in, and no connection anywhere", async () => {
    const before = await fingerprints();
    const [balancer, hub] = [await instance("us-west/lb-1"), await instance("us-west/hub-1")];
    const connections = [
      new Ongoing("stranger", requests(balancer.publicAddress)),
      session("pi", "10.200.0.10", hub.publicAddress),
      session("admin", balancer.address, hub.publicAddress),
    ];
    try {
      for (const connection of connections) await connection.works();
      // No rule of the tunnel leads to this service, so that it can move by itself.
      expect(await connect("edge-home/blackroad-pi", "192.168.4.38", 11434)).not.toBe("dropped");
      expect(await connect("edge-home/blackroad-pi", "192.168.4.38", 11999)).toBe("dropped");
      configure(
        ["hosts edge-home lucidia services ollama", 11999],
        ["flows intended 6 traffic", ["3000-3001/tcp", "8080/tcp", "11999/tcp"]],
      );
      const { steps } = await up();
      expect(Object.keys(steps).sort()).toEqual(
        ["apply", "confirm/tunnel"].map((step) => `edge-home/lucidia/${step}`),
      );
      expect(differences(before, await fingerprints())).toEqual([
        "edge-home/lucidia file /etc/reef-agent/table.nft",
        "edge-home/lucidia generation",
      ]);
      expect(await connect("edge-home/blackroad-pi", "192.168.4.38", 11999)).toBe("refused");
      expect(await connect("edge-home/blackroad-pi", "192.168.4.38", 11434)).toBe("dropped");
      for (const connection of connections) await connection.works();
    } finally {
      for (const connection of connections) connection.end();
    }
  });
});

describe("machines set up anew, lost keys and lost numbers", () => {
  const publicKey = (host: string): Promise<string> => tell(host, "wg pubkey </etc/wireguard/private.key");
  const certificateKey = (host: string): Promise<string> =>
    tell(host, "openssl x509 -noout -pubkey -in /etc/ssl/blackroad.pem | sha256sum");
  const before = { keys: {} as Record<string, string>, certificate: "", gateway: "", table: "" };

  test("are noticed by a preview", async () => {
    before.certificate = await certificateKey("us-west/lb-2");
    for (const host of ["edge-home/lucidia", "edge-home/blackroad-pi", "us-west/hub-1"])
      before.keys[host] = await publicKey(host);
    before.gateway = await tell("coral-reef/gateway", "cat /var/lib/reef-agent/current");
    before.table = await tell("edge-home/lucidia", "nft --stateless --terse list table inet blackroad");
    await Promise.all(["blackroad-pi", "lucidia-alt"].map(setUpAnew));
    await machinesRun();
    await tell("us-west/lb-2", "rm /etc/ssl/blackroad.pem.key");
    for (const host of ["edge-home/lucidia", "us-west/hub-1"])
      await tell(host, "rm /etc/wireguard/private.key");
    await tell("edge-home/lucidia", "rm -f /var/lib/reef-agent/numbers.json");
    await tell("coral-reef/gateway", "echo torn >/var/lib/reef-agent/numbers.json");
    const { steps } = await preview();
    expect(Object.keys(steps)).toEqual(
      expect.arrayContaining([
        "edge-home/blackroad-pi/bootstrap",
        "edge-home/blackroad-pi/first-apply",
        "edge-home/lucidia-alt/bootstrap",
        "edge-home/lucidia/bootstrap",
        "us-west/hub-1/keys",
        "us-west/lb-2/keys",
        "us-west/lb-2/certificate-request/web",
      ]),
    );
    const untouched = /^(?:edge-home\/lucidia|coral-reef\/.*)\/first-/;
    expect(Object.keys(steps).filter((name) => untouched.test(name))).toEqual([]);
  });

  test("are made good by one update, and nothing is left to change", async () => {
    const { steps } = await up();
    expect(steps).toHaveProperty("edge-home/blackroad-pi/first-apply");
    expect(steps).not.toHaveProperty("edge-home/lucidia/first-apply");
    expect(steps).not.toHaveProperty("coral-reef/gateway/apply");
    await expectNothingLeft();
  });

  test("came back whole: the new machine has a key that the hubs know, and its tunnel", async () => {
    const key = await publicKey("edge-home/blackroad-pi");
    expect(key).not.toBe(before.keys["edge-home/blackroad-pi"]);
    for (const hub of ["us-west/hub-1", "eu-west/hub-1"]) {
      const peers = await tell(hub, "wg show wg0 peers");
      expect(peers).toContain(key);
      expect(peers).not.toContain(before.keys["edge-home/blackroad-pi"]);
    }
    expect(await fetchFrom("edge-home/blackroad-pi", api)).toContain("api-1.us-west");
    expect(await tell("edge-home/lucidia-alt", "reef-agent status --exit-code")).toContain(
      "Nothing has drifted",
    );
  });

  test("came back whole: a tunnel that ran has kept its key, and everything else of its host", async () => {
    for (const host of ["edge-home/lucidia", "us-west/hub-1"]) {
      expect(await publicKey(host)).toBe(before.keys[host]);
      expect(await tell(host, "stat --format '%a %U' /etc/wireguard/private.key")).toBe("600 root");
    }
    expect(await tell("edge-home/lucidia", "nft --stateless --terse list table inet blackroad")).toBe(
      before.table,
    );
    expect(await tell("coral-reef/gateway", "cat /var/lib/reef-agent/current")).toBe(before.gateway);
    expect(await fetchFrom("edge-home/lucidia", api)).toContain("api-1.us-west");
  });

  test("came back whole: HAProxy serves a certificate of the new key", async () => {
    const renewed = await certificateKey("us-west/lb-2");
    expect(renewed).not.toBe(before.certificate);
    const served =
      "openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null | openssl x509 -noout -pubkey | sha256sum";
    expect(await tell("us-west/lb-2", served)).toBe(renewed);
    const own = "openssl pkey -in /etc/ssl/blackroad.pem.key -pubout | sha256sum";
    expect(await tell("us-west/lb-2", own)).toBe(renewed);
  });
});

describe("logins", () => {
  const second = join(folder, "second");
  let keys: readonly string[];
  let hub: string;
  const lucidia = ["pi", "192.168.4.38"] as const;

  test("another operator can log in after one update", async () => {
    await runOrThrow(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "second", "-f", second]);
    keys = [operatorKey(), readFileSync(`${second}.pub`, "utf8").trim()];
    hub = (await instance("us-west/hub-1")).publicAddress;
    expect(await logsIn(second, "admin", hub)).toBe(false);
    writeConfiguration(found);
    const short = [
      ["rollout confirmSeconds", 15],
      ["rollout soakSeconds", 1],
    ] as const;
    configure(["operator authorizedKeys", [...keys]], ...short);
    await up();
    expect(await logsIn(second, "admin", hub)).toBe(true);
    expect(await logsIn(second, ...lucidia)).toBe(true);
  });

  test("a list without the key in use does not stay: nobody can confirm it", async () => {
    configure(["operator authorizedKeys", keys.slice(1)]);
    const { exitCode, output } = await pulumi("up", "--yes", "--skip-preview", "--suppress-outputs");
    expect(exitCode).not.toBe(0);
    expect(output).toContain("us-west/hub-1/confirm/direct");
    expect(await tell("us-west/hub-1", "cat /etc/ssh/authorized_keys.d/admin")).toContain(operatorKey());
    expect(await tell("eu-west/hub-1", "cat /etc/ssh/authorized_keys.d/admin")).toContain(operatorKey());
    expect(await logsIn(second, "admin", hub)).toBe(true);
  });

  // It goes on from the update that failed.
  test("an operator who leaves cannot log in any more, although the machine was set up with the key", async () => {
    await tell("edge-home/lucidia", `cat >>/home/pi/.ssh/authorized_keys <<'KEY'\n${keys[1] ?? ""}\nKEY`);
    writeConfiguration(found);
    await up();
    expect(await logsIn(second, "admin", hub)).toBe(false);
    expect(await logsIn(second, ...lucidia)).toBe(false);
    await expectNothingLeft();
  });
});
