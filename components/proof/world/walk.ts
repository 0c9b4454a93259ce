/**
 * The way of packets between two addresses, place by place, as routes, gates and translations decide it.
 *
 * What carries packets from place to place depends on their addresses alone, so one walk serves every kind of traffic
 * at once: each gate on the way keeps of it what it lets through.
 */
import type { ConnectionState } from "../rules/nft-text.ts";
import type { ChainContext } from "../rules/nft.ts";
import { isV6Point, linkLocal, neverPublic } from "../sets/addresses.ts";
import { has, type Point } from "../sets/intervals.ts";
import { CloudWalker } from "./walk-cloud.ts";
import type { HostNode, HostRoute, Link, Segment, SiteNode, Tunnel, World } from "./model.ts";
import type { Source } from "./source.ts";
import { Way, type GatePlace, type WayOptions } from "./way.ts";

/** Whether a tunnel's two ends find each other; {@link Prover} answers by looking at the packets that carry it. */
export type TunnelCheck = (
  tunnel: Tunnel,
  peer: string,
) => { readonly up: boolean; readonly reason: string; readonly undecided?: boolean };

type Hook = "input" | "forward" | "output";

/** A host's own table, as a gate that a way goes through. */
export function tableOf({ key, path }: HostNode, hook: Hook): GatePlace {
  return { place: key, path, obstacle: { kind: "nftables", host: key, hook } };
}

/** The host's end of its tunnels. */
function tunnelOf({ links }: HostNode): Tunnel | undefined {
  for (const { attachment } of links.values()) if (attachment.kind === "tunnel") return attachment.tunnel;
  return undefined;
}

export class Walker {
  readonly #world: World;
  readonly #cloud: CloudWalker;
  readonly #tunnelUp: TunnelCheck;

