/** The pinned key of a host, read the way golang.org/x/crypto/ssh `ParseAuthorizedKey` reads it. */

export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, …: the only algorithm that is then offered to the host. */
  readonly type: string;
  /** The key in SSH's wire format. */
  readonly blob: Buffer;
}

const supportedTypes = [
  "ssh-ed25519",
  "ssh-rsa",
  "ssh-dss",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
];

function parseBlob(base64: string): HostKey | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, "base64");
  if (blob.length < 4) return undefined;
  const typeLength = blob.readUInt32BE(0);
  const type = blob.subarray(4, 4 + typeLength).toString("latin1");
  return supportedTypes.includes(type) ? { type, blob } : undefined;
}

/** Skips the options in front of a key, which may hold blanks between double quotes. */
function afterOptions(line: string): string {
  let quoted = false;
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index];
    if (character === '"' && line[index - 1] !== "\\") quoted = !quoted;
    if (!quoted && (character === " " || character === "\t")) return line.slice(index).trim();
  }
  return "";
}

function parseLine(line: string): HostKey | undefined {
  for (const candidate of [line, afterOptions(line)]) {
    const [, base64] = candidate.split(/[ \t]+/);
    const key = base64 === undefined ? undefined : parseBlob(base64);
    if (key !== undefined) return key;
  }
  return undefined;
}

/**
 * The first key in a text of authorized_keys lines; comments and empty lines are skipped. The type comes from the
 * key itself, not from the word in front of it.
 */
export function parseHostKey(text: string): HostKey {
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const key = parseLine(line);
    if (key !== undefined) return key;
  }
  throw new Error("failed to parse host key: ssh: no key found");
}
