/** What the internet opens: names that lead to load balancers, directly or by Cloudflare, and tunnels' connectors. */
import type { Endpoint } from "../../config/flows.ts";
import type { NetworkConfig } from "../../config/schema.ts";
import { fullName } from "./zones.ts";
import { sortedEntries } from "../keys.ts";
import type { FlowPlan } from "../model.ts";
import { hostEnd, hostPath, meant } from "../flows/flow.ts";

const internet: Endpoint = { kind: "internet" };

/** The port by which connectors reach Cloudflare. */
const connectorPort = 7844;

function roleOf(config: NetworkConfig, key: string): string | undefined {
  const [site = "", name = ""] = key.split("/");
  return config.hosts[site]?.[name]?.role;
}

/** A name that is proxied is asked for by Cloudflare alone, and over TLS. */
function recordFlows(config: NetworkConfig): FlowPlan[] {
  return sortedEntries(config.dns.zones).flatMap(([zone, { records }]) =>
    records.flatMap(({ name, host, proxied }, index): FlowPlan[] => {
      if (host === undefined || roleOf(config, host) !== "load-balancer") return [];
      const path = `dns.zones["${zone}"].records[${index}]`;
      const reason = `${fullName(zone, name)}${proxied ? ", by Cloudflare" : ""}`;
      const [from, traffic]: [Endpoint, string[]] = proxied
        ? [{ kind: "cloudflare" }, ["443/tcp"]]
        : [internet, ["80/tcp", "443/tcp"]];
      return [meant([from], [hostEnd(host)], traffic, { reason, path })];
    }),
  );
}

function poolFlows(config: NetworkConfig): FlowPlan[] {
  return sortedEntries(config.cloudflare.loadBalancers).flatMap(([name, { pools, proxied }]) =>
    pools.flatMap(({ hosts = [] }): FlowPlan[] => {
      if (hosts.length === 0) return [];
      const from: Endpoint[] = [{ kind: "cloudflare" }, ...(proxied ? [] : [internet])];
      const because = {
        reason: `${name}, by Cloudflare's load balancer`,
        path: `cloudflare.loadBalancers["${name}"]`,
      };
      return [meant(from, hosts.map(hostEnd), ["443/tcp"], because)];
    }),
  );
}

function connectorFlows(config: NetworkConfig): FlowPlan[] {
  return sortedEntries(config.cloudflare.tunnels).map(([tunnel, { host }]) =>
    meant([hostEnd(host)], [internet], [`${connectorPort}/tcp`, `${connectorPort}/udp`], {
      reason: `the connector of ${tunnel}`,
      path: hostPath(host),
    }),
  );
}

export function publicFlows(config: NetworkConfig): FlowPlan[] {
  return [...recordFlows(config), ...poolFlows(config), ...connectorFlows(config)];
}
