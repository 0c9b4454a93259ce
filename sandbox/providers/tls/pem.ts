/** PEM blocks as Go's encoding/pem writes and reads them. */

export function encodePem(type: string, der: ArrayBuffer | Buffer): string {
  const bytes = Buffer.isBuffer(der) ? der : Buffer.from(der);
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${type}-----\n${lines.join("\n")}\n-----END ${type}-----\n`;
}

/** The first block of a text, which must be of the given type. */
export function decodePem(text: string, type: string): Buffer {
  const block = /-----BEGIN ([A-Z0-9 ]+)-----\n([\s\S]*?)-----END \1-----/.exec(
    text.replaceAll("\r\n", "\n"),
  );
  if (block === null) throw new Error(`failed to decode PEM of expected type "${type}" from bytes`);
  const [, found = "", body = ""] = block;
  if (found !== type) throw new Error(`invalid PEM type - expected "${type}", got "${found}"`);
  return Buffer.from(body, "base64");
}
