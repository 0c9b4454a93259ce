/**
 * Asks one host, over SSH, what a document would mean to it (`reef-agent plan`), or what its keys are called. Run as a
 * program by `asking.ts`, with an {@link AskRequest} as JSON on standard input; prints an {@link AskAnswer} as one line
 * of JSON. That a host cannot be reached is an answer, not a failure: the program ends with 0.
 *
 * It runs ssh(1), which finds the operator's agent by SSH_AUTH_SOCK, with no configuration of the user's, and
 * accepts the pinned host key alone.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { rootScript } from "./command.ts";

/** Where an SSH server is, and the one key that it must have. */
export interface SshTarget {
  readonly user: string;
  readonly host: string;
  /** In OpenSSH's form: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
}

export interface AskRoute extends SshTarget {
  /** The management path's name. */
  readonly name: string;
  /** The hub in between. */
  readonly proxy?: SshTarget | undefined;
}

/** What the host is asked about. */
export type Question =
  /** A document, for the agent's standard input. */
  | { readonly document: string }
  /** The host's keys: WireGuard's, where it has one, and others by their paths. */
  | { readonly keys: { readonly tunnel: boolean; readonly paths: readonly string[] } };

export interface AskRequest {
  /** Key in the plan. */
  readonly host: string;
  /** Of those that answer the first of the list counts; each has a start of {@link headStartSeconds} on the next. */
  readonly routes: readonly AskRoute[];
  /** For one try, until the answer is there. */
  readonly seconds: number;
  /** Once this has passed, no further try is begun; 0 for a single one. */
  readonly patienceSeconds: number;
  readonly question: Question;
}

export type AskAnswer =
  | { readonly reachedBy: string; readonly said: string }
  /** Why not, by the route's name. */
  | { readonly unreachable: Readonly<Record<string, string>> };

/** Nothing of ours starts like this: an agent that is not there yet is told apart from one that fails. */
export const noAgent = "no reef-agent here";

/**
 * Seconds that a route has to itself. A host that is well answers in less, and is asked once; its firewall counts
 * connections on the ways that are not management's.
 */
export const headStartSeconds = 2;

const betweenTriesSeconds = 1;

/** Exit code 2 is that of an agent that is too old for the document; it says what it knows nevertheless. */
const planCommand = `command -v reef-agent >/dev/null || { echo '${noAgent}'; exit 0; }; reef-agent plan --json || [ $? -eq 2 ]`;

/** What the host runs as root, with its standard input. */
function runOf(question: Question): Pick<RemoteRun, "command" | "stdin"> {
  if ("document" in question) return { command: planCommand, stdin: question.document };
  const { tunnel, paths } = question.keys;
  return rootScript("keys", [tunnel ? "tunnel" : "none", ...paths], "");
}

/** Characters that the shell leaves alone stay as they are. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A pinned RSA key signs with SHA-2; all other types name their algorithm. */
function algorithms(hostKey: string): string {
  const type = hostKey.split(" ")[0] ?? "";
  return type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type;
}

/** ssh's arguments up to the destination. ssh itself expands percent signs in what it is given as commands. */
function sshArguments(target: SshTarget, seconds: number, more: readonly string[]): string[] {
  const options = [
    "BatchMode=yes",
    `ConnectTimeout=${seconds}`,
    "StrictHostKeyChecking=yes",
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    `KnownHostsCommand=/bin/echo %H ${target.hostKey}`,
    `HostKeyAlgorithms=${algorithms(target.hostKey)}`,
    "LogLevel=ERROR",
    ...more,
  ];
  return [
    "-F",
    "none",
    "-T",
    ...options.flatMap((option) => ["-o", option]),
    `${target.user}@${target.host}`,
  ];
}

/** The whole argument list for a route. */
export function routeArguments(route: AskRoute, seconds: number): string[] {
  if (route.proxy === undefined) return sshArguments(route, seconds, []);
  const [destination = "", ...before] = sshArguments(route.proxy, seconds, []).reverse();
  const words = ["ssh", ...before.reverse(), "-W", "%h:%p", destination];
  const escaped = words.map((word) => (word === "%h:%p" ? word : quoted(word).replaceAll("%", "%%")));
  return sshArguments(route, seconds, [`ProxyCommand=${escaped.join(" ")}`]);
}

