/** How the host's SSH server differs from Debian's. */
import type { GenerationPart } from "../generation.ts";
import { notice, plainFile } from "./file.ts";

const dropIns = "/etc/ssh/sshd_config.d/";
const ssh = { unit: "ssh.service", reload: [dropIns], restart: [] };

const bootKeyUnit = "blackroad-boot-host-key.service";

const bootKeyService = `${notice}[Unit]
Description=Removes the SSH host key that this host was met by
Before=ssh.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/rm --force /etc/ssh/ssh_host_ecdsa_key /etc/ssh/ssh_host_ecdsa_key.pub

[Install]
WantedBy=multi-user.target
`;

/**
 * Many hosts are reached through few bastions at once, and Debian's server drops connections from the tenth on that
 * has not logged in yet. An instance boots with a throw-away key beside its own; once configured it offers its own
 * alone, and the other is taken off it.
 */
export function sshd({ isInstance }: { readonly isInstance: boolean }): GenerationPart {
  const hostKey = isInstance ? "HostKey /etc/ssh/ssh_host_ed25519_key\n" : "";
  const settings = plainFile(
    `${dropIns}10-blackroad-network.conf`,
    notice,
    "MaxStartups 100:30:200\n",
    hostKey,
  );
  if (!isInstance) return { files: [settings], services: [ssh] };
  return {
    files: [settings, plainFile(`/etc/systemd/system/${bootKeyUnit}`, bootKeyService)],
    services: [ssh, { unit: bootKeyUnit, reload: [], restart: [] }],
  };
}
