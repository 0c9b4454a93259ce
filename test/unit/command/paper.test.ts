/** Hosts made of files. */
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { onPaper } from "../../../sandbox/providers/command/paper.ts";
import { commandResources } from "../../../sandbox/providers/command/resources.ts";
import type { ResourceHandler } from "../../../sandbox/providers/shared/shell.ts";
import { Opaque } from "../../../sandbox/providers/shared/values.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { create, failure, newOperation } from "./run.ts";
import { newSshKey } from "./ssh-host.ts";

const address = "203.0.113.7";
let hosts: string;
let resources: readonly ResourceHandler[];

beforeEach(() => {
  hosts = mkdtempSync(join(tmpdir(), "roadnet-paper-"));
  onTestFinished(() => {
    rmSync(hosts, { recursive: true });
  });
  resources = commandResources(onPaper(hosts));
});

function kind(name: string): ResourceHandler {
  const found = resources.find(({ table }) => table.token === `command:remote:${name}`);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

async function say(command: string, more: ValueMap = {}, connection: ValueMap = {}): Promise<string> {
  const inputs = { connection: { host: address, user: "admin", ...connection }, create: command, ...more };
  const { state } = await create(kind("Command"), inputs);
  return state.stdout as string;
}

describe("a command", () => {
  test("runs in the host's own folder, with nothing of the engine's environment", async () => {
    process.env.PULUMI_CONFIG_PASSPHRASE = "s3cret";
    onTestFinished(() => {
      delete process.env.PULUMI_CONFIG_PASSPHRASE;
    });
    const printed = await say("env; cat", { stdin: "in" });
    expect(printed).toContain(`ROADNET_ROOT=${join(hosts, address)}\n`);
    expect(printed).toContain("USER=admin\n");
    expect(printed).toMatch(/in$/);
    expect(printed).not.toContain("s3cret");
  });

  test("fails like one over SSH", async () => {
    expect(await failure(say("echo out; exit 3"))).toBe(
      'Process exited with status 3: running "echo out; exit 3":\nout\n',
    );
    expect(await failure(say("true", { environment: { A: "1" } }))).toContain("ssh: setenv failed");
    expect(await say("echo $LC_TEST", { environment: { LC_TEST: "x" } })).toBe("x");
  });

  test("cannot leave the folder by its address", async () => {
    expect(await failure(say("true", {}, { host: "../x" }))).toContain("no such host");
    expect(existsSync(join(hosts, "../x"))).toBe(false);
  });

  test("ends with the update", async () => {
    const operation = newOperation();
    const inputs = { connection: { host: address }, create: "sleep 60" };
    const running = failure(create(kind("Command"), inputs, operation));
    setTimeout(() => {
      operation.controller.abort(new Error("context canceled"));
    }, 100);
    expect(await running).toContain("context canceled");
  });
});

test("the host is found by its name once it has one", async () => {
  await say("true");
  expect(existsSync(join(hosts, "by-name"))).toBe(false);
  await say("hostname lucidia");
  expect(await say("hostname")).toBe("lucidia");
  const link = join(hosts, "by-name/lucidia");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readlinkSync(link)).toBe(`../${address}`);
  expect(readFileSync(join(link, "etc/hostname"), "utf8")).toBe("lucidia\n");
});

test("the first pinned key becomes the host's, and after that it must be one of its keys", async () => {
  const [first, second] = [newSshKey().public, newSshKey().public];
  const pinned = (hostKey: string) => say("echo in", {}, { hostKey });
  expect(await pinned(first)).toBe("in");
  expect(await pinned(first)).toBe("in");
  expect(await failure(pinned(second))).toBe(
    "after 10 failed attempts: ssh: handshake failed: ssh: host key mismatch",
  );
  writeFileSync(join(hosts, address, "etc/ssh/other.pub"), second);
  expect(await pinned(second)).toBe("in");
  expect(
    await failure(
      say("true", {}, { hostKey: second, proxy: { host: address, hostKey: newSshKey().public } }),
    ),
  ).toContain("mismatch");
});

test("files are copied into the folder", async () => {
  const inputs = {
    connection: { host: address },
    source: new Opaque("asset", { text: "t", hash: "h" }),
    remotePath: "/opt/a/../b/f",
  };
  await create(kind("CopyToRemote"), inputs);
  expect(readFileSync(join(hosts, address, "opt/b/f"), "utf8")).toBe("t");
});

describe("the programs that stand in", () => {
  test("sudo drops its options", async () => {
    expect(await say("sudo -n -u root -- sh -c 'echo $0 $1' a b")).toBe("a b");
    expect(await say("sudo -E A=1 sh -c 'echo $A'")).toBe("1");
  });

  test("systemctl remembers", async () => {
    const state = "systemctl is-enabled a; systemctl is-active a.service";
    expect(await failure(say(`systemctl disable a; ${state}`))).toContain("disabled\ninactive\n");
    expect(await say(`systemctl enable --now a; ${state}`)).toBe("enabled\nactive");
    expect(await say("systemctl daemon-reload; systemctl restart b; systemctl is-active --quiet b")).toBe("");
    expect(await failure(say("systemctl stop a; systemctl is-active a"))).toContain("status 3");
    expect(await failure(say("systemctl fly a"))).toContain("does not know");
  });

  test("apt-get and dpkg-query agree", async () => {
    const query = "dpkg-query -W -f '${Status}\\n' nginx";
    expect(await failure(say(query))).toContain("no packages found matching nginx");
    await say("apt-get -q update; apt-get -q -y -o A::B=1 install nginx curl=1.0");
    expect(await say(query)).toBe("install ok installed");
    expect(await say("dpkg-query -W -f '${Package} ${Version}\\n' curl")).toBe("curl 0-paper");
    expect(await failure(say(`apt-get remove nginx; ${query}`))).toContain("no packages");
  });

  test("wg makes real keys", async () => {
    const [secret = "", open = ""] = (await say("key=$(wg genkey); echo $key; echo $key | wg pubkey")).split(
      "\n",
    );
    const der = Buffer.concat([
      Buffer.from("302e020100300506032b656e04220420", "hex"),
      Buffer.from(secret, "base64"),
    ]);
    const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
    expect(key.export({ format: "der", type: "spki" }).subarray(-32).toString("base64")).toBe(open);
    const first = Buffer.from(secret, "base64");
    expect([(first[0] ?? 0) & 7, (first[31] ?? 0) & 192]).toEqual([0, 64]);
    expect(await failure(say("echo nonsense | wg pubkey"))).toContain("not the correct length or format");
    expect(await say("wg genpsk | base64 -d | wc -c")).toBe("32");
  });

  test("sysctl remembers, and nothing else is touched", async () => {
    expect(await say("sysctl -w net.x=1; sysctl -n net.x; sysctl net.x")).toBe("1\nnet.x = 1");
    expect(await failure(say("sysctl net.never"))).toContain("never set");
    expect(
      await say("touch $ROADNET_ROOT/f; chown nobody:nogroup $ROADNET_ROOT/f; stat -c %u $ROADNET_ROOT/f"),
    ).toBe(String(process.getuid?.()));
  });
});

test("a new machine at an old address has an empty disk", async () => {
  let machine = "i-1";
  resources = commandResources(onPaper(hosts, () => Promise.resolve(machine)));
  await say('echo old >"$HOME/file"');
  expect(await say('cat "$HOME/file"')).toBe("old");
  machine = "i-2";
  expect(await say('ls "$HOME"')).toBe("");
});
