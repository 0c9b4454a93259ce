/**
 * The same hosts for Ansible, as somebody would write it who knows it: one task for all files that concern the same
 * service, handlers, modules for what there is one. Pure.
 *
 * Files are not validated (`validate:`) before they are written, which would cost another call for each.
 */
import { stringify } from "yaml";
import { renderTemplate } from "../../components/plan/render.ts";
import type { HostFile } from "../../components/plan/generation.ts";
import { generationOf, tableOf, user, type FleetHost } from "./hosts.ts";

/** Like a host, with what differs from host to host as Ansible's variables. */
const anyHost: FleetHost = {
  name: "{{ inventory_hostname }}",
  hostname: "{{ inventory_hostname }}.fleet.test",
  address: "{{ ansible_host }}",
  operatorKey: "{{ operator_key }}",
};

const tableFile = "/etc/reef-agent/table.nft";
export const tableUnit = "reef-agent-table.service";
const sysctlFile = "/etc/sysctl.d/90-reef-agent.conf";

/** Loads the table at boot, before the network. */
function tableUnitText(name: string): string {
  return `[Unit]
Description=The nftables table of this host
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
After=local-fs.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${tableFile}
ExecReload=/usr/sbin/nft -f ${tableFile}
ExecStop=/usr/sbin/nft delete table ${name}

[Install]
WantedBy=sysinit.target
`;
}

type Content = Pick<HostFile, "path" | "mode" | "owner"> & { readonly text: string };

function contents(): Content[] {
  const { name, text } = tableOf(anyHost);
  const file = { mode: "0644", owner: "root:root" };
  return [
    ...generationOf(anyHost).files.map(({ path, mode, owner, content }) => ({
      ...{ path, mode, owner },
      text: renderTemplate(content, () => ""),
    })),
    { ...file, path: tableFile, mode: "0600", text: `table ${name}\ndelete table ${name}\n${text}` },
    { ...file, path: `/etc/systemd/system/${tableUnit}`, text: tableUnitText(name) },
  ];
}

/** The unit that takes a file up. */
function unitOf(path: string): string {
  const own = /^\/etc\/systemd\/system\/([^/]+\.service)/.exec(path)?.[1];
  if (own !== undefined) return own;
  if (path === tableFile) return tableUnit;
  const { services } = generationOf(anyHost);
  const takes = (watched: string): boolean =>
    watched === path || (watched.endsWith("/") && path.startsWith(watched));
  return services.find(({ reload, restart }) => [...reload, ...restart].some(takes))?.unit ?? "";
}

const isTemplate = ({ text }: Content): boolean => text.includes("{{");
const isUnitFile = (path: string): boolean => path.startsWith("/etc/systemd/system/");
/** Under which name a file lies on the operator's machine. */
const sourceOf = (path: string): string => path.slice(1).replaceAll("/", "_");

interface Group {
  readonly template: boolean;
  /** Empty where no service reads them. */
  readonly unit: string;
  readonly notify: readonly string[];
  readonly files: Content[];
}

/** Files of one task: the same module, and the same handlers. */
function groups(): Group[] {
  const found = new Map<string, Group>();
  for (const file of contents()) {
    const unit = unitOf(file.path);
    const notify = [
      ...(isUnitFile(file.path) ? ["Reload systemd"] : []),
      ...(unit === "" ? [] : [`Take up ${unit}`]),
    ];
    const template = isTemplate(file);
    const key = `${template} ${notify.join(" ")}`;
    const group = found.get(key) ?? { template, unit, notify, files: [] };
    found.set(key, { ...group, files: [...group.files, file] });
  }
  return [...found.values()];
}

function fileTask({ template, unit, notify, files }: Group): Record<string, unknown> {
  const module = template ? "ansible.builtin.template" : "ansible.builtin.copy";
  return {
    name: `Files of ${unit === "" ? "no service" : unit}${template ? ", by template" : ""}`,
    [module]: {
      src: "{{ item.src }}",
      dest: "{{ item.dest }}",
      owner: "root",
      group: "root",
      mode: "{{ item.mode }}",
    },
    loop: files.map(({ path, mode }) => ({ src: sourceOf(path), dest: path, mode })),
    loop_control: { label: "{{ item.dest }}" },
    ...(notify.length === 0 ? {} : { notify }),
  };
}

