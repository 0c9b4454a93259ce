/**
 * tinyproxy on a hub: fetches packages for hosts of its region that have no way out, from the mirrors alone. Debian's
 * package. What it passes on is signed by Debian, and with HTTPS it only joins two connections.
 */
import type { GenerationPart } from "../generation.ts";
import { notice, plainFile, restartDropIn } from "./file.ts";

/** The program's usual one. */
export const packageProxyPort = 8888;

export interface PackageProxy {
  readonly address: string;
  /** Networks of those for whom it asks. */
  readonly clients: readonly string[];
  /** Names of the hosts that have packages. */
  readonly mirrors: readonly string[];
}

const configPath = "/etc/tinyproxy/tinyproxy.conf";
const mirrorsPath = "/etc/tinyproxy/mirrors";
const unit = "tinyproxy.service";

function configuration({ address, clients }: PackageProxy): string {
  return `${notice}User tinyproxy
Group tinyproxy
Port ${packageProxyPort}
Listen ${address}
Timeout 600
MaxClients 100
Syslog On
LogLevel Connect
PidFile "/run/tinyproxy/tinyproxy.pid"
${clients.map((network) => `Allow ${network}\n`).join("")}ConnectPort 443
# Whoever is not in the file is refused.
Filter "${mirrorsPath}"
FilterExtended On
FilterDefaultDeny Yes
`;
}

export function packageProxy(args: PackageProxy): GenerationPart {
  const mirrors = args.mirrors.map((name) => `^${name.replaceAll(".", "\\.")}$\n`).join("");
  return {
    packages: ["tinyproxy"],
    files: [plainFile(configPath, configuration(args)), plainFile(mirrorsPath, mirrors), restartDropIn(unit)],
    listens: [
      {
        protocol: "tcp",
        ports: { from: packageProxyPort, to: packageProxyPort },
        from: args.clients,
        reason: "packages for hosts without a way out",
      },
    ],
    services: [{ unit, reload: [], restart: [configPath, mirrorsPath] }],
  };
}
