import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { scriptCommand } from "../../../components/hosts/command.ts";
import { parseMeeting } from "../../../components/hosts/meeting.ts";
import { ScriptHost } from "./script-host.ts";

const name = "00112233445566ff";
const meetInstance = scriptCommand("meet", ["own", "tunnel", name], "");
const meetMachine = scriptCommand("meet", ["keep", "none", "none"], "");
const architecture = process.arch === "arm64" ? "arm64" : "amd64";

let host: ScriptHost;
beforeEach(() => {
  host = new ScriptHost();
  host.write("root/etc/ssh/ssh_host_ecdsa_key", "throw-away\n");
  host.write("root/etc/ssh/ssh_host_ecdsa_key.pub", "throw-away\n");
});
afterEach(() => {
  host.remove();
});

describe("meet.sh", () => {
  it("makes keys that only root reads, offers them beside the throw-away one and says the public ones", () => {
    const run = host.run(meetInstance);
    expect(run.stderr).not.toContain("error");
    const said = parseMeeting("test", run.stdout);
    const { hostKey, wireguardPublicKey } = said;
    expect(said.architecture).toBe(architecture);
    expect(hostKey).toMatch(/^ssh-ed25519 /);
    expect(hostKey).not.toContain("someone");
    expect(`${host.read("root/etc/wireguard/private.key").trim()}=`).toBe(wireguardPublicKey);
    const files = host.snapshot();
    expect(files["root/etc/wireguard/private.key"]).toMatch(/^600 /);
    expect(files["root/etc/ssh/ssh_host_ed25519_key"]).toMatch(/^600 /);
    expect(host.read("machine/offered").trim().split("\n")).toEqual([
      "ssh_host_ecdsa_key",
      "ssh_host_ed25519_key",
    ]);
    expect(host.exists("machine/packages/wireguard-tools")).toBe(true);
  });

  it("keeps the keys when it runs again", () => {
    const first = host.run(meetInstance);
    const before = host.snapshot();
    expect(host.run(meetInstance).stdout).toBe(first.stdout);
    expect(host.snapshot()).toEqual(before);
  });

  it("leaves a machine's host keys alone, and makes no tunnel key where there is no tunnel", () => {
    const before = host.snapshot();
    const run = host.run(meetMachine);
    expect(parseMeeting("test", run.stdout)).toEqual({
      architecture,
      hostKey: undefined,
      wireguardPublicKey: undefined,
      machine: undefined,
      keys: undefined,
    });
    expect(host.snapshot()).toEqual(before);
  });

  it("says no private key", () => {
    const run = host.run(meetInstance);
    const secrets = ["root/etc/wireguard/private.key", "root/etc/ssh/ssh_host_ed25519_key"];
    // The stand-ins' public keys are their private keys with something around them, so compare what is not public.
    expect(run.stderr).not.toContain(host.read(secrets[0] ?? "").trim());
    expect(Object.keys(JSON.parse(run.stdout) as object).sort()).toEqual([
      "architecture",
      "hostKey",
      "keys",
      "machine",
      "wireguardPublicKey",
    ]);
  });

  it("ends in valid keys wherever it was cut off", { timeout: 120_000 }, () => {
    host.run(meetInstance);
    const steps = host.calls;
    expect(steps).toBeGreaterThan(8);
    for (let step = 1; step <= steps; step += 1) {
      const other = new ScriptHost();
      const cut = other.run(meetInstance, step);
      expect(cut.stdout, `cut off before step ${step}`).toBe("");
      const again = other.run(meetInstance);
      expect(again.status, again.stderr).toBe(0);
      const said = parseMeeting("test", again.stdout);
      expect(`${other.read("root/etc/wireguard/private.key").trim()}=`).toBe(said.wireguardPublicKey);
      expect(other.read("machine/offered")).toContain("ssh_host_ed25519_key");
      other.remove();
    }
  });
});

describe("meet.sh on machines of other kinds", () => {
  it.each([
    ["x86_64", "amd64"],
    ["aarch64", "arm64"],
    ["arm64", "arm64"],
  ])("says Debian's word for %s", (machine, word) => {
    host.program("uname", `[ "$1" = -m ] && echo ${machine}`);
    expect(parseMeeting("test", host.run(meetMachine).stdout).architecture).toBe(word);
  });

  it("says that there is no agent for others, before it prints anything", () => {
    host.program("uname", "echo armv7l");
    const { status, stdout, stderr } = host.run(meetMachine);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe("error: there is no agent for armv7l; there are amd64 and arm64\n");
  });
});

describe("parseMeeting", () => {
  const hostKey = `ssh-ed25519 ${"A".repeat(68)}`;
  const names = { machine: "", keys: "" };
  const arch = { architecture: "arm64" };
  it.each([
    ["", "not JSON"],
    ["null", "no valid architecture"],
    ["[]", "no valid architecture"],
    [JSON.stringify({ architecture: "armhf", hostKey, wireguardPublicKey: "" }), "no valid architecture"],
    [JSON.stringify({ architecture: "", hostKey, wireguardPublicKey: "" }), "did not say its architecture"],
    [JSON.stringify({ ...arch, hostKey: "ssh-rsa AAAA", wireguardPublicKey: "" }), "no valid hostKey"],
    [JSON.stringify({ ...arch, hostKey: `${hostKey}\nevil`, wireguardPublicKey: "" }), "no valid hostKey"],
    [JSON.stringify({ ...arch, hostKey, wireguardPublicKey: "short=" }), "no valid wireguardPublicKey"],
    [JSON.stringify({ ...arch, hostKey }), "no valid wireguardPublicKey"],
    [JSON.stringify({ ...arch, hostKey, wireguardPublicKey: "", keys: "" }), "no valid machine"],
    [JSON.stringify({ ...arch, hostKey, wireguardPublicKey: "", machine: "", keys: "a b" }), "no valid keys"],
  ])("refuses %j", (text, message) => {
    expect(() => parseMeeting("us-west/api-1", text)).toThrow(message);
  });

  it("reads the last line only", () => {
    const line = JSON.stringify({ ...arch, hostKey, wireguardPublicKey: "", ...names });
    expect(parseMeeting("x", `welcome\n${line}\n`)).toEqual({
      ...arch,
      hostKey,
      wireguardPublicKey: undefined,
      machine: undefined,
      keys: undefined,
    });
  });
});
