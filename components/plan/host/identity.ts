/** What a host calls itself. */
import type { GenerationPart, HostFile } from "../generation.ts";
import { notice, plainFile } from "./file.ts";

const hostnameUnit = "blackroad-hostname.service";

/** The name in force follows the file at once; systemd itself reads it at boot only. */
const hostnameService = `${notice}[Unit]
Description=The name of this host

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/hostname --file /etc/hostname

[Install]
WantedBy=multi-user.target
`;

/** The host's name, and `/etc/hosts`, so that it resolves that name without asking anybody. */
export function identity(name: string, hostname: string): GenerationPart {
  const names = hostname === name ? name : `${hostname} ${name}`;
  return {
    files: [
      plainFile("/etc/hostname", `${hostname}\n`),
      plainFile(
        "/etc/hosts",
        notice,
        "127.0.0.1 localhost\n",
        `127.0.1.1 ${names}\n`,
        "::1 localhost ip6-localhost ip6-loopback\n",
        "ff02::1 ip6-allnodes\n",
        "ff02::2 ip6-allrouters\n",
      ),
      plainFile(`/etc/systemd/system/${hostnameUnit}`, hostnameService),
    ],
    services: [{ unit: hostnameUnit, reload: [], restart: ["/etc/hostname"] }],
  };
}

/** Keeps cloud-init from writing name and `/etc/hosts` of an instance anew at every boot. */
export function cloudInitFile(): HostFile {
  return plainFile(
    "/etc/cloud/cloud.cfg.d/90-blackroad.cfg",
    notice,
    "preserve_hostname: true\n",
    "manage_etc_hosts: false\n",
  );
}
