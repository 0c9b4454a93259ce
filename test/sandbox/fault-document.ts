/** Generations of which every part says one word, so that a mixture of two shows. */
import { createHash } from "node:crypto";

export const agentPath = "/usr/local/sbin/reef-agent";

export type Document = Record<string, unknown>;

export interface DocumentFile {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  readonly sha256: string;
  readonly content?: string;
  readonly source?: string;
}

export function file(path: string, content: string, mode = "0644"): DocumentFile {
  const bytes = Buffer.from(content);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { path, mode, owner: "root:root", content: bytes.toString("base64"), sha256 };
}

const sayingUnit = `[Unit]
Description=Says what it read

[Service]
ExecStart=/bin/sh -c 'cat /etc/saying > /run/said; exec sleep infinity'

[Install]
WantedBy=multi-user.target
`;

export function nftables(word: string, rule = "tcp dport 22 accept"): unknown {
  const chain = `chain input {\n\ttype filter hook input priority filter; policy accept;\n\t${rule} comment "${word}"\n}`;
  return { family: "inet", table: "reef", rules: chain };
}

const proxyTimes = "  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n";

export interface Wish {
  readonly word: string;
  readonly address: string;
  readonly agent: { readonly sha256: string; readonly source: string };
  /** Instead of what every generation has. */
  readonly more: Document;
  readonly files: readonly DocumentFile[];
}

export function faultDocument({ word, address, agent, more, files }: Wish): Document {
  const own = [
    file("/etc/saying", `${word}\n`),
    file("/etc/systemd/system/saying.service", sayingUnit),
    file("/etc/ssh/sshd_config.d/40-reef.conf", `# ${word}\nMaxStartups 100:30:200\n`),
    file(
      "/etc/haproxy/haproxy.cfg",
      `# ${word}\ndefaults\n  mode tcp\n${proxyTimes}frontend f\n  bind :8404\n`,
    ),
    file("/etc/nginx/conf.d/reef.conf", `# ${word}\nserver { listen 8405; return 200 "${word}"; }\n`),
    { path: agentPath, mode: "0755", owner: "root:root", ...agent },
    // Only some generations have it.
    ...(word.length % 2 === 0 ? [file("/etc/reef/even/more", `${word}\n`)] : []),
  ];
  const replaced = new Set(files.map(({ path }) => path));
  return {
    format: "reef-generation/1",
    host: "test/pi-b",
    confirmSeconds: 120,
    management: [{ name: "lan", address }],
    files: [...own.filter(({ path }) => !replaced.has(path)), ...files],
    packages: ["haproxy", "nginx"],
    sysctls: { "net.ipv4.ip_forward": "1" },
    nftables: nftables(word),
    services: [
      { unit: "saying.service", restart: ["/etc/saying"] },
      { unit: "ssh.service", reload: ["/etc/ssh/sshd_config.d/"] },
      { unit: "haproxy.service", reload: ["/etc/haproxy/"] },
      { unit: "nginx.service", reload: ["/etc/nginx/"] },
    ],
    ...more,
  };
}

/** Prints what the parts of the generation say that a host is on, and what is left half-written. */
export const partsScript = `sed 's/^/saying /' /etc/saying; sed 's/^/said /' /run/said
sed -n 's/^# /sshd /p' /etc/ssh/sshd_config.d/40-reef.conf
sed -n '1s/^# /haproxy /p' /etc/haproxy/haproxy.cfg; sed -n '1s/^# /nginx /p' /etc/nginx/conf.d/reef.conf
echo served $(curl -s --max-time 5 http://127.0.0.1:8405/)
echo table $(nft list table inet reef | sed -n 's/.*comment "\\(.*\\)"/\\1/p')
for unit in saying haproxy nginx ssh; do echo unit $unit $(systemctl is-active $unit); done
echo forward $(sysctl -n net.ipv4.ip_forward)
echo even $(cat /etc/reef/even/more 2>/dev/null || echo none)
find /etc /usr/local -name '*.reef-new' | sed 's/^/left /'`;

/** What {@link partsScript} prints where all parts say one word. */
export function partsOf(word: string): string {
  return [
    ...["saying", "said", "sshd", "haproxy", "nginx", "served", "table"].map((part) => `${part} ${word}`),
    ...["saying", "haproxy", "nginx", "ssh"].map((unit) => `unit ${unit} active`),
    "forward 1",
    `even ${word.length % 2 === 0 ? word : "none"}`,
  ].join("\n");
}
