/** How a host notices that it has lost a key, or is a machine set up anew, and what the engine makes of it. */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { scriptCommand } from "../../../components/hosts/command.ts";
import { Keeping, parseKeysSeen } from "../../../components/hosts/keys.ts";
import { parseMeeting, type Meeting } from "../../../components/hosts/meeting.ts";
import { ScriptHost } from "./script-host.ts";

const tlsKey = "/etc/ssl/blackroad.key";
const names = ["00000000000000aa", "00000000000000bb"] as const;
const tunnelKey = "root/etc/wireguard/private.key";
const keysRecord = "root/var/lib/reef-agent/keys";

let host: ScriptHost;
const ask = (...paths: readonly string[]): string => {
  const before = host.snapshot();
  const { status, stdout, stderr } = host.run(scriptCommand("keys", ["tunnel", ...paths], ""));
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(host.snapshot()).toEqual(before);
  return stdout.trim();
};
const meet = (name: string): Meeting => {
  const { stdout, stderr, status } = host.run(scriptCommand("meet", ["keep", "tunnel", name], ""));
  expect(status, stderr).toBe(0);
  return parseMeeting("edge-home/lucidia", stdout);
};
const run = (): void => {
  host.write("machine/tunnel", host.read(tunnelKey));
};
const newName = /^lost [0-9a-f]{16}$/;

beforeEach(() => {
  host = new ScriptHost();
  host.program("reef-agent", "exit 0");
});
afterEach(() => {
  host.remove();
});

describe("keys.sh", () => {
  it("calls the keys as they were named, again and again, once all of them are there", () => {
    expect(ask(tlsKey)).toMatch(newName);
    const first = meet(names[0]);
    expect(first).toMatchObject({ machine: names[0], keys: names[0] });
    expect(ask(tlsKey)).toMatch(newName);
    host.write(`root${tlsKey}`, "a key\n");
    expect(ask(tlsKey)).toBe(`kept ${names[0]}`);
    expect(ask(tlsKey)).toBe(`kept ${names[0]}`);
    expect(ask()).toBe(`kept ${names[0]}`);
  });

  it("has another new name each time", () => {
    expect(ask()).not.toBe(ask());
  });

  it.each<[string, () => void]>([
    [
      "a TLS key",
      () => {
        host.delete(`root${tlsKey}`);
      },
    ],
    [
      "a TLS key's content",
      () => {
        host.write(`root${tlsKey}`, "");
      },
    ],
    [
      "the tunnel's key",
      () => {
        host.delete(tunnelKey);
      },
    ],
    [
      "the tunnel's key in its file",
      () => {
        host.write(tunnelKey, "torn");
      },
    ],
    [
      "the key that others know, for another one",
      () => {
        host.write(tunnelKey, `${"x".repeat(43)}\n`);
      },
    ],
    [
      "its record",
      () => {
        host.delete(keysRecord);
      },
    ],
    [
      "its record's content",
      () => {
        host.write(keysRecord, "\0\0 torn\n");
      },
    ],
    [
      "what the machine is called",
      () => {
        host.delete("root/var/lib/reef-agent/machine");
      },
    ],
    [
      "its agent",
      () => {
        host.delete("machine/bin/reef-agent");
      },
    ],
  ])("notices when the host has lost %s", (_, lose) => {
    meet(names[0]);
    host.write(`root${tlsKey}`, "a key\n");
    expect(ask(tlsKey)).toBe(`kept ${names[0]}`);
    lose();
    expect(ask(tlsKey)).toMatch(newName);
  });
});

