/** A host for tests: an SSH server on 127.0.0.1 that runs what it is asked with `sh`, and counts. */
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import ssh2 from "ssh2";
import { privateOpenSsh, publicForms } from "../../../sandbox/providers/tls/keys.ts";
import { serveFiles } from "./sftp-host.ts";
import type { AuthContext, Connection, ServerChannel } from "ssh2";

export interface HostOptions {
  readonly hostKey?: { readonly private: string; readonly public: string };
  /** Lines of authorized_keys. */
  readonly authorizedKeys?: readonly string[];
  readonly password?: string;
  /** Names of environment variables that the host accepts, as AcceptEnv. */
  readonly acceptEnvironment?: readonly string[];
  /** How many connections are cut before the host says anything. */
  readonly refuseFirst?: number;
  /** Whether connections may be forwarded, as on a bastion. */
  readonly forwards?: boolean;
}

export interface TestHost {
  readonly port: number;
  /** `ssh-ed25519 AAAA…`, the host's key. */
  readonly hostKey: string;
  readonly seen: {
    connections: number;
    readonly commands: string[];
    readonly stdin: string[];
    readonly users: string[];
    readonly forwarded: string[];
  };
  /** Connections that are open now. */
  readonly open: Set<Connection>;
  close(): Promise<void>;
}

/** Not by ssh2's own generator: about one in two hundred of its Ed25519 keys cannot be read again. */
export function newSshKey(): { readonly private: string; readonly public: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { private: privateOpenSsh(privateKey), public: publicForms(privateKey).openSsh.trim() };
}

function allowed(context: AuthContext, options: HostOptions): boolean {
  if (context.method === "password") return context.password === options.password;
  if (context.method !== "publickey") return false;
  const keys = (options.authorizedKeys ?? []).map((line) => ssh2.utils.parseKey(line));
  const key = keys.find((each) => !(each instanceof Error) && each.getPublicSSH().equals(context.key.data));
  if (key === undefined || key instanceof Error) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo);
}

function serve(connection: Connection, options: HostOptions, seen: TestHost["seen"]): void {
  connection.on("session", (accept) => {
    const session = accept();
    const environment: Record<string, string> = {};
    session.on("env", (acceptVariable, reject, { key, val }) => {
      if ((options.acceptEnvironment ?? []).includes(key)) {
        environment[key] = val;
        acceptVariable();
      } else {
        reject();
      }
    });
    session.on("sftp", (acceptFiles) => {
      serveFiles(acceptFiles());
    });
    session.on("exec", (acceptCommand, _reject, { command }) => {
      seen.commands.push(command);
      run(acceptCommand(), command, environment, seen);
    });
  });
  connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
    if (options.forwards !== true) {
      reject();
      return;
    }
    seen.forwarded.push(`${destIP}:${destPort}`);
    const socket = connect({ host: destIP, port: destPort });
    socket.once("connect", () => {
      const channel = accept();
      channel.on("error", () => undefined);
      socket.pipe(channel).pipe(socket);
    });
    socket.once("error", () => {
      reject();
    });
  });
}

function run(
  channel: ServerChannel,
  command: string,
  environment: Record<string, string>,
  seen: TestHost["seen"],
): void {
  const child = spawn("/bin/sh", ["-c", command], {
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin", ...environment },
  });
  const input: Buffer[] = [];
  channel.on("data", (chunk: Buffer) => {
    input.push(chunk);
    child.stdin.write(chunk);
  });
  channel.on("end", () => {
    seen.stdin.push(Buffer.concat(input).toString());
    child.stdin.end();
  });
  child.stdin.on("error", () => undefined);
  channel.on("error", () => undefined);
  channel.on("close", () => {
    child.kill("SIGKILL");
  });
  child.stdout.on("data", (chunk: Buffer) => channel.write(chunk));
  child.stderr.on("data", (chunk: Buffer) => channel.stderr.write(chunk));
  child.on("close", (code, signal) => {
    if (signal === null) channel.exit(code ?? 0);
    else channel.exit(signal.replace("SIG", ""), false, "");
    channel.end();
  });
}

export async function startHost(options: HostOptions = {}): Promise<TestHost> {
  const key = options.hostKey ?? newSshKey();
  const seen: TestHost["seen"] = { connections: 0, commands: [], stdin: [], users: [], forwarded: [] };
  const open = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [key.private] }, (connection) => {
    seen.connections += 1;
    if (seen.connections <= (options.refuseFirst ?? 0)) {
      connection.on("error", () => undefined);
      connection.end();
      return;
    }
    open.add(connection);
    // As sshd's sockets are. The method is missing in the type.
    (connection as Connection & { setNoDelay(on: boolean): void }).setNoDelay(true);
    let user = "";
    connection.on("close", () => open.delete(connection));
    connection.on("error", () => undefined);
    connection.on("authentication", (context) => {
      if (allowed(context, options)) {
        user = context.username;
        context.accept();
      } else {
        context.reject(["publickey", "password", "keyboard-interactive"]);
      }
    });
    connection.on("ready", () => {
      seen.users.push(user);
      serve(connection, options, seen);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: key.public,
    seen,
    open,
    close: () =>
      new Promise((resolve) => {
        for (const connection of open) connection.end();
        server.close(() => {
          resolve();
        });
      }),
  };
}
