/** Where instances stand, for the rules that look at them. */
import { includes, parseAddress } from "../ip.ts";
import {
  isOff,
  lacks,
  placedHosts,
  subnetsOf,
  type LooseConfig,
  type LooseRegion,
  type PlacedHost,
  type Subnet,
} from "./rule.ts";

export interface Instance extends PlacedHost {
  readonly region: LooseRegion;
}

/** Hosts in regions. */
export function instancesOf(config: LooseConfig): Instance[] {
  return placedHosts(config).flatMap((placed) => {
    const region = config.regions?.[placed.place];
    return region === undefined ? [] : [{ ...placed, region }];
  });
}

/** The subnet in which an instance's address lies. */
export function subnetOf({ place, region, host }: Instance): Subnet | undefined {
  const number = host.address === undefined ? undefined : parseAddress(host.address);
  if (number === undefined) return undefined;
  return subnetsOf(place, region).find(({ range }) => includes(range, number));
}

/** Whether an instance surely gets no public address, neither for good nor at launch. */
export function lacksPublicAddress({ host, region }: Instance, subnet: Subnet): boolean {
  return subnet.tier !== "public" || (isOff(host, "elasticIp") && isOff(region, "mapPublicIpOnLaunch"));
}

/** Whether the instance has a way to the internet; `undefined` where its address tells no subnet. */
export function reachesInternet(instance: Instance): boolean | undefined {
  const subnet = subnetOf(instance);
  switch (subnet?.tier) {
    case undefined:
      return undefined;
    case "public":
      return !lacksPublicAddress(instance, subnet);
    case "private":
      return instance.region.nat !== "none" && !lacks(instance.region, "nat");
    case "database":
      return false;
  }
}
