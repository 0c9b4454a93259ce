/** Prometheus: asks everything that it watches for measurements, and says what is wrong. Debian's package. */
import { stringify } from "yaml";
import type { GenerationPart, SendPlan } from "../generation.ts";
import type { AlertRule } from "./alerts.ts";
import { notice, plainFile } from "./file.ts";

export const prometheusPort = 9090;

/** Something that has measurements. */
export interface ScrapeTarget {
  /** What kind of thing: `node`, `etcd`, `gateway`. */
  readonly job: string;
  /** Name of the host: `node-1`. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly scheme: "http" | "https";
}

export interface Prometheus {
  readonly address: string;
  /** Sets its measurements apart from those of others. */
  readonly site: string;
  /** Of its alerts, and of the file that they are in: `coral-reef`. */
  readonly name: string;
  readonly targets: readonly ScrapeTarget[];
  readonly alerts: readonly AlertRule[];
  /** Networks that may ask it. */
  readonly monitors: readonly string[];
}

const configPath = "/etc/prometheus/prometheus.yml";
const authorityPath = "/etc/prometheus/ca.crt";
const defaultsPath = "/etc/default/prometheus";
const unit = "prometheus.service";

const scrapeSeconds = 15;

/** Debian's folder; on a disk two weeks of a rack take about 1 GB. */
const options = (address: string): string =>
  [
    `--web.listen-address=${address}:${prometheusPort}`,
    "--storage.tsdb.path=/var/lib/prometheus/metrics2/",
    "--storage.tsdb.retention.time=15d",
  ].join(" ");

interface ScrapeJob {
  readonly name: string;
  readonly targets: readonly ScrapeTarget[];
}

function jobsOf(targets: readonly ScrapeTarget[]): ScrapeJob[] {
  return [...new Set(targets.map(({ job }) => job))]
    .sort()
    .map((name) => ({ name, targets: targets.filter(({ job }) => job === name) }));
}

function scrapeConfig({ name, targets }: ScrapeJob): object {
  const secure = targets.some(({ scheme }) => scheme === "https");
  return {
    job_name: name,
    ...(secure ? { scheme: "https", tls_config: { ca_file: authorityPath } } : {}),
    static_configs: targets.map(({ host, address, port }) => ({
      targets: [`${address}:${port}`],
      labels: { host },
    })),
  };
}

const rulesPathOf = (name: string): string => `/etc/prometheus/${name}.rules.yml`;

function configuration({ site, name, targets }: Prometheus): string {
  return stringify(
    {
      global: {
        scrape_interval: `${scrapeSeconds}s`,
        evaluation_interval: `${scrapeSeconds}s`,
        external_labels: { site },
      },
      rule_files: [rulesPathOf(name)],
      scrape_configs: jobsOf(targets).map(scrapeConfig),
    },
    { lineWidth: 0 },
  );
}

function ruleText({ name: group, alerts }: Prometheus): string {
  const rules = alerts.map(({ name, expression, forSeconds, severity, summary }) => ({
    alert: name,
    expr: expression,
    for: `${forSeconds}s`,
    labels: { severity },
    annotations: { summary },
  }));
  return stringify({ groups: [{ name: group, rules }] }, { lineWidth: 0 });
}

function send(targets: readonly ScrapeTarget[]): SendPlan[] {
  return jobsOf(targets).map(({ name, targets: [first, ...others] }) => ({
    protocol: "tcp",
    ports: first === undefined ? undefined : { from: first.port, to: first.port },
    to: [first, ...others].flatMap((target) => (target === undefined ? [] : [target.address])),
    reason: `measurements of ${name}`,
  }));
}

/** @throws Error where targets of one job differ in port or scheme: they are one line of the firewall. */
export function prometheus(args: Prometheus): GenerationPart {
  for (const { name, targets } of jobsOf(args.targets)) {
    if (new Set(targets.map(({ port, scheme }) => `${port} ${scheme}`)).size > 1) {
      throw new Error(`${args.site}: targets of ${name} differ in port or scheme`);
    }
  }
  const rulesPath = rulesPathOf(args.name);
  return {
    packages: ["prometheus"],
    files: [
      plainFile(configPath, notice, configuration(args)),
      plainFile(rulesPath, notice, ruleText(args)),
      plainFile(authorityPath, { kind: "ca-certificate" }),
      plainFile(defaultsPath, notice, `ARGS="${options(args.address)}"\n`),
      plainFile(
        `/etc/systemd/system/${unit}.d/blackroad.conf`,
        notice,
        "[Service]\nRestart=always\nRestartSec=5\n",
      ),
    ],
    listens: [
      {
        protocol: "tcp",
        ports: { from: prometheusPort, to: prometheusPort },
        from: args.monitors,
        reason: "Prometheus metrics",
      },
    ],
    sends: send(args.targets),
    services: [{ unit, reload: [configPath, rulesPath, authorityPath], restart: [defaultsPath] }],
  };
}
