/** DNS records are such as Cloudflare takes and resolvers can use. */
import ipaddr from "ipaddr.js";
import { cloudflareIpv6Networks, cloudflareNetworks, proxiedPorts } from "../cloudflare-networks.ts";
import { isPrivate, parseAddress } from "../ip.ts";
import { canonicalIpv6Cidr } from "../ipv6.ts";
import { isHostname, show } from "../leaf.ts";
import { suggestion, type Path } from "../problem.ts";
import type { DnsRecordConfig } from "../schema.ts";
import { instancesOf, subnetOf } from "./instances.ts";
import { isAddress, isProxied, recordsOf, type LooseRecord, type PlacedRecord } from "./records.ts";
import {
  entries,
  isOff,
  items,
  lacks,
  lacksHost,
  names,
  placedHosts,
  type Finding,
  type LooseConfig,
  broken,
} from "./rule.ts";

/** A record has one content: written out or, for A and AAAA, a host's address, or, for CNAME, a tunnel. */
export function* recordsHaveContent(config: LooseConfig): Iterable<Finding> {
  const instead = { A: "host", AAAA: "host", CNAME: "tunnel" } as const;
  for (const { path, record } of recordsOf(config)) {
    const { type } = record;
    const given = (["content", "host", "tunnel"] as const).filter((key) => !lacks(record, key));
    const other = type === "A" || type === "AAAA" || type === "CNAME" ? instead[type] : undefined;
    if (given.length > 1) {
      const message = `does not go with ${given.slice(1).join(" and ")}: leave one of the two out.`;
      yield { path: [...path, given[0] ?? "content"], message };
    } else if (given.length === 0) {
      const alternative = other === undefined ? "" : `, or ${other} instead of it`;
      const message = `is missing: it must be the record's content${alternative}.`;
      yield { path: [...path, "content"], message };
    }
    if (record.host !== undefined) yield* hostFits(config, [...path, "host"], type, record.host);
    if (record.tunnel !== undefined) yield* tunnelFits(config, [...path, "tunnel"], type, record.tunnel);
  }
}

function* hostFits(
  config: LooseConfig,
  path: Path,
  type: LooseRecord["type"],
  host: string,
): Iterable<Finding> {
  if (type !== undefined && type !== "A" && type !== "AAAA") {
    yield { path, message: `is for A and AAAA records, and this is ${type}: write content.` };
    return;
  }
  const message = type === "AAAA" ? ipv6HostComplaint(config, host) : publicHostComplaint(config, host);
  if (message !== undefined) yield { path, message };
}

/** Why the host cannot be named where a public address that stays is needed; `undefined` where it can. */
export function publicHostComplaint(config: LooseConfig, key: string): string | undefined {
  const hosts = placedHosts(config);
  const known = hosts.filter(({ host }) => host.elasticIp === true).map((host) => host.key);
  const found = hosts.find((host) => host.key === key);
  if (lacksHost(config, key)) return `names no host: ${suggestion(key, known)}`;
  if (found === undefined) return undefined;
  if (standsAtSite(config, found.place)) {
    return `names a machine at a site, which has no public address: use one of ${known.join(", ")}.`;
  }
  return isOff(found.host, "elasticIp")
    ? `names a host whose public address does not stay: set elasticIp of ${key}, or use one of ${known.join(", ")}.`
    : undefined;
}

/** Why the host cannot be named where an IPv6 address is needed that others reach; `undefined` where it can. */
function ipv6HostComplaint(config: LooseConfig, key: string): string | undefined {
  if (lacksHost(config, key)) {
    return `names no host: ${suggestion(
      key,
      placedHosts(config).map((host) => host.key),
    )}`;
  }
  const [place = ""] = key.split("/");
  const region = config.regions?.[place];
  if (lacks(config.regions, place)) return "names a machine at a site, which has no IPv6 address of ours.";
  if (region !== undefined && (lacks(region, "ipv6") || (region.ipv6 ?? "hosts") !== "hosts")) {
    return `names a host without an IPv6 address: set regions.${place}.ipv6 to hosts.`;
  }
  const instance = instancesOf(config).find((each) => each.key === key);
  const subnet = instance === undefined ? undefined : subnetOf(instance);
  return subnet === undefined || subnet.tier === "public"
    ? undefined
    : `names a host in the ${subnet.tier} subnet ${subnet.cidr}, which nobody outside opens a connection to.`;
}

