/** How the host's SSH server differs from Debian's, and who may log in. */
import type { GenerationPart, HostFile } from "../generation.ts";
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
 * The one user as whom the program comes, with nobody's keys but the operator's. They stand outside the user's home,
 * where only root writes. The user's own `~/.ssh/authorized_keys`, with which the host was set up, does not count any
 * more: a key that leaves the configuration must not stay there. Other users are none of ours.
 */
export interface Login {
  readonly user: string;
  /** OpenSSH public keys. */
  readonly authorizedKeys: readonly string[];
}

/** @throws Error where nobody could log in. */
function logins({ user, authorizedKeys }: Login): HostFile[] {
  if (authorizedKeys.length === 0) throw new Error(`nobody could log in as ${user}: there are no keys`);
  const keysPath = `/etc/ssh/authorized_keys.d/${user}`;
  return [
    plainFile(keysPath, notice, ...authorizedKeys.map((key) => `${key}\n`)),
    plainFile(
      `${dropIns}20-blackroad-logins.conf`,
      notice,
      `Match User ${user}\n`,
      `\tAuthorizedKeysFile ${keysPath}\n`,
    ),
  ];
}

/**
 * Many hosts are reached through few bastions at once, and Debian's server drops connections from the tenth on that
 * has not logged in yet. An instance boots with a throw-away key beside its own; once configured it offers its own
 * alone, and the other is taken off it.
 */
export function sshd({
  isInstance,
  login,
}: {
  readonly isInstance: boolean;
  readonly login: Login;
}): GenerationPart {
  const hostKey = isInstance ? "HostKey /etc/ssh/ssh_host_ed25519_key\n" : "";
  const settings = plainFile(
    `${dropIns}10-blackroad-network.conf`,
    notice,
    "MaxStartups 100:30:200\n",
    hostKey,
  );
  const files = [settings, ...logins(login)];
  if (!isInstance) return { files, services: [ssh] };
  return {
    files: [...files, plainFile(`/etc/systemd/system/${bootKeyUnit}`, bootKeyService)],
    services: [ssh, { unit: bootKeyUnit, reload: [], restart: [] }],
  };
}
