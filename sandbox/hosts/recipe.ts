/**
 * What is in a host's image: the packages and files of a small Debian, the same on every machine of the sandbox.
 *
 * The recipe is data, so that its hash names the image: whoever changes a line here gets a new image.
 */
import { createHash } from "node:crypto";

/** The Debian release of the hosts: that of Debian's AMI and of Raspberry Pi OS as of the spec. */
export const suite = "bookworm";

/** In the image from the start. */
export const imagePackages: readonly string[] = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "sudo",
  "ca-certificates",
  "cloud-init",
  "iproute2",
  "nftables",
  "openssl",
  "procps",
  "netbase",
  "tzdata",
  // Stands in for the kernel's WireGuard where the machine's kernel has none: wg-quick starts it by itself.
  "wireguard-go",
  // Small tools for whoever looks at packets from inside a host.
  "curl",
  "dnsutils",
  "iputils-ping",
  "netcat-openbsd",
  "socat",
];

/** What hosts may install through apt; with all dependencies in the sandbox's package repository. */
export const repositoryPackages: readonly string[] = [
  "chrony",
  "conntrack",
  "coturn",
  "dhcpcd5",
  "dns-root-data",
  "dnsmasq-base",
  "etcd-client",
  "etcd-server",
  "haproxy",
  "ifupdown",
  "hostapd",
  "iptables",
  "keepalived",
  "kmod",
  "libnfs-utils",
  "logrotate",
  "netplan.io",
  "network-manager",
  "nfs-common",
  "nfs-ganesha",
  "nfs-ganesha-vfs",
  "nginx",
  "open-iscsi",
  "postgresql",
  "prometheus",
  "prometheus-alertmanager",
  "prometheus-node-exporter",
  "redis-server",
  "rsync",
  "tcpdump",
  "tgt",
  "tinyproxy",
  "unattended-upgrades",
  "unbound",
  "wireguard",
  "wireguard-tools",
];

/** The name under which the sandbox's internet serves the repository. */
export const repositoryUrl = "http://packages.sandbox.test/debian";

/**
 * The image has no kernel package, since the kernel is the machine's; `wireguard` wants one that has the module.
 * This says that it is there: as the kernel's own, or as wireguard-go.
 */
export const kernelPackageControl = `Package: sandbox-kernel
Version: 1.0.0
Architecture: all
Maintainer: blackroad-network <noreply@sandbox.test>
Provides: wireguard-modules (= 1.0.0), linux-image
Section: kernel
Priority: optional
Description: the kernel of the machine that runs the sandbox
`;

/** Units that only cost time and memory in a container, or that would fight with the fabric's addresses. */
export const maskedUnits: readonly string[] = [
  "apt-daily-upgrade.timer",
  "apt-daily.timer",
  "console-getty.service",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "getty.target",
  "systemd-networkd.service",
  "systemd-networkd.socket",
  "systemd-networkd-wait-online.service",
  "systemd-resolved.service",
  "systemd-timesyncd.service",
  "systemd-update-utmp-runlevel.service",
  "cloud-init-hotplugd.socket",
];

/**
 * cloud-init as in Debian's AMI, with only those modules that user data of ours can address. The data source is
 * the local folder in which the machine's user data lies; network settings come from outside, as from DHCP.
 */
const cloudConfig = `datasource_list: [ NoCloud ]
datasource:
  NoCloud:
    fs_label: null
network:
  config: disabled
users:
  - default
disable_root: true
output:
  all: "| tee -a /var/log/cloud-init-output.log"
preserve_hostname: false
manage_etc_hosts: true
ssh_pwauth: false
apt:
  preserve_sources_list: true
syslog_fix_perms: root:root
growpart:
  mode: "off"
resize_rootfs: false
cloud_init_modules:
  - bootcmd
  - write-files
  - set_hostname
  - update_hostname
  - update_etc_hosts
  - users-groups
  - ssh
cloud_config_modules:
  - set-passwords
  - timezone
  - runcmd
cloud_final_modules:
  - package-update-upgrade-install
  - write-files-deferred
  - scripts-user
  - final-message
system_info:
  distro: debian
  default_user:
    name: admin
    lock_passwd: true
    gecos: Debian
    groups: [adm, sudo]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
  paths:
    cloud_dir: /var/lib/cloud/
    templates_dir: /etc/cloud/templates/
  ssh_svcname: ssh
`;

export interface ImageFile {
  /** Relative to the image's root. */
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

export const imageFiles: readonly ImageFile[] = [
  { path: "etc/apt/sources.list", mode: 0o644, content: `deb [trusted=yes] ${repositoryUrl} ./\n` },
  {
    path: "etc/apt/apt.conf.d/90sandbox",
    mode: 0o644,
    // Without SRV records apt does not ask the resolvers about a repository that /etc/hosts knows.
    content:
      'Acquire::Languages "none";\nAcquire::http::Timeout "10";\nAcquire::Retries "2";\n' +
      'Acquire::EnableSrvRecords "false";\n',
  },
  { path: "etc/cloud/cloud.cfg", mode: 0o644, content: cloudConfig },
  // Without this file cloud-init would wait for a network of its own making.
  { path: "etc/cloud/ds-identify.cfg", mode: 0o644, content: "policy: enabled,found=all\n" },
  { path: "etc/default/locale", mode: 0o644, content: "LANG=C.UTF-8\n" },
  // Each machine writes its own on creation; an image with one would give all machines the same identity.
  { path: "etc/machine-id", mode: 0o444, content: "" },
  {
    path: "etc/systemd/journald.conf.d/sandbox.conf",
    mode: 0o644,
    content: "[Journal]\nSystemMaxUse=16M\nForwardToConsole=no\n",
  },
  // Key login only, as in Debian's AMI and on an imaged Pi.
  {
    path: "etc/ssh/sshd_config.d/10-image.conf",
    mode: 0o644,
    content: "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n",
  },
];

/** What apt may leave out: nobody reads manuals on these machines. Kept for what hosts install later. */
export const dpkgOptions: readonly string[] = [
  "path-exclude=/usr/share/doc/*",
  "path-include=/usr/share/doc/*/copyright",
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/locale/*",
  "path-exclude=/usr/share/info/*",
  "force-unsafe-io",
];

/** Twelve hex digits that change with any line of the recipe, and with `extra`: what else the build depends on. */
export function recipeHash(extra: readonly string[] = []): string {
  const recipe = {
    suite,
    imagePackages,
    repositoryPackages,
    kernelPackageControl,
    maskedUnits,
    imageFiles,
    dpkgOptions,
    extra,
  };
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
}