function units(): string[] {
  return [tableUnit, ...generationOf(anyHost).services.map(({ unit }) => unit)];
}

/** A unit that is reloaded only where it can be; the others are restarted. */
function takeUp(unit: string): Record<string, unknown> {
  const reloads = unit === tableUnit || unit === "ssh.service";
  return {
    name: `Take up ${unit}`,
    "ansible.builtin.systemd": { name: unit, state: reloads ? "reloaded" : "restarted" },
  };
}

function playbook(): unknown {
  const folders = { path: "{{ item }}", state: "directory", owner: "root", group: "root", mode: "0755" };
  return [
    {
      hosts: "fleet",
      gather_facts: false,
      strategy: "free",
      become: true,
      tasks: [
        {
          name: "Folders",
          "ansible.builtin.file": folders,
          loop: [
            "/etc/reef-agent",
            "/etc/ssh/authorized_keys.d",
            "/usr/local/lib/blackroad",
            "/etc/systemd/system/chrony.service.d",
            "/etc/systemd/system/prometheus-node-exporter.service.d",
          ],
        },
        ...groups().map(fileTask),
        {
          name: "Kernel settings",
          "ansible.posix.sysctl": {
            ...{ name: "{{ item.key }}", value: "{{ item.value }}", sysctl_file: sysctlFile },
            ...{ sysctl_set: true, reload: false },
          },
          loop: Object.entries(generationOf(anyHost).sysctls).map(([key, value]) => ({ key, value })),
        },
        { name: "Handlers", "ansible.builtin.meta": "flush_handlers" },
        {
          name: "Services",
          "ansible.builtin.systemd": { name: "{{ item }}", enabled: true, state: "started" },
          loop: units(),
        },
      ],
      handlers: [
        { name: "Reload systemd", "ansible.builtin.systemd": { daemon_reload: true } },
        ...units().map(takeUp),
      ],
    },
  ];
}

export interface AnsibleRun {
  readonly hosts: readonly FleetHost[];
  /** Where Ansible keeps what it needs; no longer than unix sockets allow. */
  readonly folder: string;
  readonly forks: number;
}

function configuration({ folder, forks }: AnsibleRun): string {
  const ssh = [
    ...["-F none", "-o ControlMaster=auto", "-o ControlPersist=120s"],
    ...[`-o UserKnownHostsFile=${folder}/known_hosts`, "-o StrictHostKeyChecking=yes"],
    ...["-o HostKeyAlgorithms=ssh-ed25519", "-o PreferredAuthentications=publickey"],
  ];
  return `[defaults]
inventory = ${folder}/inventory.ini
forks = ${forks}
gathering = explicit
host_key_checking = True
interpreter_python = /usr/bin/python3
local_tmp = ${folder}/tmp
display_ok_hosts = no
display_skipped_hosts = no
retry_files_enabled = False

[ssh_connection]
pipelining = True
control_path_dir = ${folder}/cp
ssh_args = ${ssh.join(" ")}
`;
}

function inventory({ hosts }: AnsibleRun): string {
  const lines = hosts.map(({ name, address }) => `${name} ansible_host=${address} ansible_user=${user}`);
  return `[fleet]\n${lines.join("\n")}\n\n[fleet:vars]\noperator_key=${hosts[0]?.operatorKey ?? ""}\n`;
}

/** All files of an Ansible run but for the known hosts, by their paths in its folder. */
export function ansibleFiles(run: AnsibleRun): ReadonlyMap<string, string> {
  const sources = contents().map((file): [string, string] => [
    `${isTemplate(file) ? "templates" : "files"}/${sourceOf(file.path)}`,
    file.text,
  ]);
  return new Map([
    ["ansible.cfg", configuration(run)],
    ["inventory.ini", inventory(run)],
    ["site.yml", stringify(playbook())],
    ...sources,
  ]);
}
