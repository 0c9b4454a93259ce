/** The networks of a plan, and where each is written. */
import { overlaps, parseCidr } from "../../../config/ip.ts";
import type { NetworkPlan } from "../../../plan/model.ts";

export interface PlacedNetwork {
  readonly path: string;
  readonly network: string;
  /** `the LAN`, `the VPN`. */
  readonly what: string;
}

/** Networks of ours that are not in AWS. */
export function siteNetworks({ sites, vpn }: NetworkPlan): PlacedNetwork[] {
  return [
    ...sites.map(({ key, network }) => ({ path: `sites.${key}.network`, network, what: "the LAN" })),
    { path: "wireguard.network", network: vpn.network, what: "the VPN" },
  ];
}

/** Whether two IPv4 networks share an address; what is no network shares none. */
export function cidrOverlaps(a: string, b: string): boolean {
  const [one, other] = [parseCidr(a), parseCidr(b)];
  return one !== undefined && other !== undefined && overlaps(one, other);
}
