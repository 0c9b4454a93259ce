/** From what somebody calls a place to where packets begin or end there. */
import { suggestion } from "../../config/problem.ts";
import {
  formatAddress,
  isAddress,
  isV6Point,
  neverPublic,
  networks,
  parseAddress,
} from "../sets/addresses.ts";
import { has, type Point } from "../sets/intervals.ts";
import type { World } from "../world/model.ts";
import type { Source } from "../world/source.ts";
import {
  addressOf,
  isOutside,
  isV6Only,
  placeOf,
  primaryAddress,
  publicAddressOf,
  QuestionError,
  type AddressKind,
  type Aliases,
  type Endpoint,
} from "./endpoint.ts";
import { malformed, otherFree, segmentMeaning, specialMeaning, unmapped } from "./special.ts";
import { strangers } from "./strangers.ts";

/** Amazon's own services inside every VPC (vpc/latest/userguide/subnet-sizing.html, AmazonDNS-concepts.html). */
const linkLocal = networks(["169.254.0.0/16", "fd00:ec2::/32"]);

const suffixes: Readonly<Record<string, AddressKind>> = { public: "public", vpn: "vpn", ipv6: "ipv6" };

function ambiguous(name: string, meanings: readonly string[]): QuestionError {
  return new QuestionError(`${name} may be ${meanings.join(" or ")}: say which by its id`);
}

/** All names of a network, and what they mean. */
export class Directory {
  readonly #world: World;
  readonly #aliases: Aliases;

  constructor(world: World, aliases: Aliases = new Map()) {
    this.#world = world;
    this.#aliases = aliases;
  }

  /**
   * What a name means: a host (`us-west/api-1`, or `api-1` where one alone is called so; with `:public`, `:vpn` or
   * `:ipv6` by that address), a site or a segment of it, `internet`, `operator`, an address, or a DNS name.
   * @throws {QuestionError} where there is no such thing, or several
   */
  find(name: string): Endpoint {
    const text = name.trim();
    return this.#find(text) ?? this.#find(text.toLowerCase()) ?? this.#unknown(text);
  }

