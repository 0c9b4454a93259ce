/** Asking a host, with an `ssh` that only plays one: nothing is sent to any network. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  ask,
  headStartSeconds,
  noAgent,
  routeArguments,
  type AskRequest,
  type AskRoute,
} from "../../../components/hosts/ask-host.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5";
const direct: AskRoute = { name: "hub", user: "admin", host: "10.0.1.20", hostKey: key };
const proxied: AskRoute = {
  ...direct,
  proxy: { user: "ops", host: "203.0.113.7", hostKey: "ecdsa-sha2-nistp256 AAAAE2Vj" },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-ask-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** The first on PATH from now on. `$FOLDER` is the test's, `$NAME` the user that is logged in. */
function playSsh(script: string): void {
  const program = `#!/bin/sh
for last; do before=$name; name=$last; done
NAME=\${before%@*}
echo $$ >>"$FOLDER/pids"
${script}
`;
  writeFileSync(join(folder, "ssh"), program);
  chmodSync(join(folder, "ssh"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH ?? ""}`);
  vi.stubEnv("FOLDER", folder);
}

const said = (name: string): string => readFileSync(join(folder, name), "utf8");
const request = (more: Partial<AskRequest> = {}): AskRequest => ({
  routes: [direct],
  seconds: 5,
  patienceSeconds: 0,
  host: "us-west/lb-1",
  question: { document: '{"a":1}\n' },
  ...more,
});

/** Whether a process of that number is still there. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function optionsOf(args: readonly string[]): readonly string[] {
  return args.filter((_, index) => args[index - 1] === "-o");
}

describe("ssh's arguments", () => {
  it("accept the pinned key alone, ask nobody anything, and read no configuration of the user's", () => {
    const args = routeArguments(direct, 5);
    expect(args.slice(0, 3)).toEqual(["-F", "none", "-T"]);
    expect(args.at(-1)).toBe("admin@10.0.1.20");
    expect(optionsOf(args)).toEqual([
      "BatchMode=yes",
      "ConnectTimeout=5",
      "StrictHostKeyChecking=yes",
      "UserKnownHostsFile=/dev/null",
      "GlobalKnownHostsFile=/dev/null",
      `KnownHostsCommand=/bin/echo %H ${key}`,
      "HostKeyAlgorithms=ssh-ed25519",
      "LogLevel=ERROR",
    ]);
    expect(args).toHaveLength(3 + 2 * 8 + 1);
  });

  it("let a pinned RSA key sign with SHA-2 only", () => {
    expect(optionsOf(routeArguments({ ...direct, hostKey: "ssh-rsa AAAAB3" }, 5))).toContain(
      "HostKeyAlgorithms=rsa-sha2-512,rsa-sha2-256",
    );
  });

  it("are what ssh itself reads: each option as it was meant", () => {
    // -G prints the configuration that would be used, and connects to nobody.
    const { stdout, stderr, status } = spawnSync("ssh", ["-G", ...routeArguments(proxied, 5)], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "user admin",
        "hostname 10.0.1.20",
        "batchmode yes",
        "connecttimeout 5",
        "stricthostkeychecking true",
        "userknownhostsfile /dev/null",
        "globalknownhostsfile /dev/null",
        `knownhostscommand /bin/echo %H ${key}`,
        "hostkeyalgorithms ssh-ed25519",
      ]),
    );
    expect(lines.find((line) => line.startsWith("proxycommand "))).toContain("-W %h:%p ops@203.0.113.7");
  });

  it("hand a proxy's arguments on word by word, through ssh's percent signs and the shell's quotes", () => {
    const odd = { ...proxied, proxy: { user: "o'ps", host: "a%b", hostKey: "ssh-ed25519 A'%H$(id)" } };
    const [command = ""] = optionsOf(routeArguments(odd, 5)).flatMap((option) =>
      option.startsWith("ProxyCommand=") ? [option.slice("ProxyCommand=".length)] : [],
    );
    const expanded = command.replace(/%(.)/g, (_, letter: string) =>
      letter === "%" ? "%" : letter === "h" ? "10.0.1.20" : letter === "p" ? "22" : `unknown ${letter}`,
    );
    writeFileSync(join(folder, "ssh"), `#!/bin/sh\nfor word; do printf '%s\\0' "$word"; done\n`);
    chmodSync(join(folder, "ssh"), 0o755);
    const { stdout } = spawnSync("/bin/sh", ["-c", `exec ${expanded}`], {
      encoding: "utf8",
      env: { PATH: `${folder}:/usr/bin:/bin` },
    });
    const words = stdout.split("\0").slice(0, -1);
    const own = routeArguments({ name: "", ...odd.proxy }, 5);
    expect(words).toEqual([...own.slice(0, -1), "-W", "10.0.1.20:22", "o'ps@a%b"]);
  });
});