describe("meet.sh, again", () => {
  it("makes no other key where none was lost, and keeps the machine's name", () => {
    const first = meet(names[0]);
    expect(meet(names[1])).toEqual({ ...first, keys: names[1] });
    expect(host.snapshot()[keysRecord]).toBe(`600 ${names[1]} ${first.wireguardPublicKey ?? ""}\n`);
  });

  it("takes a lost key from the tunnel that still runs with it, so that nobody else must change", () => {
    const first = meet(names[0]);
    run();
    const content = host.snapshot()[tunnelKey];
    for (const lose of [
      () => {
        host.delete(tunnelKey);
      },
      () => {
        host.write(tunnelKey, "torn");
      },
      () => {
        host.write(tunnelKey, `${"x".repeat(43)}\n`);
      },
      () => {
        host.delete(tunnelKey);
        host.delete(keysRecord);
      },
    ]) {
      lose();
      expect(meet(names[1]).wireguardPublicKey).toBe(first.wireguardPublicKey);
      expect(host.snapshot()[tunnelKey]).toBe(content);
    }
  });

  it("makes a new key where no tunnel has the old one", () => {
    const first = meet(names[0]);
    host.delete(tunnelKey);
    const { wireguardPublicKey, machine } = meet(names[1]);
    expect(wireguardPublicKey).not.toBe(first.wireguardPublicKey);
    expect(machine).toBe(names[0]);
    expect(ask()).toBe(`kept ${names[1]}`);
  });

  it("is another machine when its agent has gone, though the disk is the same", () => {
    meet(names[0]);
    host.delete("machine/bin/reef-agent");
    expect(meet(names[1]).machine).toBe(names[1]);
  });
});

describe("parseKeysSeen", () => {
  const line = (said: string) => JSON.stringify({ reachedBy: "tunnel", said });

  it("reads both answers, and knows a host that gives none", () => {
    expect(parseKeysSeen("h", line(`kept ${names[0]}`))).toEqual({ name: names[0], reachedBy: "tunnel" });
    expect(parseKeysSeen("h", line(`lost ${names[1]}`))).toEqual({ name: names[1], reachedBy: "tunnel" });
    const silent = parseKeysSeen("h", JSON.stringify({ unreachable: { tunnel: "no route" } }));
    expect(silent).toEqual({ name: expect.stringMatching(/^[0-9a-f]{16}$/) as string, reachedBy: undefined });
  });

  it.each(["", "kept", "kept 123", `kept ${names[0]}; id`, `found ${names[0]}`])("refuses %j", (said) => {
    expect(() => parseKeysSeen("edge-home/lucidia", line(said))).toThrow(
      /edge-home\/lucidia.*cannot be read/,
    );
  });
});

describe("Keeping", () => {
  const apply = ({ transform }: Keeping, opts: pulumi.CustomResourceOptions = {}) =>
    transform({ custom: true, type: "t", name: "n", props: { create: "c", triggers: ["machine"] }, opts });

  it("leaves a resource as it is where nothing is to be kept", () => {
    const keeping = new Keeping(true);
    keeping.decide(false);
    expect(apply(keeping)).toEqual({ props: { create: "c", triggers: ["machine"] }, opts: {} });
  });

  it("has the engine ignore other triggers, beside what it ignores anyway", () => {
    expect(apply(new Keeping(true), { ignoreChanges: ["create"] })).toEqual({
      props: { create: "c", triggers: ["machine"] },
      opts: { ignoreChanges: ["create", "triggers"] },
    });
  });

  it("adds it to those that come from other resources, which are outputs", async () => {
    const triggers = pulumi.output(["id of an instance"]);
    const { transform } = new Keeping(false, () => names[0]);
    const result = await transform({ custom: true, type: "t", name: "n", props: { triggers }, opts: {} });
    const { triggers: all } = result?.props as { readonly triggers: pulumi.Output<readonly string[]> };
    expect(await new Promise((resolve) => all.apply(resolve))).toEqual(["id of an instance", names[0]]);
  });

  it("adds one more trigger as soon as it is known", () => {
    const known: { name?: string } = {};
    const keeping = new Keeping(false, () => known.name);
    expect(apply(keeping)).toMatchObject({ props: { triggers: ["machine"] } });
    known.name = names[0];
    expect(apply(keeping)).toMatchObject({ props: { triggers: ["machine", names[0]] } });
  });
});
