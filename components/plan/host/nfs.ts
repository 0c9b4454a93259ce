/**
 * Shared storage by NFS 4. The server is nfs-ganesha, which needs nothing of the kernel; the client is the kernel's.
 */
import type { GenerationPart } from "../generation.ts";
import { notice, plainFile } from "./file.ts";

const nfsPort = 2049;

/** Where a tower finds what the towers share. */
export const mountPoint = "/srv/shared";

/**
 * Is up when the tower has tried to mount, whether or not the storage answered: a host's change must not fail, and
 * so be taken back, because another host is down. Prometheus tells when the mount is missing.
 */
export const storageTarget = "coral-reef-storage.target";

export interface NfsServer {
  /** In the storage VLAN. */
  readonly address: string;
  /** The exported folder. */
  readonly path: string;
  /** Addresses of those that may mount it. */
  readonly clients: readonly string[];
}

const configPath = "/etc/ganesha/ganesha.conf";
const serverUnit = "nfs-ganesha.service";

function ganesha({ address, path, clients }: NfsServer): string {
  return `NFS_CORE_PARAM {
    Protocols = 4;
    Bind_addr = ${address};
    NFS_Port = ${nfsPort};
    Enable_NLM = false;
    Enable_RQUOTA = false;
}

NFSv4 {
    # Nobody had anything open before the first start; later ones give clients this long to say what they have.
    Grace_Period = 30;
    Lease_Lifetime = 15;
    RecoveryBackend = fs;
}

EXPORT_DEFAULTS {
    Access_Type = None;
}

EXPORT {
    Export_Id = 1;
    Path = ${path};
    Pseudo = ${path};
    Protocols = 4;
    Transports = TCP;
    SecType = sys;
    # The towers are one system: root on one is root on all.
    Squash = No_Root_Squash;

    FSAL {
        Name = VFS;
    }

    CLIENT {
        Clients = ${clients.join(", ")};
        Access_Type = RW;
    }
}
`;
}

export function nfsServer(args: NfsServer): GenerationPart {
  const dropIn = `${notice}[Unit]
StartLimitIntervalSec=0

[Service]
ExecStartPre=/usr/bin/mkdir -p ${args.path}
Restart=on-failure
RestartSec=5
`;
  return {
    packages: ["nfs-ganesha", "nfs-ganesha-vfs"],
    files: [
      plainFile(configPath, notice, ganesha(args)),
      plainFile(`/etc/systemd/system/${serverUnit}.d/blackroad.conf`, dropIn),
    ],
    listens: [
      {
        protocol: "tcp",
        ports: { from: nfsPort, to: nfsPort },
        from: args.clients,
        reason: "NFS",
      },
    ],
    services: [{ unit: serverUnit, reload: [], restart: [configPath] }],
  };
}

export interface NfsClient {
  /** The server, in the storage VLAN. */
  readonly server: string;
  readonly path: string;
}

/** The unit of a mount is called like its folder, with hyphens for slashes. */
export const mountUnit = "srv-shared.mount";

/** A unit that waits for the storage, and one that is there whether or not it came. */
export function storageUnits(mount: string): { readonly path: string; readonly text: string }[] {
  const target = `${notice}[Unit]
Description=What the towers share
Wants=${mountUnit}
After=${mountUnit}

[Install]
WantedBy=multi-user.target
`;
  return [
    { path: `/etc/systemd/system/${mountUnit}`, text: mount },
    { path: `/etc/systemd/system/${storageTarget}`, text: target },
  ];
}

function mount({ server, path }: NfsClient): string {
  return `${notice}[Unit]
Description=What the towers share, by NFS from ${server}
Wants=network-online.target
After=network-online.target
PartOf=${storageTarget}
# A kernel that has NFS, or can load it; where there is none the mount is left out instead of failing.
ConditionPathExists=|/proc/fs/nfsfs
ConditionPathExists=|/lib/modules/%v

[Mount]
What=${server}:${path}
Where=${mountPoint}
Type=nfs4
# Writes wait for a server that is away, rather than being lost.
Options=vers=4.2,proto=tcp,hard,timeo=600,retrans=2,noatime,_netdev
TimeoutSec=30
`;
}

export function nfsClient(args: NfsClient): GenerationPart {
  const units = storageUnits(mount(args));
  return {
    packages: ["nfs-common"],
    files: units.map(({ path, text }) => plainFile(path, text)),
    sends: [
      {
        protocol: "tcp",
        ports: { from: nfsPort, to: nfsPort },
        to: [args.server],
        reason: "NFS",
      },
    ],
    services: [{ unit: storageTarget, reload: [], restart: units.map(({ path }) => path) }],
  };
}