function* tunnelFits(
  config: LooseConfig,
  path: Path,
  type: LooseRecord["type"],
  tunnel: string,
): Iterable<Finding> {
  if (type !== undefined && type !== "CNAME") {
    yield { path, message: `is for CNAME records, and this is ${type}: write content.` };
  } else if (lacks(config.cloudflare?.tunnels, tunnel)) {
    const message = `names no tunnel: ${suggestion(tunnel, names(config.cloudflare?.tunnels))}`;
    yield { path, message };
  }
}

function standsAtSite(config: LooseConfig, place: string): boolean {
  return lacks(config.regions, place) && !lacks(config.sites, place);
}

/** What ipaddr.js calls those that are nobody's on the internet, besides private ones. Documentation's are left alone. */
const nobodys = ["unspecified", "loopback", "linkLocal", "multicast", "broadcast"];

/** What is said of an address that nobody outside reaches. */
function privateComplaint(type: "A" | "AAAA", content: string): string | undefined {
  if (type === "A") {
    const number = parseAddress(content);
    if (number === undefined) return undefined;
    if (isPrivate({ first: number, last: number, prefix: 32 })) {
      return `is private: nobody outside reaches ${content}, and it shows the layout inside. Leave the record out of a public zone.`;
    }
    return nobodys.includes(ipaddr.IPv4.parse(content).range())
      ? `is not a public address: nobody outside reaches ${content}. Leave the record out of a public zone.`
      : undefined;
  }
  return ipaddr.IPv6.isValid(content) && ipaddr.IPv6.parse(content).range() !== "unicast"
    ? `is not a public address: nobody outside reaches ${content}. Leave the record out of a public zone.`
    : undefined;
}

/** Public zones publish public addresses. */
export function* addressesArePublic(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of recordsOf(config)) {
    const { type, content } = record;
    if ((type !== "A" && type !== "AAAA") || content === undefined) continue;
    const message = privateComplaint(type, content);
    if (message !== undefined) yield broken("cloudflare/private-origins", [...path, "content"], message);
  }
}

/** What is proxied leads to an origin: the edge answers requests that would lead back to itself with error 1000. */
export function* originsAreNotCloudflare(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of recordsOf(config)) {
    const { type, content, proxied } = record;
    if ((type !== "A" && type !== "AAAA") || content === undefined || proxied !== true) continue;
    const networks = type === "A" ? cloudflareNetworks : cloudflareIpv6Networks;
    if (!ipaddr.isValid(content)) continue;
    const address = ipaddr.parse(content);
    if (!networks.some((network) => address.match(ipaddr.parseCIDR(network)))) continue;
    const message = `is Cloudflare's own address: its edge answers for the name by itself, and ${content} is where it would look for an origin. Write the origin's address.`;
    yield broken("cloudflare/origin-elsewhere", [...path, "content"], message);
  }
}

/** One spelling, as two of the same address would not be seen to be the same. */
function ipv6Complaint(content: string): string | undefined {
  const canonical = canonicalIpv6Cidr(`${content}/128`)?.replace("/128", "");
  if (canonical === content) return undefined;
  return canonical === undefined
    ? `must be an IPv6 address, as the record is AAAA, but is ${show(content)}.`
    : `is not canonical: write ${canonical}.`;
}

function contentComplaint(type: DnsRecordConfig["type"], content: string): string | undefined {
  switch (type) {
    case "A":
      return parseAddress(content) === undefined
        ? `must be an IPv4 address, as the record is A, but is ${show(content)}.`
        : undefined;
    case "AAAA":
      return ipv6Complaint(content);
    case "CNAME":
      // Its target need not be a host: keys of mail and proofs of ownership are delegated by names with underscores.
      return isHostname(content.replaceAll("_", "x"))
        ? undefined
        : `must be a full name in lower case without a trailing dot, as the record is CNAME, but is ${show(content)}.`;
    case "MX":
    case "NS":
    case "SRV":
      return isHostname(content)
        ? undefined
        : `must be a full host name in lower case without a trailing dot, as the record is ${type}, but is ${show(content)}.`;
    case "TXT":
      return content.startsWith('"') ? "must be the text alone, without quotes of its own." : undefined;
    case "CAA":
      return /^[^\s"]{1,253}$/.test(content)
        ? undefined
        : "must be the value alone, such as letsencrypt.org, without quotes of its own.";
  }
}

export function* contentsFitTypes(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of recordsOf(config)) {
    if (record.type === undefined || record.content === undefined) continue;
    const message = contentComplaint(record.type, record.content);
    if (message === undefined) continue;
    if (record.type === "MX") yield broken("dns/mx-target", [...path, "content"], message);
    else yield { path: [...path, "content"], message };
  }
}

