/** SSH from the operator to a host, which a test can cut. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentSocket, hostPublicKeyFile } from "../../sandbox/hosts/keys.ts";
import { addresses, operator, paths, root, type Name } from "./hosts-bed.ts";

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An SSH session that runs, and can be cut. */
export interface Session {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

export interface SessionOptions {
  readonly host: Name;
  readonly user: string;
  readonly command: string;
  /** Where there is none, the command's input stays open. */
  readonly stdin: string | undefined;
  /** After this many seconds it is cut; 60 by default. */
  readonly timeoutSeconds: number | undefined;
}

/** Runs a command over SSH. To cut the connection, kill its child. */
export function openSession({ host, user, command, stdin, timeoutSeconds = 60 }: SessionOptions): Session {
  const knownHosts = join(root, "known_hosts");
  const pin = readFileSync(hostPublicKeyFile(host, paths), "utf8").trim();
  writeFileSync(knownHosts, `${addresses[host]} ${pin}\n`);
  const options = [`UserKnownHostsFile=${knownHosts}`, "StrictHostKeyChecking=yes", "BatchMode=yes"];
  const more = ["ConnectTimeout=5", "ServerAliveInterval=5", "ServerAliveCountMax=3"];
  const words = [...options, ...more].flatMap((option) => ["-o", option]);
  const child = spawn(
    "ip",
    ["netns", "exec", operator, "ssh", "-F", "none", ...words, `${user}@${addresses[host]}`, command],
    { env: { ...process.env, SSH_AUTH_SOCK: agentSocket(paths) }, stdio: ["pipe", "pipe", "pipe"] },
  );
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  }
  child.stdin.on("error", () => undefined);
  if (stdin !== undefined) child.stdin.end(stdin);
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutSeconds * 1000);
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ exitCode: code ?? -1, ...said });
    });
  });
  return { child, ended };
}
