/** A network as small as one can be that has one of each thing at Cloudflare whose name somebody else can have. */
import type { SandboxPaths } from "../../sandbox/paths.ts";
import { rewriteNetwork, type Network } from "./guard-stack.ts";

export const zone = "faults.test";
export const balancer = `api.${zone}`;
/** As the plan calls it: a pool's name is an account's. */
export const pool = "api-faults-test-near";
export const record = { name: "www", type: "A", content: "203.0.113.50" };
export const tunnel = "way";

/** Without what can be in somebody's way; whole; or without one of its load balancer's two pools. */
export type FaultsStack = "bare" | "whole" | "without near";

function accountOf(stack: FaultsStack): object {
  if (stack === "bare") return {};
  // Whatever answers the balancer's monitors: a preview stops at pools that are down.
  const near = { name: "near", tunnel };
  const home = { name: "home", tunnel };
  const ingress = [{ hostname: balancer, service: "hello_world" }, { service: "http_status:404" }];
  const pools = stack === "whole" ? [near, home] : [home];
  return {
    tunnels: { [tunnel]: { host: "us-west/hub-1", ingress } },
    loadBalancers: { [balancer]: { pools, fallback: "home" } },
  };
}

function networkOf({ operator, securityGroups, hosts }: Network, stack: FaultsStack): object {
  const { hub, internal, packages } = securityGroups;
  const groups = { hub, internal, packages };
  return {
    owner: "BlackRoad OS",
    operator,
    regions: {
      "us-west": {
        awsRegion: "us-west-2",
        availabilityZones: ["us-west-2a"],
        tiers: ["public"],
        gatewayEndpoints: [],
        ami: "ami-0deb1a12000000001",
      },
    },
    securityGroups: stack === "bare" ? groups : { ...groups, spare: {} },
    wireguard: {
      network: "10.200.0.0/24",
      managementHub: "us-west",
      hubs: { "us-west": { host: "hub-1", address: "10.200.0.1", endpoint: `vpn.${zone}` } },
      peers: {},
    },
    hosts: { "us-west": { "hub-1": hosts["us-west"]?.["hub-1"] } },
    dns: {
      zones: {
        [zone]: {
          managed: true,
          records: [{ name: "vpn", type: "A", host: "us-west/hub-1" }, ...(stack === "bare" ? [] : [record])],
        },
      },
    },
    cloudflare: accountOf(stack),
  };
}

/** Puts the network in place of the sandbox's. */
export function writeFaultsStack(paths: SandboxPaths, stack: FaultsStack): void {
  rewriteNetwork(paths, (network) => networkOf(network, stack));
}
