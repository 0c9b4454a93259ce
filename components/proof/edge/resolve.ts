/**
 * What a name leads to for whoever asks: the VPC's resolver for its hosts, the name servers of its links for a machine,
 * and whom those ask in turn. Questions are packets as well, so a resolver that cannot be reached answers nothing.
 *
 * Sources: vpc/latest/userguide/vpc-dns.html (no group and no ACL looks at what goes to the resolver at the VPC's base
 * plus two), Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html (the most specific zone or rule is
 * asked, a rule before a zone; a name that a private zone does not have is not looked for elsewhere), unbound.conf(5).
 */
import type { Prover } from "../prover.ts";
import { formatAddress, isAddress, isV6Point, parseAddress } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import { portTraffic } from "../sets/traffic.ts";
import { instanceLink } from "../world/model.ts";
import { tableOf } from "../world/walk.ts";
import type { Source } from "../world/source.ts";
import { Way } from "../world/way.ts";
import type { EdgeModel, NameServer, PrivateZone, RegionResolver, ServerAddress } from "./model.ts";
import { passes, stopOf } from "./legs.ts";
import { isWithin, lookUpPublic, type Decision, type Found, type Resolution } from "./public-dns.ts";
import { longest } from "./unbound.ts";

/** A server that is not there, or does not want to: the next one is asked. */
interface Silence {
  readonly kind: "silent";
  readonly reason: string;
}

type Reply = Found | Silence;

/** a.root-servers.net, where looking for a name by oneself begins. */
const rootServer = parseAddress("198.41.0.4");
const dnsPort = 53;

function none(place: string, reason: string, path: string): Found {
  return { kind: "none", stop: { place, reason, path } };
}

/** The name itself where the zone has it, or the wildcard below the closest name above it that exists (RFC 4592). */
function entryOf(zone: PrivateZone, name: string): string {
  const exists = (at: string): boolean => [...zone.records.keys()].some((each) => isWithin(each, at));
  let above = name;
  while (above !== zone.name && !exists(above)) above = above.slice(above.indexOf(".") + 1);
  return above === name ? name : `*.${above}`;
}

class Resolver {
  readonly #prover: Prover;
  readonly #model: EdgeModel;
  readonly #decisions: Decision[] = [];
  readonly #asked = new Set<string>();

  constructor(prover: Prover, model: EdgeModel) {
    this.#prover = prover;
    this.#model = model;
  }

  resolve(source: Source, name: string): Resolution {
    const found = source.kind === "host" ? this.#fromHost(source.host, name) : this.#outside(source, name);
    return { found, decisions: this.#decisions };
  }

  #note(place: string, what: string, path = ""): void {
    this.#decisions.push({ kind: "decision", place, what, path });
  }

  #public(name: string): Found {
    const { found, decisions } = lookUpPublic(this.#model, name);
    this.#decisions.push(...decisions);
    return found;
  }

