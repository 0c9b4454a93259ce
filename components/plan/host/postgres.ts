/** PostgreSQL, for the services of its region. Debian's package. */
import type { GenerationPart, HostFile } from "../generation.ts";
import { template } from "../render.ts";
import { certificate } from "./certificate.ts";
import { libraryFolder, notice, plainFile, program } from "./file.ts";

export const postgresPort = 5432;

/** The one database, and the role that owns it: what an api host signs in to. */
export const databaseName = "blackroad";

export interface Postgres {
  /** Key of the host. */
  readonly key: string;
  readonly hostname: string;
  readonly address: string;
  /** Networks that may ask it. */
  readonly clients: readonly string[];
  /** Name of the shared secret that is the role's password. */
  readonly secret: string;
}

/** Debian 12's. Another one is another cluster, into which data are taken over by hand. */
const version = 15;
const folder = `/etc/postgresql/${version}/main`;
const settingsPath = `${folder}/conf.d/blackroad.conf`;
const clientsPath = `${folder}/pg_hba.conf`;
const passwordPath = "/etc/postgresql/blackroad.password";
const setupPath = `${libraryFolder}/database-setup`;
const unit = `postgresql@${version}-main.service`;
const setupUnit = "blackroad-database.service";
const owner = "root:postgres";

const tls = { certificatePath: "/etc/postgresql/blackroad.crt", keyPath: "/etc/postgresql/blackroad.key" };

/** Debian's unit takes a server that does not start for one that does. */
const dropIn = `${notice}[Unit]
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=
ExecStart=/usr/bin/pg_ctlcluster --skip-systemctl-redirect %i start
Restart=on-failure
RestartSec=5
`;

function settings(address: string): string {
  return `${notice}listen_addresses = '${address}'
port = ${postgresPort}
password_encryption = 'scram-sha-256'
ssl = on
ssl_min_protocol_version = 'TLSv1.2'
ssl_cert_file = '${tls.certificatePath}'
ssl_key_file = '${tls.keyPath}'
`;
}

/** The first line that fits counts; who fits none is refused. Nobody comes over the network without TLS. */
function clientRules(clients: readonly string[]): string {
  return `${notice}local all all peer
${clients.map((network) => `hostssl ${databaseName} ${databaseName} ${network} scram-sha-256\n`).join("")}`;
}

/**
 * Makes role and database where they are missing, and gives the role its password. That comes from the file, by psql
 * itself: an argument would be seen by everybody on the host.
 */
const setup = `#!/bin/sh
${notice}set -eu
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres <<'END'
\\set password \`cat ${passwordPath}\`
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SELECT 'CREATE ROLE ${databaseName} LOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${databaseName}') \\gexec
ALTER ROLE ${databaseName} PASSWORD :'password';
SELECT 'CREATE DATABASE ${databaseName} OWNER ${databaseName}'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${databaseName}') \\gexec
END
`;

const setupUnitFile = `${notice}[Unit]
Description=The services' role and database
Requires=${unit}
After=${unit}

[Service]
Type=oneshot
RemainAfterExit=yes
User=postgres
ExecStart=${setupPath}

[Install]
WantedBy=multi-user.target
`;

function passwordFile(secret: string): HostFile {
  const content = template({ kind: "shared-secret", name: secret }, "\n");
  return { path: passwordPath, mode: "0640", owner, content, secret: true };
}

export function postgres(args: Postgres): GenerationPart {
  const signed = certificate(args.key, {
    name: "postgres",
    ...tls,
    keyOwner: owner,
    dnsNames: [args.hostname],
    addresses: [args.address],
    usages: ["server"],
  });
  return {
    packages: [`postgresql-${version}`],
    files: [
      plainFile(settingsPath, settings(args.address)),
      { ...plainFile(clientsPath, clientRules(args.clients)), mode: "0640", owner },
      passwordFile(args.secret),
      program(setupPath, setup),
      plainFile(`/etc/systemd/system/${unit}.d/blackroad.conf`, dropIn),
      plainFile(`/etc/systemd/system/${setupUnit}`, setupUnitFile),
      ...(signed.files ?? []),
    ],
    certificates: signed.certificates ?? [],
    listens: [
      {
        protocol: "tcp",
        ports: { from: postgresPort, to: postgresPort },
        from: args.clients,
        reason: "PostgreSQL",
      },
    ],
    services: [
      { unit, reload: [clientsPath, tls.certificatePath, tls.keyPath], restart: [settingsPath] },
      { unit: setupUnit, reload: [], restart: [passwordPath, setupPath] },
    ],
  };
}