/**
 * A group of its own, so that ssh ends with the second one that a proxy needs: that would hold on to our pipes until
 * the network gives up.
 */
function start(route: AskRoute, { command, connectSeconds }: RemoteRun): ChildProcessWithoutNullStreams {
  const args = [...routeArguments(route, connectSeconds), `sudo -n sh -c ${quoted(command)}`];
  return spawn("ssh", args, { detached: true, env: sshEnvironment() });
}

/** What the engine has for its providers is none of ssh's business, and of nobody who can see its environment. */
function sshEnvironment(): NodeJS.ProcessEnv {
  const isProviders = /^(?:AWS|CLOUDFLARE|PULUMI)_/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isProviders.test(name)));
}

function end({ pid }: ChildProcessWithoutNullStreams): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in between.
  }
}

export interface RemoteRun {
  /** For root's shell. */
  readonly command: string;
  readonly stdin: string;
  readonly connectSeconds: number;
  /** For all of it. */
  readonly seconds: number;
  /** Gets what the command prints while it still runs. */
  readonly onOutput?: (text: string) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a command as root over one route, and returns what it printed.
 * @throws Error with ssh's or the command's own words.
 */
export async function runOver(route: AskRoute, run: RemoteRun): Promise<string> {
  const child = start(route, run);
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    end(child);
  }, run.seconds * 1000);
  const stop = (): void => {
    end(child);
  };
  run.signal?.addEventListener("abort", stop);
  // Closed early where the host does not get as far as reading it; its exit code tells why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(run.stdin);
  child.stdout.setEncoding("utf8").on("data", (piece: string) => run.onOutput?.(piece));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  try {
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    if (late.signal.aborted) throw new Error(`no answer within ${run.seconds} s`);
    if (code !== 0) throw new Error(stderr.trim() || `ssh ended with exit code ${code ?? "none"}`);
    return stdout;
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener("abort", stop);
    end(child);
  }
}

type Outcome = { readonly said: string } | { readonly reason: string };

/** @throws never: whatever goes wrong is a reason. */
async function tryRoute(route: AskRoute, run: RemoteRun): Promise<Outcome> {
  try {
    return { said: (await runOver(route, run)).trim() };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Tries all routes once. A route waits for those before it, though not for long, and what it says for theirs. */
async function tryRoutes(routes: readonly AskRoute[], run: RemoteRun): Promise<AskAnswer> {
  const answered = new AbortController();
  const tried: (readonly [name: string, outcome: Promise<Outcome>])[] = [];
  const seen = { isAnswered: false };
  for (const route of routes) {
    const earlier = Promise.all(tried.map(([, outcome]) => outcome));
    await Promise.race([earlier, sleep(headStartSeconds * 1000, undefined, { ref: false })]);
    if (seen.isAnswered) break;
    const outcome = tryRoute(route, { ...run, signal: answered.signal });
    void outcome.then((ended) => {
      seen.isAnswered ||= "said" in ended;
    });
    tried.push([route.name, outcome]);
  }
  const unreachable: Record<string, string> = {};
  for (const [name, outcome] of tried) {
    const ended = await outcome;
    if ("reason" in ended) {
      unreachable[name] = ended.reason;
      continue;
    }
    answered.abort();
    await Promise.all(tried.map(([, other]) => other));
    return { reachedBy: name, said: ended.said };
  }
  return { unreachable };
}

/** @throws never: whatever goes wrong is a reason. */
export async function ask({ routes, seconds, patienceSeconds, question }: AskRequest): Promise<AskAnswer> {
  const run: RemoteRun = { ...runOf(question), connectSeconds: seconds, seconds };
  const start = performance.now();
  for (;;) {
    const answer = await tryRoutes(routes, run);
    const waited = (performance.now() - start) / 1000;
    if ("reachedBy" in answer || waited + betweenTriesSeconds >= patienceSeconds) return answer;
    await sleep(betweenTriesSeconds * 1000);
  }
}

if (import.meta.main) {
  const request = JSON.parse(await text(process.stdin)) as AskRequest;
  process.stdout.write(`${JSON.stringify(await ask(request))}\n`);
}
