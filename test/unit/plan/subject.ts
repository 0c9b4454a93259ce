/** Plans of the stacks' files, and how tests show them. */
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { NetworkConfig } from "../../../components/config/schema.ts";
import type { HostPlan, NetworkPlan, PlanSymbol } from "../../../components/plan/model.ts";
import { generationDocument } from "../../../components/plan/document.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { symbolName } from "../../../components/plan/render.ts";
import { filledNetwork } from "../config/stack.ts";

export function configOf(stack: string): NetworkConfig {
  return parseNetworkConfig(filledNetwork(stack));
}

export function planOf(stack: string): NetworkPlan {
  return planNetwork(configOf(stack), stack);
}

export function hostOf(plan: NetworkPlan, key: string): HostPlan {
  const host = plan.hosts.find((candidate) => candidate.key === key);
  if (host === undefined) throw new Error(`the plan has no host ${key}`);
  return host;
}

/** A symbol in a text: `<public-address of us-west/hub-1>`. */
export function namedSymbol(symbol: PlanSymbol): string {
  return `<${symbolName(symbol)}>`;
}

/** All that a host is sent, as one text: its files as they are, and the rest of its document as JSON. */
export function generationText(host: HostPlan): string {
  const { files, ...rest } = generationDocument({
    host,
    generation: host.generation,
    paths: [host.management, ...host.otherPaths],
    agent: { sha256: "(the agent's)", source: "(the upload)" },
    resolve: namedSymbol,
  });
  const texts = files.map(({ path, mode, owner, text, source }) => {
    return `=== ${path} (${mode} ${owner})\n${text ?? `from ${source ?? "nowhere"}\n`}`;
  });
  const document = JSON.stringify(rest, null, 2).replaceAll("\\n", "\n").replaceAll("\\t", "\t");
  return [document, ...texts].join("\n");
}
