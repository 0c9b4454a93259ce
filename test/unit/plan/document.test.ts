/** Documents of generations: what is in them, and that those who read them take them. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  agentPath,
  documentSymbols,
  generationDocument,
  type GenerationDocument,
} from "../../../components/plan/document.ts";
import { combine, type GenerationPart, type GenerationPlan } from "../../../components/plan/generation.ts";
import type { HostPlan, PlanSymbol } from "../../../components/plan/model.ts";
import { symbolName } from "../../../components/plan/render.ts";
import { hostOf, planOf } from "./subject.ts";
import { modes, towerWith } from "./towers.ts";

const agent = {
  sha256: createHash("sha256").update("agent").digest("hex"),
  source: "/var/lib/reef-agent/run-x",
};

/** Values of the forms that the readers of a document check. */
function valueOf(symbol: PlanSymbol): string {
  const name = symbolName(symbol);
  switch (symbol.kind) {
    case "public-address":
      return "198.51.100.7";
    case "wireguard-public-key":
      return createHash("sha256").update(name).digest("base64");
    default:
      return `<${name}>\n`;
  }
}

function documentOf(host: HostPlan, generation: GenerationPlan): GenerationDocument {
  const paths = [host.management, ...host.otherPaths];
  return generationDocument({ host, generation, paths, agent, resolve: valueOf });
}

const host = hostOf(planOf("prod"), "us-west/hub-1");
const rulesOf = ({ nftables }: GenerationDocument): string => (nftables as { readonly rules: string }).rules;

/** Towers as no stack has them. */
const towers = Object.entries(modes).map(([mode, options]) => {
  const tower = towerWith({ ...options, wifi: { ssid: "reef", country: "US" } });
  return { name: `a tower in ${mode} mode`, document: documentOf(tower, tower.generation) };
});

/** All generations of all stacks, with the first ones. */
const generations = ["prod", "dev", "sandbox"].flatMap((stack) =>
  planOf(stack).hosts.flatMap((planned) => [
    { name: `${stack}: ${planned.key}`, document: documentOf(planned, planned.generation) },
    ...(planned.firstGeneration === undefined
      ? []
      : [
          {
            name: `${stack}: ${planned.key}, at first`,
            document: documentOf(planned, planned.firstGeneration),
          },
        ]),
  ]),
);

