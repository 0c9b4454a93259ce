/**
 * What a client says first in a TLS connection (RFC 8446, 4.1.2): the name that it asks for, which decides on zone,
 * certificate and least version before any of the handshake is answered.
 */
export type Hello =
  | { readonly kind: "hello"; readonly serverName: string | undefined }
  /** The beginning of one; there must be more. */
  | { readonly kind: "partial" }
  | { readonly kind: "other" };

const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;
const hostNameType = 0;
/** Of a hello in all; theirs are below 2 KiB, with post-quantum keys. */
const mostHelloBytes = 16 * 1024;

class Cursor {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(width: 1 | 2 | 3): number {
    const value = this.#bytes.readUIntBE(this.#at, width);
    this.#at += width;
    return value;
  }

  skip(length: number): void {
    if (length > this.left) throw new RangeError("the hello ends too early");
    this.#at += length;
  }

  /** What stands behind its length. */
  vector(width: 1 | 2): Buffer {
    const length = this.number(width);
    const start = this.#at;
    this.skip(length);
    return this.#bytes.subarray(start, start + length);
  }
}

/** The handshake's bytes out of the records that carry them. */
function unwrap(bytes: Buffer): { readonly bytes: Buffer; readonly isOther: boolean } {
  const parts: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    if (bytes[at] !== handshakeRecord || bytes[at + 1] !== 3)
      return { bytes: Buffer.alloc(0), isOther: true };
    const length = bytes.readUInt16BE(at + 3);
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const isOther = bytes.length > 0 && bytes[0] !== handshakeRecord;
  return { bytes: Buffer.concat(parts), isOther };
}

function serverNameOf(body: Buffer): string | undefined {
  const cursor = new Cursor(body);
  // Version and random number.
  cursor.skip(2 + 32);
  cursor.vector(1);
  cursor.vector(2);
  cursor.vector(1);
  if (cursor.left === 0) return undefined;
  const extensions = new Cursor(cursor.vector(2));
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (type !== serverNameExtension) continue;
    const names = new Cursor(new Cursor(data).vector(2));
    while (names.left > 0) {
      const kind = names.number(1);
      const name = names.vector(2);
      if (kind === hostNameType) return name.toString("ascii").toLowerCase();
    }
  }
  return undefined;
}

/** Reads the bytes that a connection has brought so far. */
export function readHello(received: Buffer): Hello {
  const { bytes, isOther } = unwrap(received);
  if (isOther || received.length > mostHelloBytes) return { kind: "other" };
  if (bytes.length < 4) return { kind: "partial" };
  if (bytes[0] !== clientHello) return { kind: "other" };
  const length = bytes.readUIntBE(1, 3);
  if (bytes.length < 4 + length) return { kind: "partial" };
  try {
    return { kind: "hello", serverName: serverNameOf(bytes.subarray(4, 4 + length)) };
  } catch {
    return { kind: "other" };
  }
}

/** A fatal alert, in a record of its own: what a server says that has no certificate for the name. */
export function fatalAlert(description: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, description]);
}

export const handshakeFailure = 40;
