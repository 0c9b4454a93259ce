/** DNS: machines ask hubs and each other, hubs and machines the public resolvers, and regions the mesh's own. */
import type { Endpoint } from "../../config/flows.ts";
import type { NetworkConfig } from "../../config/schema.ts";
import { publicResolvers } from "../host/networks.ts";
import { sortedEntries } from "../keys.ts";
import type { FlowPlan } from "../model.ts";
import { isRackGateway } from "../tower-links.ts";
import { placeOf } from "../place.ts";
import { planVpn } from "../vpn.ts";
import { addressEnds, hostEnd, hostPath, meant } from "./flow.ts";

const dns = ["53/tcp", "53/udp"];

/** Every machine with a resolver looks for itself where no hub answers, and for the hubs' own names. */
function publicFlows(config: NetworkConfig): FlowPlan[] {
  const resolvers = addressEnds(publicResolvers);
  return sortedEntries(config.hosts).flatMap(([place, hosts]) =>
    sortedEntries(hosts)
      .filter(([, { role }]) => ["hub", "vpn-peer", "lan-member", "storage"].includes(role))
      .map(([name]) => {
        const key = `${place}/${name}`;
        return meant([hostEnd(key)], resolvers, dns, { reason: "public resolvers", path: hostPath(key) });
      }),
  );
}

/** Who asks the machines of a LAN: not its towers, which may ask public resolvers alone (the document's table). */
function lanAskers(place: string, hosts: NetworkConfig["hosts"][string]): Endpoint[] {
  const all = sortedEntries(hosts);
  const others = all.filter(([, { role }]) => role !== "tower");
  if (others.length === all.length) return [{ kind: "hosts", place }];
  return others.map(([name]) => hostEnd(`${place}/${name}`));
}

/** A machine answers its LAN: those that are configured, and those that nobody manages. */
function lanFlows(config: NetworkConfig): FlowPlan[] {
  return sortedEntries(config.hosts).flatMap(([place, hosts]) =>
    sortedEntries(hosts)
      .filter(([name, host]) => {
        const isResolver = host.role === "vpn-peer" || host.role === "lan-member";
        return isResolver && !isRackGateway(placeOf(config, place, name, host));
      })
      .map(([name]) => {
        const key = `${place}/${name}`;
        const devices: Endpoint = { kind: "devices", place, network: undefined };
        const isLan = config.sites[place] !== undefined;
        const others = [...lanAskers(place, hosts), ...(isLan ? [devices] : [])];
        return meant(others, [hostEnd(key)], dns, { reason: "names for its LAN", path: hostPath(key) });
      }),
  );
}

/** Peers ask hubs; hubs, where their VPC's resolver does not, those whom a domain is forwarded to. */
export function namesFlows(config: NetworkConfig): FlowPlan[] {
  const { hubs, peers } = planVpn(config);
  const hubEnds = hubs.map(({ host }) => hostEnd(host));
  const { forwardingRules, outboundEndpoints } = config.dns.private;
  const asking = hubs.filter(({ region }) => outboundEndpoints[region] === undefined);
  const forwarded = sortedEntries(forwardingRules).flatMap(([domain, { targets, port }]): FlowPlan[] => {
    if (asking.length === 0) return [];
    const from = asking.map(({ host }) => hostEnd(host));
    const because = { reason: `names of ${domain}`, path: `dns.private.forwardingRules.${domain}` };
    return [meant(from, addressEnds(targets), [`${port}/tcp`, `${port}/udp`], because)];
  });
  const asked =
    peers.length === 0
      ? []
      : [
          meant(
            peers.map(({ host }) => hostEnd(host)),
            hubEnds,
            dns,
            { reason: "names for VPN peers", path: "wireguard.peers" },
          ),
        ];
  return [...publicFlows(config), ...lanFlows(config), ...asked, ...forwarded];
}
