/** Computed properties from their value, for creation and for import alike. */
import bcrypt from "bcryptjs";
import type { ValueMap } from "../shared/values.ts";

export interface Imported {
  readonly id: string;
  readonly inputs: ValueMap;
  readonly outputs: ValueMap;
}

interface Outputs {
  readonly id: string;
  readonly outputs: ValueMap;
}

function bigInteger(bytes: Buffer): string {
  return bytes.length === 0 ? "0" : BigInt(`0x${bytes.toString("hex")}`).toString();
}

export function idOutputs(bytes: Buffer, prefix = ""): Outputs {
  const id = bytes.toString("base64url");
  return {
    id,
    outputs: {
      b64Url: prefix + id,
      b64Std: prefix + bytes.toString("base64"),
      hex: prefix + bytes.toString("hex"),
      dec: prefix + bigInteger(bytes),
    },
  };
}

/** `PREFIX,ID` or `ID`, in unpadded URL-safe base64. */
export function importId(text: string): Imported {
  const comma = text.lastIndexOf(",");
  const prefix = text.slice(0, Math.max(comma, 0));
  const id = text.slice(comma + 1);
  const bytes = Buffer.from(id, "base64url");
  if (bytes.toString("base64url") !== id) {
    throw new Error(`Import Random ID Error: ${JSON.stringify(id)} is not unpadded URL-safe base64`);
  }
  return {
    ...idOutputs(bytes, prefix),
    inputs: { byteLength: bytes.length, ...(prefix !== "" && { prefix }) },
  };
}

export function bytesOutputs(bytes: Buffer): Outputs {
  const base64 = bytes.toString("base64");
  return { id: base64, outputs: { base64, hex: bytes.toString("hex") } };
}

export function importBytes(text: string): Imported {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) {
    throw new Error("Import Random bytes Error: the id is not the bytes in base64");
  }
  return { ...bytesOutputs(bytes), inputs: { length: bytes.length } };
}

/** `RESULT,MIN,MAX` or `RESULT,MIN,MAX,SEED` */
export function importInteger(text: string): Imported {
  const [result = "", min = "", max = "", seed, ...more] = text.split(",");
  const numbers = [result, min, max];
  if (more.length > 0 || numbers.some((each) => !/^-?\d+$/.test(each))) {
    throw new Error(
      "Import Random Integer Error: Invalid import usage: expecting {result},{min},{max} or {result},{min},{max},{seed}",
    );
  }
  return {
    id: result,
    inputs: { min: Number(min), max: Number(max), ...(seed !== undefined && { seed }) },
    outputs: { result: Number(result) },
  };
}

/** Lengths count bytes, as upstream's do. */
export function importString(text: string): Imported {
  return { id: text, inputs: { length: Buffer.byteLength(text) }, outputs: { result: text } };
}

/** Go's default; each step doubles the time. */
const bcryptCost = 10;

/** The hash covers the first 72 bytes: bcrypt knows no more of a password. Go marks its hashes `2a`. */
export async function passwordOutputs(result: string): Promise<ValueMap> {
  const salt = (await bcrypt.genSalt(bcryptCost)).replace(/^\$2[aby]\$/, "$2a$");
  return { result, bcryptHash: await bcrypt.hash(result, salt) };
}

export async function importPassword(text: string): Promise<Imported> {
  const outputs = await passwordOutputs(text);
  return { id: "none", inputs: { length: Buffer.byteLength(text) }, outputs };
}

export function parseUuid(text: string): string {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new Error(`Import Random UUID Error: ${JSON.stringify(text)} is not a UUID`);
  }
  return text.toLowerCase();
}
