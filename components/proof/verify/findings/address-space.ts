/** Networks that others use as well: Docker's bridge, and what carriers have between themselves and homes. */
import { cidrOverlaps, siteNetworks } from "./networks.ts";
import type { PlanRule } from "./rule.ts";

/** VPCs are refused by the configuration's own rule. */
export const spareDocker: PlanRule = {
  id: "addresses/docker-bridge",
  source: "https://docs.docker.com/engine/network/drivers/bridge/",
  *find({ plan }) {
    for (const { path, network, what } of siteNetworks(plan)) {
      if (!cidrOverlaps(network, "172.17.0.0/16")) continue;
      yield {
        path,
        message: `is Docker's: ${what} ${network} shares addresses with 172.17.0.0/16, which every host that runs containers keeps for its own bridge. Use another.`,
      };
    }
  },
};

export const spareSharedSpace: PlanRule = {
  id: "addresses/shared-space",
  source: "https://www.rfc-editor.org/rfc/rfc6598#section-4",
  *find({ plan }) {
    for (const { path, network, what } of siteNetworks(plan)) {
      if (!cidrOverlaps(network, "100.64.0.0/10")) continue;
      yield {
        path,
        message: `is the carriers': ${what} ${network} shares addresses with 100.64.0.0/10, from which a home's router may have its own address. Use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.`,
      };
    }
  },
};