describe("asking", () => {
  it("runs the agent's plan as root with the document on standard input, and tells what it says", async () => {
    playSsh(`for word; do printf '%s\\n' "$word"; done >"$FOLDER/arguments"; echo " the answer "; cat`);
    expect(await ask(request())).toEqual({ reachedBy: "hub", said: 'the answer \n{"a":1}' });
    const args = said("arguments").trimEnd().split("\n");
    expect(args.slice(0, -1)).toEqual(routeArguments(direct, 5));
    expect(args.at(-1)).toContain("reef-agent plan --json");
    expect(said("arguments")).not.toContain('"a"');
  });

  it("lets the host's shell tell a missing agent, one that is too old, and one that fails apart", async () => {
    playSsh(`PATH="$FOLDER/bin:/usr/bin:/bin"; for command; do :; done; exec sh -c "$command"`);
    spawnSync("mkdir", [join(folder, "bin")]);
    const install = (name: string, script: string) => {
      writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, "bin", name), 0o755);
    };
    install("sudo", `[ "$1" = -n ] && shift; exec "$@"`);
    expect(await ask(request())).toEqual({ reachedBy: "hub", said: noAgent });
    install("reef-agent", `echo "$* $(cat)"`);
    expect(await ask(request())).toEqual({ reachedBy: "hub", said: 'plan --json {"a":1}' });
    install("reef-agent", `echo refused; exit 2`);
    expect(await ask(request())).toEqual({ reachedBy: "hub", said: "refused" });
    install("reef-agent", `echo half an answer; echo it is broken >&2; exit 1`);
    expect(await ask(request())).toEqual({ unreachable: { hub: "it is broken" } });
  });

  it("says why not, by the route's name, in ssh's own words", async () => {
    playSsh(`echo "ssh: connect to host 10.0.1.20 port 22: Connection refused" >&2; exit 255`);
    expect(await ask(request())).toEqual({
      unreachable: { hub: "ssh: connect to host 10.0.1.20 port 22: Connection refused" },
    });
    playSsh("exit 7");
    expect(await ask(request())).toEqual({ unreachable: { hub: "ssh ended with exit code 7" } });
    vi.stubEnv("PATH", "/nonexistent");
    expect(await ask(request())).toEqual({
      unreachable: { hub: expect.stringContaining("ENOENT") as string },
    });
  });

  it("takes the first route of the list that answers, not the fastest", async () => {
    playSsh(`case $NAME in slow) sleep 0.3 ;; gone) exit 255 ;; esac; echo "$NAME"`);
    const route = (user: string): AskRoute => ({ ...direct, name: user, user });
    expect(await ask(request({ routes: [route("slow"), route("fast")] }))).toEqual({
      reachedBy: "slow",
      said: "slow",
    });
    expect(await ask(request({ routes: [route("gone"), route("slow"), route("fast")] }))).toEqual({
      reachedBy: "slow",
      said: "slow",
    });
  });

  it("leaves other ways alone where the first one answers at once, and does not wait for them elsewhere", async () => {
    playSsh(
      `echo "$NAME" >>"$FOLDER/asked"; case $NAME in stuck) sleep 60 ;; gone) exit 255 ;; esac; echo "$NAME"`,
    );
    const route = (user: string): AskRoute => ({ ...direct, name: user, user });
    const asked = async (...users: readonly string[]) => {
      rmSync(join(folder, "asked"), { force: true });
      const start = performance.now();
      const answer = await ask(request({ seconds: 4, routes: users.map(route) }));
      return { answer, names: said("asked").trim().split("\n"), seconds: (performance.now() - start) / 1000 };
    };
    expect(await asked("well", "other")).toMatchObject({ answer: { reachedBy: "well" }, names: ["well"] });
    const failing = await asked("gone", "other");
    expect(failing).toMatchObject({ answer: { reachedBy: "other" }, names: ["gone", "other"] });
    expect(failing.seconds).toBeLessThan(headStartSeconds);
    const stuck = await asked("stuck", "other");
    expect(stuck).toMatchObject({ answer: { reachedBy: "other" }, names: ["stuck", "other"] });
    // The first of the list counts: its time must have passed.
    expect(stuck.seconds).toBeGreaterThan(3.9);
    const last = await asked("gone", "well", "stuck");
    expect(last).toMatchObject({ answer: { reachedBy: "well" }, names: ["gone", "well"] });
  });

  it("asks for keys by the script that says what they are called, with their paths and nothing else", async () => {
    playSsh(
      `for command; do :; done; printf '%s\n' "$command" >"$FOLDER/command"; cat >"$FOLDER/script"; echo "kept x"`,
    );
    const keys = { tunnel: true, paths: ["/etc/ssl/blackroad.key"] };
    expect(await ask(request({ question: { keys } }))).toEqual({ reachedBy: "hub", said: "kept x" });
    expect(said("command")).toBe("sudo -n sh -c 'sh -s -- tunnel /etc/ssl/blackroad.key'\n");
    expect(said("script")).toContain("keys.sh TUNNEL [PATH …]");
  });

  it("does not mind a host that ends before it has read the document", async () => {
    playSsh("exec <&-; echo done");
    expect(await ask(request({ question: { document: "x".repeat(4_000_000) } }))).toEqual({
      reachedBy: "hub",
      said: "done",
    });
  });

  it("tries again for as long as it may, and no longer", async () => {
    playSsh(`[ "$(wc -l <"$FOLDER/pids")" -ge 2 ] || exit 255; echo there`);
    expect(await ask(request({ patienceSeconds: 60 }))).toEqual({ reachedBy: "hub", said: "there" });
    expect(said("pids").trim().split("\n")).toHaveLength(2);
    playSsh("exit 255");
    for (const [patienceSeconds, most] of [
      [0, 1],
      [1, 1],
      [1.9, 2],
    ] as const) {
      rmSync(join(folder, "pids"));
      await ask(request({ patienceSeconds }));
      expect(said("pids").trim().split("\n")).toHaveLength(most);
    }
  });

  it("ends on time, with everything that ssh has started", async () => {
    // As ssh with a proxy: a second process that holds on to the pipes, in the same group, deaf to being asked.
    playSsh(`trap '' TERM HUP
(trap '' TERM HUP; echo $$ >/dev/null; sh -c 'echo $$ >>"$FOLDER/pids"; exec sleep 60') &
sleep 60`);
    const start = performance.now();
    const answer = await ask(request({ seconds: 1 }));
    const seconds = (performance.now() - start) / 1000;
    expect(answer).toEqual({ unreachable: { hub: "no answer within 1 s" } });
    expect(seconds).toBeGreaterThan(0.9);
    expect(seconds).toBeLessThan(4);
    const pids = said("pids").trim().split("\n").map(Number);
    expect(pids).toHaveLength(2);
    await vi.waitFor(() => {
      expect(pids.filter(isRunning)).toEqual([]);
    });
  });

  it("leaves nothing behind that outlives an answer", async () => {
    playSsh(`(sleep 60 >/dev/null 2>&1 </dev/null & echo $! >>"$FOLDER/pids"); echo answered`);
    expect(await ask(request())).toEqual({ reachedBy: "hub", said: "answered" });
    const pids = said("pids").trim().split("\n").map(Number);
    expect(pids).toHaveLength(2);
    await vi.waitFor(() => {
      expect(pids.filter(isRunning)).toEqual([]);
    });
  });
});

describe("the program", () => {
  it("reads the request on standard input, prints one line and ends well, whatever it finds", () => {
    playSsh("exit 255");
    const program = fileURLToPath(new URL("../../../components/hosts/ask-host.ts", import.meta.url));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", program],
      { input: JSON.stringify(request()), encoding: "utf8", env: process.env },
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '{"unreachable":{"hub":"ssh ended with exit code 255"}}\n',
      stderr: "",
    });
    expect(existsSync(join(folder, "pids"))).toBe(true);
  });
});
