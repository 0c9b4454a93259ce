/** Texts as Go's standard library writes them, because the official provider's messages contain them. */

const escapes: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

function escape(character: string): string {
  const known = escapes[character];
  if (known !== undefined) return known;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\U${code.toString(16).padStart(8, "0")}`;
}

/** Go's `%q`. */
export function quote(text: string): string {
  return `"${Array.from(text, escape).join("")}"`;
}

const systemErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  ETIMEDOUT: "connection timed out",
};

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** What Go calls an error of the operating system; any other error keeps its own message. */
export function systemErrorText(error: unknown): string {
  const code = errorCode(error);
  const known = code === undefined ? undefined : systemErrors[code];
  return known ?? (error instanceof Error ? error.message : String(error));
}

/** Go's message for a connection that could not be opened. */
export function dialErrorText(network: "tcp" | "unix", address: string, error: unknown): string {
  if (errorCode(error) === "ENOTFOUND") {
    const host = address.slice(0, address.lastIndexOf(":"));
    return `dial ${network}: lookup ${host}: no such host`;
  }
  return `dial ${network} ${address}: connect: ${systemErrorText(error)}`;
}

/** Go's `net.JoinHostPort`. */
export function joinHostPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
