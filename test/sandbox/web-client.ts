/**
 * A client of the API, run by itself in a namespace of the sandbox: `requests URL WORKERS SECONDS` or
 * `websocket URL MESSAGES SECONDS`. It prints what it got as one line of JSON; {@link requestsFrom} and
 * {@link webSocketFrom} start it and read that.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../sandbox/hosts/run.ts";
import { namespaceName } from "../../sandbox/paths.ts";

/** One request, and how it went. */
export interface Request {
  /** Milliseconds since 1970. */
  readonly begun: number;
  readonly ended: number;
  /** The api host that answered; `undefined` where none did. */
  readonly host?: string;
  /** The address from which the api host was asked: the load balancer's. */
  readonly from?: string;
  /** What came instead of an answer. */
  readonly failure?: string;
}

/** One message of a WebSocket, as the server counted it. */
export interface Message {
  readonly host: string;
  readonly connection: string;
  readonly number: number;
  readonly text: string;
}

/** Longer than any time-out on the way, so that those are what is measured. */
const patienceMilliseconds = 60_000;
const pauseMilliseconds = 100;

async function request(url: string): Promise<Request> {
  const begun = Date.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMilliseconds) });
    const text = await response.text();
    if (response.status !== 200) return { begun, ended: Date.now(), failure: `${response.status} ${text}` };
    const { host, from } = JSON.parse(text) as { host: string; from: string };
    return { begun, ended: Date.now(), host, from };
  } catch (error) {
    return { begun, ended: Date.now(), failure: String(error) };
  }
}

/** Several at once, each with a request after the other. */
async function requests(url: string, workers: number, seconds: number): Promise<Request[]> {
  const end = Date.now() + seconds * 1000;
  const all: Request[] = [];
  const work = async (): Promise<void> => {
    while (Date.now() < end) {
      all.push(await request(url));
      await sleep(pauseMilliseconds);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return all;
}

/** One connection, on which each message waits for the answer to the one before. */
async function webSocket(url: string, count: number, seconds: number): Promise<Message[]> {
  const over = new AbortController();
  const { signal } = over;
  const end = (why: string): void => {
    over.abort(new Error(`${why}, with ${messages.length} of ${count} messages answered`));
  };
  const messages: Message[] = [];
  const socket = new WebSocket(url);
  socket.addEventListener("close", ({ code }) => {
    end(`the connection ended with ${code}`);
  });
  const timer = setTimeout(() => {
    end(`${seconds} s are over`);
  }, seconds * 1000);
  await once(socket, "open", { signal });
  while (messages.length < count) {
    socket.send(`message ${messages.length + 1}`);
    const [event] = (await once(socket, "message", { signal })) as [MessageEvent];
    messages.push(JSON.parse(String(event.data)) as Message);
  }
  clearTimeout(timer);
  socket.close();
  return messages;
}

async function start<T>(role: string, authorities: string, args: readonly string[]): Promise<T> {
  const node = ["env", `NODE_EXTRA_CA_CERTS=${authorities}`, process.execPath, import.meta.filename];
  const command = ["ip", "netns", "exec", namespaceName(role), ...node, ...args];
  const timeoutSeconds = 2 * (patienceMilliseconds / 1000) + Number(args.at(-1));
  const { exitCode, stdout, stderr } = await run(command, { timeoutSeconds });
  if (exitCode !== 0) throw new Error(`${args.join(" ")} in ${role}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** @param authorities file of those that the servers' certificates may be of */
export async function requestsFrom(
  role: string,
  authorities: string,
  { url, workers, seconds }: { readonly url: string; readonly workers: number; readonly seconds: number },
): Promise<Request[]> {
  return await start(role, authorities, ["requests", url, String(workers), String(seconds)]);
}

/** @throws Error unless all messages are answered over one connection in time */
export async function webSocketFrom(
  role: string,
  authorities: string,
  { url, messages, seconds }: { readonly url: string; readonly messages: number; readonly seconds: number },
): Promise<Message[]> {
  return await start(role, authorities, ["websocket", url, String(messages), String(seconds)]);
}

if (import.meta.main) {
  const [what, url = "", ...numbers] = process.argv.slice(2);
  const [first = 0, second = 0] = numbers.map(Number);
  const client = what === "websocket" ? webSocket : requests;
  console.log(JSON.stringify(await client(url, first, second)));
}
