/**
 * The two source documents taken by their word, and all that is then told: what the configuration's own rules refuse,
 * and, after the smallest corrections that let it be planned at all, what the proof says of the rest.
 */
import { readFileSync } from "node:fs";
import { parse, parseDocument } from "yaml";
import { parseNetworkConfig } from "../../components/config/parse.ts";
import { ConfigError, networkKey } from "../../components/config/problem.ts";
import { planNetwork } from "../../components/plan/plan.ts";
import { verify } from "../../components/proof/verify/verify.ts";
import { buildWorld } from "../../components/proof/world/build.ts";

export interface LiteralFinding {
  /** `refused` at preview, `stopped` on its way, or a `finding` about the plan. */
  readonly kind: "refused" | "stopped" | "finding";
  /** What deviations' patterns look at. */
  readonly text: string;
  /** In a word or two: a rule's id, or the traffic that does not pass. */
  readonly short: string;
}

interface Correction {
  readonly path: string;
  readonly value: unknown;
}

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

/** In two steps: until it can be planned at all, and until nothing of the VPN hides what is behind it. */
interface Corrections {
  readonly planned: readonly Correction[];
  readonly joined: readonly Correction[];
}

interface Written {
  readonly config: Readonly<Record<string, unknown>>;
}

/** The literal network, and the same with the corrections of each step. */
function networks(): { readonly literal: unknown; readonly steps: readonly unknown[] } {
  const written = parse(read("Pulumi.literal.yaml")) as Written;
  // Through JSON, so that an alias is a value of its own.
  const document = parseDocument(JSON.stringify(written));
  const { planned, joined } = parse(read("corrections.yaml")) as Corrections;
  const steps = [planned, joined].map((corrections) => {
    for (const { path, value } of corrections) {
      const keys = ["config", networkKey, ...path.split(" ")];
      if (value !== null) document.setIn(keys, document.createNode(value));
      else if (!document.deleteIn(keys)) throw new Error(`the literal file has no ${path} to take away`);
    }
    return (document.toJS() as Written).config[networkKey];
  });
  return { literal: written.config[networkKey], steps };
}

function refusals(network: unknown): LiteralFinding[] {
  try {
    parseNetworkConfig(network);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, rule }) => ({
      kind: "refused",
      text: `refused ${rule ?? "ours"} ${path.slice(networkKey.length + 1)}`,
      short: rule ?? "a rule of our own",
    }));
  }
}

function findingsOf(network: unknown): LiteralFinding[] {
  const plan = planNetwork(parseNetworkConfig(network), "literal");
  const { violations, findings } = verify(plan, buildWorld(plan));
  return [
    ...violations
      .filter(({ kind }) => kind !== "unintended")
      .flatMap((violation) => {
        const { kind, path, also } = violation;
        if (kind !== "stopped") throw new Error(`nobody expects a violation of the kind ${kind}`);
        return [violation, ...also].map(({ traffic, from, to }): LiteralFinding => {
          const text = `${kind} ${traffic} ${from.join()} > ${to.join()} @ ${path}`;
          return { kind, text, short: `${traffic} does not pass` };
        });
      }),
    ...findings.map(({ rule, path }): LiteralFinding => ({
      kind: "finding",
      text: `finding ${rule} ${path}`,
      short: rule,
    })),
  ];
}

/** All that is told of the documents. What they let through beyond what they mean is left to prod's `accepted`. */
export function literalFindings(): LiteralFinding[] {
  const { literal, steps } = networks();
  const all = [...refusals(literal), ...steps.flatMap(findingsOf)];
  // What a step does not mend, it tells again.
  return [...new Map(all.map((finding) => [finding.text, finding])).values()];
}
