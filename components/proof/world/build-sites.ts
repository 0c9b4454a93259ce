/** Sites: their LANs and VLANs, who stands in them, and the routers that are not ours. */
import type { HostPlan, NetworkPlan, SitePlan } from "../../plan/model.ts";
import { parseAddress, parseNetwork, type SymbolSpace } from "../sets/addresses.ts";
import { has, nowhere, type Point } from "../sets/intervals.ts";
import { publicName } from "./public.ts";
import type { Attached, Segment, SiteNode } from "./model.ts";

/** `10.64.10.10/24` → `10.64.10.0/24` */
export function networkOfAddress(addressWithPrefix: string): string {
  const [address = "", length = "32"] = addressWithPrefix.split("/");
  const size = 2 ** (32 - Number(length));
  const first = Number(parseAddress(address));
  return `${dotted(first - (first % size))}/${length}`;
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

export function segmentKey(site: string, network: string): string {
  return `${site}/${network}`;
}

interface Draft {
  readonly network: string;
  readonly members: Map<Point, Attached>;
  readonly gateways: Map<Point, number>;
}

/** The LAN itself is there even where none of our machines stands in it. */
function draftsOf(site: SitePlan, hosts: readonly HostPlan[]): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  const draft = (network: string): Draft => {
    const made = drafts.get(network) ?? { network, members: new Map(), gateways: new Map() };
    drafts.set(network, made);
    return made;
  };
  if (hosts.length === 0) draft(site.network);
  const vote = ({ gateways }: Draft, gateway: string): void => {
    const point = parseAddress(gateway);
    gateways.set(point, (gateways.get(point) ?? 0) + 1);
  };
  for (const { key, generation } of hosts) {
    for (const { name, addresses, gateway } of generation.interfaces) {
      for (const text of addresses) {
        const segment = draft(networkOfAddress(text));
        segment.members.set(parseAddress(text.split("/")[0] ?? ""), { host: key, link: name });
        if (gateway !== undefined) vote(segment, gateway);
      }
    }
    for (const { network, gateway } of generation.answers) vote(draft(network), gateway);
  }
  return drafts;
}

/** The highest address that nobody has, the broadcast address apart. */
function freeAddress(network: string, taken: (point: Point) => boolean): Point {
  const [first = 0, end = 0] = parseNetwork(network) as number[];
  for (let point = end - 2; point > first; point--) if (!taken(point)) return point;
  return first;
}

function segmentOf(site: SitePlan, { network, members, gateways }: Draft): Segment {
  const addresses = parseNetwork(network);
  const siteRouter = parseAddress(site.gateway);
  const router = has(addresses, siteRouter) ? siteRouter : undefined;
  const [voted] = [...gateways]
    .filter(([gateway]) => has(addresses, gateway))
    .sort(([a, votes], [b, others]) => others - votes || (a < b ? -1 : 1));
  return {
    key: segmentKey(site.key, network),
    site: site.key,
    network,
    path: `sites.${site.key}`,
    members,
    router,
    gateway: router ?? voted?.[0],
    free: freeAddress(network, (point) => members.has(point) || point === router),
  };
}

export interface SiteContext {
  readonly plan: NetworkPlan;
  readonly space: SymbolSpace;
}

export function buildSites({ plan, space }: SiteContext): {
  readonly sites: Map<string, SiteNode>;
  readonly segments: Map<string, Segment>;
} {
  const sites = new Map<string, SiteNode>();
  const all = new Map<string, Segment>();
  for (const site of plan.sites) {
    const hosts = plan.hosts.filter((host) => host.site === site.key);
    const segments = [...draftsOf(site, hosts).values()].map((draft) => segmentOf(site, draft));
    for (const segment of segments) all.set(segment.key, segment);
    sites.set(site.key, {
      key: site.key,
      path: `sites.${site.key}`,
      segments,
      uplink: segments.find(({ router }) => router !== undefined)?.key,
      publicAddress: space.symbol(publicName(site.key), nowhere),
    });
  }
  return { sites, segments: all };
}
