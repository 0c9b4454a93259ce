/** How remote.Command reaches its host: keys, logins, tries and proxies, against SSH servers on 127.0.0.1. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { overSsh } from "../../../sandbox/providers/command/remote.ts";
import { remoteCommandHandler } from "../../../sandbox/providers/command/resources.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import {
  commands,
  connection,
  create,
  eventually,
  failure,
  host,
  login,
  newOperation,
  quick,
  without,
} from "./run.ts";
import { newSshKey } from "./ssh-host.ts";

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("the host's key", () => {
  test("must be the pinned one", async () => {
    const to = await host();
    const pinned = connection(to, { hostKey: newSshKey().public, dialErrorLimit: 1 });
    expect(await failure(create(commands, { connection: pinned, create: "true" }))).toBe(
      "after 1 failed attempts: ssh: handshake failed: ssh: host key mismatch",
    );
    expect(to.seen.commands).toEqual([]);
  });

  test("may be any where none is pinned", async () => {
    const to = await host();
    const unpinned = without("hostKey", connection(to));
    expect((await create(commands, { connection: unpinned, create: "echo x" })).state.stdout).toBe("x");
  });

  test("must be a key at all, and that is not retried", async () => {
    const to = await host();
    const operation = newOperation();
    const pinned = connection(to, { hostKey: "ssh-ed25519 nonsense" });
    expect(await failure(create(commands, { connection: pinned, create: "true" }, operation))).toBe(
      "failed to parse host key: ssh: no key found",
    );
    expect(operation.lines).toEqual([]);
  });
});

describe("logging in", () => {
  test("by password, also where it is asked for", async () => {
    const to = await host({ password: "pw", authorizedKeys: [] });
    const rest = without("privateKey", connection(to, { password: "pw", dialErrorLimit: 0 }));
    expect((await create(commands, { connection: rest, create: "echo x" })).state.stdout).toBe("x");
    expect(await failure(create(commands, { connection: { ...rest, password: "no" }, create: "true" }))).toBe(
      "after 0 failed attempts: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none password keyboard-interactive], no supported methods remain",
    );
  });

  test("by an agent, the one named or the environment's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "roadnet-agent-"));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const socket = join(folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    onTestFinished(async () => {
      const ended = new Promise((resolve) => agent.once("exit", resolve));
      agent.kill();
      await ended;
    });
    const key = join(folder, "key");
    writeFileSync(key, login.private, { mode: 0o600 });
    await eventually(() => {
      try {
        execFileSync("ssh-add", ["-q", key], {
          env: { ...process.env, SSH_AUTH_SOCK: socket },
          stdio: "ignore",
        });
        return true;
      } catch {
        return false;
      }
    });
    const to = await host();
    const rest = without("privateKey", connection(to, { dialErrorLimit: 0 }));
    const byEnvironment = remoteCommandHandler(overSsh({ ...quick, environment: { SSH_AUTH_SOCK: socket } }));
    expect((await create(byEnvironment, { connection: rest, create: "echo e" })).state.stdout).toBe("e");
    const named = { ...rest, agentSocketPath: socket };
    expect((await create(commands, { connection: named, create: "echo n" })).state.stdout).toBe("n");
    // A private key that is refused rules out the agent, which has the right one.
    const refused = { ...named, privateKey: newSshKey().private };
    expect(await failure(create(commands, { connection: refused, create: "true" }))).toContain(
      "attempted methods [none publickey]",
    );
  });

  test("fails at once where the agent does not answer", async () => {
    const to = await host();
    const inputs = { connection: connection(to, { agentSocketPath: "/nowhere/agent" }), create: "true" };
    expect(await failure(create(commands, inputs))).toBe(
      "dial unix /nowhere/agent: connect: no such file or directory",
    );
    expect(to.seen.connections).toBe(0);
  });
});

describe("dialling", () => {
  test("is tried again, one time more than its limit", async () => {
    const port = await unusedPort();
    const operation = newOperation();
    const inputs = { connection: { host: "127.0.0.1", port, dialErrorLimit: 2 }, create: "true" };
    expect(await failure(create(commands, inputs, operation))).toBe(
      `after 2 failed attempts: dial tcp 127.0.0.1:${port}: connect: connection refused`,
    );
    expect(operation.lines).toEqual(["info Dial 1/2 failed: retrying", "info Dial 2/2 failed: retrying"]);
  });

  test("succeeds when the host comes up meanwhile", async () => {
    const to = await host({ refuseFirst: 3 });
    const operation = newOperation();
    await create(commands, { connection: connection(to), create: "true" }, operation);
    expect(to.seen.connections).toBe(4);
    expect(operation.lines).toHaveLength(3);
  });

  test("ends with the update, even while a host that accepted says nothing", async () => {
    const accepted: Socket[] = [];
    const silent = createServer((socket) => {
      accepted.push(socket);
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const operation = newOperation();
    const { port } = silent.address() as AddressInfo;
    const inputs = { connection: { host: "127.0.0.1", port }, create: "true" };
    const running = failure(create(commands, inputs, operation));
    await eventually(() => accepted.length === 1);
    operation.controller.abort(new Error("context canceled"));
    expect(await running).toContain("context canceled");
    const closed = new Promise((resolve) => silent.close(resolve));
    for (const socket of accepted) socket.destroy();
    await closed;
  });

  test("goes through a proxy, which has a login and a key of its own", async () => {
    const bastionLogin = newSshKey();
    const bastion = await host({ forwards: true, authorizedKeys: [bastionLogin.public] });
    const to = await host();
    const proxy = connection(bastion, { privateKey: bastionLogin.private, user: "jump" });
    const inputs = { connection: connection(to, { proxy }), create: "echo through" };
    expect((await create(commands, inputs)).state.stdout).toBe("through");
    expect(bastion.seen).toMatchObject({
      users: ["jump"],
      forwarded: [`127.0.0.1:${to.port}`],
      commands: [],
    });
    await eventually(() => bastion.open.size + to.open.size === 0);
  });

  test("through a proxy says where it failed", async () => {
    const bastion = await host({ forwards: true });
    const to = await host();
    const via = (proxy: ValueMap, more: ValueMap = {}) =>
      failure(
        create(commands, {
          connection: connection(to, { proxy, dialErrorLimit: 1, ...more }),
          create: "true",
        }),
      );
    expect(await via(connection(bastion, { hostKey: newSshKey().public, dialErrorLimit: 0 }))).toBe(
      "proxy: after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch",
    );
    expect(await via(connection(bastion), { hostKey: newSshKey().public })).toContain(
      "ssh: host key mismatch",
    );
    const port = await unusedPort();
    expect(await via(connection(bastion), { port })).toMatch(
      /^proxy: after 1 failed attempts: ssh: rejected: /,
    );
    await eventually(() => bastion.open.size + to.open.size === 0);
  });

  // remote/connection.go repeats ssh.NewClientConn on one net.Conn, which a failure of that function has closed.
  test("through a proxy opens one stream, and a login that failed on it has failed for good", async () => {
    const bastion = await host({ forwards: true });
    const to = await host({ refuseFirst: 1 });
    const operation = newOperation();
    const through = connection(to, { proxy: connection(bastion), dialErrorLimit: 3 });
    expect(await failure(create(commands, { connection: through, create: "true" }, operation))).toMatch(
      /^proxy: after 3 failed attempts: ssh: handshake failed: EOF \(at first: /,
    );
    expect(operation.lines).toEqual([1, 2, 3].map((n) => `info Dial ${n}/3 failed: retrying`));
    expect(to.seen.connections).toBe(1);
  });
});
