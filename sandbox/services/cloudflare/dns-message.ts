/** From a DNS message to its answer, in bytes: what is malformed, refused or too long is dealt with here. */
import { RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE, decode, encode } from "dns-packet";
import type { Answer, DecodedPacket, OptAnswer, Packet, Question } from "dns-packet";
import type { Reply } from "./dns-answer.ts";

/** Who knows what is answered. */
interface Resolver {
  resolve(name: string, type: Question["type"]): Reply;
}

/** RFC 1035, 4.2.1: what every client can take over UDP. */
const plainUdpBytes = 512;
/** What fits a packet everywhere: the DNS flag day's recommendation. */
const largestUdpBytes = 1_232;
const largestTcpBytes = 65_535;

const codes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** Extended: the upper bits travel in the OPT record. RFC 6891, 6.1.3. */
  BADVERS: 16,
} as const;
type Code = keyof typeof codes;

interface EdnsOption {
  readonly udpPayloadSize: number;
  readonly version: number;
}

function header(query: Buffer, code: Code): Buffer {
  const reply = Buffer.alloc(12);
  query.copy(reply, 0, 0, 2);
  const isRecursive = ((query[2] ?? 0) & 1) === 1;
  // QR, the opcode as asked, RD as asked; RA and the code.
  reply[2] = 0x80 | ((query[2] ?? 0) & 0x78) | (isRecursive ? 1 : 0);
  reply[3] = 0x80 | codes[code];
  return reply;
}

function ednsOf(packet: DecodedPacket): EdnsOption | undefined {
  const opt = packet.additionals?.find((record): record is OptAnswer => record.type === "OPT");
  if (opt === undefined) return undefined;
  const { udpPayloadSize, ednsVersion } = opt as OptAnswer & { readonly ednsVersion: number };
  return { udpPayloadSize, version: ednsVersion };
}

function optRecord(code: Code): OptAnswer {
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize: largestUdpBytes,
    extendedRcode: codes[code] >> 4,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } as unknown as OptAnswer;
}

/** Refuses what a resolver does not do. `undefined` if the question is to be answered. */
function refuse(question: Question, edns: EdnsOption | undefined): Code | undefined {
  if (edns !== undefined && edns.version !== 0) return "BADVERS";
  if (question.class !== undefined && question.class !== "IN") return "REFUSED";
  return ["AXFR", "IXFR"].includes(question.type) ? "REFUSED" : undefined;
}

function replyTo(resolver: Resolver, question: Question): Reply {
  // RFC 8482: a question for everything gets the least that is an answer.
  if ((question.type as string) === "ANY") {
    const hinfo = {
      type: "HINFO",
      name: question.name,
      ttl: 3_600,
      data: { cpu: "RFC8482", os: "" },
    } as Answer;
    return { code: "NOERROR", answers: [hinfo], authorities: [] };
  }
  return resolver.resolve(question.name, question.type);
}

/**
 * Answers one message.
 *
 * @param limit how long the transport lets the answer be; over UDP the client may allow more by EDNS.
 * @returns nothing for what deserves no answer: fragments, and answers of others.
 */
export function answerMessage(
  resolver: Resolver,
  query: Buffer,
  transport: "udp" | "tcp",
): Buffer | undefined {
  if (query.length < 12 || ((query[2] ?? 0) & 0x80) !== 0) return undefined;
  if (((query[2] ?? 0) & 0x78) !== 0) return header(query, "NOTIMP");
  if (!isPlausible(query)) return header(query, "FORMERR");
  let packet: DecodedPacket;
  try {
    packet = decode(query);
  } catch {
    return header(query, "FORMERR");
  }
  try {
    return respond(resolver, query, packet, transport);
  } catch {
    // Such as a name that can be read but not be written.
    return header(query, "SERVFAIL");
  }
}

/**
 * The same for whoever has to ask others first.
 *
 * @param resolve is called once for a question that deserves an answer, and not at all for anything else
 */
export async function answerMessageLater(
  resolve: (name: string, type: Question["type"]) => Promise<Reply>,
  query: Buffer,
  transport: "udp" | "tcp",
): Promise<Buffer | undefined> {
  const question = questionOf(query);
  const failure: Reply = { code: "SERVFAIL", answers: [], authorities: [] };
  const reply = question === undefined ? failure : await resolve(question.name, question.type);
  return answerMessage({ resolve: () => reply }, query, transport);
}

/** The question of a message that is to be answered; `undefined` for what is refused or no question. */
function questionOf(query: Buffer): Question | undefined {
  if (query.length < 12 || ((query[2] ?? 0) & 0xf8) !== 0 || !isPlausible(query)) return undefined;
  try {
    const packet = decode(query);
    const question = packet.questions?.[0];
    return question === undefined || refuse(question, ednsOf(packet)) !== undefined ? undefined : question;
  } catch {
    return undefined;
  }
}

/** One question and nothing else but a few additional records: refused before any room is made for the others. */
function isPlausible(query: Buffer): boolean {
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => query.readUInt16BE(at));
  return (
    questions === 1 && answers === 0 && authorities === 0 && additionals !== undefined && additionals <= 4
  );
}

function respond(resolver: Resolver, query: Buffer, packet: DecodedPacket, transport: "udp" | "tcp"): Buffer {
  const edns = ednsOf(packet);
  const question = packet.questions?.[0];
  if (question === undefined) return header(query, "FORMERR");
  const refusal = refuse(question, edns);
  if (refusal === "BADVERS") return withCode(packet, refusal, edns);
  if (refusal !== undefined) return header(query, refusal);
  const reply = replyTo(resolver, question);
  const udpLimit = Math.min(Math.max(edns?.udpPayloadSize ?? 0, plainUdpBytes), largestUdpBytes);
  const full = write(packet, reply, edns, false);
  if (full.length <= (transport === "tcp" ? largestTcpBytes : udpLimit)) return full;
  // The client asks again over TCP; half a set of records would be believed to be all of it.
  return write(packet, { ...reply, answers: [], authorities: [] }, edns, true);
}

function write(packet: DecodedPacket, reply: Reply, edns: EdnsOption | undefined, isCut: boolean): Buffer {
  const recursion = ((packet as { flag_rd?: boolean }).flag_rd ?? false) ? RECURSION_DESIRED : 0;
  const message: Packet = {
    type: "response",
    id: packet.id ?? 0,
    flags: RECURSION_AVAILABLE | recursion | (isCut ? TRUNCATED_RESPONSE : 0) | codes[reply.code],
    questions: packet.questions ?? [],
    answers: [...reply.answers],
    authorities: [...reply.authorities],
    additionals: edns === undefined ? [] : [optRecord(reply.code)],
  };
  return encode(message);
}

function withCode(packet: DecodedPacket, code: Code, edns: EdnsOption | undefined): Buffer {
  return encode({
    type: "response",
    id: packet.id ?? 0,
    flags: RECURSION_AVAILABLE | (codes[code] & 0xf),
    questions: packet.questions ?? [],
    additionals: edns === undefined ? [] : [optRecord(code)],
  });
}
