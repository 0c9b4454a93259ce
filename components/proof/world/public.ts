/** Who has an address on the internet, and what it is called before anybody knows it. */
import { cloudflareNetworks } from "../../config/cloudflare-networks.ts";
import type { HostPlan, NetworkPlan } from "../../plan/model.ts";
import { symbolName } from "../../plan/render.ts";
import { allV4, networks, neverPublic } from "../sets/addresses.ts";
import { difference } from "../sets/intervals.ts";

/** The internet of IPv4. */
export const internetV4 = difference(allV4, neverPublic);

/** The internet of IPv6: global unicast addresses (RFC 4291, section 2.5.4; IANA gives out 2000::/3 alone). */
export const internetV6 = networks(["2000::/3"]);

/** Whatever a platform may give out: an Elastic IP is one of these, and none of Cloudflare's. */
export const publicV4 = difference(internetV4, networks(cloudflareNetworks));

/** Whether the instance has an address on the internet. */
export function hasPublicAddress(plan: NetworkPlan, host: HostPlan): boolean {
  if (host.instance === undefined) return false;
  const { subnet, elasticIp } = host.instance;
  const region = plan.regions.find(({ key }) => key === host.site);
  return elasticIp || region?.subnets.find(({ key }) => key === subnet)?.mapPublicIpOnLaunch === true;
}

export const publicName = (host: string): string => symbolName({ kind: "public-address", host });
