/**
 * What the plan puts on hosts, as the programs see it that read it: each role's files and tables on a real Debian
 * machine, the programs' own checks, and what they then do with packets.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderImage, type ImageRelease } from "../../components/plan/image.ts";
import { startMachine } from "../../sandbox/hosts/machine.ts";
import { addresses, inMachine, machine, paths, setUp, tearDown, userDataWithHostKey } from "./hosts-bed.ts";
import {
  addAddresses,
  backends,
  become,
  connects,
  fromOutside,
  plan,
  planned,
  put,
  startWorld,
  stopWorld,
  tableOf,
} from "./roles-bed.ts";

beforeAll(async () => {
  await setUp();
  const { userData } = await userDataWithHostKey();
  await startMachine(machine("i-a", "instance", { userData, instanceId: "i-a-1" }), paths);
  // On this Ethernet nobody answers DNS at first.
  await inMachine("i-a", "echo 192.168.77.1 packages.sandbox.test >>/etc/hosts");
  const ofMachine = ["10.0.1.20", "10.0.1.30", "10.0.10.20", "10.200.0.1", "192.168.4.38"];
  await addAddresses(ofMachine, [
    ...backends,
    "1.1.1.1",
    "10.200.0.10",
    "10.200.0.2",
    "192.168.4.50",
    "192.168.4.51",
  ]);
  await startWorld();
}, 600_000);

afterAll(async () => {
  await stopWorld();
  await tearDown();
}, 120_000);

interface Answer {
  readonly address: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks the balancer at an address by a public name. */
async function ask(address: string, path: string, ...options: readonly string[]): Promise<string> {
  const name = "api.blackroad.io";
  const resolve = ["443", "80"].flatMap((port) => ["--resolve", `${name}:${port}:${address}`]);
  return await fromOutside(
    "curl",
    "-sk",
    "--max-time",
    "5",
    ...resolve,
    ...options,
    `https://${name}${path}`,
  );
}

async function answer(address: string, path: string, ...options: readonly string[]): Promise<Answer> {
  return JSON.parse(await ask(address, path, ...options)) as Answer;
}

/** Any 16 bytes. */
const websocketKey = Buffer.alloc(16, 7).toString("base64");

/** The status of a WebSocket's beginning and, behind it, who served it. */
async function upgrade(address: string, path: string): Promise<string> {
  const fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const headers = [...fields, `Sec-WebSocket-Key: ${websocketKey}`].flatMap((header) => ["-H", header]);
  const answered = await ask(
    address,
    path,
    "--http1.1",
    "--max-time",
    "1",
    ...headers,
    "-D",
    "-",
    "-o",
    "/dev/null",
  );
  const [status = "none"] = /(?<=^HTTP\/1\.1 )\d+/.exec(answered) ?? [];
  const [server = "nobody"] = /(?<=x-served-by: )\S+/i.exec(answered) ?? [];
  return `${status} ${server}`;
}

async function handshake(address: string, version: string): Promise<string> {
  const words = ["openssl", "s_client", "-connect", `${address}:443`, version, "-cipher", "ALL:@SECLEVEL=0"];
  return await fromOutside(
    "sh",
    "-c",
    `${words.join(" ")} </dev/null 2>&1 | grep -E '^ *(New|Protocol|Cipher is)'`,
  );
}

/** The user with id 1000 that an image has before anybody gave it a name, in place of whoever has it. */
const makeFirstUser = `
old=$(getent passwd 1000 | cut -d : -f 1)
[ -z "$old" ] || userdel -f -r "$old" 2>/dev/null || true
groupdel pi 2>/dev/null || true
groupadd -f -g 1000 rpi-first
useradd -m -u 1000 -g 1000 -s /bin/bash rpi-first`;

/**
 * Asks a resolver from an address of its own for a name. It asks again, as every client does: a question may be lost,
 * and unbound may first ask the second of those it forwards to, which does not answer here.
 */
const resolveScript = `
const { Resolver } = require("node:dns").promises;
const [server, client, name] = process.argv.slice(1);
const resolver = new Resolver({ timeout: 4000, tries: 6 });
resolver.setServers([server]);
resolver.setLocalAddress(client);
resolver.resolve4(name).then((found) => console.log(found.join(" ")), ({ code }) => console.log(code));
`;

