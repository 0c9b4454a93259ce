/** JSON on the command line. */
import { SandboxError } from "../sandbox/mode.ts";

/** Reads a JSON object that was given on the command line. */
export function parseObject(text: string | undefined, option: string): Record<string, unknown> | undefined {
  if (text === undefined) {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SandboxError(`${option} must be JSON, such as '{"Name": "other"}', and is ${text}.`, 2);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SandboxError(`${option} must be a JSON object, and is ${text}.`, 2);
  }
  return value as Record<string, unknown>;
}
