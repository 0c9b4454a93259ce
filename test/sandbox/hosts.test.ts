/** Machines with real packets between them. Each test goes on from the state in which the one before has left them. */
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findLeader } from "../../sandbox/hosts/exec.ts";
import { machineFolders, machineGroup } from "../../sandbox/hosts/folders.ts";
import { hostPublicKeyFile, operatorPublicKeyFile, stopAgent } from "../../sandbox/hosts/keys.ts";
import {
  destroyMachine,
  killMachine,
  runningMachines,
  startMachine,
  stopAllMachines,
  stopMachine,
  type Machine,
} from "../../sandbox/hosts/machine.ts";
import { waitUntil } from "../../sandbox/hosts/processes.ts";
import { run, runOrThrow } from "../../sandbox/hosts/run.ts";
import { namespaceName } from "../../sandbox/paths.ts";
import {
  addresses,
  inMachine,
  leftovers,
  machine,
  makeNamespace,
  names,
  namespacesInUse,
  operator,
  paths,
  root,
  setUp,
  shell,
  ssh,
  tearDown,
  userDataWithHostKey,
  type Name,
} from "./hosts-bed.ts";

let instance: Machine;
let pi: Machine;

beforeAll(setUp, 600_000);
afterAll(tearDown, 120_000);

describe("machines", () => {
  let instancePin: string;
  const supervisorOf = (name: Name): number => {
    const record = readFileSync(machineFolders(name, paths).record, "utf8");
    return (JSON.parse(record) as { readonly supervisor: { readonly pid: number } }).supervisor.pid;
  };
  const piPin = (): string => readFileSync(hostPublicKeyFile("pi-b", paths), "utf8").trim();

  it("boot, an instance and a Pi at once, without a failed unit", async () => {
    const { userData, publicKey } = await userDataWithHostKey();
    instancePin = publicKey;
    instance = machine("i-a", "instance", { userData, instanceId: "i-a-1" });
    pi = machine("pi-b", "pi", { user: "keeper" });
    const healthy = { state: "running", failedUnits: [] };
    expect(await Promise.all([startMachine(instance, paths), startMachine(pi, paths)])).toEqual([
      healthy,
      healthy,
    ]);
    expect(runningMachines(paths).map((each) => each.name)).toEqual(["i-a", "pi-b"]);
    expect(await inMachine("pi-b", "hostname; cat /etc/resolv.conf")).toBe(
      "pi-b.test\nnameserver 192.168.77.1",
    );
  });

  it("let the operator in by the agent's key alone, under the pinned host key alone", async () => {
    const known = await ssh("keeper", "pi-b", piPin(), "sudo id -un");
    expect(known).toMatchObject({ exitCode: 0, stdout: "root\n" });
    const stranger = await ssh("keeper", "pi-b", instancePin.replace(/^\S+ \S+/, otherHostKey()), "true");
    expect(stranger.exitCode).toBe(255);
    expect(stranger.stderr).toContain("Host key verification failed");
    const withoutAgent = await ssh("keeper", "pi-b", piPin(), "true", "/nonexistent");
    expect(withoutAgent.stderr).toContain("Permission denied (publickey)");
  });

  function otherHostKey(): string {
    return readFileSync(operatorPublicKeyFile(paths), "utf8").split(" ").slice(0, 2).join(" ");
  }

  it("are what user data says where they are instances", async () => {
    const admin = await ssh("admin", "i-a", instancePin, "sudo id -un; hostname; ls /etc/ssh/*_key");
    expect(admin).toMatchObject({ exitCode: 0, stdout: "root\ni-a\n/etc/ssh/ssh_host_ecdsa_key\n" });
    expect((await ssh("ops", "i-a", instancePin, "id -un; sudo -n true")).stdout).toBe("ops\n");
    expect(await inMachine("i-a", "stat -c %a /etc/written; cat /etc/written /var/lib/ran")).toBe(
      "640\nby cloud-init\nonce",
    );
  });

  it("keep private keys to themselves", async () => {
    const holders = (await shell(`grep -rl 'PRIVATE KEY' ${root} || true`)).trim().split("\n").sort();
    const layerOf = (name: Name): string => machineFolders(name, paths).upper;
    const own = [
      join(layerOf("pi-b"), "etc/ssh/ssh_host_ed25519_key"),
      join(paths.keys, "edge-ca.key"),
      join(paths.keys, "operator_ed25519"),
    ];
    // The instance's came with its user data, which lies in its record and its layer.
    const foreign = holders.filter((file) => !file.startsWith(machineFolders("i-a", paths).folder));
    expect(foreign).toEqual([...own, join(root, "throw-away")].sort());
    expect(statSync(machineFolders("i-a", paths).record).mode & 0o777).toBe(0o600);
    await expect(inMachine("i-a", "ls /root/.ssh/id_* /home/*/.ssh/id_*")).rejects.toThrow("No such file");
  });

  it("install packages by apt from the sandbox's repository", async () => {
    const install =
      "echo 192.168.77.1 packages.sandbox.test >> /etc/hosts; apt-get -q update;" +
      "DEBIAN_FRONTEND=noninteractive apt-get -qq install wireguard-tools unbound nginx";
    await Promise.all(names.map((name) => inMachine(name, install, 180)));
    for (const name of names) {
      expect(await inMachine(name, "systemctl is-active nginx unbound; systemctl is-system-running")).toBe(
        "active\nactive\nrunning",
      );
    }
    const page = await runOrThrow(["ip", "netns", "exec", operator, "curl", "-s", "http://192.168.77.10/"]);
    expect(page).toContain("Welcome to nginx");
  }, 240_000);

  it("talk through a WireGuard tunnel that stock wg-quick has set up", async () => {
    const key = "umask 77; wg genkey > /etc/wireguard/key; wg pubkey < /etc/wireguard/key";
    const [left, right] = [await inMachine("i-a", key), await inMachine("pi-b", key)];
    const up = async (
      name: Name,
      own: string,
      peer: Name,
      peerKey: string,
      peerTunnel: string,
    ): Promise<void> => {
      await inMachine(
        name,
        `printf '[Interface]\\nAddress = ${own}/24\\nListenPort = 51820\\nPrivateKey = %s\\n[Peer]
PublicKey = ${peerKey}\\nAllowedIPs = ${peerTunnel}/32\\nEndpoint = ${addresses[peer]}:51820\\n' \\
          "$(cat /etc/wireguard/key)" > /etc/wireguard/wg0.conf
        systemctl enable --now wg-quick@wg0`,
      );
    };
    await up("i-a", "10.99.0.1", "pi-b", right, "10.99.0.2");
    await up("pi-b", "10.99.0.2", "i-a", left, "10.99.0.1");
    // The first handshake may have been tried before the other side was there; the next try comes 5 s later.
    const reach = (address: string): string => `ping -c 3 -i 0.2 -w 20 ${address}`;
    expect(await inMachine("i-a", reach("10.99.0.2"))).toContain(" 3 received");
    expect(await inMachine("i-a", "wg show wg0 latest-handshakes")).toMatch(/\t[1-9]\d+$/);
    await inMachine("pi-b", "systemctl stop wg-quick@wg0");
    const lost = "ping -c 3 -i 0.2 -W 2 10.99.0.2";
    await expect(inMachine("i-a", lost)).rejects.toThrow(" 0 received");
    await inMachine("pi-b", "systemctl start wg-quick@wg0");
    // From the side that has lost its session: the other would only notice after 15 s of silence.
    expect(await inMachine("pi-b", reach("10.99.0.1"))).toContain(" 3 received");
  });

  it("switch their own forwarding", async () => {
    const forwarding = "net.ipv4.ip_forward";
    expect(await inMachine("pi-b", `sysctl -n ${forwarding}`)).toBe("0");
    await inMachine("pi-b", `sysctl -q -w ${forwarding}=1`);
    expect(await inMachine("pi-b", `sysctl -n ${forwarding}`)).toBe("1");
    expect(await inMachine("i-a", `sysctl -n ${forwarding}`)).toBe("0");
    const outside = await runOrThrow([
      "ip",
      "netns",
      "exec",
      operator,
      "cat",
      "/proc/sys/net/ipv4/ip_forward",
    ]);
    expect(outside.trim()).toBe("0");
  });

  it("load nftables rules that hold", async () => {
    const port = [
      "ip",
      "netns",
      "exec",
      operator,
      "curl",
      "-s",
      "-m",
      "2",
      "-o",
      "/dev/null",
      "http://192.168.77.20/",
    ];
    expect((await run(port)).exitCode).toBe(0);
    await inMachine(
      "pi-b",
      "nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp dport 80 drop'",
    );
    expect((await run(port)).exitCode).toBe(28);
    await inMachine("pi-b", "nft delete table inet t");
    expect((await run(port)).exitCode).toBe(0);
  });

  it("keep their disk through a shutdown, and apply user data once", async () => {
    const identity = await inMachine("i-a", "cat /etc/machine-id; sync; echo kept > /root/file");
    await stopMachine("i-a", {}, paths);
    expect(runningMachines(paths).map((each) => each.name)).toEqual(["pi-b"]);
    await expect(inMachine("i-a", "true")).rejects.toThrow("does not run");
    const log = readFileSync(machineFolders("i-a", paths).console, "utf8");
    expect(log).not.toContain("terminate");
    await startMachine(instance, paths);
    expect(await inMachine("i-a", "cat /etc/machine-id /root/file /var/lib/ran")).toBe(
      `${identity}\nkept\nonce`,
    );
    expect((await ssh("admin", "i-a", instancePin, "systemctl is-active wg-quick@wg0")).stdout).toBe(
      "active\n",
    );
  });

  it("restart by themselves when told to from inside", async () => {
    const boot = "systemctl show --property=UserspaceTimestampMonotonic; cat /proc/1/stat | cut -d' ' -f22";
    const before = await inMachine("pi-b", boot);
    const leader = findLeader("pi-b", paths);
    await inMachine(
      "pi-b",
      "systemd-run --quiet --on-active=0.2 --timer-property=AccuracySec=10ms systemctl reboot",
    );
    expect(await waitUntil(() => findLeader("pi-b", paths) !== leader, 20)).toBe(true);
    await startMachine(pi, paths);
    expect(await inMachine("pi-b", boot)).not.toBe(before);
    expect(await inMachine("pi-b", "ip -4 -o address show eth0")).toContain("192.168.77.20/24");
  });

  it("come back after a power cut", async () => {
    await inMachine("pi-b", "echo written > /root/before-the-cut");
    await killMachine("pi-b", paths);
    expect(runningMachines(paths).map((each) => each.name)).toEqual(["i-a"]);
    await startMachine(pi, paths);
    expect(await inMachine("pi-b", "cat /root/before-the-cut")).toBe("written");
    expect((await ssh("keeper", "pi-b", piPin(), "true")).exitCode).toBe(0);
  });

  it("come back after their supervisor has crashed alone", async () => {
    process.kill(supervisorOf("pi-b"), "SIGKILL");
    await waitUntil(() => runningMachines(paths).length === 1, 10);
    await startMachine(pi, paths);
    expect((await ssh("keeper", "pi-b", piPin(), "cat /root/before-the-cut; sudo true")).exitCode).toBe(0);
  });

  it("move into a namespace that was made anew under the old name", async () => {
    await shell(`ip netns delete ${pi.namespace}`);
    await shell(`ip -n ${operator} link delete pi-b`);
    await makeNamespace("pi-b");
    // The new eth0 has another MAC address than the operator remembers.
    await shell(`ip -n ${operator} neighbour flush all`);
    await startMachine(pi, paths);
    const wanted = statSync(`/run/netns/${pi.namespace}`).ino;
    expect(readlinkSync(`/proc/${findLeader("pi-b", paths) ?? 0}/ns/net`)).toBe(`net:[${wanted}]`);
    expect((await ssh("keeper", "pi-b", piPin(), "true")).exitCode).toBe(0);
  });

  it("outlive the process that started them, wherever it stood", async () => {
    await stopMachine("pi-b", {}, paths);
    const module = join(import.meta.dirname, "../../sandbox/hosts/machine.ts");
    const script = `
      import { startMachine } from ${JSON.stringify(module)};
      await startMachine(${JSON.stringify(pi)});`;
    // Through `ip netns exec` it stands in a mount namespace without control groups, as services of the sandbox do.
    await runOrThrow(
      ["ip", "netns", "exec", operator, process.execPath, "--input-type=module", "-e", script],
      { env: { ...process.env, ROADNET_SANDBOX_DIR: root } },
    );
    expect(runningMachines(paths).map((each) => each.name)).toEqual(["i-a", "pi-b"]);
    expect((await ssh("keeper", "pi-b", piPin(), "true")).exitCode).toBe(0);
    // In a session of its own: interrupting whatever started it from a terminal does not reach it.
    const supervisor = supervisorOf("pi-b");
    expect((await shell(`ps -o sid= -p ${supervisor}`)).trim()).toBe(String(supervisor));
  });

  it("start from nothing where another instance comes under the same name", async () => {
    const identity = await inMachine("i-a", "cat /etc/machine-id");
    instance = { ...instance, instanceId: "i-a-2" };
    await startMachine(instance, paths);
    expect(await inMachine("i-a", "cat /etc/machine-id")).not.toBe(identity);
    await expect(inMachine("i-a", "cat /root/file")).rejects.toThrow("No such file");
    expect(await inMachine("i-a", "cat /var/lib/ran")).toBe("once");
  });

  it("say why they do not start", async () => {
    await expect(startMachine(machine("i-a", "instance", { namespace: "rn-none" }), paths)).rejects.toThrow(
      "there is no network namespace rn-none",
    );
  });

  it("leave nothing when they are destroyed and stopped", async () => {
    await startMachine(instance, paths);
    expect((await leftovers()).groups).toHaveLength(2);
    await destroyMachine("i-a", paths);
    expect((await leftovers()).groups).toEqual([machineGroup("pi-b", paths)]);
    expect(statSync(machineFolders("i-a", paths).folder, { throwIfNoEntry: false })).toBeUndefined();
    await stopAllMachines({}, paths);
    await stopAgent(paths);
    expect(await leftovers()).toEqual({ processes: [], mounts: [], groups: [], nspawn: [] });
    const held = namespacesInUse();
    for (const name of names) {
      const file = `/run/netns/${namespaceName(`h-${name}`, root)}`;
      expect(held).not.toContain(`net:[${statSync(file).ino}]`);
      await shell(`ip netns delete ${namespaceName(`h-${name}`, root)}`);
      expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
    }
  });
});