  constructor(world: World, tunnelUp: TunnelCheck) {
    this.#world = world;
    this.#cloud = new CloudWalker(world, {
      enterHost: (way, host, link) => {
        const node = world.hosts.get(host);
        // An interface of AWS's own, behind which no host of ours looks at what comes.
        if (node === undefined) way.arrival = { kind: "host", host, link };
        else this.#enterHost(way, node, link);
      },
      enterSite: (way, site) => {
        this.#enterSite(way, this.#site(site));
      },
    });
    this.#tunnelUp = tunnelUp;
  }

  /** Follows packets from their source to whoever takes them, or to where they stop. */
  walk(source: Source, to: Point, options: WayOptions = {}): Way {
    switch (source.kind) {
      case "host": {
        const host = this.#world.hosts.get(source.host);
        return host === undefined
          ? this.#fromInterface(source.host, to, options)
          : this.#fromHost(host, source.address, to, options);
      }
      case "device": {
        const segment = this.#segment(source.segment);
        const way = new Way(this.#world, source.address ?? segment.free, to, options);
        this.#deviceSends(way, segment);
        return way;
      }
      case "internet": {
        const way = new Way(this.#world, source.address, to, options);
        this.#cloud.internet(way);
        return way;
      }
      case "service": {
        const way = new Way(this.#world, source.address, to, options);
        this.#cloud.fromEndpoint(way, source.region);
        return way;
      }
    }
  }

  /** From an interface that AWS itself sends from. */
  #fromInterface(key: string, to: Point, options: WayOptions): Way {
    const regions = [...this.#world.regions.values()];
    const eni = regions.map(({ interfaces }) => interfaces.get(key)).find((found) => found !== undefined);
    if (eni === undefined) throw new Error(`the network has no host ${key}`);
    const way = new Way(this.#world, eni.address, to, options);
    this.#cloud.leaveEni(way, eni);
    return way;
  }

  #host(key: string): HostNode {
    const found = this.#world.hosts.get(key);
    if (found === undefined) throw new Error(`the network has no host ${key}`);
    return found;
  }

  #segment(key: string): Segment {
    const found = this.#world.segments.get(key);
    if (found === undefined) throw new Error(`the network has no segment ${key}`);
    return found;
  }

  #route(way: Way, host: HostNode): { readonly route: HostRoute; readonly link: Link } | undefined {
    const table = host.answers.get(way.from) ?? host.routes;
    const found = table.find(way.to) ?? host.routes.find(way.to);
    if (found === "undecided") {
      way.endUndecided(() => ({
        place: host.key,
        path: host.path,
        reason: "its route hangs on an address that is not known yet",
      }));
      return undefined;
    }
    const link = found === undefined ? undefined : host.links.get(found.value.link);
    if (found === undefined || link === undefined) {
      way.end(() => ({
        place: host.key,
        path: host.path,
        reason: "has no route there",
        obstacle: { kind: "host-route", host: host.key },
      }));
      return undefined;
    }
    if (way.explain !== undefined) way.note(host.key, `route ${found.network} by ${link.name}`, host.path);
    return { route: found.value, link };
  }

  #fromHost(host: HostNode, address: Point | undefined, to: Point, options: WayOptions): Way {
    if (host.addresses.has(to)) return this.#toItself(host, new Way(this.#world, address ?? to, to, options));
    const probe = address ?? this.#sourceAddress(host, to);
    const way = new Way(this.#world, probe ?? 0, to, options);
    way.conversation.remember(host);
    if (!way.isReply && host.clients !== undefined) way.conversation.clients = host.clients;
    const next = this.#route(way, host);
    if (next === undefined) return way;
    if (probe === undefined) {
      way.end(() => ({ place: host.key, reason: "has no address of that family", path: host.path }));
      return way;
    }
    if (!way.isReply && this.#mayTunnel(host, to)) {
      const reason = "it is set up to forward, and may take it into a tunnel of its own";
      way.endUndecided(() => ({ place: host.key, reason, path: host.path }));
      return way;
    }
    const context = { iif: undefined, oif: next.link.name, state: this.#state(way, host) };
    if (this.#throughTable(way, host, "output", context))
      this.#transmit(way, host, next.link, next.route.via);
    return way;
  }

  /** Linux takes what is for an address of its own by its loopback interface, whichever link has the address. */
  #toItself(host: HostNode, way: Way): Way {
    way.conversation.remember(host);
    if (way.explain !== undefined) way.note(host.key, "sends it to itself", host.path);
    const context = { iif: undefined, oif: "lo", state: this.#state(way, host) };
    if (this.#throughTable(way, host, "output", context)) this.#enterHost(way, host, "lo");
    return way;
  }

  /** The host's own chains of that hook. */
  #throughTable(way: Way, host: HostNode, hook: Hook, context: ChainContext): boolean {
    for (const gate of host.gates(hook, context)) {
      if (!way.through(gate, tableOf, host, hook)) return false;
    }
    return true;
  }

  /** Whether a host of which only AWS's side is known may reach what is private, and in no VPC that it meets. */
  #mayTunnel({ forwards, links }: HostNode, to: Point): boolean {
    if (forwards !== "unknown" || !has(neverPublic, to) || has(linkLocal, to)) return false;
    const { regions } = this.#world;
    const own = [...links.values()].flatMap(({ attachment }) =>
      attachment.kind === "eni" ? (regions.get(attachment.eni.region) ?? []) : [],
    );
    const met = own.flatMap(({ peerings }) =>
      [...peerings.values()].flatMap((key) => regions.get(key) ?? []),
    );
    return [...own, ...met].every((region) => region.own.find(to) === undefined);
  }

  /** The first address, of the destination's family, of the link by which the host reaches it. */
  #sourceAddress(host: HostNode, to: Point): Point | undefined {
    const found = host.routes.find(to);
    if (found === undefined || found === "undecided") return [...host.addresses.keys()][0];
    const own = host.links.get(found.value.link)?.addresses ?? [];
    return own.find((address) => isV6Point(address) === isV6Point(to));
  }

  #state(way: Way, host: HostNode): ConnectionState {
    if (!way.isReply) return "new";
    return way.conversation.remembers(host) ? "established" : "invalid";
  }

  #transmit(way: Way, host: HostNode, link: Link, via: Point | undefined): void {
    if (!way.hop(host.key)) return;
    const { attachment } = link;
    switch (attachment.kind) {
      case "eni":
        this.#cloud.leaveEni(way, attachment.eni);
        return;
      case "segment":
        this.#onSegment(way, this.#segment(attachment.segment), via ?? way.to);
        return;
      case "tunnel":
        this.#intoTunnel(way, host, attachment.tunnel);
    }
  }

  #deviceSends(way: Way, segment: Segment): void {
    const isNear = has(this.#world.space.network(segment.network), way.to);
    const next = isNear ? way.to : segment.gateway;
    if (next === undefined) {
      way.end(() => ({
        place: segment.key,
        reason: "nothing leads out of this network",
        path: segment.path,
      }));
      return;
    }
    this.#onSegment(way, segment, next);
  }

  /** To a neighbour: a host of ours, the site's router, or a device. */
  #onSegment(way: Way, segment: Segment, next: Point): void {
    const member = segment.members.get(next);
    if (way.explain !== undefined) way.note(segment.key, "passes on between neighbours", segment.path);
    if (member !== undefined) {
      this.#enterHost(way, this.#host(member.host), member.link);
    } else if (next === segment.router && next !== way.to) {
      this.#leaveSite(way, this.#site(segment.site));
    } else if (next === way.to && has(this.#world.space.network(segment.network), next)) {
      way.arrival = { kind: "device", segment: segment.key };
    } else {
      way.end(() => ({
        place: segment.key,
        reason: "nobody has the next hop's address",
        path: segment.path,
      }));
    }
  }

  #site(key: string): SiteNode {
    const found = this.#world.sites.get(key);
    if (found === undefined) throw new Error(`the network has no site ${key}`);
    return found;
  }

  #leaveSite(way: Way, site: SiteNode): void {
    const place = `router of ${site.key}`;
    if (has(neverPublic, way.to)) {
      way.end(() => ({
        place,
        reason: "knows no way to private addresses",
        path: site.path,
        obstacle: { kind: "private-outside" },
      }));
      return;
    }
    if (way.isReply && !way.conversation.remembers(site)) {
      way.end(() => ({
        place,
        reason: "the answer comes by another way than the question",
        path: site.path,
      }));
      return;
    }
    if (!way.isReply) way.conversation.hide(site, way.from, site.publicAddress);
    way.conversation.remember(site);
    way.from = site.publicAddress;
    if (way.explain !== undefined) way.note(place, "hides the sender behind its own address", site.path);
    this.#cloud.internet(way);
  }

  #enterSite(way: Way, site: SiteNode): void {
    const place = `router of ${site.key}`;
    const inside = way.isReply ? way.conversation.behind(site, way.to) : undefined;
    if (inside === undefined || site.uplink === undefined) {
      way.end(() => ({ place, reason: "lets nothing in that nobody inside asked for", path: site.path }));
      return;
    }
    way.to = inside;
    way.conversation.reveal(site);
    if (way.explain !== undefined) way.note(place, "knows whose answer it is", site.path);
    this.#onSegment(way, this.#segment(site.uplink), inside);
  }

  /** A packet is at one of the host's links. */
  #enterHost(way: Way, host: HostNode, link: string): void {
    if (!way.hop(host.key)) return;
    const state = this.#state(way, host);
    const inside = way.isReply ? way.conversation.behind(host, way.to) : undefined;
    if (inside !== undefined) {
      way.to = inside;
      way.conversation.reveal(host);
      if (way.explain !== undefined) way.note(host.key, "knows whose answer it is", host.path);
    }
    way.conversation.remember(host);
    if (host.addresses.has(way.to)) {
      if (!this.#throughTable(way, host, "input", { iif: link, oif: undefined, state })) return;
      way.arrival = { kind: "host", host: host.key, link };
      if (way.explain !== undefined && host.unseen !== undefined && !way.isReply) {
        way.note(host.key, `takes it, as far as can be seen: ${host.unseen}`, host.path);
      }
      return;
    }
    if (host.forwards === "unknown") {
      way.endUndecided(() => ({
        place: host.key,
        reason:
          "it is for somebody else, and only the host itself can tell whether and where it passes it on",
        path: host.path,
      }));
      return;
    }
    if (!host.forwards) {
      way.end(() => ({
        place: host.key,
        reason: "passes nothing on that is not for itself",
        path: host.path,
        obstacle: { kind: "forwarding", host: host.key },
      }));
      return;
    }
    this.#forward(way, host, link, state);
  }

  #forward(way: Way, host: HostNode, iif: string, state: ConnectionState): void {
    const next = this.#route(way, host);
    if (next === undefined) return;
    const context = { iif, oif: next.link.name, state };
    if (!this.#throughTable(way, host, "forward", context)) return;
    if (!way.isReply) this.#hide(way, host, next.link, iif);
    if (!way.isStopped) this.#transmit(way, host, next.link, next.route.via);
  }

  /** What a host hides behind its own address, it hides whatever it carries. */
  #hide(way: Way, host: HostNode, link: Link, iif: string): void {
    const gate = host.masquerade({ iif, oif: link.name, state: "new" });
    const hidden = gate?.passage(way.from, way.to).accepted ?? 0;
    const [own] = link.addresses;
    if (hidden === 0 || own === undefined) return;
    if (hidden !== 1) {
      way.endUndecided(() => ({
        place: host.key,
        reason: "masquerades some kinds of traffic only, which the proof does not follow",
        path: host.path,
      }));
      return;
    }
    way.conversation.hide(host, way.from, own);
    way.from = own;
    if (way.explain !== undefined) way.note(host.key, "hides the sender behind its own address", host.path);
  }

  #intoTunnel(way: Way, host: HostNode, tunnel: Tunnel): void {
    const place = `${tunnel.link} of ${host.key}`;
    const found = tunnel.allowed.find(way.to);
    if (found === undefined || found === "undecided") {
      way.end(() => ({
        place,
        reason: "AllowedIPs of no peer have the destination",
        path: tunnel.path,
        obstacle: { kind: "allowed-ips", host: host.key, peer: undefined },
      }));
      return;
    }
    const peer = this.#host(found.value.host);
    const theirs = tunnelOf(peer);
    const { up, reason, undecided } = this.#tunnelUp(tunnel, peer.key);
    if (theirs === undefined || !up) {
      const end = undecided === true ? way.endUndecided.bind(way) : way.end.bind(way);
      end(() => ({
        place,
        reason: `the tunnel to ${peer.key} is down: ${reason}`,
        path: tunnel.path,
        obstacle: { kind: "tunnel-down", host: host.key, peer: peer.key },
      }));
      return;
    }
    if (way.explain !== undefined)
      way.note(place, `AllowedIPs ${found.network} lead to ${peer.key}`, tunnel.path);
    const back = theirs.allowed.find(way.from);
    if (back === undefined || back === "undecided" || back.value.host !== host.key) {
      const at = `${theirs.link} of ${peer.key}`;
      way.end(() => ({
        place: at,
        reason: `AllowedIPs of ${host.key} do not have the sender`,
        path: theirs.path,
        obstacle: { kind: "allowed-ips", host: peer.key, peer: host.key },
      }));
      return;
    }
    this.#enterHost(way, peer, theirs.link);
  }
}
