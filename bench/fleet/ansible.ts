/** The other side: Debian's Ansible. */
import { mkdtempSync, readdirSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run, runOrThrow } from "../../sandbox/hosts/run.ts";
import type { FleetHost } from "./hosts.ts";
import { ansibleFiles } from "./playbook.ts";
import type { World } from "./world.ts";

const timeoutSeconds = 2400;

/** `ansible [core 2.14.18]` */
export async function ansibleVersion(): Promise<string> {
  return (await runOrThrow(["ansible", "--version"])).split("\n")[0] ?? "";
}

/** What the last lines of a playbook's run say of one host. */
const recap = /^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)/gm;

export class Ansible {
  readonly #world: World;
  readonly #forks: number;
  /** Short: sockets lie in it. */
  readonly #folder = mkdtempSync(join(tmpdir(), "rb-"));

  constructor(world: World, forks: number) {
    this.#world = world;
    this.#forks = forks;
  }

  /** Takes the hosts as they are now. */
  async begin(hosts: readonly FleetHost[]): Promise<void> {
    await this.hangUp();
    const known = hosts.map((host) => `${host.address} ${this.#world.hostKey(host)}\n`).join("");
    const files = ansibleFiles({ hosts, folder: this.#folder, forks: Math.min(this.#forks, hosts.length) });
    for (const [path, text] of [...files, ["known_hosts", known] as const]) {
      const file = join(this.#folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  /** One run of the playbook; resolves with how many tasks have changed something, by host. */
  async play(): Promise<ReadonlyMap<string, number>> {
    const { operator, sshAgent } = this.#world;
    const command = ["ansible-playbook", join(this.#folder, "site.yml")];
    const { exitCode, stdout, stderr } = await run(["ip", "netns", "exec", operator, ...command], {
      timeoutSeconds,
      env: {
        PATH: process.env.PATH,
        HOME: this.#folder,
        LC_ALL: "C.UTF-8",
        ANSIBLE_CONFIG: join(this.#folder, "ansible.cfg"),
        ANSIBLE_NOCOLOR: "1",
        SSH_AUTH_SOCK: sshAgent,
      },
    });
    if (exitCode !== 0) {
      const tail = `${stdout}\n${stderr}`.trim().split("\n").slice(-40).join("\n");
      throw new Error(`ansible-playbook ended with ${exitCode}:\n${tail}`);
    }
    return new Map([...stdout.matchAll(recap)].map(([, host = "", changed]) => [host, Number(changed)]));
  }

  /** Ends the connections that Ansible keeps open for a while: the next run may be tomorrow. */
  async hangUp(): Promise<void> {
    const folder = join(this.#folder, "cp");
    for (const name of namesIn(folder)) {
      await run(["ssh", "-F", "none", "-O", "exit", "-o", `ControlPath=${join(folder, name)}`, "nobody"]);
    }
  }

  async remove(): Promise<void> {
    await this.hangUp();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