  #outside(source: Source, name: string): Found {
    if (source.kind === "device")
      this.#note(source.segment, "whom a device asks is not in the plan: taken for a public resolver");
    return this.#public(name);
  }

  #fromHost(host: string, name: string): Found {
    const services = this.#model.services.get(host);
    if (services === undefined) return this.#public(name);
    const region = this.#prover.world.hosts.get(host)?.links.get(instanceLink)?.attachment;
    const own = region?.kind === "eni" ? this.#model.resolvers.get(region.eni.region) : undefined;
    const servers = services.nameServers?.map((address) => ({ address, port: dnsPort }));
    const asked = own === undefined ? (servers ?? []) : [{ address: own.address, port: dnsPort }];
    const reply = this.#askServers(host, asked, name);
    if (reply.kind !== "silent") return reply;
    return none(host, `cannot look up ${name}: ${reply.reason}`, `hosts.${host.replace("/", ".")}`);
  }

  /** One after the other, until one answers. */
  #askServers(host: string, servers: readonly ServerAddress[], name: string): Reply {
    const silent: string[] = [];
    for (const server of servers) {
      const reply = this.#askServer(host, server, name);
      if (reply.kind !== "silent") return reply;
      silent.push(reply.reason);
    }
    return { kind: "silent", reason: silent.length === 0 ? "it has no name server" : silent.join("; ") };
  }

  #askServer(host: string, { address, port }: ServerAddress, name: string): Reply {
    const shown = port === dnsPort ? formatAddress(address) : `${formatAddress(address)}, port ${port},`;
    const vpc = this.#vpcOf(host, address);
    if (vpc !== undefined) return this.#askVpc(host, vpc, name);
    const { table } = this.#prover.world;
    const traffic = table.id(portTraffic("udp", port));
    const answer = this.#prover.ask({ kind: "host", host }, address, traffic);
    if (!passes(answer) || answer.arrival === undefined) {
      const { place, reason } = stopOf(this.#prover, answer);
      return { kind: "silent", reason: `${shown} cannot be asked: ${place}: ${reason}` };
    }
    this.#note(host, `asks ${shown} about ${name}`);
    switch (answer.arrival.kind) {
      case "internet":
        return this.#public(name);
      case "device":
        return { kind: "silent", reason: `${shown} is a device that nobody manages` };
      case "service":
        return { kind: "silent", reason: `${shown} is a service of AWS's` };
      case "host": {
        const { host: at } = answer.arrival;
        const server = this.#model.services.get(at)?.nameServer;
        if (server?.listens.some((each) => each.address === answer.forward.to && each.port === port) !== true)
          return { kind: "silent", reason: `${at} answers nobody there` };
        return this.#answer(server, answer.forward.from, name);
      }
    }
  }

  /** The resolver of the VPC in which the host stands, where that is who has the address. */
  #vpcOf(host: string, address: Point): RegionResolver | undefined {
    const attachment = this.#prover.world.hosts.get(host)?.links.get(instanceLink)?.attachment;
    const resolver =
      attachment?.kind === "eni" ? this.#model.resolvers.get(attachment.eni.region) : undefined;
    return resolver?.address === address ? resolver : undefined;
  }

  /** What is said by unbound on a host. */
  #answer(server: NameServer, asker: Point, name: string): Reply {
    const place = `unbound of ${server.host}`;
    const allowed = server.clients.find(asker);
    if (allowed === undefined || allowed === "undecided" || !allowed.value)
      return { kind: "silent", reason: `${place} refuses ${formatAddress(asker)}` };
    const turn = `${server.host} ${name}`;
    if (this.#asked.has(turn)) return { kind: "silent", reason: `${place} is asked in a circle` };
    this.#asked.add(turn);
    const local = longest([...server.local.keys()], name);
    if (local !== undefined) {
      const known = server.local.get(local);
      if (known === undefined) return { kind: "silent", reason: `${place} refuses ${name}` };
      const addresses = known.get(name);
      if (addresses === undefined) return none(place, `has no name ${name}`, "dns.private");
      this.#note(place, `answers about ${local} itself`, "dns.private.forwardingRules");
      return { kind: "addresses", addresses: addresses.map(parseAddress), path: "dns.private" };
    }
    return this.#forward(server, name);
  }

  #forward(server: NameServer, name: string): Reply {
    const zone = longest([...server.forwards.keys()], name);
    const forward = zone === undefined ? undefined : server.forwards.get(zone);
    if (forward !== undefined) {
      const reply = this.#askServers(server.host, forward.servers, name);
      if (reply.kind !== "silent" || !forward.first) return reply;
    }
    const traffic = this.#prover.world.table.id(portTraffic("udp", dnsPort));
    const answer = this.#prover.ask({ kind: "host", host: server.host }, rootServer, traffic);
    if (passes(answer)) return this.#public(name);
    const { place, reason } = stopOf(this.#prover, answer);
    return { kind: "silent", reason: `${server.host} reaches no name server: ${place}: ${reason}` };
  }

  /** A host asks the resolver of its VPC: its own rules look at the question, nothing of AWS's does. */
  #askVpc(host: string, vpc: RegionResolver, name: string): Reply {
    const { world } = this.#prover;
    const node = world.hosts.get(host);
    const from = node?.links.get(instanceLink)?.addresses.find((address) => !isV6Point(address)) ?? 0;
    const traffic = world.table.id(portTraffic("udp", dnsPort));
    const way = new Way(world, from, vpc.address, { traffic });
    for (const gate of node?.gates("output", { iif: undefined, oif: instanceLink, state: "new" }) ?? []) {
      if (node === undefined || way.through(gate, tableOf, node, "output")) continue;
      const stop = way.stop;
      return { kind: "silent", reason: `${stop?.place ?? host}: ${stop?.reason ?? ""}` };
    }
    const shown = formatAddress(vpc.address);
    this.#note(
      `VPC ${vpc.region}`,
      `its resolver ${shown} is asked about ${name}, which no gate of AWS's looks at`,
    );
    return this.#vpc(vpc, name);
  }

  #vpc(vpc: RegionResolver, name: string): Reply {
    const turn = `VPC ${vpc.region} ${name}`;
    const place = `resolver of VPC ${vpc.region}`;
    if (this.#asked.has(turn)) return none(place, `CNAMEs lead in a circle at ${name}`, "dns.private");
    this.#asked.add(turn);
    const rule = vpc.rules
      .filter(({ domain }) => isWithin(name, domain))
      .sort((a, b) => b.domain.length - a.domain.length)[0];
    const zone = vpc.zones
      .filter((each) => isWithin(name, each.name))
      .sort((a, b) => b.name.length - a.name.length)[0];
    if (rule !== undefined && rule.domain.length >= (zone?.name.length ?? 0)) {
      this.#note(place, `forwards what is about ${rule.domain}`, rule.path);
      const reply = this.#forwarded(vpc, rule.targets, name);
      return reply.kind === "silent" ? none(place, reply.reason, rule.path) : reply;
    }
    return zone === undefined ? this.#public(name) : this.#private(vpc, zone, name);
  }

  /** From its endpoint's interfaces, each of which may ask each of the servers. */
  #forwarded(vpc: RegionResolver, targets: readonly ServerAddress[], name: string): Reply {
    const silent: string[] = [];
    for (const from of vpc.interfaces) {
      const reply = this.#askServers(from, targets, name);
      if (reply.kind !== "silent") return reply;
      silent.push(reply.reason);
    }
    const reason = silent[0] ?? "the region has no endpoint to ask from";
    return { kind: "silent", reason: `nobody answers about ${name}: ${reason}` };
  }

  #private(vpc: RegionResolver, zone: PrivateZone, name: string): Reply {
    const place = `private zone ${zone.name}`;
    const records = zone.records.get(entryOf(zone, name)) ?? [];
    const alias = records.find(({ type }) => type === "CNAME")?.values[0];
    if (alias !== undefined) {
      this.#note(place, `${name} is an alias of ${alias}`, zone.path);
      return this.#vpc(vpc, alias);
    }
    const addresses = records.flatMap(({ values }) => values.filter(isAddress).map(parseAddress));
    if (addresses.length === 0) return none(place, `has no name ${name}`, zone.path);
    this.#note(place, `${name} is ${addresses.map(formatAddress).join(", ")}`, zone.path);
    return { kind: "addresses", addresses, path: zone.path };
  }
}

/** A name as people write it: in lower case, without a last dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/**
 * What the name leads to for the source.
 * @throws Error where the network's names are not known, as where it was described by AWS alone
 */
export function resolve(prover: Prover, source: Source, name: string): Resolution {
  const { edge } = prover.world;
  if (edge === undefined) throw new Error("nothing is known of this network's names");
  return new Resolver(prover, edge).resolve(source, plainName(name));
}