/** Lets something listen on a port of the machine. */
async function listenOn(port: number, what: string): Promise<void> {
  await inMachine(
    "i-a",
    `systemd-run -q --unit=probe-${port} socat TCP-LISTEN:${port},fork,reuseaddr ${what}; sleep 0.3`,
  );
}

describe.for([
  { key: "us-west/lb-1", address: "10.0.1.20", check: "nginx -t -q", unit: "nginx" },
  {
    key: "us-west/lb-2",
    address: "10.0.1.30",
    check: "haproxy -c -q -f /etc/haproxy/haproxy.cfg",
    unit: "haproxy",
  },
])("$key", ({ key, address, check, unit }) => {
  beforeAll(async () => {
    await become(key);
    await inMachine(
      "i-a",
      `systemctl stop nginx haproxy 2>/dev/null || true; sysctl -q net.ipv4.ip_local_port_range="15000 65535"`,
    );
  }, 240_000);

  it(`is accepted by ${unit} without a word, and runs`, async () => {
    expect(await inMachine("i-a", `${check} 2>&1`)).toBe("");
    await inMachine("i-a", `systemctl restart ${unit}`);
    // HAProxy calls a backend well once it has asked it.
    await inMachine("i-a", "sleep 3");
    expect(await inMachine("i-a", `systemctl is-active ${unit}`)).toBe("active");
  });

  it("sends everybody from HTTP to HTTPS", async () => {
    const location = await fromOutside(
      "curl",
      "-s",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code} %{redirect_url}",
      `http://${address}/api/x`,
    );
    expect(location).toBe(`301 https://${address}/api/x`);
  });

  it("gives /api to the API's servers, each in its turn, with who asked", async () => {
    const answers = [];
    for (let count = 0; count < 6; count++) answers.push(await answer(address, "/api/x"));
    expect(new Set(answers.map((one) => one.port))).toEqual(new Set([8080]));
    expect([...new Set(answers.map((one) => one.address))].sort()).toEqual(backends);
    expect(answers[0]?.headers).toMatchObject({
      host: "api.blackroad.io",
      "x-real-ip": "192.168.77.1",
      "x-forwarded-for": "192.168.77.1",
      "x-forwarded-proto": "https",
    });
  });

  it("gives upgrades to the WebSockets' servers, one client always to the same", async () => {
    const served = [];
    for (let count = 0; count < 4; count++) served.push(await upgrade(address, "/ws/"));
    expect(new Set(served).size).toBe(1);
    expect(served[0]).toMatch(/^101 10\.0\.10\.1[123]:8081$/);
  });

  it("speaks HTTP/2, TLS 1.2 and TLS 1.3, and nothing older", async () => {
    const version = await ask(address, "/api/x", "--http2", "-o", "/dev/null", "-w", "%{http_version}");
    expect(version).toBe("2");
    expect(await handshake(address, "-tls1_3")).toContain("New, TLSv1.3, Cipher is TLS_");
    expect(await handshake(address, "-tls1_2")).toMatch(
      /New, TLSv1\.2, Cipher is ECDHE-ECDSA-(?:AES|CHACHA20)/,
    );
    expect(await handshake(address, "-tls1_1")).toContain("New, (NONE), Cipher is (NONE)");
  });

  it("tells the internal network how it is doing", async () => {
    const stats = await fromOutside("curl", "-s", `http://${address}:8404/stats`);
    expect(stats).toMatch(unit === "nginx" ? /^Active connections: \d/ : /Statistics Report for HAProxy/);
  });
});

describe("every host's table", () => {
  it.for(plan.hosts.map(({ key }) => key))("of %s is accepted by nft", async (key) => {
    await put("/tmp/table.nft", tableOf(key));
    expect(await inMachine("i-a", "nft -c -f /tmp/table.nft 2>&1")).toBe("");
  });
});