describe("a document", () => {
  const made = (...parts: GenerationPart[]): GenerationDocument => documentOf(host, combine(host.key, parts));
  const symbol = { kind: "shared-secret", name: "turn" } as const;

  it("has the host, its management paths as the host sees them, and the agent, and no part that is empty", () => {
    expect(made({})).toEqual({
      format: "reef-generation/1",
      host: "us-west/hub-1",
      confirmSeconds: 120,
      management: [{ name: "direct", address: host.management.localAddress }],
      files: [{ path: agentPath, mode: "0755", owner: "root:root", ...agent }],
    });
  });

  it("has every file's text with its symbols resolved and the digest of that, and says which are secret", () => {
    const content = ["key = ", symbol, "!"];
    const document = made({
      files: [
        { path: "/etc/b", mode: "0600", owner: "root:root", content, secret: true },
        { path: "/etc/a", mode: "0644", owner: "root:adm", content: ["plain"] },
      ],
    });
    const text = "key = <shared secret turn>\n!";
    expect(document.files.slice(0, 2)).toEqual([
      {
        ...{ path: "/etc/a", mode: "0644", owner: "root:adm", text: "plain" },
        sha256: createHash("sha256").update("plain").digest("hex"),
      },
      {
        ...{ path: "/etc/b", mode: "0600", owner: "root:root", text, secret: true },
        sha256: createHash("sha256").update(text).digest("hex"),
      },
    ]);
  });

  it("renders sets before chains, one rule a line, chains of one name joined", () => {
    const hook = { type: "filter", at: "input", priority: "filter", policy: "drop" } as const;
    const document = made(
      { chains: [{ name: "input", hook, rules: ["tcp dport 1 accept"] }] },
      { sets: [{ name: "seen", declaration: "type ipv4_addr;" }] },
      {
        chains: [
          { name: "input", hook, rules: ["goto more"] },
          { name: "more", hook: undefined, rules: ["drop"] },
        ],
      },
    );
    expect(document.nftables).toEqual({
      family: "inet",
      table: "blackroad",
      rules: `\tset seen {
\t\ttype ipv4_addr;
\t}

\tchain input {
\t\ttype filter hook input priority filter; policy drop;
\t\ttcp dport 1 accept
\t\tgoto more
\t}

\tchain more {
\t\tdrop
\t}
`,
    });
  });

  it("renders a tunnel without what it has not: a port, an endpoint, keepalives", () => {
    const peer = {
      name: "edge-home/lucidia",
      publicKey: { kind: "wireguard-public-key", host: "edge-home/lucidia" } as const,
      endpoint: undefined,
      allowedIps: ["10.200.0.10/32"],
      keepaliveSeconds: 0,
    };
    const tunnel = {
      interface: "wg0",
      address: "10.200.0.1/24",
      listenPort: undefined,
      mtu: 1420,
      peers: [peer],
    };
    expect(made({ tunnels: [tunnel] }).wireguard).toEqual([
      {
        interface: "wg0",
        addresses: ["10.200.0.1/24"],
        mtu: 1420,
        privateKeyFile: "/etc/wireguard/private.key",
        peers: [{ name: peer.name, publicKey: valueOf(peer.publicKey), allowedIPs: ["10.200.0.10/32"] }],
      },
    ]);
  });

  it("enforces owner and mode of a certificate's key: nobody else's group may read one of root's", () => {
    const certificate = {
      ...{ name: "a", keyPath: "/etc/a.key", keyOwner: "root:root", certificatePath: "/etc/a.crt" },
      ...{ dnsNames: ["a.test"], addresses: [], usages: ["server"] as const },
    };
    const other = {
      ...certificate,
      name: "b",
      keyPath: "/etc/b.key",
      keyOwner: "root:haproxy",
      certificatePath: "/etc/b.crt",
    };
    expect(made({ certificates: [certificate, other] })).toMatchObject({
      certificates: ["/etc/a.crt", "/etc/b.crt"],
      keys: [
        { path: "/etc/a.key", owner: "root:root", mode: "0600" },
        { path: "/etc/b.key", owner: "root:haproxy", mode: "0640" },
      ],
    });
  });

  it("names each symbol once, also those of tunnels' peers", () => {
    const peers = hostOf(planOf("prod"), "us-west/hub-1").generation.tunnels[0]?.peers ?? [];
    expect(peers.length).toBeGreaterThan(1);
    const file = (path: string) => ({ path, mode: "0600", owner: "root:root", content: [symbol, symbol] });
    const generation = combine("h", [
      { files: [file("/etc/a"), file("/etc/b")] },
      { tunnels: host.generation.tunnels },
    ]);
    expect(documentSymbols(generation).map(symbolName)).toEqual([
      "shared secret turn",
      ...peers.map(({ name }) => `wireguard-public-key of ${name}`),
    ]);
  });
});

describe("combine", () => {
  const file = (content: string) => ({
    path: "/etc/a",
    mode: "0644",
    owner: "root:root",
    content: [content],
  });
  it.each<[string, GenerationPart, GenerationPart]>([
    ["file /etc/a", { files: [file("1")] }, { files: [file("2")] }],
    ["kernel setting net.x", { sysctls: { "net.x": "1" } }, { sysctls: { "net.x": "0" } }],
    [
      "service a.service",
      { services: [{ unit: "a.service", reload: [], restart: [] }] },
      { services: [{ unit: "a.service", reload: ["/etc/a"], restart: [] }] },
    ],
    [
      "set s",
      { sets: [{ name: "s", declaration: "type ipv4_addr;" }] },
      { sets: [{ name: "s", declaration: "type mark;" }] },
    ],
  ])("refuses two parts that want the %s differently, and takes equal ones once", (what, one, other) => {
    expect(() => combine("h", [one, other])).toThrow(`h: two parts want the ${what} differently`);
    expect(combine("h", [one, one])).toEqual(combine("h", [one]));
  });

  it("refuses two hooks for one chain", () => {
    const hook = { type: "filter", at: "input", priority: "filter", policy: "drop" } as const;
    const chain = (policy: "drop" | "accept") => ({
      chains: [{ name: "c", hook: { ...hook, policy }, rules: [] }],
    });
    expect(() => combine("h", [chain("drop"), chain("accept")])).toThrow(
      "h: two parts hook the chain c in differently",
    );
  });

  it("sorts what has names, and keeps services in the order in which they start", () => {
    const service = (unit: string) => ({ unit, reload: [], restart: [] });
    const whole = combine("h", [
      { packages: ["b", "a"], services: [service("z.service"), service("a.service")] },
      { packages: ["a"], sysctls: { "net.b": "1", "net.a": "1" } },
    ]);
    expect(whole.packages).toEqual(["a", "b"]);
    expect(Object.keys(whole.sysctls)).toEqual(["net.a", "net.b"]);
    expect(whole.services.map(({ unit }) => unit)).toEqual(["z.service", "a.service"]);
  });
});