/** Which types have the option, and whether they must. */
const typedOptions = {
  priority: { types: ["MX", "SRV"], example: "10" },
  weight: { types: ["SRV"], example: "0" },
  port: { types: ["SRV"], example: "443" },
  tag: { types: ["CAA"], example: "issue" },
} as const satisfies Readonly<Record<string, { types: readonly LooseRecord["type"][]; example: string }>>;

export function* optionsFitTypes(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of recordsOf(config)) {
    const { type } = record;
    if (type === undefined) continue;
    for (const [option, { types, example }] of Object.entries(typedOptions)) {
      const here = [...path, option];
      const has = !lacks(record, option);
      const wants = (types as readonly string[]).includes(type);
      const article = /^[AMNS]/.test(type) ? "an" : "a";
      if (wants && !has) {
        yield {
          path: here,
          message: `is missing: ${article} ${type} record must have one, such as ${example}.`,
        };
      } else if (!wants && has) {
        yield {
          path: here,
          message: `is for ${types.join(" and ")} records, and this is ${type}: remove it.`,
        };
      }
    }
    if (type !== "CAA" && record.flags !== undefined) {
      yield { path: [...path, "flags"], message: `is for CAA records, and this is ${type}: remove it.` };
    }
  }
}

/** Names are below their zone, and do not repeat it. */
export function* namesAreBelowZone(config: LooseConfig): Iterable<Finding> {
  for (const { zone, path, record } of recordsOf(config)) {
    if (record.name !== zone && record.name?.endsWith(`.${zone}`) !== true) continue;
    const short = record.name === zone ? "@" : record.name.slice(0, -zone.length - 1);
    yield broken("cloudflare/full-names", [...path, "name"], `repeats the zone: write ${short}.`);
  }
}

/** Cloudflare proxies addresses and aliases, whose time to live it then sets by itself; others keep theirs. */
export function* proxyingFits(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of recordsOf(config)) {
    const { type, ttl } = record;
    if (record.proxied !== true) {
      if (ttl !== undefined && ttl !== 1 && ttl < 60) {
        const message = `must be 1 (automatic) or from 60 to 86400 seconds, but is ${ttl}.`;
        yield broken("cloudflare/ttl-range", [...path, "ttl"], message);
      }
      continue;
    }
    if (type !== undefined && type !== "A" && type !== "AAAA" && type !== "CNAME") {
      const message = `does not go with ${type}: only A, AAAA and CNAME can be proxied.`;
      yield broken("cloudflare/proxied-types", [...path, "proxied"], message);
    }
    if (ttl !== undefined && ttl !== 1) {
      const message = `must be 1 (automatic), as the record is proxied, but is ${ttl}.`;
      yield broken("cloudflare/proxied-ttl", [...path, "ttl"], message);
    }
  }
}

/** One proxied address proxies every address of its name. */
export function* namesAreProxiedAsAWhole(config: LooseConfig): Iterable<Finding> {
  const records = recordsOf(config);
  for (const { path, record, name } of records) {
    if (record.proxied !== true || !isAddress({ record })) continue;
    const isDirect = (other: PlacedRecord): boolean =>
      other.name === name && other.record.proxied !== true && isAddress(other);
    if (!records.some(isDirect)) continue;
    const message = `proxies every address of ${name ?? ""}, also those that are to be direct: make all of them proxied or none.`;
    yield broken("cloudflare/proxied-names", [...path, "proxied"], message);
  }
}

const webPorts: readonly number[] = [...proxiedPorts.http, ...proxiedPorts.https];

/** What is proxied is HTTP on Cloudflare's ports: neither SSH nor anything over UDP gets through. */
export function* proxiedServicesAreHttp(config: LooseConfig): Iterable<Finding> {
  // Of names that peers dial, wireguard.endpointsResolve speaks.
  const endpoints = entries(config.wireguard?.hubs).map(([, { endpoint }]) => endpoint);
  for (const { path, record, name } of recordsOf(config)) {
    const host = placedHosts(config).find(({ key }) => key === record.host)?.host;
    if (record.proxied === true && host?.role === "hub" && !endpoints.includes(name)) {
      const message = `does not go with ${record.host ?? ""}: a hub takes WireGuard and SSH, and neither passes Cloudflare's proxy.`;
      yield broken("cloudflare/proxied-ports", [...path, "proxied"], message);
    }
    const { type, content, port } = record;
    if (type !== "SRV" || content === undefined || !isProxied(config, content)) continue;
    const overUdp = name?.split(".")[1] === "_udp";
    if (!overUdp && (port === undefined || webPorts.includes(port))) continue;
    const message = overUdp
      ? `must not be proxied: ${content} is, and Cloudflare passes no UDP on.`
      : `is proxied, and Cloudflare takes nothing on ${port ?? 0}: use one of ${webPorts.join(", ")}, or a name that is not proxied.`;
    yield broken("cloudflare/proxied-ports", [...path, overUdp ? "content" : "port"], message);
  }
}

