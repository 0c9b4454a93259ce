/** The real previews of previews/, and changes to them. */
import { readFileSync } from "node:fs";
import { parsePreview, type Preview } from "../../../cli/guard/document.ts";
import { networkKey } from "../../../components/config/problem.ts";

export const previewNames = [
  "quiet",
  "subnet",
  "subnet-refused",
  "peering",
  "peering-refused",
  "unprotected",
  "records",
  "records-unshown",
  "failed",
] as const;
export type PreviewName = (typeof previewNames)[number];

export function previewText(name: PreviewName): string {
  return readFileSync(new URL(`previews/${name}.json`, import.meta.url), "utf8");
}

interface Digest {
  readonly config: Record<string, string>;
  readonly steps: object[];
}

/** The document with other options of the guard in its configuration. */
export function withGuard(name: PreviewName, guard: object): string {
  const document = JSON.parse(previewText(name)) as Digest;
  const network = JSON.parse(document.config[networkKey] ?? "{}") as { guard: object };
  const changed = JSON.stringify({ ...network, guard: { ...network.guard, ...guard } });
  return JSON.stringify({ ...document, config: { [networkKey]: changed } });
}

export function previewOf(name: PreviewName, guard: object = {}): Preview {
  return parsePreview(withGuard(name, guard));
}
