import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { groupOf } from "../../../sandbox/hosts/cgroups.ts";
import { machineFolders, machineGroup } from "../../../sandbox/hosts/folders.ts";
import { mirrorLines } from "../../../sandbox/hosts/image.ts";
import { agentSocket, prepareKeys, startAgent, stopAgent } from "../../../sandbox/hosts/keys.ts";
import { raiseLimits } from "../../../sandbox/hosts/limits.ts";
import { withLock } from "../../../sandbox/hosts/lock.ts";
import { identify, isAlive } from "../../../sandbox/hosts/processes.ts";
import { listensOn } from "../../../sandbox/hosts/ready.ts";
import { imageFiles, recipeHash, repositoryUrl } from "../../../sandbox/hosts/recipe.ts";
import { run, runOrThrow } from "../../../sandbox/hosts/run.ts";
import { sandboxPaths } from "../../../sandbox/paths.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-hosts-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("mirrorLines", () => {
  it("takes the machine's Debian mirrors for the suite of the hosts, whatever suite the machine has", () => {
    const targets = [
      "Docker|https://docker.example/debian/|stable|Packages|bookworm",
      "Debian|http://mirror.example/debian/|main|Translations|trixie",
      "Debian|http://mirror.example/debian/|contrib|Packages|trixie",
      "Debian|http://mirror.example/debian/|main|Packages|trixie",
      "Debian|http://second.example/debian/|main|Packages|trixie-updates",
      "Debian-Security|http://mirror.example/debian-security/|main|Packages|trixie-security",
      "",
    ].join("\n");
    expect(mirrorLines(targets)).toEqual([
      "deb http://mirror.example/debian/ bookworm main",
      "deb http://mirror.example/debian/ bookworm-updates main",
      "deb http://mirror.example/debian-security/ bookworm-security main",
    ]);
  });

  it("leaves the choice to mmdebstrap where the machine has no Debian sources", () => {
    expect(mirrorLines("Ubuntu|http://mirror.example/ubuntu/|main|Packages|noble\n")).toEqual([]);
  });
});

describe("the recipe", () => {
  it("has a hash that changes with what else goes into the image", () => {
    expect(recipeHash()).toMatch(/^[0-9a-f]{12}$/);
    expect(recipeHash(["a"])).not.toBe(recipeHash(["b"]));
  });

  it("names no package source but the sandbox's", () => {
    const sources = imageFiles.filter((file) => file.content.includes("://"));
    expect(sources.map((file) => file.path)).toEqual(["etc/apt/sources.list"]);
    expect(sources[0]?.content).toBe(`deb [trusted=yes] ${repositoryUrl} ./\n`);
  });
});

describe("groupOf", () => {
  it("reads the cgroup v2 line among those of version 1", () => {
    const text = "9:name=systemd:/user\n8:pids:/x\n0::/roadnet-1a2b3c-pi/payload/init.scope\n";
    expect(groupOf(text)).toBe("roadnet-1a2b3c-pi/payload/init.scope");
    expect(groupOf("0::/gone (deleted)\n")).toBe("gone");
    expect(groupOf("8:pids:/x\n")).toBeUndefined();
  });
});

describe("raiseLimits", () => {
  it("raises a lower limit and leaves a higher one", () => {
    const file = join(folder, "limit");
    writeFileSync(file, "128\n");
    raiseLimits(file);
    expect(readFileSync(file, "utf8")).toBe("1024\n");
    writeFileSync(file, "8192\n");
    raiseLimits(file);
    expect(readFileSync(file, "utf8")).toBe("8192\n");
  });
});

describe("listensOn", () => {
  const header = "  sl  local_address rem_address   st tx_queue rx_queue\n";
  it("finds a listening socket of that port on any address", () => {
    expect(listensOn(`${header}   0: 00000000:0016 00000000:0000 0A 0:0\n`, 22)).toBe(true);
    expect(listensOn(`${header}   0: ${"0".repeat(32)}:1F90 ${"0".repeat(32)}:0000 0A 0:0\n`, 8080)).toBe(
      true,
    );
  });

  it("takes neither a connection of that port nor another port for it", () => {
    expect(listensOn(`${header}   0: 0204A8C0:0016 0104A8C0:D431 01 0:0\n`, 22)).toBe(false);
    expect(listensOn(`${header}   0: 00000000:1016 00000000:0000 0A 0:0\n`, 22)).toBe(false);
  });
});

describe("machineFolders", () => {
  it("keeps everything of a machine in its folder", () => {
    const paths = sandboxPaths("/srv/box");
    expect(machineFolders("i-0abc", paths).upper).toBe("/srv/box/hosts/i-0abc/upper");
    expect(machineGroup("i-0abc", paths)).toMatch(/^roadnet-[0-9a-f]{6}-i-0abc$/);
  });

  it.each(["", "a/b", "..", "-a", "a-", "A", "a b", "a".repeat(41)])("refuses the name %j", (name) => {
    expect(() => machineFolders(name, sandboxPaths("/srv/box"))).toThrow("machine name");
  });

  it("refuses a sandbox folder that overlayfs could not name", () => {
    expect(() => machineFolders("a", sandboxPaths("/srv/a,b"))).toThrow("commas");
  });
});

