/**
 * reef-agent on a real systemd host, as an engine uses it that never reads a host back: by numbers, with keys that stay
 * on the host. Each test goes on from the state in which the one before has left the machine.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  agent,
  agentPath,
  confirmOverSsh,
  document,
  type DocumentFile,
  host,
  inForce,
  type Outcome,
  overSsh,
  saying,
  setUpAgent,
} from "./agent-bed.ts";
import { inMachine, root, tearDown } from "./hosts-bed.ts";

beforeAll(async () => {
  await setUpAgent();
}, 600_000);
afterAll(tearDown, 120_000);

describe("an engine that remembers nothing but its last number", () => {
  interface Plan {
    readonly attempt: number;
    readonly inOrder: boolean;
    readonly open?: { readonly number: number; readonly secondsLeft: number };
  }
  // With the agent itself, which must not go with the generation that brought it.
  const wanted = (): Record<string, unknown> => ({
    ...document("numbered"),
    keys: [{ path: "/etc/tls.key", owner: "root:adm", mode: "0640" }],
    files: [
      ...(document("numbered").files as readonly DocumentFile[]),
      {
        path: agentPath,
        mode: "0755",
        owner: "root:root",
        source: "/root/upload",
        sha256: createHash("sha256")
          .update(readFileSync(join(root, "reef-agent-1")))
          .digest("hex"),
      },
    ],
  });
  const plan = async (): Promise<Plan> =>
    JSON.parse((await agent(["plan", "--json"], JSON.stringify(wanted()))).stdout) as Plan;
  const applyAs = async (number: number): Promise<Outcome & { readonly resumed?: boolean }> => {
    const result = await agent(["apply", "--json", "--number", String(number)], JSON.stringify(wanted()));
    expect(result).toMatchObject({ exitCode: 0 });
    return JSON.parse(result.stdout) as Outcome;
  };

  it("has a key that never leaves the host certified", async () => {
    const request = {
      key: "/etc/tls.key",
      owner: "root:later",
      algorithm: "ecdsa-p256",
      commonName: "pi-b",
      dnsNames: ["pi-b.test"],
    };
    const made = await agent(["csr"], JSON.stringify(request));
    expect(made).toMatchObject({ exitCode: 0 });
    expect((await agent(["csr"], JSON.stringify(request))).stdout).toBe(made.stdout);
    const read = `openssl req -noout -verify -subject 2>&1 <<'end'\n${made.stdout}end\nstat -c '%a %U:%G' /etc/tls.key`;
    expect(await inMachine(host, read)).toMatch(/verify OK[^]*CN = pi-b\n600 root:root$/);
  });

  it("goes on where it was cut off, and is told when there is nothing to do", async () => {
    const { attempt, inOrder } = await plan();
    expect(inOrder).toBe(false);
    await inMachine(host, `cp ${agentPath} /root/upload`);
    const first = await applyAs(attempt + 1);
    expect(await plan()).toMatchObject({
      attempt: attempt + 1,
      inOrder: false,
      open: { number: attempt + 1 },
    });
    const again = await applyAs(attempt + 2);
    expect(again).toMatchObject({ generation: first.generation, resumed: true });
    expect((await overSsh(`sudo ${agentPath} confirm ${first.token ?? ""} --path lan`)).exitCode).toBe(1);
    expect((await agent(["confirm", "none"])).exitCode).toBe(1);
    await confirmOverSsh(again);
    expect(await inMachine(host, "stat -c '%a %U:%G' /etc/tls.key")).toBe("640 root:adm");
    expect(await plan()).toMatchObject({ attempt: attempt + 2, inOrder: true });
    const last = await applyAs(attempt + 2);
    expect(last.changed).toBe(false);
    expect(last.token).toBeUndefined();
    expect(await agent(["confirm", "none", "--path", "lan"])).toMatchObject({ exitCode: 0 });
  });

  it("is told of what has drifted in the kernel, and puts it right", async () => {
    await inMachine(host, "nft flush chain inet reef input");
    const { attempt, inOrder } = await plan();
    expect(inOrder).toBe(false);
    await confirmOverSsh(await applyAs(attempt + 1));
    expect(await inForce()).toBe(saying("numbered"));
    expect(await plan()).toMatchObject({ attempt: attempt + 1, inOrder: true });
  });
});
