/** From a network as the proof has it to what is drawn of it. */
import type { NetworkPlan } from "../../components/plan/model.ts";
import type { Aliases } from "../../components/proof/ask/endpoint.ts";
import type { World } from "../../components/proof/world/model.ts";
import { box, idOf, vpnId, type Drawn } from "./box.ts";
import { outsideOf } from "./drawing-outside.ts";
import { regionsOf } from "./drawing-regions.ts";
import { sitesOf } from "./drawing-sites.ts";
import type { Box, Drawing, Line } from "./model.ts";

/** Tunnels meet in the VPN, whoever holds their ends. */
function vpnOf({ world, plan }: Drawn): { readonly boxes: readonly Box[]; readonly lines: readonly Line[] } {
  const members = [...world.hosts.values()].filter(({ links }) =>
    [...links.values()].some(({ attachment }) => attachment.kind === "tunnel"),
  );
  if (members.length === 0) return { boxes: [], lines: [] };
  const { network = "", port } = plan?.vpn ?? {};
  const about = `WireGuard${port === undefined ? "" : ` on ${port}/udp`}, ${members.length} members`;
  return {
    boxes: [box("vpn", "", "WireGuard VPN", { detail: network, about })],
    lines: members.map(({ key }) => ({ kind: "vpn", from: idOf("host", key), to: vpnId })),
  };
}

function peeringsOf({ regions }: World): Line[] {
  const pairs = new Map<string, Line>();
  for (const { key, peerings } of regions.values()) {
    for (const other of peerings.values()) {
      if (!regions.has(other)) continue;
      const [from = "", to = ""] = [key, other].sort();
      pairs.set(`${from} ${to}`, { kind: "peering", from: idOf("region", from), to: idOf("region", to) });
    }
  }
  return [...pairs.values()];
}

function tunnelsOf({ edge, hosts }: World): Line[] {
  return [...(edge?.tunnels.values() ?? [])]
    .filter(({ host }) => hosts.has(host))
    .map(({ name, host }) => ({ kind: "tunnel", from: idOf("tunnel", name), to: idOf("host", host) }));
}

/** Names that mean one host alone, which ids of interfaces do too: those are addresses of it. */
function tagsOf(aliases: Aliases): Map<string, string> {
  const tags = new Map<string, string>();
  for (const [name, [first, ...more]] of [...aliases].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (first === undefined || first.address !== undefined || more.length > 0) continue;
    if (!tags.has(first.host)) tags.set(first.host, name);
  }
  return tags;
}

export interface DrawingOptions {
  /** Where a stack describes the network: it knows tiers, zones and roles. */
  readonly plan?: NetworkPlan | undefined;
  /** Other names of hosts. */
  readonly aliases?: Aliases | undefined;
  /** Whether the operator's networks are the owner's, and not what stands in for them. */
  readonly isOperatorKnown?: boolean;
}

/** What is drawn of a network, in an order that follows from names alone. */
export function drawingOf(
  world: World,
  { plan, aliases = new Map(), isOperatorKnown = true }: DrawingOptions = {},
): Drawing {
  const drawn: Drawn = { world, plan, tags: tagsOf(aliases), isOperatorKnown };
  const vpn = vpnOf(drawn);
  const rows = [outsideOf(drawn), regionsOf(drawn), vpn.boxes, sitesOf(drawn)];
  return {
    rows: rows.filter((row) => row.length > 0),
    lines: [...peeringsOf(drawn.world), ...vpn.lines, ...tunnelsOf(drawn.world)],
  };
}