  #find(name: string): Endpoint | undefined {
    if (name === "internet") return { name, kind: "internet", address: undefined };
    if (name === "operator") return this.#operator();
    if (isAddress(name)) return this.#written(name);
    return (
      this.#host(name) ?? this.#hostBy(name) ?? this.#place(name) ?? this.#network(name) ?? this.#named(name)
    );
  }

  #written(text: string): Endpoint {
    const address = parseAddress(text);
    const plain = unmapped(address);
    return this.#address(plain === address ? text : formatAddress(plain), plain);
  }

  /** A device in the network of a site, where it is one's; whoever means another one is to say whom there. */
  #network(name: string): Endpoint | undefined {
    const [, first = "", length] = /^([^/]+)\/(\d{1,3})$/.exec(name) ?? [];
    if (length === undefined || !isAddress(first)) return undefined;
    if (length === (first.includes(":") ? "128" : "32")) return this.#written(first);
    const [segment, ...others] = [...this.#world.segments.values()].filter((one) => one.network === name);
    if (segment !== undefined && others.length === 0) return this.#place(segment.key);
    if (segment !== undefined)
      throw ambiguous(
        name,
        [segment, ...others].map(({ key }) => key),
      );
    throw new QuestionError(`${name} is a network: name one address in it, or a host`);
  }

  /** The text as a DNS name, where it is one and means nothing else; whoever asks is to resolve it. */
  dnsName(text: string): string | undefined {
    const name = text.toLowerCase().replace(/\.$/, "");
    const isOther = isAddress(text) || this.#host(text) !== undefined || this.#world.sites.has(text);
    if (isOther || !/^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(name)) return undefined;
    return name;
  }

  #operator(): Endpoint {
    const addresses = this.#world.operator.map((network) => parseAddress(network.split("/")[0] ?? ""));
    if (addresses.length === 0) throw new QuestionError("the network does not say where its operator is");
    return { name: "operator", kind: "operator", addresses };
  }

  #host(name: string): Endpoint | undefined {
    const exact = this.#world.hosts.get(name);
    if (exact === undefined && this.#aliases.has(name)) return this.#alias(name);
    if (exact !== undefined) return { name: exact.key, kind: "host", host: exact, address: undefined };
    if (name.includes("/")) return undefined;
    const called = [...this.#world.hosts.values()].filter((host) => host.key.endsWith(`/${name}`));
    const [first, ...more] = called;
    if (more.length > 0) {
      throw new QuestionError(`${name} may be ${called.map((host) => host.key).join(" or ")}: say which`);
    }
    return first && { name: first.key, kind: "host", host: first, address: undefined };
  }

  #alias(name: string): Endpoint | undefined {
    const [first, ...more] = this.#aliases.get(name) ?? [];
    if (more.length > 0)
      throw ambiguous(
        name,
        [first, ...more].flatMap((one) => one?.host ?? []),
      );
    if (first === undefined) return undefined;
    const { host: key, address, outside } = first;
    const host = this.#world.hosts.get(key);
    if (host !== undefined) return { name: host.key, kind: "host", host, address, outside };
    return address === undefined ? undefined : { name, kind: "nobody", address, outside, owner: key };
  }

  /** `us-west/hub-1:public` */
  #hostBy(name: string): Endpoint | undefined {
    const [, key = "", suffix = ""] = /^(.*):([a-z0-9]+)$/.exec(name) ?? [];
    const kind = suffixes[suffix];
    const found = suffix === "" ? undefined : this.#host(key);
    if (found?.kind !== "host") return undefined;
    if (kind === undefined)
      throw new QuestionError(`${name}: after a host's name comes :public, :vpn or :ipv6, or nothing`);
    const address = addressOf(found.host, kind);
    if (address === undefined) throw new QuestionError(`${found.name} has no ${kind} address`);
    return { ...found, name: `${found.name}:${suffix}`, address };
  }

  #place(name: string): Endpoint | undefined {
    if (this.#world.regions.has(name)) {
      throw new QuestionError(
        `${name} is a ${name.startsWith("vpc-") ? "VPC" : "region"}: name one of its hosts, such as ${this.#someHost(name)}`,
      );
    }
    const segment = this.#world.segments.get(name);
    if (segment !== undefined) return { name, kind: "device", segment, address: undefined };
    const [first, ...more] = this.#world.sites.get(name)?.segments ?? [];
    if (first === undefined) return undefined;
    if (more.length > 0) {
      const keys = [first, ...more].map(({ key }) => key);
      throw new QuestionError(`${name} has several networks: say which of ${keys.join(", ")}`);
    }
    return { name: first.key, kind: "device", segment: first, address: undefined };
  }

  #someHost(place: string): string {
    const inside = [...(this.#world.regions.get(place)?.enis.values() ?? [])].map(({ host }) => host);
    return inside.find((host) => this.#world.hosts.has(host)) ?? `${place}/NAME`;
  }

  /** Whoever has the address of a name, where it is to send. */
  #named(name: string): Endpoint | undefined {
    const plain = name.toLowerCase().replace(/\.$/, "");
    const target = this.#world.names.get(plain);
    if (target?.kind === "proxied") return { name, kind: "unseen", why: `${name} is Cloudflare's edge` };
    const addresses = target?.addresses ?? this.#privateNames().get(plain);
    if (addresses === undefined) return undefined;
    const [address, ...more] = addresses;
    if (address === undefined || more.length > 0) {
      throw new QuestionError(`${name} has several addresses: say which`);
    }
    return { ...this.#address(name, address), name };
  }

  /** The addresses that names inside the network have. */
  #privateNames(): Map<string, readonly Point[]> {
    const zones = [...(this.#world.edge?.resolvers.values() ?? [])].flatMap((resolver) => resolver.zones);
    return new Map(
      zones
        .flatMap(({ records }) => [...records])
        .map(([name, sets]) => [
          name,
          sets.flatMap(({ values }) => values.filter(isAddress).map(parseAddress)),
        ]),
    );
  }

  /** Who has an address, among all that the network knows. */
  #address(name: string, address: Point): Endpoint {
    const { hosts, publicOwners, regions, segments } = this.#world;
    const [host, ...others] = [...hosts.values()].filter((one) => one.addresses.has(address));
    if (host !== undefined && others.length > 0) throw ambiguous(name, [host, ...others].map(placeOf));
    if (host !== undefined) return { name, kind: "host", host, address };
    const owner = publicOwners.get(address);
    if (owner?.kind === "eni") {
      const owning = hosts.get(owner.eni.host);
      if (owning !== undefined) return { name, kind: "host", host: owning, address };
      return { name, kind: "nobody", address, owner: owner.eni.host };
    }
    if (owner !== undefined) return { name, kind: "nobody", address };
    const meaning = specialMeaning(address);
    if (meaning !== undefined) return { name, kind: "unseen", why: `${name} ${meaning}` };
    if (has(linkLocal, address)) return { name, kind: "unseen", why: `${name} is a service of Amazon's` };
    for (const segment of segments.values()) {
      if (!has(this.#world.space.network(segment.network), address)) continue;
      if (address === segment.router) return { name, kind: "unseen", why: `${name} is a router of others` };
      const what = segmentMeaning(this.#world, segment, address);
      if (what !== undefined) return { name, kind: "unseen", why: `${name} ${what}` };
      return { name, kind: "device", segment, address };
    }
    for (const region of regions.values()) {
      if (region.own.find(address) !== undefined) return this.#inVpc(name, address);
    }
    if (has(neverPublic, address)) return { name, kind: "nobody", address };
    return { name, kind: "internet", address };
  }

  /** Amazon keeps the first four addresses and the last of each subnet; whatever else has one is a host of ours. */
  #inVpc(name: string, address: Point): Endpoint {
    const unseen = this.#world.unseen?.get(address);
    if (unseen !== undefined) return { name, kind: "unseen", why: `${name} is ${unseen}` };
    return { name, kind: "nobody", address };
  }

  #unknown(name: string): never {
    if (name === "") throw new QuestionError("one end has no name");
    const wrong = malformed(name);
    if (wrong !== undefined) throw new QuestionError(wrong);
    if (/^(?:i|eni)-[0-9a-f]+$/.test(name) && this.#aliases.size === 0)
      throw new QuestionError(`there is no ${name}: a plan knows no ids, which --describe does`);
    const { hosts, sites, segments, names } = this.#world;
    const bare = [...hosts.keys()].map((key) => key.slice(key.indexOf("/") + 1));
    const known = [
      ...new Set([...hosts.keys(), ...bare, ...sites.keys(), ...segments.keys(), ...names.keys()]),
      ...this.#privateNames().keys(),
      "internet",
      "operator",
    ];
    const near = suggestion(name, [...known, ...this.#aliases.keys()]);
    throw new QuestionError(`there is no ${name}${near === "" ? "" : `: ${near}`}`);
  }

  /** What a name means as where packets go: an address that several have means whoever has it where they arrive. */
  target(name: string): Endpoint {
    const address = isAddress(name) ? unmapped(parseAddress(name)) : undefined;
    if (address === undefined) return this.find(name);
    const owners = [...this.#world.hosts.values()].filter(({ addresses }) => addresses.has(address));
    return owners.length > 1 ? { name, kind: "nobody", address } : this.find(name);
  }

  /** Where packets from there begin; `undefined` where nothing can begin there. */
  sources(endpoint: Endpoint, isV6: boolean): readonly Source[] {
    switch (endpoint.kind) {
      case "host": {
        const { host, address } = endpoint;
        const own = address !== undefined && host.addresses.has(address) ? { address } : {};
        return [{ kind: "host", host: host.key, ...own }];
      }
      case "device": {
        const { segment, address } = endpoint;
        return [{ kind: "device", segment: segment.key, ...(address === undefined ? {} : { address }) }];
      }
      case "internet":
        return [
          { kind: "internet", address: endpoint.address ?? strangers(this.#world)[isV6 ? "v6" : "v4"] },
        ];
      case "operator":
        return endpoint.addresses
          .filter((address) => isV6Point(address) === isV6)
          .map((address) => ({ kind: "internet", address }));
      case "nobody":
        throw new QuestionError(
          endpoint.owner === undefined
            ? `nobody has ${endpoint.name}: nothing is sent from there`
            : `${endpoint.name} is ${endpoint.owner}'s, which opens no connections: ask about who uses it`,
        );
      case "unseen":
        return [];
    }
  }

  /**
   * Two devices of one LAN, where only the LAN is named, are not one and the same.
   * @throws {QuestionError} where both ends are one device
   */
  apart(
    { source, target }: { readonly source: Source; readonly target: Point },
    from: Endpoint,
    to: Endpoint,
  ): { readonly source: Source; readonly target: Point } {
    if (from.kind !== "device" || to.kind !== "device" || from.segment !== to.segment)
      return { source, target };
    const sender = source.address ?? from.segment.free;
    if (sender !== target) return { source, target };
    const other = otherFree(this.#world, from.segment, target);
    if (other !== undefined && to.address === undefined) return { source, target: other };
    if (other !== undefined && from.address === undefined)
      return { source: { ...source, address: other }, target };
    throw new QuestionError(
      `${from.name} and ${to.name} are one device, and what it sends to itself never leaves it`,
    );
  }

  /**
   * The addresses that are meant as a destination: from the internet a host's public one, from elsewhere its own.
   * @param from who asks
   */
  targets(endpoint: Endpoint, from: Endpoint): readonly Point[] {
    switch (endpoint.kind) {
      case "host": {
        const { host, address, outside } = endpoint;
        if (!isOutside(from) || (address !== undefined && isV6Point(address)))
          return [address ?? primaryAddress(host)];
        // What exists may be reached by IPv6 alone; what a plan has is asked about by `:ipv6`.
        const sixth = host.plan === undefined ? addressOf(host, "ipv6") : undefined;
        return [outside ?? address ?? publicAddressOf(host) ?? sixth ?? primaryAddress(host)];
      }
      case "device": {
        // Somebody outside knows a site by its router's address alone.
        const site = isOutside(from) ? this.#world.sites.get(endpoint.segment.site) : undefined;
        return [endpoint.address ?? site?.publicAddress ?? endpoint.segment.free];
      }
      case "internet": {
        const isV6 =
          from.kind === "host" &&
          (from.address === undefined ? isV6Only(from.host) : isV6Point(from.address));
        return [endpoint.address ?? strangers(this.#world)[isV6 ? "v6" : "v4"]];
      }
      case "operator":
        return endpoint.addresses;
      case "nobody":
        return [(isOutside(from) ? endpoint.outside : undefined) ?? endpoint.address];
      case "unseen":
        return [];
    }
  }
}
