/** node_exporter: the host's own measurements, for Prometheus. */
import type { GenerationPart } from "../generation.ts";
import { notice, plainFile } from "./file.ts";
import { internalNetworks } from "./networks.ts";

export const exporterPort = 9100;

/** Where programs on the host leave measurements of their own as `NAME.prom`; Debian's package makes the folder. */
const textfileFolder = "/var/lib/prometheus/node-exporter";

export interface Exporter {
  /** Where it listens: the tunnel's address where there is one, else the host's own. */
  readonly address: string;
  /** Whether that is the tunnel's. */
  readonly inTunnel: boolean;
}

const unit = "prometheus-node-exporter.service";
const defaultsPath = "/etc/default/prometheus-node-exporter";

/** The address may come later than the exporter, which then cannot listen: it is started anew until it can. */
function dropIn(inTunnel: boolean): string {
  const after = inTunnel ? "wg-quick@wg0.service" : "network-online.target";
  return `${notice}[Unit]
After=${after}
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=5
`;
}

export function exporter({ address, inTunnel }: Exporter): GenerationPart {
  const flags = [
    `--web.listen-address=${address}:${exporterPort}`,
    `--collector.textfile.directory=${textfileFolder}`,
  ];
  return {
    packages: ["prometheus-node-exporter"],
    files: [
      plainFile(defaultsPath, notice, `ARGS="${flags.join(" ")}"\n`),
      plainFile(`/etc/systemd/system/${unit}.d/blackroad.conf`, dropIn(inTunnel)),
    ],
    listens: [
      {
        protocol: "tcp",
        ports: { from: exporterPort, to: exporterPort },
        from: internalNetworks,
        reason: "node exporter",
      },
    ],
    services: [{ unit, reload: [], restart: [defaultsPath] }],
    metrics: true,
  };
}
