/**
 * One command in one SSH session.
 *
 * `ssh2` sends environment variables without asking whether the host took them, while the official provider fails
 * when one is refused. So the session's requests are made here, over the parts of `ssh2` (pinned in package.json)
 * that its own `exec` is made of.
 */
import type { Client, ClientChannel } from "ssh2";
import type { OutputCollector } from "./output.ts";

const windowBytes = 2 * 1024 * 1024;
const packetBytes = 32 * 1024;

type Reply = (failed: boolean | Error) => void;

interface ClientInternals {
  readonly _chanMgr: { add(opened: (error: Error | undefined, channel: ClientChannel) => void): number };
  readonly _protocol: {
    session(channel: number, window: number, packet: number): void;
    env(channel: number, key: string, value: string, wantReply: boolean): void;
    exec(channel: number, command: string, wantReply: boolean): void;
  };
}

interface ChannelInternals {
  readonly _callbacks: Reply[];
  readonly outgoing: { readonly id: number };
  subtype: string;
}

/** A session that has not been told yet what to run. */
export interface Session {
  /** Rejects if the host does not accept the variable. */
  setVariable(name: string, value: string): Promise<void>;
  /** Runs the command to its end. Rejects with Go's words for how it ended if not with status 0. */
  run(command: string, stdin: string, output: OutputCollector): Promise<void>;
}

const signalNumbers: Readonly<Record<string, number>> = {
  ABRT: 6,
  ALRM: 14,
  FPE: 8,
  HUP: 1,
  ILL: 4,
  INT: 2,
  KILL: 9,
  PIPE: 13,
  QUIT: 3,
  SEGV: 11,
  TERM: 15,
};

interface Exit {
  readonly code: number | null | undefined;
  readonly signal: string | undefined;
}

/** How golang.org/x/crypto/ssh words an end other than success; `undefined` for success. */
export function exitText({ code, signal }: Exit): string | undefined {
  if (code === 0) return undefined;
  if (typeof code === "number") return `Process exited with status ${code}`;
  if (signal === undefined) return "wait: remote command exited without exit status or exit signal";
  const name = signal.replace(/^SIG/, "");
  return `Process exited with status ${128 + (signalNumbers[name] ?? 0)} from signal ${name}`;
}

function openChannel(client: Client): Promise<ClientChannel> {
  const internals = client as unknown as ClientInternals;
  return new Promise((resolve, reject) => {
    const id = internals._chanMgr.add((error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
    if (id === -1) reject(new Error("ssh: no free channel on this connection"));
    else internals._protocol.session(id, windowBytes, packetBytes);
  });
}

/**
 * How the command on a channel ends. To be called before the command is requested: the host's consent, the output
 * and the end may all arrive in one piece.
 */
function follow(channel: ClientChannel, output: OutputCollector): Promise<Exit> {
  return new Promise((resolve) => {
    let exit: Exit = { code: undefined, signal: undefined };
    channel.on("exit", (code: number | null, signal?: string) => {
      exit = { code, signal };
    });
    channel.on("data", (chunk: Buffer) => {
      output.add("stdout", chunk);
    });
    channel.stderr.on("data", (chunk: Buffer) => {
      output.add("stderr", chunk);
    });
    // A command may end without reading its input; that alone is no failure.
    channel.on("error", () => undefined);
    channel.once("close", () => {
      resolve(exit);
    });
  });
}

export async function openSession(client: Client): Promise<Session> {
  const protocol = (client as unknown as ClientInternals)._protocol;
  // A connection that breaks before the host has replied would leave the replies outstanding forever.
  const broken = new Promise<never>((_resolve, reject) => {
    client.once("close", () => {
      reject(new Error("EOF"));
    });
  });
  broken.catch(() => undefined);
  const channel = await Promise.race([openChannel(client), broken]);
  const internals = channel as unknown as ChannelInternals;
  const reply = (failure: string) => {
    const replied = new Promise<void>((resolve, reject) => {
      internals._callbacks.push((failed) => {
        if (failed === false) resolve();
        else reject(failed === true ? new Error(failure) : failed);
      });
    });
    return Promise.race([replied, broken]);
  };
  return {
    setVariable: (name, value) => {
      const replied = reply("ssh: setenv failed");
      protocol.env(internals.outgoing.id, name, value, true);
      return replied;
    },
    run: async (command, stdin, output) => {
      const ended = follow(channel, output);
      const replied = reply(`ssh: command ${command} failed`);
      internals.subtype = "exec";
      protocol.exec(internals.outgoing.id, command, true);
      await replied;
      channel.end(stdin);
      const failure = exitText(await ended);
      if (failure !== undefined) throw new Error(failure);
    },
  };
}
