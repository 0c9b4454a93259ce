/**
 * Shared storage by iSCSI. The target is tgt, which needs nothing of the kernel; the initiator is the kernel's.
 *
 * Every tower has a disk of its own: no file system of Debian's main line stands being mounted by three hosts at once.
 */
import type { GenerationPart, HostFile } from "../generation.ts";
import { libraryFolder, notice, plainFile, program } from "./file.ts";
import { mountPoint, storageTarget, storageUnits } from "./nfs.ts";

const iscsiPort = 3260;

/** As RFC 3720 has it: a month in which its owner had the domain, the domain backwards, and a name. */
const naming = "iqn.2026-01.io.blackroad";

const targetName = (cluster: string, tower: string): string => `${naming}:${cluster}.${tower}`;
const initiatorName = (tower: string): string => `${naming}.initiator:${tower}`;

export interface IscsiTarget {
  /** In the storage VLAN. */
  readonly address: string;
  /** The folder of the disks. */
  readonly path: string;
  readonly cluster: string;
  readonly diskGiB: number;
  readonly towers: readonly { readonly name: string; readonly address: string }[];
}

const targetUnit = "tgt.service";
const targetsPath = "/etc/tgt/conf.d/coral-reef.conf";
const disksPath = `${libraryFolder}/storage-disks`;

function targets({ path, cluster, towers }: IscsiTarget): string {
  return towers
    .map(
      ({ name, address }) => `<target ${targetName(cluster, name)}>
    backing-store ${path}/${name}.img
    initiator-address ${address}
    initiator-name ${initiatorName(name)}
</target>
`,
    )
    .join("\n");
}

/** A disk that is there is never touched, whatever its size. */
function disks({ path, towers, diskGiB }: IscsiTarget): string {
  return `#!/bin/sh
${notice}# Makes the towers' disks, each sparse, unless they are there.
set -eu
mkdir -p ${path}
for name in ${towers.map(({ name }) => name).join(" ")}; do
  [ -e "${path}/$name.img" ] || truncate --size=${diskGiB}G "${path}/$name.img"
done
`;
}

/** tgtd listens everywhere unless it is told, and its own unit does not tell it. */
function targetDropIn({ address }: IscsiTarget): string {
  return `${notice}[Service]
ExecStartPre=${disksPath}
ExecStart=
ExecStart=/usr/sbin/tgtd -f --iscsi portal=${address}:${iscsiPort}
`;
}

export function iscsiTarget(args: IscsiTarget): GenerationPart {
  const dropInPath = `/etc/systemd/system/${targetUnit}.d/blackroad.conf`;
  return {
    packages: ["tgt"],
    files: [
      plainFile(targetsPath, notice, targets(args)),
      program(disksPath, disks(args)),
      plainFile(dropInPath, targetDropIn(args)),
    ],
    listens: [
      {
        protocol: "tcp",
        ports: { from: iscsiPort, to: iscsiPort },
        from: args.towers.map(({ address }) => address),
        reason: "iSCSI",
      },
    ],
    services: [{ unit: targetUnit, reload: [], restart: [targetsPath, disksPath] }],
  };
}

export interface IscsiInitiator {
  readonly server: string;
  readonly cluster: string;
  /** The tower's own name. */
  readonly name: string;
}

const initiatorUnit = "coral-reef-disk.service";
const attachPath = `${libraryFolder}/attach-disk`;

/** Where udev shows the disk. tgt's own control unit is 0, the disk is 1. */
function device({ server, cluster, name }: IscsiInitiator): string {
  return `/dev/disk/by-path/ip-${server}:${iscsiPort}-iscsi-${targetName(cluster, name)}-lun-1`;
}

/** A disk with anything on it is never formatted: blkid says 2 for one on which it finds nothing at all. */
function attach(args: IscsiInitiator): string {
  const { server, cluster, name } = args;
  return `#!/bin/sh
${notice}# Brings the tower's disk, and a file system onto it where it is blank.
set -eu
disk=${device(args)}
iscsiadm --mode discovery --type sendtargets --portal ${server}:${iscsiPort}
iscsiadm --mode session | grep -qF ${targetName(cluster, name)} ||
  iscsiadm --mode node --targetname ${targetName(cluster, name)} --portal ${server}:${iscsiPort} --login
udevadm settle --timeout=20 --exit-if-exists="$disk"
code=0
blkid --probe "$disk" || code=$?
case $code in
0) ;;
2) mkfs.ext4 -q -L shared "$disk" ;;
*) exit "$code" ;;
esac
`;
}

function initiatorFiles(args: IscsiInitiator): HostFile[] {
  const condition = `# A kernel that has iSCSI, or can load it; where there is none the disk is left out instead of failing.
ConditionPathExists=|/sys/class/iscsi_transport
ConditionPathExists=|/lib/modules/%v`;
  const attachUnit = `${notice}[Unit]
Description=The tower's disk, by iSCSI from ${args.server}
Wants=network-online.target iscsid.service
After=network-online.target iscsid.service
PartOf=${storageTarget}
${condition}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${attachPath}
TimeoutStartSec=90
`;
  const mount = `${notice}[Unit]
Description=The tower's disk, by iSCSI from ${args.server}
Requires=${initiatorUnit}
After=${initiatorUnit}
PartOf=${storageTarget}
${condition}

[Mount]
What=${device(args)}
Where=${mountPoint}
Type=ext4
Options=noatime,_netdev
TimeoutSec=30
`;
  return [
    plainFile("/etc/iscsi/initiatorname.iscsi", notice, `InitiatorName=${initiatorName(args.name)}\n`),
    program(attachPath, attach(args)),
    plainFile(`/etc/systemd/system/${initiatorUnit}`, attachUnit),
    ...storageUnits(mount).map(({ path, text }) => plainFile(path, text)),
  ];
}

export function iscsiInitiator(args: IscsiInitiator): GenerationPart {
  const files = initiatorFiles(args);
  return {
    packages: ["e2fsprogs", "open-iscsi"],
    files,
    sends: [
      {
        protocol: "tcp",
        ports: { from: iscsiPort, to: iscsiPort },
        to: [args.server],
        reason: "iSCSI",
      },
    ],
    services: [{ unit: storageTarget, reload: [], restart: files.map(({ path }) => path) }],
  };
}