describe("lucidia's table", () => {
  beforeAll(async () => {
    await put("/tmp/table.nft", tableOf("edge-home/lucidia"));
    await inMachine("i-a", "nft -f /tmp/table.nft");
    await listenOn(11434, "EXEC:cat");
    await listenOn(5000, "EXEC:cat");
  });

  it("opens the ports of what is on it to the internal network, and drops the rest", async () => {
    expect(await connects(11434)).toBe("open");
    expect(await connects(3000), "the port is open, and nobody listens").toBe("refused");
    expect(await connects(5000)).toBe("dropped");
    expect(await connects(11434, "1.1.1.1")).toBe("dropped");
    const ping = (source: string) =>
      fromOutside("ping", "-c", "1", "-W", "1", "-I", source, addresses["i-a"]);
    expect(await ping("192.168.77.1")).toContain("1 received");
    expect(await ping("1.1.1.1")).toContain("0 received");
  });

  it("lets a source open three SSH connections in a minute, and management as many as it likes", async () => {
    const attempts = async (count: number, source: string): Promise<string[]> => {
      const verdicts = [];
      for (let attempt = 0; attempt < count; attempt++) verdicts.push(await connects(22, source));
      return verdicts;
    };
    const [stubborn, patient] = ["192.168.4.50", "192.168.4.51"];
    for (const source of [stubborn, patient])
      expect(await attempts(4, source)).toEqual(["open", "open", "open", "dropped"]);
    expect(await attempts(10, "10.200.0.2")).toEqual(Array<string>(10).fill("open"));
    expect(await attempts(1, "1.1.1.1"), "each source counts for itself").toEqual(["open"]);
    // What came in vain counts too: who asks again 40 s later is out for another minute, who does not is in again.
    await sleep(40_000);
    expect(await connects(22, stubborn)).toBe("dropped");
    await sleep(26_000);
    expect(await connects(22, patient)).toBe("open");
    expect(await connects(22, stubborn)).toBe("dropped");
  }, 200_000);

  it("cuts nobody off who was connected when it came, on a port that it opens", async () => {
    const script = `exec 3<>/dev/tcp/${addresses["i-a"]}/11434; sleep 3;`;
    await inMachine("i-a", "nft delete table inet blackroad");
    const talk = fromOutside("bash", "-c", `${script} echo hello >&3; head -n 1 <&3`);
    await inMachine("i-a", "sleep 1; nft -f /tmp/table.nft");
    expect(await connects(5000)).toBe("dropped");
    expect(await talk).toBe("hello");
  });

  afterAll(async () => {
    await inMachine("i-a", "nft delete table inet blackroad; systemctl stop probe-11434 probe-5000");
  });
});

describe("a hub's and a Pi's small services", () => {
  /** What a resolver says to a client with that address: addresses, or why there are none. */
  const resolve = (server: string, client: string) =>
    fromOutside(process.execPath, "-e", resolveScript, server, client, "page.blackroad.io");

  it.for([
    { key: "edge-home/lucidia-alt", address: "192.168.4.38" },
    { key: "edge-home/lucidia", address: "192.168.4.38" },
    { key: "us-west/hub-1", address: "10.200.0.1" },
  ])("unbound takes the configuration of $key", async ({ key }) => {
    await become(key);
    expect(await inMachine("i-a", "unbound-checkconf")).toBe(
      "unbound-checkconf: no errors in /etc/unbound/unbound.conf",
    );
  });

  it("a hub's resolver answers the VPN by way of 1.1.1.1, and refuses others", async () => {
    await inMachine("i-a", "systemctl restart unbound");
    expect(await resolve("10.200.0.1", "10.200.0.10")).toBe("192.0.2.53");
    // A refusal that does not repeat the question is a bad answer to this client.
    expect(await resolve("10.200.0.1", "192.168.77.1")).toMatch(/^E(?:REFUSED|BADRESP)$/);
  });

  it("the exporter waits for its address, and tells what programs left for it", async () => {
    await inMachine(
      "i-a",
      "ip address del 10.200.0.1/32 dev eth0; systemctl restart prometheus-node-exporter; sleep 7",
    );
    expect(await inMachine("i-a", "systemctl is-active prometheus-node-exporter || true")).toMatch(/^activ/);
    await put("/var/lib/prometheus/node-exporter/probe.prom", "probe_left_here 42\n");
    await inMachine("i-a", "ip address add 10.200.0.1/32 dev eth0; sleep 7");
    const metrics = await fromOutside("curl", "-s", "http://10.200.0.1:9100/metrics");
    expect(metrics).toContain("\nprobe_left_here 42\n");
    expect(
      await fromOutside("curl", "-s", "-m", "2", "-w", "%{http_code}", `http://${addresses["i-a"]}:9100/`),
    ).toBe("000");
  });

  it("chrony runs, asks the planned servers, and in a container leaves the clock alone", async () => {
    await become("edge-home/lucidia");
    await inMachine("i-a", "systemctl restart chrony");
    expect(await inMachine("i-a", "systemctl is-active chrony")).toBe("active");
    expect(await inMachine("i-a", "tr '\\0' ' ' </proc/$(cat /run/chrony/chronyd.pid)/cmdline")).toMatch(
      /^\/usr\/sbin\/chronyd -x/,
    );
    expect(await inMachine("i-a", "chronyd -p -f /etc/chrony/chrony.conf")).toContain("bindacqdevice eth0");
    expect(await inMachine("i-a", "ss -H -lnu sport = :123 or sport = :323")).toBe("");
  });
});

