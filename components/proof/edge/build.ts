/** From the plan to names, resolvers and Cloudflare's edge. */
import { apiPort } from "../../plan/host/balancer.ts";
import { originPullPath } from "../../plan/host/origin-pulls.ts";
import type { HostPlan, NetworkPlan, PrivateZonePlan, RegionPlan } from "../../plan/model.ts";
import { vpcResolver } from "../../plan/private-dns.ts";
import { parseAddress, type SymbolSpace } from "../sets/addresses.ts";
import { endpointInterface } from "../world/build-regions.ts";
import type { RegionNode } from "../world/model.ts";
import { buildPublic } from "./build-public.ts";
import type {
  EdgeModel,
  ForwardingRule,
  HostServices,
  NameServer,
  PrivateRecord,
  PrivateZone,
  RegionResolver,
} from "./model.ts";
import { readUnbound } from "./unbound.ts";

function privateZone({ name, recordSets }: PrivateZonePlan): PrivateZone {
  const records = new Map<string, PrivateRecord[]>();
  for (const set of recordSets) {
    records.set(set.name, [...(records.get(set.name) ?? []), { type: set.type, values: set.values }]);
  }
  return { name, records, path: `dns.private.zones.${name}` };
}

function forwardingRules({ outboundEndpoint }: RegionPlan): ForwardingRule[] {
  return (outboundEndpoint?.rules ?? []).map(({ domain, targets }) => ({
    domain,
    targets: targets.map(({ address, port }) => ({ address: parseAddress(address), port })),
    path: `dns.private.forwardingRules.${domain}`,
  }));
}

/** A private zone is known to the VPCs that it was given to, and to no others. */
function resolverOf(region: RegionPlan, { privateZones }: NetworkPlan): RegionResolver {
  const { key, cidr, outboundEndpoint } = region;
  const known = privateZones.filter(
    ({ homeRegion, joiningRegions }) => homeRegion === key || joiningRegions.includes(key),
  );
  return {
    region: key,
    address: parseAddress(vpcResolver(cidr)),
    zones: known.map(privateZone),
    rules: forwardingRules(region),
    interfaces: (outboundEndpoint?.addresses ?? []).map(({ address }) => endpointInterface(key, address)),
  };
}

const unboundPath = "/etc/unbound/unbound.conf";
const connectorUnit = "cloudflared.service";

class ServicesBuilder {
  readonly #plan: NetworkPlan;
  readonly #space: SymbolSpace;
  readonly #backendsAt = new Map<string, HostServices["backends"]>();
  readonly unread: string[] = [];

  constructor(plan: NetworkPlan, space: SymbolSpace) {
    this.#plan = plan;
    this.#space = space;
  }

  services(host: HostPlan): HostServices {
    const { generation, instance } = host;
    const asked = generation.interfaces.flatMap(({ nameservers }) => nameservers);
    return {
      listens: generation.listens,
      nameServers: instance === undefined ? [...new Set(asked)].map(parseAddress) : undefined,
      nameServer: this.#nameServer(host),
      hasConnector: generation.services.some(({ unit }) => unit === connectorUnit),
      demandsCertificate: generation.files.some(({ path }) => path === originPullPath),
      redirectsHttp: host.role === "load-balancer",
      backends: this.#backends(host),
    };
  }

  #nameServer({ key, generation }: HostPlan): NameServer | undefined {
    const file = generation.files.find(({ path }) => path === unboundPath);
    if (file === undefined) return undefined;
    try {
      const text = file.content.map((piece) => (typeof piece === "string" ? piece : "")).join("");
      return readUnbound(key, text, this.#space);
    } catch (error) {
      this.unread.push((error as Error).message);
      return undefined;
    }
  }

  /** A load balancer passes on to the api hosts of its region. */
  #backends({ role, site }: HostPlan): HostServices["backends"] {
    if (role !== "load-balancer") return [];
    const known = this.#backendsAt.get(site);
    if (known !== undefined) return known;
    const found = this.#plan.hosts
      .filter((host) => host.site === site && host.role === "api")
      .map(({ key, address }) => ({ host: key, address: parseAddress(address), port: apiPort }));
    this.#backendsAt.set(site, found);
    return found;
  }
}

export function buildEdge(
  plan: NetworkPlan,
  space: SymbolSpace,
  regions: ReadonlyMap<string, RegionNode>,
): EdgeModel {
  const builder = new ServicesBuilder(plan, space);
  const services = new Map(plan.hosts.map((host) => [host.key, builder.services(host)]));
  return {
    ...buildPublic({ plan, regions }),
    resolvers: new Map(plan.regions.map((region) => [region.key, resolverOf(region, plan)])),
    services,
    unread: builder.unread,
  };
}
