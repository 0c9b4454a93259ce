/**
 * cloudflared: the connector of a Cloudflare Tunnel. It dials out, on 7844, so nothing listens here; which service
 * gets what is said at Cloudflare, in one place, and told to it over its connections.
 *
 * The package is Cloudflare's own: its repository must be among the host's apt sources (docs/configuration.md).
 */
import type { GenerationPart, HostFile } from "../generation.ts";
import { template } from "../render.ts";
import { notice, plainFile } from "./file.ts";

const unit = "cloudflared.service";
const account = "cloudflared";
const configPath = "/etc/cloudflared/config.yaml";
/** The network guide's. */
const credentialsPath = "/etc/cloudflared/credentials.json";

const unitFile = `${notice}[Unit]
Description=Connector of a Cloudflare Tunnel
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User=${account}
ExecStart=/usr/bin/cloudflared --no-autoupdate --config ${configPath} tunnel run
Restart=always
RestartSec=5
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;

/** Only the connector's own user may read it: whoever has the secret can stand in for the host. */
function credentialsFile(tunnel: string): HostFile {
  const content = template(
    '{"AccountTag":"',
    { kind: "cloudflare-account" },
    '","TunnelSecret":"',
    { kind: "tunnel-secret", tunnel },
    '","TunnelID":"',
    { kind: "tunnel-id", tunnel },
    '"}\n',
  );
  return { path: credentialsPath, mode: "0640", owner: `root:${account}`, content, secret: true };
}

export function cloudflared(tunnel: string): GenerationPart {
  const configuration = template(
    notice,
    `# ${tunnel}\ntunnel: `,
    { kind: "tunnel-id", tunnel },
    `\ncredentials-file: ${credentialsPath}\n`,
  );
  return {
    packages: ["cloudflared"],
    users: [{ name: account, system: true, groups: [] }],
    files: [
      plainFile(configPath, configuration),
      credentialsFile(tunnel),
      plainFile(`/etc/systemd/system/${unit}`, unitFile),
    ],
    services: [{ unit, reload: [], restart: [configPath, credentialsPath] }],
  };
}
