/**
 * Who is meant to open what to whom: what follows from roles, the VPN, DNS and services, and what the stack's file says
 * besides. None of it looks at a firewall's rules, whose measure it is.
 */
import type { Endpoint } from "../config/flows.ts";
import { readEndpoint } from "../config/flows.ts";
import type { NetworkConfig } from "../config/schema.ts";
import { managementFlows } from "./flows/management.ts";
import { namesFlows } from "./flows/names.ts";
import { programFlows } from "./flows/programs.ts";
import { publicFlows } from "./cloudflare/flows.ts";
import { serviceFlows } from "./flows/services.ts";
import { vpnFlows } from "./flows/vpn.ts";
import type { FlowPlan, HostPlan } from "./model.ts";

function endpointOf(text: string): Endpoint {
  const endpoint = readEndpoint(text);
  if (endpoint === undefined) throw new Error(`${text} is no end of a flow`);
  return endpoint;
}

function writtenFlows({ flows }: NetworkConfig): FlowPlan[] {
  if (flows === undefined) return [];
  return (["intended", "accepted"] as const).flatMap((kind) =>
    flows[kind].map(({ from, to, traffic, reason }, index): FlowPlan => ({
      kind,
      from: from.map(endpointOf),
      to: to.map(endpointOf),
      traffic,
      reason,
      path: `flows.${kind}[${index}]`,
      isWritten: true,
    })),
  );
}

/** All flows of the network, those that follow from the description first. */
export function planFlows(config: NetworkConfig, hosts: readonly HostPlan[]): FlowPlan[] {
  return [
    ...managementFlows(hosts),
    ...vpnFlows(config),
    ...publicFlows(config),
    ...serviceFlows(config),
    ...programFlows(hosts),
    ...namesFlows(config),
    ...writtenFlows(config),
  ];
}
