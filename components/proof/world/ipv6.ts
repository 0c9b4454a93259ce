/**
 * The IPv6 networks of VPCs, which only Amazon can tell.
 *
 * The proof gives each region one of its own out of 2000::/32, which IANA has given to nobody. Rules and routes name
 * such a network by whose it is, so which one it is decides nothing.
 */
import { ipv6Address, ipv6Subnet } from "../../config/ipv6.ts";
import type { HostPlan, NetworkName, NetworkPlan } from "../../plan/model.ts";
import { parseAddress } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";

export class Ipv6Networks {
  readonly #networks = new Map<string, string>();

  constructor({ regions }: NetworkPlan) {
    for (const [index, { key, subnets }] of regions.entries()) {
      const vpc = `2000:0:${index.toString(16)}::/56`;
      this.#networks.set(key, vpc);
      for (const subnet of subnets) {
        if (subnet.ipv6Number !== undefined)
          this.#networks.set(subnet.key, ipv6Subnet(vpc, subnet.ipv6Number));
      }
    }
  }

  /** A network as text. */
  text(network: NetworkName): string {
    if (typeof network === "string") return network;
    const known = this.#networks.get(network.of);
    if (known === undefined) throw new Error(`the plan has no IPv6 network of ${network.of}`);
    return known;
  }

  /** `undefined` where the host has no IPv6 address. */
  address({ instance }: HostPlan): Point | undefined {
    if (instance?.ipv6Number === undefined) return undefined;
    const network = this.text({ kind: "ipv6-network", of: instance.subnet });
    return parseAddress(ipv6Address(network, instance.ipv6Number));
  }
}
