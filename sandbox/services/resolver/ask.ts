/** Asks one name server one question, as packets: over UDP, and over TCP where the answer did not fit. */
import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import { randomInt } from "node:crypto";
import {
  decode,
  encode,
  RECURSION_DESIRED,
  type Answer,
  type DecodedPacket,
  type RecordType,
} from "dns-packet";
import type { Reply, ResponseCode } from "../cloudflare/dns-answer.ts";
import type { NameServer } from "./names.ts";

export interface Asked {
  readonly server: NameServer;
  /** The address from which it is asked; the kernel's choice where it is undefined. */
  readonly source: string | undefined;
  readonly name: string;
  readonly type: RecordType;
  readonly timeoutMilliseconds: number;
}

const codes: Readonly<Record<string, ResponseCode>> = {
  NOERROR: "NOERROR",
  NXDOMAIN: "NXDOMAIN",
  NOTIMP: "NOTIMP",
  REFUSED: "REFUSED",
};

function read(packet: DecodedPacket): Reply {
  const records = (list: readonly Answer[] | undefined): Answer[] =>
    (list ?? []).filter(({ type }) => type !== "OPT");
  const { rcode } = packet as { readonly rcode?: string };
  return {
    code: codes[rcode ?? ""] ?? "SERVFAIL",
    answers: records(packet.answers),
    authorities: records(packet.authorities),
  };
}

function query({ name, type }: Asked): { id: number; message: Buffer } {
  const id = randomInt(65_536);
  return {
    id,
    message: encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [{ name, type }] }),
  };
}

/** The answer, if the bytes are one to the question with that number; others' are none of ours. */
function answerOf(bytes: Buffer, id: number): DecodedPacket | undefined {
  try {
    const packet = decode(bytes);
    return packet.id === id && packet.type === "response" ? packet : undefined;
  } catch {
    return undefined;
  }
}

function overUdp(asked: Asked): Promise<DecodedPacket> {
  const { server, source, timeoutMilliseconds } = asked;
  const { id, message } = query(asked);
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const fail = (error: Error): void => {
      end(() => {
        reject(error);
      });
    };
    const timer = setTimeout(() => {
      fail(new Error(`${server.address} does not answer`));
    }, timeoutMilliseconds);
    socket.on("error", fail);
    socket.on("message", (bytes, peer) => {
      const packet = answerOf(bytes, id);
      if (packet === undefined || peer.address !== server.address || peer.port !== server.port) return;
      end(() => {
        resolve(packet);
      });
    });
    socket.bind({ address: source ?? "0.0.0.0", port: 0 }, () => {
      socket.send(message, server.port, server.address, (error) => {
        if (error !== null) fail(error);
      });
    });
  });
}

function overTcp(asked: Asked): Promise<DecodedPacket> {
  const { server, source, timeoutMilliseconds } = asked;
  const { id, message } = query(asked);
  return new Promise((resolve, reject) => {
    const local = source === undefined ? {} : { localAddress: source };
    const socket = createConnection({ host: server.address, port: server.port, ...local });
    let pending: Buffer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMilliseconds, () => {
      fail(new Error(`${server.address} does not answer over TCP`));
    });
    socket.on("error", fail);
    socket.on("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    });
    socket.on("end", () => {
      fail(new Error(`${server.address} hung up`));
    });
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      if (pending.length < 2 || pending.length < 2 + pending.readUInt16BE(0)) return;
      const packet = answerOf(pending.subarray(2, 2 + pending.readUInt16BE(0)), id);
      socket.destroy();
      if (packet === undefined) reject(new Error(`${server.address} answered something else`));
      else resolve(packet);
    });
  });
}

/** @throws where nobody answers in time */
export async function ask(asked: Asked): Promise<Reply> {
  const packet = await overUdp(asked);
  const isCut = (packet as { readonly flag_tc?: boolean }).flag_tc === true;
  return read(isCut ? await overTcp(asked) : packet);
}