/** What holds for a zone as a whole is set by whoever owns it, and by nobody else. */
export function* settingsAreTheOwners(config: LooseConfig): Iterable<Finding> {
  const message =
    "is about the zone as a whole, which somebody else owns where managed is false: each would undo what the other sets. Leave it out, or set it where the zone is managed.";
  for (const [zone, { managed, dnssec, tls, cache = [] }] of entries(config.dns?.zones)) {
    if (managed !== false) continue;
    const given = { dnssec, tls, cache: cache.length === 0 ? undefined : cache };
    for (const [option, value] of Object.entries(given)) {
      if (value !== undefined) yield { path: ["dns", "zones", zone, option], message };
    }
  }
}

/** Cache rules are told apart by their names, and see the requests of their own zone alone. */
export function* cacheRulesFit(config: LooseConfig): Iterable<Finding> {
  for (const [zone, { cache }] of entries(config.dns?.zones)) {
    const seen = new Map<string, number>();
    for (const [index, { name, hostname }] of items(cache)) {
      const path = ["dns", "zones", zone, "cache", index];
      const earlier = name === undefined ? undefined : seen.get(name);
      if (earlier !== undefined) {
        yield { path: [...path, "name"], message: `is taken: cache[${earlier}] is called ${name ?? ""}.` };
      } else if (name !== undefined) seen.set(name, index);
      if (hostname === undefined || hostname === zone || hostname.endsWith(`.${zone}`)) continue;
      const message = `is no name of ${zone}: a rule sees the requests of its own zone alone. Move it there.`;
      yield { path: [...path, "hostname"], message };
    }
  }
}

/** Who follows an alias comes to an end. */
export function* aliasesEnd(config: LooseConfig): Iterable<Finding> {
  const aliases = recordsOf(config).filter(({ record }) => record.type === "CNAME");
  const targets = new Map(aliases.map(({ name, record }) => [name, record.content]));
  for (const { path, name } of aliases) {
    const passed = new Set<string | undefined>();
    let next = targets.get(name);
    while (next !== undefined && next !== name && !passed.has(next)) {
      passed.add(next);
      next = targets.get(next);
    }
    if (name === undefined || next !== name) continue;
    const message = `leads back to itself: ${[name, ...passed, name].join(", ")}. Resolvers give up on it.`;
    yield { path: [...path, "content"], message };
  }
}

/** A name with a CNAME has nothing else, one that is delegated neither, and no record is there twice. */
export function* recordsAreDistinct(config: LooseConfig): Iterable<Finding> {
  const seen = new Map<string, Path>();
  const records = recordsOf(config);
  for (const { path, record, name, zone } of records) {
    if (name === undefined || record.type === undefined) continue;
    const others = records.filter((other) => other.name === name && other.path !== path);
    if (record.type === "CNAME" && others.length > 0) {
      const message = `cannot be there: a CNAME excludes every other record of ${name}.`;
      yield broken("cloudflare/cname-alone", path, message);
      continue;
    }
    if (record.type === "NS") yield* delegationFits(path, name, zone, others);
    const key = [name, record.type, record.host ?? record.tunnel ?? "", record.content ?? ""].join(" ");
    const distinct = [record.tag ?? "", record.port ?? ""].join(" ");
    const earlier = seen.get(`${key} ${distinct}`);
    if (earlier === undefined) seen.set(`${key} ${distinct}`, path);
    else
      yield { path, message: `is a duplicate of records[${earlier.at(-1) ?? ""}] of its zone: remove one.` };
  }
}

function* delegationFits(
  path: Path,
  name: string,
  zone: string,
  others: readonly PlacedRecord[],
): Iterable<Finding> {
  if (name === zone) {
    const message = "cannot be the zone's own: Cloudflare answers with the name servers that it assigned.";
    yield broken("cloudflare/ns-at-apex", [...path, "name"], message);
  } else if (others.some(({ record }) => record.type !== "NS")) {
    const message = `cannot be there: ${name} is delegated, so its other records would be answered by nobody.`;
    yield broken("cloudflare/ns-alone", path, message);
  }
}
