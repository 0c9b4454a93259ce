/**
 * The prober between two namespaces with a router in between, whose gates are known to the letter: what passes must be
 * told as passing, what does not as what it is, and where it ended.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Kernel } from "../../sandbox/fabric/kernel.ts";
import { destroyFabric } from "../../sandbox/fabric/life.ts";
import { Evidence } from "../../sandbox/prove/evidence.ts";
import { listeningPorts } from "../../sandbox/prove/listening.ts";
import { Memory } from "../../sandbox/prove/memory.ts";
import { builtProber, probe, type ProbeQuestion } from "../../sandbox/prove/prober.ts";
import { SourcePorts } from "../../sandbox/prove/source-ports.ts";
import { watchPackets } from "../../sandbox/prove/watch.ts";

const root = mkdtempSync(join(tmpdir(), "rn-prober-"));
const kernel = new Kernel(root);
const nodes = ["a", "b"].map((name) => ({ name, namespace: kernel.fullName(name) }));
const memory = new Memory(kernel);
const children: ChildProcess[] = [];
const options = { rate: 4000, waitMilliseconds: 300, seed: 1 };
const sourcePorts = new SourcePorts(new Set(), 0);

/** Of both families; `b` has a second address, which its answers do not come from. */
const routerGates = `table inet gates {
  chain there {
    type filter hook forward priority 0; policy drop;
    ct state established accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    tcp dport { 22, 80, 81 } accept
    udp dport { 53, 123 } accept
    icmp type echo-request accept
    icmpv6 type echo-request accept
  }
  chain back {
    type filter hook forward priority 10; policy accept;
    iifname "to-b" udp sport 123 drop
    iifname "to-b" tcp sport 80 drop
  }
}`;

const hostGates = `table inet host {
  set lately { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
  chain input {
    type filter hook input priority 0; policy accept;
    tcp dport 81 drop
    tcp dport 22 ip saddr @lately drop
    tcp dport 22 add @lately { ip saddr }
  }
  chain output {
    type filter hook output priority 0; policy accept;
    tcp dport 444 drop
    tcp dport 445 reject
  }
}`;

async function nft(role: string, text: string): Promise<void> {
  await kernel.execute(role, ["nft", "--file", "-"], `${text}\n`);
}

beforeAll(async () => {
  for (const role of ["a", "r", "b"]) await kernel.addNamespace(role);
  await kernel.writeSysctls("r", [
    { path: "net/ipv4/ip_forward", value: "1" },
    { path: "net/ipv6/conf/all/forwarding", value: "1" },
  ]);
  for (const [number, role] of ["a", "b"].entries()) {
    await kernel.batch("r", [`link add to-${role} type veth peer name eth0 netns ${kernel.fullName(role)}`]);
    await kernel.batch("r", [
      `address add 10.9.${number}.1/24 dev to-${role}`,
      `address add fd09:${number}::1/64 dev to-${role} nodad`,
      `link set to-${role} up`,
    ]);
    await kernel.batch(role, [
      `address add 10.9.${number}.2/24 dev eth0`,
      `address add fd09:${number}::2/64 dev eth0 nodad`,
      "link set eth0 up",
      `route add default via 10.9.${number}.1`,
    ]);
    await kernel.execute(role, ["ip", "-6", "route", "add", "default", "via", `fd09:${number}::1`]);
  }
  await nft("r", routerGates);
  await nft("b", hostGates);
  children.push(
    spawn("ip", ["netns", "exec", kernel.fullName("b"), "socat", "TCP-LISTEN:22,fork,reuseaddr", "PIPE"], {
      stdio: "ignore",
    }),
  );
  const patience = { timeout: 20_000, interval: 100 };
  await vi.waitFor(async () => {
    expect((await listeningPorts(kernel, ["b"])).get("b")).toEqual([22]);
  }, patience);
  // Until then the links of IPv6 find each other.
  await vi.waitFor(async () => {
    const seen = await asked({ from: "a", to: "fd09:1::2", ports: { tcp: [], udp: [], echo: [0] } });
    expect(seen.of("echo").answered).toBe(true);
  }, patience);
});

afterAll(async () => {
  for (const child of children) {
    child.kill();
    await new Promise((resolve) => child.once("exit", resolve));
  }
  expect(await destroyFabric(root)).toEqual([]);
  rmSync(root, { recursive: true });
});

async function asked(question: ProbeQuestion): Promise<Evidence> {
  await memory.forget(["b"]);
  const [answer] = await probe(nodes, [question], { ...options, sourcePorts: sourcePorts.take(20) });
  const evidence = new Evidence();
  if (answer !== undefined) evidence.add(answer);
  return evidence;
}

const ports = { tcp: [21, 22, 80, 81], udp: [52, 53, 123], echo: [0] };

describe.each(["10.9.1.2", "fd09:1::2"])("between two namespaces, to %s", (to) => {
  it("what the gates let pass is answered, whether something listens or not; nothing else is", async () => {
    const seen = await asked({ from: "a", to, ports });
    const told = (["tcp", "udp", "echo"] as const).flatMap((protocol) =>
      ports[protocol].map((port) => {
        const { answered, arrived } = seen.of(protocol, port);
        return `${port}/${protocol} ${answered ? "answered" : "silent"} ${arrived ?? "nobody"}`;
      }),
    );
    expect(told).toEqual([
      "21/tcp silent nobody",
      "22/tcp answered b",
      // It arrives, and the answer does not pass.
      "80/tcp silent b",
      // The router lets it pass, and the host does not.
      "81/tcp silent nobody",
      "52/udp silent nobody",
      "53/udp answered b",
      "123/udp silent b",
      "0/echo answered b",
    ]);
  });
});

