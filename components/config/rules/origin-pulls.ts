/** How Cloudflare comes to origins, those that take requests from it alone among them: what would let others past it. */
import { instancesOf } from "./instances.ts";
import { isProxied, recordsOf, zoneOf } from "./records.ts";
import { broken, entries, items, type Finding, type LooseConfig } from "./rule.ts";

function isPulled(config: LooseConfig, name: string): boolean {
  const zone = zoneOf(config, name);
  const tls = zone === undefined ? undefined : config.dns?.zones?.[zone]?.tls;
  return tls?.originPulls === true && isProxied(config, name);
}

/** The names that lead to each host's public address, by host key. */
function namesByHost(config: LooseConfig): Map<string, string[]> {
  const names = new Map<string, string[]>();
  const add = (host: string, name: string): void => {
    names.set(host, [...(names.get(host) ?? []), name]);
  };
  for (const { record, name } of recordsOf(config)) {
    if (record.host !== undefined && name !== undefined) add(record.host, name);
  }
  for (const [name, { pools }] of entries(config.cloudflare?.loadBalancers)) {
    for (const [, pool] of items(pools)) for (const [, host] of items(pool.hosts)) add(host, name);
  }
  return names;
}

const clearModes: readonly (string | undefined)[] = ["off", "flexible"];

/** Load balancers send who comes by HTTP to HTTPS, also Cloudflare, which would come by HTTP again. */
export function* modesFitRedirects(config: LooseConfig): Iterable<Finding> {
  const proxied = [...namesByHost(config)].flatMap(([host, names]) => {
    const [place = "", name = ""] = host.split("/");
    if (config.hosts?.[place]?.[name]?.role !== "load-balancer") return [];
    return names.filter((each) => isProxied(config, each));
  });
  for (const [zone, { tls }] of entries(config.dns?.zones)) {
    if (!clearModes.includes(tls?.mode)) continue;
    const looped = [...new Set(proxied)].filter((name) => zoneOf(config, name) === zone);
    if (looped.length === 0) continue;
    const message = `would never answer ${looped.join(", ")}: Cloudflare asks by HTTP, and load balancers redirect that to HTTPS. Set it to full.`;
    yield broken("cloudflare/mode-redirects", ["dns", "zones", zone, "tls", "mode"], message);
  }
}

/** Cloudflare shows its certificate where it speaks TLS to origins. */
export function* originPullsSpeakTls(config: LooseConfig): Iterable<Finding> {
  for (const [zone, { tls }] of entries(config.dns?.zones)) {
    if (tls?.originPulls !== true || tls.mode === undefined || !clearModes.includes(tls.mode)) continue;
    const message = `needs TLS to origins, and the mode is ${tls.mode}: set mode to full or strict.`;
    yield broken("cloudflare/origin-pulls-mode", ["dns", "zones", zone, "tls", "originPulls"], message);
  }
}

/**
 * A load balancer demands the certificate for all proxied names of its region or for none: who names another one in the
 * handshake would be served by the rules of that one.
 */
export function* originPullsAreWhole(config: LooseConfig): Iterable<Finding> {
  const byRegion = new Map<string, Set<string>>();
  for (const [host, names] of namesByHost(config)) {
    const [place = "", name = ""] = host.split("/");
    if (config.hosts?.[place]?.[name]?.role !== "load-balancer") continue;
    const proxied = names.filter((each) => isProxied(config, each));
    byRegion.set(place, new Set([...(byRegion.get(place) ?? []), ...proxied]));
  }
  const told = new Set<string>();
  for (const [region, names] of byRegion) {
    const pulled = [...names].filter((name) => isPulled(config, name));
    for (const name of [...names].filter((each) => pulled.length > 0 && !pulled.includes(each))) {
      const zone = zoneOf(config, name) ?? "";
      if (told.has(zone)) continue;
      told.add(zone);
      const message = `lets everybody ask ${region}'s load balancers for ${name}, which take ${pulled.join(", ")} from Cloudflare alone: set tls.originPulls to true here too.`;
      yield { path: ["dns", "zones", zone], message };
    }
  }
}

const everybody = ["0.0.0.0/0", "::/0", "anywhere"];
const webPorts = [80, 443];

/** Whether a rule lets everybody at a web port. */
function isOpen(port: string | number | undefined, source: string | undefined): boolean {
  if (source === undefined || !everybody.includes(source)) return false;
  if (port === undefined || port === "all") return true;
  const [from = 0, to = from] = String(port).split("-").map(Number);
  return webPorts.some((web) => from <= web && web <= to);
}

/** A certificate is asked for after the connection is made; whoever is not Cloudflare need not get so far. */
export function* originsAreOpenToCloudflare(config: LooseConfig): Iterable<Finding> {
  const names = namesByHost(config);
  for (const { key, path, host } of instancesOf(config)) {
    const own = names.get(key) ?? [];
    // Names that lead past Cloudflare need the port open to everybody.
    if (own.length === 0 || !own.every((name) => isPulled(config, name))) continue;
    for (const [index, group] of items(host.securityGroups)) {
      const rules = items(config.securityGroups?.[group]?.ingress);
      if (!rules.some(([, { port, source }]) => isOpen(port, source))) continue;
      const message = `opens the web's ports to everybody, and ${own.join(", ")} is asked for by Cloudflare alone: use a group whose source is cloudflare.`;
      yield broken("cloudflare/origin-pulls-sources", [...path, "securityGroups", index], message);
    }
  }
}
