/**
 * What the public zones answer to everybody.
 *
 * Sources: RFC 1034 (aliases), RFC 4592 (wildcards), dns/proxy-status (one proxied address proxies its name, and so does
 * a proxied name that an alias leads to), dns/cname-flattening (an alias at a zone's apex is answered with addresses),
 * load-balancing/load-balancers/dns-records (a load balancer goes before a record that is as specific).
 */
import type { Point } from "../sets/intervals.ts";
import type { Balancer, EdgeModel, PublicRecord, PublicZone, Target } from "./model.ts";

/** Something that was decided without a packet: a record that was found, a rule of the edge that holds. */
export interface Decision {
  readonly kind: "decision";
  readonly place: string;
  readonly what: string;
  /** The place in the stack's configuration that it comes from. */
  readonly path: string;
}

/** Why it goes no further. */
export interface NameStop {
  readonly place: string;
  readonly reason: string;
  readonly path: string;
}

/** A request for a proxied name, as the edge sees it. */
export interface EdgeRoute {
  readonly name: string;
  /** Whose settings hold. */
  readonly zone: PublicZone;
  readonly to:
    | { readonly kind: "balancer"; readonly balancer: Balancer }
    | { readonly kind: "targets"; readonly targets: readonly Target[]; readonly path: string };
}

export type Found =
  | { readonly kind: "addresses"; readonly addresses: readonly Point[]; readonly path: string }
  /** Cloudflare answers with its own addresses. */
  | { readonly kind: "edge"; readonly route: EdgeRoute }
  /** Cloudflare answers with addresses of a healthy pool. */
  | { readonly kind: "balancer"; readonly balancer: Balancer }
  /** The name leads nowhere. */
  | { readonly kind: "none"; readonly stop: NameStop }
  /** It hangs on what the configuration does not say. */
  | { readonly kind: "unknown"; readonly stop: NameStop };

export interface Resolution {
  readonly found: Found;
  /** How it came to that. */
  readonly decisions: readonly Decision[];
}

export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The zone of the plan that is asked about the name: the longest that it ends in. */
export function zoneOf({ zones }: EdgeModel, name: string): PublicZone | undefined {
  return [...zones.values()]
    .filter((zone) => isWithin(name, zone.name))
    .sort((a, b) => b.name.length - a.name.length)[0];
}

/** What stands under exactly one name. */
interface Entry {
  readonly name: string;
  readonly balancer: Balancer | undefined;
  readonly records: readonly PublicRecord[];
}

function under(zone: PublicZone, name: string): Entry | undefined {
  const balancer = zone.balancers.get(name);
  const records = zone.records.get(name) ?? [];
  return balancer === undefined && records.length === 0 ? undefined : { name, balancer, records };
}

function exists({ records, balancers }: PublicZone, name: string): boolean {
  return [...records.keys(), ...balancers.keys()].some((each) => isWithin(each, name));
}

/** From the name up to, and without, the zone's own. */
function ancestors(zone: PublicZone, name: string): string[] {
  const found: string[] = [];
  for (let at = name; at !== zone.name && at !== ""; at = at.slice(at.indexOf(".") + 1)) found.push(at);
  return found;
}

/** The name's own entry, or that of the wildcard below the closest name above it that exists. */
function find(zone: PublicZone, name: string): Entry | undefined {
  const own = under(zone, name);
  if (own !== undefined || exists(zone, name)) return own;
  const above = [...ancestors(zone, name).slice(1), zone.name];
  const closest = above.find((each) => each === zone.name || exists(zone, each)) ?? zone.name;
  return under(zone, `*.${closest}`);
}

/** The name below the zone's own that is answered by others, where the name is in it. */
function delegation(zone: PublicZone, name: string): string | undefined {
  return ancestors(zone, name).find((at) => zone.records.get(at)?.some(({ type }) => type === "NS") === true);
}

class Lookup {
  readonly #model: EdgeModel;
  readonly #name: string;
  readonly #decisions: Decision[] = [];
  readonly #chain: string[] = [];
  #isProxied = false;

  constructor(model: EdgeModel, name: string) {
    this.#model = model;
    this.#name = name;
  }

  resolution(): Resolution {
    return { found: this.#follow(this.#name), decisions: this.#decisions };
  }

  #note(place: string, what: string, path: string): void {
    this.#decisions.push({ kind: "decision", place, what, path });
  }

