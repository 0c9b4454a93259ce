/** Maps of prod, of prod with changes, and of a network that AWS described. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mapData } from "../../../../cli/map/data.ts";
import { boxesOf, type Box, type Drawing, type MapData } from "../../../../cli/map/model.ts";
import { openDescribed, openText, type OpenedStack, type OpenedWorld } from "../../../../cli/proof/input.ts";
import { withEdits, type Edits } from "../../config/stack-file.ts";
import { filledFile } from "../../config/stack.ts";
import { network } from "../../proof/describe/network.ts";

export function prodWith(edits: Edits = {}): OpenedStack {
  return openText(withEdits(filledFile("prod"), edits), "Pulumi.prod.yaml", "prod");
}

export function describedNetwork(
  change: (of: ReturnType<typeof network>) => void = () => undefined,
): OpenedWorld {
  const folder = mkdtempSync(join(tmpdir(), "map-"));
  try {
    const of = network();
    change(of);
    writeFileSync(join(folder, "all.json"), JSON.stringify(of));
    return openDescribed(folder, undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function dataOf(opened: OpenedWorld, findings = false): MapData {
  return mapData(opened, { options: "--stack prod", findings });
}

export function allBoxes({ rows }: Drawing): Box[] {
  return [...boxesOf(rows.flat())];
}

/** Ends of prod, of every kind that questions know. */
export const ends = [
  "us-west/api-1",
  "us-west/hub-1",
  "us-west/lb-1",
  "us-west/postgres-1",
  "eu-west/api-1",
  "eu-west/hub-1",
  "edge-home/lucidia",
  "edge-home/lucidia-alt",
  "coral-reef/gateway",
  "coral-reef/node-1",
  "edge-home",
  "coral-reef/10.64.40.0/24",
  "internet",
  "operator",
  "10.0.10.99",
];

export const names = [
  "api.blackroad.io",
  "grafana.blackroad.io",
  "vpn.blackroad.io",
  "redis.blackroad.internal",
];
