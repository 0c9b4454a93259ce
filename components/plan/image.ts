/**
 * What a machine's fresh Raspberry Pi OS needs on its boot partition before the first boot, so that the program can
 * meet it: user, SSH key, host name and static address.
 *
 * Trixie reads cloud-init's files (user-data, network-config, meta-data). Bookworm and Bullseye run a script once
 * where the kernel's command line says so; it does what Raspberry Pi Imager's script does, by the same means.
 */
import type { InterfacePlan } from "./generation.ts";
import type { HostPlan, OperatorPlan } from "./model.ts";

/** Releases of Raspberry Pi OS that can be prepared. */
export const imageReleases = ["trixie", "bookworm", "bullseye"] as const;
export type ImageRelease = (typeof imageReleases)[number];

export interface ImageFile {
  /** On the boot partition. */
  readonly name: string;
  readonly content: string;
}

export interface Image {
  readonly files: readonly ImageFile[];
  /** What cmdline.txt, which the image has, must say at the end of its only line; empty for nothing. */
  readonly commandLine: string;
}

interface Machine {
  readonly hostname: string;
  readonly name: string;
  readonly user: string;
  readonly authorizedKeys: readonly string[];
  readonly lan: InterfacePlan;
}

/**
 * The files for a machine at a site.
 * @throws Error where the host is none: only a machine has a static address and a user of its image.
 */
export function renderImage(host: HostPlan, operator: OperatorPlan, release: ImageRelease): Image {
  const [lan] = host.generation.interfaces;
  if (host.firstContact.kind !== "lan" || lan === undefined) {
    throw new Error(`${host.key} is an instance: AWS gives it its image. Name a machine at a site.`);
  }
  const { user } = host.firstContact.path;
  const { hostname, name } = host;
  const machine = { hostname, name, user, authorizedKeys: operator.authorizedKeys, lan };
  // An empty file of this name switches sshd on in every release.
  const ssh = { name: "ssh", content: "" };
  if (release === "trixie") return { files: [ssh, ...cloudInitFiles(machine)], commandLine: "" };
  return {
    files: [ssh, { name: "firstrun.sh", content: firstRun(machine) }],
    commandLine:
      "systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target",
  };
}

function cloudInitFiles(machine: Machine): ImageFile[] {
  return [
    { name: "user-data", content: `#cloud-config\n${json(userData(machine))}` },
    { name: "network-config", content: json(networkConfig(machine.lan)) },
    { name: "meta-data", content: json({ "instance-id": machine.hostname, dsmode: "local" }) },
  ];
}

/** JSON is YAML. */
function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function userData({ hostname, user, authorizedKeys }: Machine): unknown {
  return {
    hostname,
    fqdn: hostname,
    prefer_fqdn_over_hostname: true,
    // The program writes /etc/hosts from the first update on; user data would have the last word at every boot.
    manage_etc_hosts: false,
    users: [
      {
        name: user,
        groups: ["adm", "sudo"],
        shell: "/bin/bash",
        // The program works without anybody at a keyboard.
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: authorizedKeys,
      },
    ],
    ssh_pwauth: false,
    disable_root: true,
    runcmd: [["systemctl", "enable", "--now", "ssh.service"]],
  };
}

/** Version 2, which is netplan's own form. */
function networkConfig({ name, addresses, gateway, nameservers }: InterfacePlan): unknown {
  const routes = gateway === undefined ? [] : [{ to: "default", via: gateway }];
  const device = { dhcp4: false, addresses, routes, nameservers: { addresses: nameservers } };
  return { network: { version: 2, ethernets: { [name]: device } } };
}

function firstRun({ hostname, name, user, authorizedKeys, lan }: Machine): string {
  return `#!/bin/sh
# Run once at the first boot of ${hostname}. The lines that take it away again come last, so that it is run anew
# where it was cut off.
set -eu

# Host name
echo ${hostname} >/etc/hostname
sed -i '/^127\\.0\\.1\\.1[[:space:]]/d' /etc/hosts
echo '127.0.1.1 ${hostname} ${name}' >>/etc/hosts

# User: the image's first one gets the name; nobody can log in with a password
first=$(getent passwd 1000 | cut -d : -f 1)
if [ -x /usr/lib/userconf-pi/userconf ]; then
  /usr/lib/userconf-pi/userconf ${user} '*'
elif [ "$first" != ${user} ]; then
  usermod -l ${user} -m -d /home/${user} "$first"
  groupmod -n ${user} "$first"
fi
usermod -p '*' ${user}
echo '${user} ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/010_blackroad-first-contact
chmod 0440 /etc/sudoers.d/010_blackroad-first-contact

# SSH, with keys only
home=$(getent passwd ${user} | cut -d : -f 6)
install -d -m 0700 -o ${user} -g ${user} "$home/.ssh"
cat >"$home/.ssh/authorized_keys" <<'KEYS'
${authorizedKeys.join("\n")}
KEYS
chown ${user}:${user} "$home/.ssh/authorized_keys"
chmod 0600 "$home/.ssh/authorized_keys"
mkdir -p /etc/ssh/sshd_config.d
echo 'PasswordAuthentication no' >/etc/ssh/sshd_config.d/10-blackroad-first-contact.conf
systemctl enable ssh.service

# Static address, for the program that this release uses
${staticAddress(lan)}
for folder in /boot /boot/firmware; do
  rm -f "$folder/firstrun.sh"
  if [ -f "$folder/cmdline.txt" ]; then
    sed -i 's| systemd\\.run.*||' "$folder/cmdline.txt"
  fi
done
`;
}

function staticAddress({ name, addresses, gateway, nameservers }: InterfacePlan): string {
  const [address = ""] = addresses;
  return `if [ -d /etc/NetworkManager/system-connections ]; then
  connection=/etc/NetworkManager/system-connections/blackroad-${name}.nmconnection
  cat >"$connection" <<'CONNECTION'
[connection]
id=blackroad-${name}
type=ethernet
interface-name=${name}
autoconnect-priority=100

[ipv4]
method=manual
address1=${address}${gateway === undefined ? "" : `,${gateway}`}
dns=${nameservers.map((server) => `${server};`).join("")}

[ipv6]
method=auto
CONNECTION
  chmod 0600 "$connection"
else
  cat >>/etc/dhcpcd.conf <<'DHCPCD'

interface ${name}
static ip_address=${address}
${gateway === undefined ? "" : `static routers=${gateway}\n`}static domain_name_servers=${nameservers.join(" ")}
DHCPCD
fi
`;
}