describe("a fresh Raspberry Pi OS", () => {
  const lucidia = planned("edge-home/lucidia");
  const fileOf = (release: ImageRelease, name: string): string =>
    renderImage(lucidia, plan.operator, release).files.find((file) => file.name === name)?.content ?? "";

  it("of Trixie: cloud-init finds the files right, and makes netplan's of them", async () => {
    await put("/tmp/image/user-data", fileOf("trixie", "user-data"));
    await put("/tmp/image/network-config", fileOf("trixie", "network-config"));
    const schema = await inMachine("i-a", "cloud-init schema --config-file /tmp/image/user-data 2>&1");
    expect(schema).toContain("Valid");
    const convert = "cloud-init devel net-convert -p network-config -k yaml -d out -D debian -O netplan";
    await inMachine("i-a", `cd /tmp/image && ${convert}`);
    const netplan = await inMachine("i-a", "cat /tmp/image/out/etc/netplan/*.yaml");
    expect(parse(netplan)).toMatchObject(parse(fileOf("trixie", "network-config")) as object);
  });

  it.for([
    {
      release: "bookworm",
      folder: "/etc/NetworkManager/system-connections",
      file: "blackroad-eth0.nmconnection",
    },
    { release: "bullseye", folder: "/etc", file: "dhcpcd.conf" },
  ] as const)(
    "of $release: its script makes user, name and address, and takes itself away",
    async (image) => {
      const { release, folder, file } = image;
      await inMachine(
        "i-a",
        `rm -rf /etc/NetworkManager /etc/dhcpcd.conf; mkdir -p ${folder} /boot; ${makeFirstUser}`,
      );
      await put(
        "/boot/cmdline.txt",
        "root=PARTUUID=1-02 rootwait systemd.run=/boot/firstrun.sh systemd.unit=x\n",
      );
      await put("/boot/firstrun.sh", fileOf(release, "firstrun.sh"));
      await inMachine("i-a", "sh /boot/firstrun.sh 2>&1");
      expect(await inMachine("i-a", "cat /etc/hostname; getent passwd pi | cut -d : -f 3,6")).toBe(
        "lucidia.edge-home\n1000:/home/pi",
      );
      expect(
        await inMachine(
          "i-a",
          "cat /home/pi/.ssh/authorized_keys; stat -c '%a %U' /home/pi/.ssh/authorized_keys",
        ),
      ).toBe(`${plan.operator.authorizedKeys.join("\n")}\n600 pi`);
      expect(
        await inMachine(
          "i-a",
          "getent shadow pi | cut -d : -f 2; su pi -c 'sudo -n id -u'; visudo -c -q; sshd -t",
        ),
      ).toBe("*\n0");
      expect(await inMachine("i-a", `cat ${folder}/${file}`)).toContain("192.168.4.38/24");
      expect(await inMachine("i-a", "cat /boot/cmdline.txt; ls /boot/firstrun.sh 2>&1 || true")).toMatch(
        /^root=PARTUUID=1-02 rootwait\nls: /,
      );
    },
  );
});