const nft = ["/usr/sbin/nft", "/sbin/nft"].find((path) => existsSync(path));

/** Whether a namespace of one's own can be had: nothing below touches this machine's rules. */
const canIsolate = nft !== undefined && spawnSync("unshare", ["-rn", nft, "list", "tables"]).status === 0;

describe.runIf(canIsolate)("nft takes", () => {
  const check = (rules: string) =>
    spawnSync("unshare", ["-rn", nft ?? "", "-c", "-f", "-"], {
      input: `table inet blackroad {\n${rules}}\n`,
      encoding: "utf8",
    });

  it.each([...generations, ...towers].filter(({ document }) => document.nftables !== undefined))(
    "the table of $name",
    ({ document }) => {
      expect(check(rulesOf(document))).toMatchObject({ status: 0, stderr: "" });
    },
  );

  it("no table with a mistake in it", () => {
    const [{ document }] = generations as [(typeof generations)[number]];
    expect(
      check(rulesOf(document).replace("tcp dport 22 ct state new goto ssh", "goto nowhere")).status,
    ).toBe(1);
  });
});

/** The agent of hosts made of files; `npm run agent` builds it. */
const paperAgent = fileURLToPath(new URL("../../../edge/dist/reef-agent-paper", import.meta.url));

describe("the agent", () => {
  function askAgent(document: unknown): {
    readonly status: number | null;
    readonly report: Record<string, unknown>;
  } {
    const folder = mkdtempSync(join(tmpdir(), "roadnet-document-"));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    mkdirSync(join(folder, "etc"));
    writeFileSync(join(folder, "etc/hostname"), "test\n");
    const { status, stdout, stderr } = spawnSync(paperAgent, ["--root", folder, "plan", "--json"], {
      input: JSON.stringify(document),
      encoding: "utf8",
    });
    if (stdout === "") throw new Error(stderr);
    return { status, report: JSON.parse(stdout) as Record<string, unknown> };
  }

  it.each([...generations, ...towers])("reads the document of $name", ({ document }) => {
    const { status, report } = askAgent(document);
    expect(report.refused).toBeUndefined();
    expect(status).toBe(0);
    expect(report).toMatchObject({ host: document.host, inOrder: false, attempt: 0 });
  });

  it("says what it cannot read, and its number all the same", () => {
    const { status, report } = askAgent({ ...documentOf(host, host.generation), news: [] });
    expect(status).toBe(2);
    expect(report.refused).toContain("news: is not a known field");
    expect(report.attempt).toBe(0);
  });

  it("never shows what is secret", () => {
    const secret = {
      path: "/etc/s",
      mode: "0600",
      owner: "root:root",
      content: ["hush"],
      secret: true,
    } as const;
    const plain = { path: "/etc/p", mode: "0644", owner: "root:root", content: ["loud"] };
    const { report } = askAgent(documentOf(host, combine(host.key, [{ files: [secret, plain] }])));
    expect(JSON.stringify(report)).toContain("loud");
    expect(JSON.stringify(report)).toContain("/etc/s");
    expect(JSON.stringify(report)).not.toContain("hush");
  });
});
