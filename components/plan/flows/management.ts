/** SSH, along the ways on which the program reaches every host, and packages, without which none can be set up. */
import type { Endpoint } from "../../config/flows.ts";
import { canonicalCidr } from "../../config/ip.ts";
import { packageProxyPort } from "../host/package-proxy.ts";
import type { FlowPlan, HostPlan, ManagementPath } from "../model.ts";
import { hostEnd, hostPath, meant } from "./flow.ts";

const ssh = ["22/tcp"];
const internet: Endpoint = { kind: "internet" };
const operator: Endpoint = { kind: "operator" };

/**
 * Behind a tunnel every hub counts, not only the one that is passed today: another must be able to take its place. What
 * stands in a region is behind that region's hub.
 */
function sourceOf(host: HostPlan, { via }: ManagementPath, hubs: readonly string[]): Endpoint[] {
  if (via === undefined) return [operator];
  const isTunnelled = host.role === "vpn-peer" || host.management.through !== undefined;
  return isTunnelled ? hubs.map(hostEnd) : [hostEnd(via)];
}

function sshFlows(host: HostPlan, hubs: readonly string[]): FlowPlan[] {
  const path = hostPath(host.key);
  const target = [hostEnd(host.key)];
  const flows = [host.management, ...host.otherPaths].map((way) =>
    meant(sourceOf(host, way, hubs), target, ssh, { reason: `SSH by the way "${way.name}"`, path }),
  );
  const { kind, path: first } = host.firstContact;
  if (kind === "user-data" && first.via === undefined && first.name !== host.management.name) {
    flows.push(meant([operator], target, ssh, { reason: "SSH for the first contact", path }));
  }
  return flows;
}

/** Who stands at a machine's own LAN meets it there for the first time. */
function onSiteFlows({ key, firstContact, generation, address }: HostPlan): FlowPlan[] {
  if (firstContact.kind !== "lan") return [];
  const link = generation.interfaces.find(({ addresses }) =>
    addresses.some((each) => each.split("/")[0] === address),
  );
  const own = link?.addresses.find((each) => each.split("/")[0] === address);
  if (own === undefined) return [];
  const devices: Endpoint = { kind: "devices", place: undefined, network: canonicalCidr(own) };
  return [meant([devices], [hostEnd(key)], ssh, { reason: "SSH from its own LAN", path: hostPath(key) })];
}

/** What comes over the internet, or by the region's hub where there is no way out. */
function packageFlows(host: HostPlan, hosts: readonly HostPlan[]): FlowPlan[] {
  const because = { reason: "packages", path: hostPath(host.key) };
  if (host.aptProxy !== undefined) {
    const hub = hosts.find(({ role, site }) => role === "hub" && site === host.site);
    return hub === undefined
      ? []
      : [meant([hostEnd(host.key)], [hostEnd(hub.key)], [`${packageProxyPort}/tcp`], because)];
  }
  // Towers say themselves what they open: their own firewall looks at it.
  if (host.role === "tower") return [];
  return [
    meant([hostEnd(host.key)], [internet], ["80/tcp", "443/tcp"], because),
    meant([hostEnd(host.key)], [internet], ["123/udp"], { ...because, reason: "time" }),
  ];
}

export function managementFlows(hosts: readonly HostPlan[]): FlowPlan[] {
  const hubs = hosts.filter(({ role }) => role === "hub").map(({ key }) => key);
  return hosts.flatMap((host) => [
    ...sshFlows(host, hubs),
    ...onSiteFlows(host),
    ...packageFlows(host, hosts),
  ]);
}
