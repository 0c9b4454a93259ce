/**
 * A host made of files, on which the scripts of components/hosts really run: a folder as its root, and stand-ins for
 * the programs that would touch the machine. Each stand-in writes what it was asked for into a log.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { ScriptCommand } from "../../../components/hosts/command.ts";

/** What the stand-ins do, as shell text. `$MACHINE` is their folder, `$ROADNET_ROOT` the host's root. */
const programs: Readonly<Record<string, string>> = {
  sudo: `[ "$1" = -n ] || exit 9
shift
exec "$@"`,
  "dpkg-query": `for last; do :; done
[ -e "$MACHINE/packages/$last" ] && echo 'install ok installed'`,
  dpkg: `echo "dpkg $*" >>"$MACHINE/log"`,
  "apt-get": `echo "apt-get $*" >>"$MACHINE/log"
if [ -s "$MACHINE/apt-failures" ]; then
  left=$(cat "$MACHINE/apt-failures")
  if [ "$left" -gt 0 ]; then echo $((left - 1)) >"$MACHINE/apt-failures"; exit 100; fi
fi
seen=no
for word; do
  if [ "$seen" = yes ]; then : >"$MACHINE/packages/$word"; fi
  if [ "$word" = install ]; then seen=yes; fi
done`,
  systemctl: `[ "$*" = "reload ssh.service" ] || exit 9
(cd "$ROADNET_ROOT/etc/ssh" && ls ssh_host_*_key) >"$MACHINE/offered"`,
  "ssh-keygen": `case $1 in
  -y) for file; do :; done; [ -s "$file" ] && echo "ssh-ed25519 $(cut -c 1-68 "$file") someone@somewhere" ;;
  -q)
    for file; do :; done
    echo "AAAAC3NzaC1lZDI1NTE5AAAAI$(od -An -N32 -tx1 /dev/urandom | tr -d ' \\n' | cut -c 1-43)" >"$file"
    echo public >"$file.pub"
    ;;
  *) exit 9 ;;
esac`,
  wg: `case $1 in
  genkey) od -An -N32 -tx1 /dev/urandom | tr -d ' \\n' | cut -c 1-43 ;;
  pubkey) read -r key && [ "\${#key}" -eq 43 ] && echo "$key=" ;;
  show) [ "$2 $3" = "wg0 private-key" ] && [ -s "$MACHINE/tunnel" ] && cat "$MACHINE/tunnel" ;;
  *) exit 9 ;;
esac`,
};

/** Programs that change something: before any call of one of these a run may be cut off. */
const changing = ["mv", "cp", "rm", "mkdir", "install", "chmod", "systemctl", "apt-get", "ssh-keygen", "wg"];

export interface Run {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class ScriptHost {
  readonly #folder = mkdtempSync(join(tmpdir(), "roadnet-host-"));
  readonly #machine = join(this.#folder, "machine");
  readonly #root = join(this.#folder, "root");

  constructor() {
    for (const name of ["packages", "bin", "trip"]) {
      mkdirSync(join(this.#machine, name), { recursive: true });
    }
    mkdirSync(join(this.#root, "etc/ssh/sshd_config.d"), { recursive: true });
    for (const [name, text] of Object.entries(programs)) {
      // What a stand-in calls is no step of the script.
      this.program(name, name === "sudo" ? text : `PATH=/usr/bin:/bin\n${text}`);
    }
    for (const name of changing) {
      const next = name in programs ? `"$MACHINE/bin/${name}"` : this.#find(name);
      this.#write(
        join("trip", name),
        `count=$(($(cat "$MACHINE/count") + 1))
echo "$count" >"$MACHINE/count"
if [ "$count" = "$CUT_AT" ]; then kill -9 "$(cat "$MACHINE/main")" "$PPID"; exit 1; fi
exec ${next} "$@"`,
      );
    }
  }

  /** Puts a stand-in for a program of the machine. */
  program(name: string, text: string): void {
    this.#write(join("bin", name), text);
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#machine, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(this.#machine, name), 0o755);
  }

  #find(name: string): string {
    const found = ["/usr/bin", "/bin"].map((folder) => join(folder, name)).find((path) => existsSync(path));
    if (found === undefined) throw new Error(`this machine has no ${name}`);
    return found;
  }

  /** @param cutAt the number of the changing call before which the shell is killed; 0 lets it run. */
  run({ commandLine, stdin }: ScriptCommand, cutAt = 0): Run {
    this.write("machine/count", "0\n");
    const { status, signal, stdout, stderr } = spawnSync(
      "/bin/sh",
      ["-c", `echo $$ >"$MACHINE/main"; exec ${commandLine}`],
      {
        input: stdin,
        encoding: "utf8",
        timeout: 30_000,
        env: {
          PATH: `${this.#machine}/trip:${this.#machine}/bin:/usr/bin:/bin`,
          MACHINE: this.#machine,
          ROADNET_ROOT: this.#root,
          ROADNET_PAUSE_SECONDS: "0",
          CUT_AT: String(cutAt),
        },
      },
    );
    return { status, signal, stdout, stderr };
  }

  /** How many changing calls the last run made. */
  get calls(): number {
    return Number(this.read("machine/count"));
  }

  get log(): readonly string[] {
    return existsSync(join(this.#machine, "log")) ? this.read("machine/log").trimEnd().split("\n") : [];
  }

  forgetLog(): void {
    this.delete("machine/log");
  }

  delete(path: string): void {
    rmSync(join(this.#folder, path), { force: true });
  }

  /** Relative to the folder that holds `root/` and `machine/`. */
  read(path: string): string {
    return readFileSync(join(this.#folder, path), "utf8");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
    writeFileSync(join(this.#folder, path), text);
  }

  exists(path: string): boolean {
    return existsSync(join(this.#folder, path));
  }

  /** Every file below the root with its mode and content, and the packages. */
  snapshot(): Readonly<Record<string, string>> {
    const result: Record<string, string> = {};
    for (const part of ["root", "machine/packages"]) {
      const names = readdirSync(join(this.#folder, part), { recursive: true, encoding: "utf8" });
      for (const name of names.sort()) {
        const path = join(this.#folder, part, name);
        const { mode } = statSync(path);
        if (!statSync(path).isFile()) continue;
        result[`${part}/${name}`] = `${(mode & 0o7777).toString(8)} ${readFileSync(path, "utf8")}`;
      }
    }
    return result;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
