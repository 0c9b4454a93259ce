/** The resource graph of a stack in a form that a person can review, and its comparison with the accepted one. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { agentFor } from "../../../components/hosts/agent.ts";
import type { GenerationDocument } from "../../../components/plan/document.ts";
import type { Registered } from "./program.ts";

const architectures = ["amd64", "arm64"] as const;

/** What a secret looks like on its way to the engine. */
const secretMarker = "4dabf18193072939515e22adb298388d";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: unknown): value is { readonly value: unknown } {
  return isRecord(value) && secretMarker in value;
}

function reviewable(value: unknown): unknown {
  if (isSecret(value)) return { secret: reviewable(value.value) };
  if (Array.isArray(value)) return value.map(reviewable);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [
        key,
        key === "stdin" && typeof inner === "string"
          ? reviewable(reviewablePayload(inner))
          : reviewable(inner),
      ]),
  );
}

/** What a command's script gets on its standard input. The scripts have tests of their own. */
export function payloadOf(stdin: string): string {
  const [, payload = ""] = /<<'(?:.*)'\n([^]*?)ROADNET-END-OF-PAYLOAD\n$/.exec(stdin) ?? [];
  return payload;
}

/** The document that an apply sends, if it is one. */
export function documentOf(stdin: unknown): GenerationDocument | undefined {
  const payload = payloadOf(String(isSecret(stdin) ? stdin.value : stdin));
  if (!payload.includes('"reef-generation/1"')) return undefined;
  return JSON.parse(payload) as GenerationDocument;
}

/** A payload as a person reads it: of each file a digest, all else in lines. */
function reviewablePayload(stdin: string): unknown {
  // What a program of ours reads is JSON, and no script.
  const payload = stdin.startsWith('{"') ? stdin : payloadOf(stdin);
  const document = documentOf(stdin);
  if (document === undefined) return payload.startsWith("{") ? JSON.parse(payload) : payload;
  const { files, nftables, ...rest } = document;
  return {
    ...rest,
    files: files.map(({ text, sha256, ...file }) => {
      if (text === undefined) return { ...file, sha256 };
      const digest = createHash("sha256").update(text).digest("hex");
      if (digest !== sha256) throw new Error(`${file.path} has another digest than its text`);
      return { ...file, sha256: sha256.slice(0, 12) };
    }),
    ...(isRecord(nftables) ? { nftables: { ...nftables, rules: String(nftables.rules).split("\n") } } : {}),
  };
}

/** The agent is another program with each change of its sources, and what it is called then is no matter here. */
function withoutAgents(text: string): string {
  return architectures.reduce(
    (all, architecture) => all.replaceAll(agentFor(architecture).sha256, `(agent for ${architecture})`),
    text,
  );
}

/** URNs differ under mocks, so the hash's place is kept and its value tested elsewhere; a volume has tags, too. */
function withoutHash({ tags, rootBlockDevice: volume, ...rest }: Registered["inputs"]): object {
  const kept = isRecord(tags) ? { tags: { ...tags, urn: "(hash)" } } : {};
  return { ...rest, ...(isRecord(volume) ? { rootBlockDevice: withoutHash(volume) } : {}), ...kept };
}

export function graphOf(resources: readonly Registered[]): string {
  const graph = resources.map(({ type, name, parent, dependsOn, options, inputs }) => {
    return {
      resource: `${type} ${name}`,
      parent,
      ...(dependsOn.length === 0 ? {} : { dependsOn }),
      ...options,
      inputs: reviewable(withoutHash(inputs)),
    };
  });
  return withoutAgents(`${JSON.stringify(graph, null, 2)}\n`);
}

/** Set this to 1 to accept the graphs as they are now; then review the difference in git. */
const acceptVariable = "ACCEPT_GOLDEN";

/** The accepted graph of a stack. Accepting is refused in CI, where nobody looks. */
export function acceptedGraph(stack: string, current: string): string {
  const file = new URL(`golden/${stack}.json`, import.meta.url);
  if (process.env[acceptVariable] === "1") {
    if (process.env.CI !== undefined)
      throw new Error(`${acceptVariable} is set in CI, where nothing is accepted.`);
    writeFileSync(file, current);
  }
  if (!existsSync(file))
    throw new Error(`no graph of ${stack} was ever accepted; set ${acceptVariable}=1 to do so.`);
  return readFileSync(file, "utf8");
}
