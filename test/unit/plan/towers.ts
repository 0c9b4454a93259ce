/** Networks with a tower of each mode, for tests. */
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { NetworkConfig } from "../../../components/config/schema.ts";
import type { HostPlan, NetworkPlan } from "../../../components/plan/model.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { renderTemplate } from "../../../components/plan/render.ts";
import { hostKey } from "../config/stack.ts";
import { changed, type Change } from "../config/subject.ts";
import { hostOf, namedSymbol } from "./subject.ts";

/** A home like the document's, with a Pi through which its tower is reached. */
export function homeWith(tower: object): Change[] {
  const bootstrap = { user: "admin", hostKey };
  return [
    [
      "sites den",
      {
        network: "192.168.1.0/24",
        gateway: "192.168.1.1",
        nodes: { pi: "192.168.1.10", reef: "192.168.1.100" },
      },
    ],
    [
      "hosts den",
      {
        pi: { role: "vpn-peer", bootstrap },
        reef: { role: "tower", behind: "pi", bootstrap, tower },
      },
    ],
    ["wireguard peers den/pi", { address: "10.200.0.30", routes: ["192.168.1.0/24"], masquerade: true }],
  ];
}

/** The document's four modes, each with its own values where it states them. */
export const modes: Readonly<Record<"local" | "server" | "p2p_hub", object>> = {
  local: { mode: "local" },
  server: { mode: "server", management: { address: "192.168.1.101" } },
  p2p_hub: { mode: "p2p_hub" },
};

export function configWith(...changes: readonly Change[]): NetworkConfig {
  return parseNetworkConfig(changed(...changes));
}

export function planWith(...changes: readonly Change[]): NetworkPlan {
  return planNetwork(configWith(...changes), "prod");
}

/** The one tower of a home. */
export function towerWith(tower: object): HostPlan {
  return hostOf(planWith(...homeWith(tower)), "den/reef");
}

/** A file's text, its symbols by name. */
export function textOf(host: HostPlan, path: string): string {
  const file = host.generation.files.find((candidate) => candidate.path === path);
  if (file === undefined) throw new Error(`${host.key} has no file ${path}`);
  return renderTemplate(file.content, namedSymbol);
}
