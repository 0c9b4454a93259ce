/**
 * reef-agent and a static address on real systemd hosts, through each program that configures interfaces there: the
 * right address is taken up and stays after a boot, a wrong one comes back by itself.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { killMachine, startMachine, type Machine } from "../../sandbox/hosts/machine.ts";
import { runOrThrow } from "../../sandbox/hosts/run.ts";
import { eventually } from "./eventually.ts";
import { inMachine, machine, paths, root, setUp, tearDown } from "./hosts-bed.ts";

const host = "pi-b";
const agentPath = "/usr/local/sbin/reef-agent";
let pi: Machine;

interface Plan {
  readonly attempt: number;
  readonly inOrder: boolean;
  readonly open?: object;
  readonly difference: readonly object[];
  readonly drift: readonly { readonly part: string; readonly name: string; readonly how: string }[];
}

function document(address: string | undefined): string {
  const interfaces =
    address === undefined ? [] : [{ name: "eth0", addresses: [address], gateway: "192.168.77.1" }];
  const sha256 = createHash("sha256")
    .update(readFileSync(join(root, "reef-agent")))
    .digest("hex");
  return JSON.stringify({
    format: "reef-generation/1",
    host: "test/pi-b",
    confirmSeconds: 5,
    interfaces,
    files: [{ path: agentPath, mode: "0755", owner: "root:root", source: "/root/upload", sha256 }],
  });
}

async function agent<T>(args: readonly string[], stdin = ""): Promise<T> {
  const options = { stdin, timeoutSeconds: 120 };
  const result = await execInMachine(host, [agentPath, ...args, "--json"], options, paths);
  if (result.exitCode !== 0) throw new Error(`${args.join(" ")}: ${result.exitCode}: ${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}

async function apply(address: string | undefined, confirmed: boolean): Promise<readonly string[]> {
  const text = document(address);
  const { attempt } = await agent<Plan>(["plan"], text);
  const outcome = await agent<{ token: string; units?: readonly string[] }>(
    ["apply", "--number", String(attempt + 1)],
    text,
  );
  if (confirmed) await agent(["confirm", outcome.token]);
  return outcome.units ?? [];
}

/** The addresses of eth0 and its gateways, as the kernel says. */
async function eth0(): Promise<string> {
  return await inMachine(
    host,
    `ip -4 -o address show dev eth0 scope global | awk '{ print $4 }' | sort
     ip -4 route show default | sed -n 's/^default via \\([0-9.]*\\) dev eth0.*/\\1/p' | sort -u`,
  );
}

const found = "192.168.77.20/24\n192.168.77.1";
const wanted = "192.168.77.21/24\n192.168.77.1";

beforeAll(async () => {
  await setUp();
  pi = machine(host, "pi", { user: "keeper" });
  await startMachine(pi, paths);
  await runOrThrow([
    ...["env", "CGO_ENABLED=0", "go", "-C", join(import.meta.dirname, "../../edge"), "build", "-trimpath"],
    ...["-ldflags", "-s -w -X main.version=1", "-o", join(root, "reef-agent"), "./cmd/reef-agent"],
  ]);
  const put = `tee /root/upload > ${agentPath} && chmod 755 ${agentPath}`;
  const binary = readFileSync(join(root, "reef-agent"));
  expect(await execInMachine(host, ["sh", "-euc", put], { stdin: binary }, paths)).toMatchObject({
    exitCode: 0,
  });
  await inMachine(host, "echo 192.168.77.1 packages.sandbox.test >> /etc/hosts; apt-get -q update");
}, 600_000);
afterAll(tearDown, 120_000);

interface Program {
  readonly name: string;
  /** Hands eth0 over to the program, with the address that it has already. */
  readonly start: string;
  readonly stop: string;
  /** What the agent writes for it; empty for a file that is there anyway. */
  readonly file: string;
}

/** What eth0 has by nobody's doing, as the namespace gave it. */
const byHand = "ip address replace 192.168.77.20/24 dev eth0; ip route replace default via 192.168.77.1";

const install = (name: string): string => `apt-get -q -y --no-install-recommends install ${name} >&2`;

