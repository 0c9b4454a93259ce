/**
 * Names and Cloudflare's edge as the plan has them: what resolvers answer to whom, and what happens to a request behind
 * a name that Cloudflare proxies.
 */
import type { DnsRecordType, IngressRulePlan } from "../../plan/cloudflare/model.ts";
import type { PortRange } from "../../plan/model.ts";
import type { PrefixMap } from "../rules/prefixes.ts";
import type { Point } from "../sets/intervals.ts";

/** What a record, or an endpoint of a pool, says where to go. */
export type Target =
  | { readonly kind: "address"; readonly address: Point }
  | { readonly kind: "name"; readonly name: string }
  /** The connector of a tunnel, by the tunnel's name in the configuration. */
  | { readonly kind: "tunnel"; readonly tunnel: string };

export interface PublicRecord {
  /** Fully qualified, without a trailing dot. */
  readonly name: string;
  readonly type: DnsRecordType;
  readonly proxied: boolean;
  /** `undefined` where no connection goes by it: TXT, MX and the like. */
  readonly target: Target | undefined;
}

/** How the edge speaks: `undefined` where the zone's settings are left as they are at Cloudflare. */
export interface ZoneTls {
  readonly mode: "off" | "flexible" | "full" | "strict";
  /** Whether HTTP is answered with a redirect to HTTPS. */
  readonly redirect: boolean;
  /** Whether the edge shows origins its client certificate. */
  readonly originPulls: boolean;
}

export interface PublicZone {
  readonly name: string;
  /** Whether all of its records are the plan's; otherwise others may have made some that nobody here knows. */
  readonly managed: boolean;
  readonly records: ReadonlyMap<string, readonly PublicRecord[]>;
  readonly balancers: ReadonlyMap<string, Balancer>;
  readonly tls: ZoneTls | undefined;
  readonly path: string;
}

export interface Endpoint {
  /** `us-west-lb-1`, unique in its pool. */
  readonly name: string;
  readonly target: Target | undefined;
  /** The Host header of requests to it; `undefined` leaves the visitor's. */
  readonly hostHeader: string | undefined;
}

export interface Pool {
  readonly key: string;
  /** As the configuration has it: `us-west`. */
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly path: string;
}

/** What a monitor asks endpoints for, over HTTPS. */
export interface Probe {
  readonly port: number;
  readonly path: string;
  readonly host: string;
  /** The zone whose certificate it shows; `undefined` for none. */
  readonly asZone: string | undefined;
}

export interface Balancer {
  readonly name: string;
  readonly proxied: boolean;
  /** In the order in which they are used. */
  readonly pools: readonly Pool[];
  readonly fallback: Pool | undefined;
  readonly steering: string;
  readonly probe: Probe;
  readonly path: string;
}

export interface CloudflareTunnel {
  readonly name: string;
  /** The host whose connector dials out. */
  readonly host: string;
  /** In the order in which they are compared. */
  readonly ingress: readonly IngressRulePlan[];
  readonly path: string;
}

export interface PrivateRecord {
  readonly type: "A" | "CNAME";
  readonly values: readonly string[];
}

export interface PrivateZone {
  readonly name: string;
  readonly records: ReadonlyMap<string, readonly PrivateRecord[]>;
  readonly path: string;
}

/** A domain about which a VPC's resolver asks others. */
export interface ForwardingRule {
  readonly domain: string;
  readonly targets: readonly ServerAddress[];
  readonly path: string;
}

export interface ServerAddress {
  readonly address: Point;
  readonly port: number;
}

/** What the resolver of a VPC knows. */
export interface RegionResolver {
  readonly region: string;
  /** The VPC's base plus two. */
  readonly address: Point;
  readonly zones: readonly PrivateZone[];
  readonly rules: readonly ForwardingRule[];
  /** The network interfaces from which it asks others. */
  readonly interfaces: readonly string[];
}

/** unbound on a host, as its file has it. */
export interface NameServer {
  readonly host: string;
  readonly listens: readonly ServerAddress[];
  /** Who may ask, by the longest network. */
  readonly clients: PrefixMap<boolean>;
  /** Domains that it answers about itself: addresses by name; `undefined` refuses. */
  readonly local: ReadonlyMap<string, ReadonlyMap<string, readonly string[]> | undefined>;
  readonly forwards: ReadonlyMap<string, Forward>;
}

export interface Forward {
  readonly servers: readonly ServerAddress[];
  /** Whether it looks for itself where none of them answers. */
  readonly first: boolean;
}

/** What of a host matters to requests, and not to single packets. */
export interface HostServices {
  /** What listens there, by protocol. */
  readonly listens: readonly { readonly protocol: "tcp" | "udp"; readonly ports: PortRange }[];
  /** The name servers of its links; `undefined` for an instance, which has its VPC's. */
  readonly nameServers: readonly Point[] | undefined;
  readonly nameServer: NameServer | undefined;
  /** Whether a connector of a tunnel runs there. */
  readonly hasConnector: boolean;
  /** Whether it serves proxied names to whoever shows Cloudflare's certificate alone. */
  readonly demandsCertificate: boolean;
  /** Whether it answers HTTP with a redirect to HTTPS alone. */
  readonly redirectsHttp: boolean;
  /** Whom a load balancer passes requests on to. */
  readonly backends: readonly (ServerAddress & { readonly host: string })[];
}

export interface EdgeModel {
  readonly zones: ReadonlyMap<string, PublicZone>;
  readonly tunnels: ReadonlyMap<string, CloudflareTunnel>;
  /** Who is let in by name, in words. */
  readonly access: ReadonlyMap<string, string>;
  readonly resolvers: ReadonlyMap<string, RegionResolver>;
  readonly services: ReadonlyMap<string, HostServices>;
  /** Files that could not be read, and are therefore taken to answer nobody. */
  readonly unread: readonly string[];
}