describe("a prober", () => {
  it("tells what its own side does not send", async () => {
    const seen = await asked({
      from: "b",
      to: "10.9.0.2",
      ports: { tcp: [80, 444, 445], udp: [], echo: [] },
    });
    expect(seen.of("tcp", 80)).toMatchObject({ answered: true, arrived: "a" });
    expect(seen.of("tcp", 444)).toMatchObject({ answered: false, arrived: undefined });
    expect(seen.of("tcp", 444).refused).toMatch(/not permitted/);
    expect(seen.of("tcp", 445).refused).toMatch(/not permitted/);
    await kernel.batch("a", ["route del default"]);
    try {
      const nowhere = await asked({ from: "a", to: "10.9.1.2", ports: { tcp: [22], udp: [], echo: [] } });
      expect(nowhere.of("tcp", 22).refused).toMatch(/unreachable/);
    } finally {
      await kernel.batch("a", ["route add default via 10.9.0.1"]);
    }
  });

  it("does not take another's answer for the asked one's", async () => {
    await kernel.batch("b", ["address add 10.9.1.3/24 dev eth0"]);
    await nft(
      "b",
      `table ip away {
        chain raw {
          type filter hook output priority -300
          ip saddr 10.9.1.3 udp sport 53 ip saddr set 10.9.1.2 notrack
        }
      }`,
    );
    await nft("r", "insert rule inet gates there udp sport 53 accept");
    try {
      const seen = await asked({ from: "a", to: "10.9.1.3", ports: { tcp: [], udp: [53], echo: [] } });
      expect(seen.of("udp", 53)).toMatchObject({ answered: false, arrived: "b", strayed: "10.9.1.2" });
    } finally {
      await nft("b", "delete table ip away");
      await nft("r", `delete table inet gates\n${routerGates}`);
      await kernel.batch("b", ["address del 10.9.1.3/24 dev eth0"]);
    }
  });

  it("asks as somebody who has not come before", async () => {
    const question: ProbeQuestion = { from: "a", to: "10.9.1.2", ports: { tcp: [22], udp: [], echo: [] } };
    expect((await asked(question)).of("tcp", 22).answered).toBe(true);
    const [again] = await probe(nodes, [question], { ...options, sourcePorts: sourcePorts.take(20) });
    expect(again?.tcp.answered.has(22)).toBe(false);
    expect((await asked(question)).of("tcp", 22).answered).toBe(true);
  });

  it("ends with whoever started it, also where that is killed", async () => {
    const request = join(root, "request.json");
    const ports = { from: 40000, to: 40001 };
    const forever = { rate: 1, passes: 1, waitMilliseconds: 600_000, sourcePorts: ports };
    writeFileSync(
      request,
      JSON.stringify({ seed: 1, portPerProbe: false, nodes: [], questions: [], ...forever }),
    );
    const starter = spawn("sh", ["-c", `"${builtProber}" < "${request}" & echo $!; wait`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [line] = (await once(starter.stdout, "data")) as [Buffer];
    const prober = `/proc/${line.toString().trim()}`;
    const patience = { timeout: 10_000, interval: 50 };
    const command = (): string => readFileSync(`${prober}/cmdline`, "utf8");
    // It has read what it is asked, so that it waits for answers.
    await vi.waitFor(() => {
      expect(command()).toContain("packet-prober");
      expect(readFileSync(`${prober}/fdinfo/0`, "utf8")).toMatch(/^pos:\t[1-9]/);
    }, patience);
    starter.kill("SIGKILL");
    await vi.waitFor(() => {
      expect(existsSync(prober) && command() !== "").toBe(false);
    }, patience);
  });

  it("finds where packets end, and nothing of the watch is left behind", async () => {
    await memory.forget(["b"]);
    const run = sourcePorts.take(50);
    const { result, trails } = await watchPackets(
      kernel,
      ["a", "r", "b"],
      run,
      async () =>
        await probe(nodes, [{ from: "a", to: "10.9.1.2", ports }], {
          ...options,
          sourcePorts: run,
          portPerProbe: true,
        }),
    );
    const trail = (direction: "there" | "back", protocol: "tcp" | "udp" | "echo", port: number): string => {
      const { came, ended } = trails(direction, protocol, result[0]?.[protocol].sources.get(port) ?? 0);
      return `${came.join(" ")}, ended ${ended.join(" ") || "nowhere"}`;
    };
    expect(trail("there", "tcp", 21)).toBe("a r, ended r");
    expect(trail("there", "tcp", 22)).toBe("a r b, ended nowhere");
    expect(trail("back", "tcp", 22)).toBe("a r b, ended nowhere");
    expect(trail("there", "tcp", 80)).toBe("a r b, ended nowhere");
    expect(trail("back", "tcp", 80)).toBe("r b, ended r");
    expect(trail("there", "tcp", 81)).toBe("a r b, ended b");
    expect(trail("back", "udp", 123)).toBe("r b, ended r");
    expect(trail("back", "echo", 0)).toBe("a r b, ended nowhere");
    for (const role of ["a", "r", "b"]) {
      expect(await kernel.execute(role, ["nft", "list", "tables"])).not.toContain("roadnet_watch");
    }
  });
});