describe("run", () => {
  it("collects both streams, and tells the exit code as a shell would", async () => {
    expect(await run(["sh", "-c", "cat; echo no >&2; exit 3"], { stdin: "yes" })).toEqual({
      exitCode: 3,
      stdout: "yes",
      stderr: "no\n",
    });
    expect((await run(["sh", "-c", "kill -9 $$"])).exitCode).toBe(137);
  });

  it("ends what does not end, and says what failed", async () => {
    await expect(run(["sleep", "30"], { timeoutSeconds: 0.2 })).rejects.toThrow("had not ended after 0.2 s");
    await expect(runOrThrow(["sh", "-c", "echo because >&2; exit 1"])).rejects.toThrow(
      /exit code 1:\nbecause/,
    );
    await expect(run(["/no/such/program"])).rejects.toThrow("could not be started");
  });

  it("tells a program that a namespace's command line cannot find from one that fails", async () => {
    // As `ip netns exec` says it and ends.
    const missing = `echo 'exec of "nc" failed: No such file or directory' >&2; exit 1`;
    await expect(run(["sh", "-c", missing])).rejects.toThrow("nc could not be started");
    await expect(run(["sh", "-c", "echo 'nc: timed out' >&2; exit 1"])).resolves.toMatchObject({
      exitCode: 1,
    });
  });
});

describe("isAlive", () => {
  it("does not take a stranger with the same id for the process", () => {
    const self = identify(process.pid);
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, startTicks: self.startTicks - 1 })).toBe(false);
    expect(isAlive({ ...self, bootId: "another" })).toBe(false);
  });
});

describe("withLock", () => {
  it("lets one in at a time, and lets the next in when the first has failed", async () => {
    const file = join(folder, "lock");
    const events: string[] = [];
    const first = withLock(
      file,
      10,
      () => undefined,
      async () => {
        events.push("first in");
        await new Promise((resolve) => setTimeout(resolve, 300));
        events.push("first out");
        throw new Error("broken");
      },
    );
    const failed = expect(first).rejects.toThrow("broken");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await withLock(
      file,
      10,
      () => undefined,
      () => {
        events.push("second in");
        return Promise.resolve();
      },
    );
    await failed;
    expect(events).toEqual(["first in", "first out", "second in"]);
  });

  it("gives up after its time", async () => {
    const file = join(folder, "lock");
    await withLock(
      file,
      10,
      () => undefined,
      async () => {
        const second = withLock(
          file,
          1,
          () => undefined,
          () => Promise.resolve(),
        );
        await expect(second).rejects.toThrow("held by another process");
      },
    );
  });
});

describe("keys", () => {
  it("are made once, and a Pi's private host key is in its own layer alone", async () => {
    const paths = sandboxPaths(folder);
    await prepareKeys(["lucidia"], paths);
    const read = (path: string): string => readFileSync(join(folder, path), "utf8");
    const files = ["keys/operator_ed25519", "keys/operator_ed25519.pub", "keys/lucidia_host.pub"];
    const before = files.map(read);
    await prepareKeys(["lucidia"], paths);
    expect(files.map(read)).toEqual(before);

    const layer = "hosts/lucidia/upper/etc/ssh/ssh_host_ed25519_key";
    expect(read("keys/lucidia_host.pub")).toBe(read(`${layer}.pub`));
    expect(read("keys/lucidia_host.pub")).toMatch(/^ssh-ed25519 \S+ lucidia\n$/);
    const derived = await runOrThrow(["ssh-keygen", "-y", "-f", join(folder, layer)]);
    expect(read("keys/lucidia_host.pub").startsWith(derived.trim().split(" ").slice(0, 2).join(" "))).toBe(
      true,
    );
    for (const file of ["keys/operator_ed25519", layer]) {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    }
    const holders = await runOrThrow(["grep", "-rl", "PRIVATE KEY", folder]);
    expect(holders.trim().split("\n").sort()).toEqual(
      [join(folder, layer), join(folder, files[0] ?? "")].sort(),
    );
  });

  it("agent holds the operator's key, is started once, and ends", async () => {
    const paths = sandboxPaths(folder);
    try {
      const socket = await startAgent(paths);
      const record = readFileSync(join(paths.run, "agent.json"), "utf8");
      expect(await startAgent(paths)).toBe(socket);
      expect(readFileSync(join(paths.run, "agent.json"), "utf8")).toBe(record);
      const listed = await runOrThrow(["ssh-add", "-L"], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      expect(listed).toBe(readFileSync(join(paths.keys, "operator_ed25519.pub"), "utf8"));
      await stopAgent(paths);
      const { pid, startTicks, bootId } = JSON.parse(record) as ReturnType<typeof identify>;
      expect(isAlive({ pid, startTicks, bootId })).toBe(false);
      expect(() => statSync(agentSocket(paths))).toThrow("ENOENT");
    } finally {
      await stopAgent(paths);
    }
  });
});