const programs: readonly Program[] = [
  { name: "reef-agent itself", start: byHand, stop: "true", file: "/etc/reef-agent/interfaces.json" },
  {
    name: "systemd-networkd, with a file of netplan's",
    start: `printf '[Match]\\nName=eth0\\n[Network]\\nAddress=192.168.77.20/24\\nGateway=192.168.77.1\\n' \\
        > /etc/systemd/network/10-netplan-eth0.network
      systemctl unmask systemd-networkd.service systemd-networkd.socket
      ip address flush dev eth0
      systemctl enable --now systemd-networkd.service`,
    stop: `systemctl disable --now systemd-networkd.service systemd-networkd.socket
      systemctl mask systemd-networkd.service systemd-networkd.socket`,
    file: "/etc/systemd/network/05-reef-agent-eth0.network",
  },
  {
    name: "NetworkManager",
    start: `${byHand}; ${install("network-manager")}
      nmcli connection add type ethernet ifname eth0 con-name home ipv4.method manual \\
        ipv4.addresses 192.168.77.20/24 ipv4.gateway 192.168.77.1
      nmcli connection up home`,
    stop: "nmcli connection delete home; systemctl disable --now NetworkManager NetworkManager-wait-online",
    file: "/etc/NetworkManager/system-connections/reef-agent-eth0.nmconnection",
  },
  {
    name: "dhcpcd",
    // Without a udev the module that asks it would wait for ever.
    start: `${install("dhcpcd5")}
      sed -i '1i nodev' /etc/dhcpcd.conf
      printf 'interface eth0\\nstatic ip_address=192.168.77.20/24\\nstatic routers=192.168.77.1\\n' >> /etc/dhcpcd.conf
      systemctl enable dhcpcd; systemctl restart dhcpcd`,
    stop: "systemctl disable --now dhcpcd",
    file: "",
  },
  {
    name: "ifupdown",
    start: `${install("ifupdown")}
      printf 'auto eth0\\niface eth0 inet static\\n  address 192.168.77.20/24\\n  gateway 192.168.77.1\\n' \\
        > /etc/network/interfaces.d/eth0
      ip address flush dev eth0
      systemctl enable networking; systemctl restart networking`,
    stop: "systemctl disable networking",
    file: "/etc/network/interfaces.d/reef-agent",
  },
];

describe.each(programs)("by $name", ({ start, stop, file }) => {
  beforeAll(async () => {
    await inMachine(host, start, 120);
    expect(await eventually(async () => (await eth0()) === found, 30)).toBe(true);
  }, 180_000);
  afterAll(async () => {
    await inMachine(host, `${stop}; ip address flush dev eth0; ${byHand}`);
  });

  it("is not touched where it is right, and taken up where it is not", async () => {
    expect(await apply("192.168.77.20/24", true)).not.toContain("set interface eth0");
    if (file !== "") expect(await inMachine(host, `test -s ${file} && echo there`)).toBe("there");
    expect(await apply("192.168.77.21/24", true)).toContain("set interface eth0");
    expect(await eth0()).toBe(wanted);
    expect(await agent<Plan>(["plan"], document("192.168.77.21/24"))).toMatchObject({
      inOrder: true,
      drift: [],
    });
  });

  it("comes back by itself from a wrong one", async () => {
    await apply("10.66.0.1/24", false).catch((error: unknown) => {
      // Without a way to the gateway some programs do not take it up at all.
      expect(String(error)).toContain("is back");
    });
    expect(await eventually(async () => (await eth0()) === wanted, 40)).toBe(true);
    // It is not in order: the apply that was reverted is still to be made good, though it would change nothing.
    const isBack = async (): Promise<boolean> => {
      const { drift, difference, open } = await agent<Plan>(["plan"], document("192.168.77.21/24"));
      return drift.length === 0 && difference.length === 0 && open === undefined;
    };
    expect(await eventually(isBack, 40)).toBe(true);
  });

  it("is missed, and put right", async () => {
    await inMachine(
      host,
      "ip address delete 192.168.77.21/24 dev eth0; ip address add 192.168.77.99/24 dev eth0",
    );
    const { drift } = await agent<Plan>(["plan"], document("192.168.77.21/24"));
    expect(drift.map(({ part, name }) => `${part} ${name}`)).toContain("interface eth0");
    await apply("192.168.77.21/24", true);
    expect(await eth0()).toBe(wanted);
  });

  it("is there after a boot, and gone with the generation", async () => {
    await killMachine(host, paths);
    await startMachine(pi, paths);
    expect(await eventually(async () => (await eth0()) === wanted, 30)).toBe(true);
    await apply(undefined, true);
    expect(await eventually(async () => (await eth0()) === found, 30)).toBe(true);
    if (file !== "") expect(await inMachine(host, `test -e ${file} || echo gone`)).toBe("gone");
  }, 180_000);
});
