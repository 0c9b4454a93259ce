/** Tunnels: what comes in through them, and the address that leads into one. */
import type { NetworkConfig } from "../../config/schema.ts";
import { sortedEntries } from "../keys.ts";
import type { Template } from "../model.ts";
import type { CloudflareTunnelPlan } from "./model.ts";

/** What records and pools of the tunnel's own account name as their target. */
export function tunnelAddress(tunnel: string): Template {
  return [{ kind: "tunnel-id", tunnel }, ".cfargotunnel.com"];
}

export function planTunnels(config: NetworkConfig): CloudflareTunnelPlan[] {
  return sortedEntries(config.cloudflare.tunnels).map(([name, { host, ingress }]) => ({
    name,
    host,
    ingress: ingress.map(({ hostname, path, service }) => ({ hostname, path, service })),
  }));
}
