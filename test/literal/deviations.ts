/** docs/deviations.md, from what is found in the documents and how the stacks correct it. */
import { readFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { parse } from "yaml";
import { literalFindings, type LiteralFinding } from "./literal.ts";

export interface Deviation {
  /** What the document says. */
  readonly says: string;
  /** What the stacks do. */
  readonly does: string;
  readonly why: string;
  /** Patterns of what is found when the document is taken by its word. */
  readonly found?: readonly string[];
}

export const deviationsFile = new URL("../../docs/deviations.md", import.meta.url);

export function readDeviations(): readonly Deviation[] {
  const file = new URL("deviations.yaml", import.meta.url);
  return parse(readFileSync(file, "utf8")) as readonly Deviation[];
}

/** What the patterns of a deviation find. */
export function foundBy({ found = [] }: Deviation, findings: readonly LiteralFinding[]): LiteralFinding[] {
  return findings.filter(({ text }) => found.some((pattern) => new RegExp(pattern).test(text)));
}

const intro = `# Deviations

Where the two source documents contradict themselves or the platform, the stacks carry the smallest correction. Each
is listed here with its reason. ("Network guide" is the BlackRoad OS networking guide, "Coral-Reef" the tower's
network architecture.)

The last column says how it shows when the documents are taken by their word (\`test/literal\`): the id of the rule by
which a preview refuses it, or what \`roadnet verify\` says of the rest. Where it is empty, no stack's file can say what
the document says, or nothing is wrong with it but that something better is known. \`npm run docs\` writes this file, and
a test compares.

| what the document says | what the stacks do | why | found by |
| --- | --- | --- | --- |
`;

function shown(findings: readonly LiteralFinding[]): string {
  const texts = findings.map(({ short }) => (short.includes(" ") ? short : `\`${short}\``));
  return [...new Set(texts)].join("; ");
}

/** The whole file, as the formatter wants it. */
export async function renderDeviations(): Promise<string> {
  const findings = literalFindings();
  const rows = readDeviations().map((deviation) => {
    const { says, does, why } = deviation;
    return `| ${says} | ${does} | ${why} | ${shown(foundBy(deviation, findings))} |\n`;
  });
  const style = await resolveConfig(deviationsFile);
  return format(intro + rows.join(""), { ...style, parser: "markdown" });
}
