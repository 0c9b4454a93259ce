/** Tunnels: where their connectors stand, and what comes in through them. */
import { connectorPort } from "../cloudflare-networks.ts";
import { suggestion, type Path } from "../problem.ts";
import { recordsOf, zoneOf } from "./records.ts";
import { broken, entries, items, lacksHost, placedHosts, type Finding, type LooseConfig } from "./rule.ts";

const tunnelDomain = "cfargotunnel.com";

/** The connector runs on a host, which must be able to dial out to Cloudflare. */
export function* connectorsCanDial(config: LooseConfig): Iterable<Finding> {
  const hosts = placedHosts(config);
  const taken = new Map<string, string>();
  for (const [name, { host: key }] of entries(config.cloudflare?.tunnels)) {
    if (key === undefined) continue;
    const path = ["cloudflare", "tunnels", name, "host"];
    const other = taken.get(key);
    if (other !== undefined) {
      yield { path, message: `is taken: the connector of ${other} runs on ${key}, and a host has one.` };
      continue;
    }
    taken.set(key, name);
    if (lacksHost(config, key)) {
      yield {
        path,
        message: `names no host: ${suggestion(
          key,
          hosts.map((host) => host.key),
        )}`,
      };
      continue;
    }
    const found = hosts.find((host) => host.key === key);
    if (found === undefined || letsOut(config, found.place, found.host)) continue;
    const message = `names a host that may not open ${connectorPort} over TCP and UDP, where the connector dials Cloudflare.`;
    yield broken("cloudflare/tunnel-egress", path, message);
  }
}

type Host = ReturnType<typeof placedHosts>[number]["host"];

/** Whether what the host opens is let out: a tower's own firewall and an instance's groups look at that. */
function letsOut(config: LooseConfig, place: string, { role, securityGroups }: Host): boolean {
  if (role === "tower") return false;
  if (config.regions?.[place] === undefined || securityGroups === undefined) return true;
  const rules = items(securityGroups).flatMap(([, group]) =>
    items(config.securityGroups?.[group]?.egress).map(([, rule]) => rule),
  );
  return (["tcp", "udp"] as const).every((protocol) =>
    rules.some(
      (rule) =>
        (rule.protocol === "all" || rule.protocol === protocol) &&
        (rule.destination === "0.0.0.0/0" || rule.destination === "anywhere") &&
        coversPort(rule.port),
    ),
  );
}

function coversPort(port: string | number | undefined): boolean {
  if (port === undefined || port === "all" || port === connectorPort) return true;
  const [from = 0, to = 0] = String(port).split("-").map(Number);
  return from <= connectorPort && connectorPort <= to;
}

const services =
  /^(?:(?:https?|tcp|ssh|rdp|smb):\/\/[^\s/]+(?:\/\S*)?|unix(?:\+tls)?:\/?\S+|http_status:[1-5]\d\d|bastion|hello_world)$/;

/** Of one with a host, the host and the port can be, too: a URL has no port above 65535. */
function isService(text: string): boolean {
  return services.test(text) && (!text.includes("://") || URL.canParse(text));
}

/** Rules are compared in their order; what none of them takes is the last one's. */
export function* ingressFits(config: LooseConfig): Iterable<Finding> {
  for (const [name, { ingress }] of entries(config.cloudflare?.tunnels)) {
    const list: Path = ["cloudflare", "tunnels", name, "ingress"];
    const rules = items(ingress);
    if (ingress === undefined) continue;
    const last = ingress.length - 1;
    if (last < 0) {
      const message = "must end with a rule that takes everything, such as { service: http_status:404 }.";
      yield broken("cloudflare/ingress-catch-all", list, message);
    }
    for (const [index, rule] of rules) {
      const path = [...list, index];
      const takesAll = rule.hostname === undefined && rule.path === undefined;
      if (index === last && !takesAll) {
        const message = "must take everything, as the last rule: put { service: http_status:404 } behind it.";
        yield broken("cloudflare/ingress-catch-all", path, message);
      } else if (index < last && takesAll) {
        const message = "takes everything, so the rules behind it are never used: make it the last.";
        yield broken("cloudflare/ingress-catch-all", path, message);
      }
      if (rule.service === undefined || isService(rule.service)) continue;
      const message = rule.service.startsWith("udp:")
        ? "is not to be had: a tunnel's public names carry no UDP."
        : "must be one of http://, https://, tcp://, ssh://, rdp://, smb:// with a host, unix: with a path, http_status: with a code, or bastion.";
      yield broken("cloudflare/ingress-services", [...path, "service"], message);
    }
  }
}

/** A name leads into a tunnel by a record or a load balancer of the same account. */
export function* ingressNamesAreOurs(config: LooseConfig): Iterable<Finding> {
  for (const [name, { ingress }] of entries(config.cloudflare?.tunnels)) {
    for (const [index, { hostname }] of items(ingress)) {
      if (hostname === undefined || config.dns?.zones === undefined) continue;
      if (zoneOf(config, hostname) !== undefined) continue;
      const path = ["cloudflare", "tunnels", name, "ingress", index, "hostname"];
      yield { path, message: `is in no zone of dns.zones: nothing leads ${hostname} into the tunnel.` };
    }
  }
}

/** A tunnel's own name works for proxied records and load balancers of its account only. */
export function* tunnelNamesStayInside(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of recordsOf(config)) {
    if (record.content?.endsWith(`.${tunnelDomain}`) === true) {
      const message = `works within the account of the tunnel only: write tunnel and its name instead of content.`;
      yield broken("cloudflare/tunnel-account", [...path, "content"], message);
    }
    if (record.tunnel !== undefined && record.proxied !== true) {
      const message = `must be true: a tunnel has no address of its own that anybody else could connect to.`;
      yield broken("cloudflare/tunnel-account", [...path, "proxied"], message);
    }
  }
  for (const [name, { pools, proxied }] of entries(config.cloudflare?.loadBalancers)) {
    for (const [index, { tunnel }] of proxied === false ? items(pools) : []) {
      if (tunnel === undefined) continue;
      const message = `needs a proxied load balancer: an unproxied one answers with the tunnel's own name, which nobody else could connect to.`;
      const path = ["cloudflare", "loadBalancers", name, "pools", index, "tunnel"];
      yield broken("cloudflare/tunnel-account", path, message);
    }
  }
}
