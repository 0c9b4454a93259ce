/** Who has an address on the internet, and what it is called before anybody knows it. */
import type { HostPlan, NetworkPlan } from "../../plan/model.ts";
import { symbolName } from "../../plan/render.ts";
import { allV4, neverPublic } from "../sets/addresses.ts";
import { difference } from "../sets/intervals.ts";

/** Whatever a platform may give out: an Elastic IP is one of these. */
export const publicV4 = difference(allV4, neverPublic);

/** Whether the instance has an address on the internet. */
export function hasPublicAddress(plan: NetworkPlan, host: HostPlan): boolean {
  if (host.instance === undefined) return false;
  const { subnet, elasticIp } = host.instance;
  const region = plan.regions.find(({ key }) => key === host.site);
  return elasticIp || region?.subnets.find(({ key }) => key === subnet)?.mapPublicIpOnLaunch === true;
}

export const publicName = (host: string): string => symbolName({ kind: "public-address", host });