  #follow(name: string): Found {
    const zone = zoneOf(this.#model, name);
    if (this.#chain.includes(name)) {
      const circle = [...this.#chain, name].join(" → ");
      const path = zone?.path ?? "dns.zones";
      return { kind: "none", stop: { place: "DNS", reason: `CNAMEs lead in a circle: ${circle}`, path } };
    }
    this.#chain.push(name);
    if (zone === undefined) return this.#outside(name);
    const elsewhere = delegation(zone, name);
    if (elsewhere !== undefined) {
      const reason = `${elsewhere} is delegated to other name servers`;
      return { kind: "unknown", stop: { place: `zone ${zone.name}`, reason, path: zone.path } };
    }
    const entry = find(zone, name);
    if (entry === undefined) {
      const place = `zone ${zone.name}`;
      if (zone.managed)
        return { kind: "none", stop: { place, reason: `has no name ${name}`, path: zone.path } };
      const reason = `has no name ${name} of ours, and others keep records there too`;
      return { kind: "unknown", stop: { place, reason, path: zone.path } };
    }
    return this.#entry(zone, name, entry);
  }

  /** A name that others keep: only they know where it leads, or that it leads nowhere. */
  #outside(name: string): Found {
    const inside = [...this.#model.resolvers.values()].flatMap(({ zones, rules }) => [
      ...zones.map((zone) => ({ domain: zone.name, path: zone.path })),
      ...rules,
    ]);
    const own = inside.find(({ domain }) => isWithin(name, domain));
    if (own !== undefined) {
      const reason = `${name} is known to the resolvers of VPCs alone, by ${own.domain}`;
      return { kind: "none", stop: { place: "DNS", reason, path: own.path } };
    }
    const stop = { place: "DNS", reason: `${name} is in no zone of the configuration`, path: "dns.zones" };
    return { kind: "unknown", stop };
  }

  #entry(zone: PublicZone, name: string, { name: at, balancer, records }: Entry): Found {
    const shown = at === name ? name : `${name}, by ${at},`;
    if (balancer !== undefined) {
      this.#isProxied ||= balancer.proxied;
      const how = this.#isProxied
        ? "a load balancer behind Cloudflare"
        : "a load balancer that is not proxied";
      this.#note(`zone ${zone.name}`, `${shown} is ${how}`, balancer.path);
      return this.#isProxied
        ? this.#edge({ kind: "balancer", balancer }, zone)
        : { kind: "balancer", balancer };
    }
    const usable = records.filter(({ target }) => target !== undefined);
    this.#isProxied ||= usable.some(({ proxied }) => proxied);
    const alias = usable.find(({ type }) => type === "CNAME")?.target;
    if (alias !== undefined) return this.#alias(zone, shown, alias);
    const targets = usable.flatMap(({ target }) => target ?? []);
    if (targets.length === 0) {
      return {
        kind: "none",
        stop: { place: `zone ${zone.name}`, reason: `${name} has no address`, path: zone.path },
      };
    }
    this.#note(
      `zone ${zone.name}`,
      `${shown} has ${targets.length === 1 ? "an address" : `${targets.length} addresses`}${this.#isProxied ? ", which Cloudflare keeps behind its own" : ""}`,
      zone.path,
    );
    if (this.#isProxied) return this.#edge({ kind: "targets", targets, path: zone.path }, zone);
    const addresses = targets.flatMap((target) => (target.kind === "address" ? [target.address] : []));
    return { kind: "addresses", addresses, path: zone.path };
  }

  #alias(zone: PublicZone, shown: string, alias: Target): Found {
    if (alias.kind === "tunnel") {
      this.#note(`zone ${zone.name}`, `${shown} leads into the tunnel ${alias.tunnel}`, zone.path);
      if (this.#isProxied) return this.#edge({ kind: "targets", targets: [alias], path: zone.path }, zone);
      const reason = `${shown} is not proxied, and a tunnel's own name has no address that others could connect to`;
      return { kind: "none", stop: { place: `zone ${zone.name}`, reason, path: zone.path } };
    }
    if (alias.kind === "address") return { kind: "addresses", addresses: [alias.address], path: zone.path };
    const flattened = shown === zone.name ? ", and is answered with its addresses" : "";
    this.#note(`zone ${zone.name}`, `${shown} is an alias of ${alias.name}${flattened}`, zone.path);
    const found = this.#follow(alias.name);
    if (!this.#isProxied || found.kind !== "unknown") return found;
    return this.#edge({ kind: "targets", targets: [alias], path: zone.path }, zone);
  }

  /** The settings are those of the zone of the name that was asked for. */
  #edge(to: EdgeRoute["to"], zone: PublicZone): Found {
    const own = zoneOf(this.#model, this.#name) ?? zone;
    return { kind: "edge", route: { name: this.#name, zone: own, to } };
  }
}

/** What a resolver on the internet says of the name. */
export function lookUpPublic(model: EdgeModel, name: string): Resolution {
  return new Lookup(model, name).resolution();
}

/** Names of the public zones, wildcards left out. */
export function publicNames({ zones }: EdgeModel): string[] {
  const all = [...zones.values()].flatMap(({ records, balancers }) => [
    ...records.keys(),
    ...balancers.keys(),
  ]);
  return [...new Set(all)].filter((name) => !name.startsWith("*")).sort();
}
