/** What `pulumi preview --json` prints, as far as the guard reads it. Pure. */
import { z } from "zod";
import { networkKey } from "../../components/config/problem.ts";
import { parseGuardConfig } from "../../components/config/parse.ts";
import type { GuardConfig } from "../../components/config/guard.ts";
import { parseUrn } from "../../components/config/guarded.ts";

/** A document that says nothing about a plan; the message says why and what to do. */
export class DocumentError extends Error {}

const state = z.object({ protect: z.boolean().optional(), parent: z.string().optional() });

const step = z.object({
  /** The engine's name of what it would do: `same`, `update`, `replace`, `delete`, … */
  op: z.string(),
  urn: z.string(),
  /** The resource as it is; absent where it would be created. */
  oldState: state.optional(),
  /** The resource as it would be; absent where it would be deleted. */
  newState: state.optional(),
  /** The properties whose change makes it be replaced. */
  replaceReasons: z.array(z.string()).nullish(),
});

const digest = z.object({
  config: z.record(z.string(), z.string()).default({}),
  steps: z.array(step),
  diagnostics: z
    .array(z.object({ message: z.string().default(""), severity: z.string().optional() }))
    .default([]),
  /** How many steps there are of each kind. It comes last, when the preview has ended. */
  changeSummary: z.record(z.string(), z.number()),
});

export type PreviewStep = z.output<typeof step>;

export interface Preview {
  readonly stack: string;
  readonly project: string;
  readonly steps: readonly PreviewStep[];
  /** How many resources stay the same without being shown: `--show-sames` shows them. */
  readonly hidden: number;
  /** Whether the engine went no further at a protected resource, so that the plan may have more than is shown. */
  readonly isCutShort: boolean;
  readonly guard: GuardConfig;
}

const howTo = "pulumi preview --json --show-sames --ignore-protect";

/** Whether the parser went through all of a text that begins like a document and wanted more. */
function isUnfinished(text: string, { message }: Error): boolean {
  const [, position] = / at position (\d+)/.exec(message) ?? [];
  return text.startsWith("{") && (!text.endsWith("}") || Number(position ?? text.length) >= text.length);
}

/** What is wrong with text that is no JSON. */
function jsonComplaint(text: string, error: Error): string {
  if (isUnfinished(text, error)) {
    return `The document is cut short after ${text.length} characters: preview again.`;
  }
  if (/^\{.*\}\s*\n\s*\{/.test(text)) {
    return "The document is a stream of events: unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW.";
  }
  const start = JSON.stringify(text.slice(0, 60));
  return `The document is no JSON (${error.message}) and begins with ${start}: it must be what \`${howTo}\` prints.`;
}

function parseJson(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") {
    throw new DocumentError(
      `There is nothing in the document. Did the preview fail? It must be what \`${howTo}\` prints.`,
    );
  }
  try {
    return JSON.parse(trimmed);
  } catch (error) {
    throw new DocumentError(jsonComplaint(trimmed, error as Error));
  }
}

const isProtection = (message: string): boolean =>
  /currently marked for protection|because it is protected/.test(message);

/** It only says that there are other errors. */
const isEcho = (message: string): boolean => /^error: preview failed\s*$/.test(message);

/** @throws {DocumentError} where the preview failed otherwise than at a protected resource */
function wasRefused(diagnostics: z.output<typeof digest>["diagnostics"]): boolean {
  const errors = diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message.trim());
  const others = errors.filter((message) => !isProtection(message) && !isEcho(message));
  const refused = errors.some(isProtection);
  if (others.length > 0 || (errors.length > 0 && !refused)) {
    throw new DocumentError(
      `The preview failed, so there is no plan:\n${(others[0] === undefined ? errors : others).join("\n")}`,
    );
  }
  return refused;
}

/** @throws {DocumentError} where the document does not hold the stack's configuration */
function guardOf(config: Readonly<Record<string, string>>): GuardConfig {
  const text = config[networkKey];
  if (text === undefined)
    throw new DocumentError(`The document has no ${networkKey} in its config: it is another program's.`);
  let network: unknown;
  try {
    network = JSON.parse(text);
  } catch {
    throw new DocumentError(`${networkKey} cannot be read in the document: it is no map, or holds a secret.`);
  }
  return parseGuardConfig(network);
}

function parseDigest(value: unknown): z.output<typeof digest> {
  const parsed = digest.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where =
    issue === undefined || issue.path.length === 0 ? "" : ` (${issue.path.join(".")}: ${issue.message})`;
  throw new DocumentError(
    `The document is JSON, but no whole preview${where}: it must be what \`${howTo}\` prints.`,
  );
}

/**
 * Reads a preview.
 * @param text what `pulumi preview --json` printed
 * @throws {DocumentError} where it is none, is cut short, or is of a preview that failed
 * @throws {ConfigError} where the stack's configuration in it is refused
 */
export function parsePreview(text: string): Preview {
  const { config, steps, diagnostics, changeSummary } = parseDigest(parseJson(text));
  const isCutShort = wasRefused(diagnostics);
  const shown = steps.filter(({ op }) => op === "same").length;
  const parts = parseUrn(steps[0]?.urn ?? "");
  if (parts === undefined)
    throw new DocumentError("The document names no resource: there is no stack in it.");
  return {
    stack: parts.stack,
    project: parts.project,
    steps,
    hidden: Math.max(0, (changeSummary.same ?? 0) - shown),
    isCutShort,
    guard: guardOf(config),
  };
}
