/**
 * reef-agent on a real systemd host: generations with packet rules and units that are confirmed, or come back by
 * themselves. Each test goes on from the state in which the one before has left the machine.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { killMachine, startMachine, type Machine } from "../../sandbox/hosts/machine.ts";
import {
  agent,
  agentPath,
  apply,
  build,
  clockUnit,
  confirmOverSsh,
  document,
  type DocumentFile,
  file,
  host,
  inForce,
  type Outcome,
  overSsh,
  saying,
  setUpAgent,
  status,
  table,
} from "./agent-bed.ts";
import { eventually } from "./eventually.ts";
import { inMachine, paths, tearDown } from "./hosts-bed.ts";

let pi: Machine;

beforeAll(async () => {
  pi = await setUpAgent();
}, 600_000);
afterAll(tearDown, 120_000);

describe("a generation", () => {
  it("is applied, waits, and is committed over a fresh SSH connection alone", async () => {
    const outcome = await apply(document("one"));
    expect(outcome).toMatchObject({ generation: 1, changed: true });
    expect(await inForce()).toBe(saying("one"));
    expect(await status()).toMatchObject({ generation: 0, phase: "applied", drift: [] });
    const local = await agent(["confirm", outcome.token ?? "", "--path", "lan"]);
    expect(local.exitCode).toBe(1);
    expect(local.stderr).toContain("confirmed only over SSH");
    await confirmOverSsh(outcome);
    const settled = await status();
    expect(settled).toMatchObject({ generation: 1, phase: "idle", drift: [] });
    expect(settled.couldNotCheck).toBeUndefined();
  });

  it("is not applied twice", async () => {
    expect(await apply(document("one"))).toMatchObject({ generation: 1, changed: false });
  });

  it("comes back after a power cut that hits an unconfirmed one", async () => {
    await apply(document("two", { nftables: table(false, "two") }));
    expect(await inMachine(host, "cat /run/said; nft list table inet reef")).toMatch(
      /^two\n[^]*dport 22 drop/,
    );
    await killMachine(host, paths);
    expect(await startMachine(pi, paths)).toEqual({ state: "running", failedUnits: [] });
    expect(await inForce()).toBe(saying("one"));
    expect(await status()).toMatchObject({ generation: 1, phase: "idle", drift: [] });
    expect((await overSsh("true")).exitCode).toBe(0);
    expect((await agent(["history"])).stdout).toMatch(/ 2 {2}reverting {2}nobody confirmed it in time/);
  });

  it("comes back by the timer when the new one locks the operator out", async () => {
    await apply(document("three", { nftables: table(false, "three"), confirmSeconds: 5 }));
    expect((await inForceTable()).includes("drop")).toBe(true);
    expect(await eventually(async () => (await status()).phase === "idle", 30)).toBe(true);
    expect(await inForce()).toBe(saying("one"));
    expect((await overSsh("true")).exitCode).toBe(0);
    await expect(inMachine(host, "systemctl list-timers --all | grep reef-agent-revert")).rejects.toThrow();
  });

  async function inForceTable(): Promise<string> {
    return await inMachine(host, "nft list table inet reef");
  }

  it("comes back soon after the apply was killed halfway", async () => {
    const slow = document("four", {
      files: [
        file("/etc/saying", "four\n"),
        file("/etc/systemd/system/saying.service", clockUnit("slowly", "ExecStartPre=/bin/sleep 60\n")),
      ],
    });
    // A program that was killed is told like one whose time was over.
    const applying = expect(agent(["apply"], JSON.stringify(slow))).rejects.toThrow("had not ended");
    const said = async (): Promise<boolean> => (await inMachine(host, "cat /etc/saying")) === "four";
    expect(await eventually(said, 30)).toBe(true);
    // Its own lock names the process to be killed.
    await inMachine(host, `kill -9 "$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' /var/lib/reef-agent/lock)"`);
    await applying;
    expect(await eventually(async () => (await status()).phase === "idle", 60)).toBe(true);
    expect(await inForce()).toBe(saying("one"));
    expect(await status()).toMatchObject({ generation: 1, drift: [] });
  });

  it("is refused, all mistakes together, by the programs that would read it", async () => {
    const broken = document("five", {
      files: [
        file("/etc/ssh/sshd_config.d/broken.conf", "NoSuchOption yes\n"),
        file("/etc/saying", "five\n"),
      ],
      nftables: { family: "inet", table: "reef", rules: "chain input { no such rule }" },
      services: [],
    });
    const result = await agent(["apply"], JSON.stringify(broken));
    expect(result.exitCode).toBe(3);
    expect(result.stderr).toMatch(/nft refuses[^]*sshd refuses[^]*NoSuchOption[^]*Nothing was changed/);
    expect(await inForce()).toBe(saying("one"));
  });

  it("comes back at once when one of its units does not start", async () => {
    const broken = document("six", {
      files: [
        file("/etc/saying", "six\n"),
        file("/etc/systemd/system/saying.service", clockUnit("nothing", "ExecStartPre=/bin/false\n")),
      ],
    });
    const result = await agent(["apply"], JSON.stringify(broken));
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("Generation 1 is back");
    expect(await inForce()).toBe(saying("one"));
  });

  it("is put right where it has drifted, and goes back by rollback", async () => {
    await inMachine(host, "echo drifted > /etc/saying; nft flush chain inet reef input");
    expect((await status()).drift.map((each) => each.name).sort()).toEqual(["/etc/saying", "inet reef"]);
    const next = await apply(document("seven"));
    await confirmOverSsh(next);
    expect(await inForce()).toBe(saying("seven"));
    const back = await agent(["rollback", "1", "--json"]);
    await confirmOverSsh(JSON.parse(back.stdout) as Outcome);
    expect(await inForce()).toBe(saying("one"));
  });
});

describe("a generation with packages and a tunnel", () => {
  const peer = (name: string, letter: string, network: string): Record<string, unknown> => ({
    name,
    publicKey: `${letter.repeat(42)}A=`,
    allowedIPs: [network],
  });
  const proxy = (port: number | string): string =>
    `defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nfrontend f\n  bind :${port}\n`;
  const role = (config: string, peers: readonly unknown[]): Record<string, unknown> =>
    document("role", {
      packages: ["haproxy", "wireguard-tools"],
      files: [
        ...(document("role").files as readonly DocumentFile[]),
        file("/etc/haproxy/haproxy.cfg", config),
      ],
      wireguard: [
        {
          interface: "wg0",
          addresses: ["10.200.0.9/24"],
          mtu: 1420,
          privateKeyFile: "/etc/reef-agent.key",
          peers,
        },
      ],
      services: [
        { unit: "saying.service", restart: ["/etc/saying"] },
        { unit: "haproxy.service", reload: ["/etc/haproxy/"] },
      ],
      routes: [{ destination: "10.1.0.0/16", interface: "wg0" }],
    });

  beforeAll(async () => {
    await inMachine(host, "umask 77; head -c 32 /dev/urandom | base64 > /etc/reef-agent.key");
  });

  it("leaves the host as it was when the package source is out of reach", async () => {
    const result = await agent(["apply"], JSON.stringify(role(proxy(8080), [])), 280);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`Generation ${(await status()).generation} is back`);
    expect(await inForce()).toBe(saying("one"));
  });

  it("asks a checker that the generation itself brings", async () => {
    await inMachine(host, `echo 192.168.77.1 packages.sandbox.test >> /etc/hosts`);
    const result = await agent(["apply"], JSON.stringify(role(proxy("nowhere"), [])), 280);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/haproxy refuses the configuration[^]*is back/);
    expect(await inForce()).toBe(saying("one"));
    expect(await inMachine(host, "systemctl is-active haproxy || true")).toBe("inactive");
  });

  it("reloads the tunnel without restarting it, and knows what has drifted in it", async () => {
    await confirmOverSsh(
      await apply(role(proxy(8080), [peer("a", "B", "10.1.0.0/16"), peer("b", "C", "10.2.0.0/16")])),
    );
    expect((await status()).drift).toEqual([]);
    const next = await apply(
      role(proxy(8080), [peer("a", "B", "10.1.0.0/16"), peer("c", "D", "10.3.0.0/16")]),
    );
    expect(next.units).toEqual(["reload-or-restart wg-quick@wg0.service"]);
    await confirmOverSsh(next);
    expect(await inMachine(host, "ip route show dev wg0 proto boot")).toMatch(
      /10\.1\.0\.0\/16[^]*10\.3\.0\.0\/16/,
    );
    expect(await inMachine(host, "wg show wg0 public-key")).toBe(
      await inMachine(host, "wg pubkey < /etc/reef-agent.key"),
    );
    expect((await status()).drift).toEqual([]);
    await inMachine(
      host,
      "wg set wg0 peer DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDA= remove; ip route delete 10.1.0.0/16",
    );
    expect((await status()).drift.map((each) => each.part)).toEqual(["wireguard", "route"]);
  });

  it("finds a peer that has moved, by its name", async () => {
    const named = { ...peer("hub", "E", "10.1.0.0/16"), endpoint: "hub.test:51820", keepaliveSeconds: 25 };
    const moveTo = (address: string): string =>
      `sed '/hub.test/d' /etc/hosts > /tmp/hosts; echo ${address} hub.test >> /tmp/hosts; cat /tmp/hosts > /etc/hosts`;
    // A tunnel comes up without its names, which may need the tunnel to be resolved.
    await confirmOverSsh(await apply(role(proxy(8080), [named])));
    expect(await inMachine(host, "wg show wg0 endpoints | cut -f 2")).toBe("(none)");
    for (const address of ["192.168.77.1", "192.168.77.9"]) {
      await inMachine(host, `${moveTo(address)}; systemctl start reef-agent-refresh-wg0.service`);
      expect(await inMachine(host, "wg show wg0 endpoints | cut -f 2")).toBe(`${address}:51820`);
    }
    expect(await inMachine(host, "systemctl is-active reef-agent-refresh-wg0.timer")).toBe("active");
    expect((await status()).drift).toEqual([]);
    await confirmOverSsh(await apply(document("one")));
    expect(
      await inMachine(host, "ip link show wg0 2>&1 || true; systemctl is-active haproxy || true"),
    ).toMatch(/does not exist[^]*inactive/);
  });
});

describe("the agent", () => {
  it("lets one apply at a time work", async () => {
    const holder = execInMachine(host, ["flock", "/var/lib/reef-agent/lock", "sleep", "3"], {}, paths);
    expect(
      await eventually(
        async () => (await agent(["apply"], JSON.stringify(document("x")))).exitCode === 4,
        10,
      ),
    ).toBe(true);
    await holder;
  });

  it("brings another agent only if that one can confirm itself", async () => {
    const files = document("one").files as readonly DocumentFile[];
    const wrong = document("one", { files: [...files, file(agentPath, "#!/bin/sh\necho hello\n", "0755")] });
    expect((await agent(["apply"], JSON.stringify(wrong))).stderr).toContain(
      "agent refuses the configuration",
    );
    const right = document("one", { files: [...files, file(agentPath, await build("2"), "0755")] });
    const outcome = await apply(right);
    const old = "/var/lib/reef-agent/agent/reef-agent";
    const byOld = await overSsh(`sudo ${old} confirm ${outcome.token ?? ""} --path lan`);
    expect(byOld.stderr).toContain("which must confirm itself");
    expect((await agent(["revert"])).exitCode).toBe(0);
    expect((await agent(["version"])).stdout).toContain("reef-agent 1 ");
    await confirmOverSsh(await apply(right));
    expect((await agent(["version"])).stdout).toContain("reef-agent 2 ");
    expect(await inMachine(host, `${old} version`)).toContain("reef-agent 2 ");
    await killMachine(host, paths);
    expect(await startMachine(pi, paths)).toEqual({ state: "running", failedUnits: [] });
    expect(await status()).toMatchObject({ phase: "idle", drift: [] });
  });
});
