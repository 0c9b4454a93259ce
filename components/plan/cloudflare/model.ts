/** The vocabulary of the plan's Cloudflare side: zones, tunnels, load balancers and Access. */
import type { Template } from "../model.ts";

export type DnsRecordType = "A" | "AAAA" | "CNAME" | "MX" | "TXT" | "CAA" | "SRV" | "NS";

export interface DnsRecordPlan {
  /**
   * Zone, name, type and what tells it from others of that name and type, so that a second one changes nothing of
   * the first: `blackroad.io/vpn.blackroad.io/A/us-west/hub-1`, `blackroad.io/blackroad.io/TXT/1f0c9a3e`.
   */
  readonly key: string;
  /** Fully qualified, without a trailing dot. */
  readonly name: string;
  readonly type: DnsRecordType;
  /** `undefined` where `data` says it. */
  readonly content: Template | undefined;
  /** The parts of what CAA and SRV records say, which Cloudflare puts together. */
  readonly data: Readonly<Record<string, string | number>> | undefined;
  /** Seconds; 1 is Cloudflare's "automatic", which a proxied record must have. */
  readonly ttlSeconds: number;
  readonly proxied: boolean;
  readonly priority: number | undefined;
  readonly comment: string | undefined;
}

/** One of a zone's settings, by Cloudflare's own name of it. */
export interface ZoneSettingPlan {
  /** `blackroad.io/setting/ssl` */
  readonly key: string;
  readonly id: "ssl" | "min_tls_version" | "always_use_https" | "tls_client_auth";
  readonly value: string;
}

export interface CacheRulePlan {
  /** The rule's name in the configuration, unique in its zone. */
  readonly name: string;
  /** Which requests it is about, in Cloudflare's rules language. */
  readonly expression: string;
  /** Seconds for which Cloudflare keeps an answer; 0 keeps none. */
  readonly edgeSeconds: number;
  /** Seconds for which browsers may keep it; `undefined` leaves that to the origin. */
  readonly browserSeconds: number | undefined;
}

export interface DnsZonePlan {
  /** `blackroad.io` */
  readonly name: string;
  /** Whether this stack owns the zone; a stack that does not looks it up by name and adds records only. */
  readonly managed: boolean;
  readonly records: readonly DnsRecordPlan[];
  /** `undefined` leaves signing as it is. */
  readonly dnssec: boolean | undefined;
  readonly settings: readonly ZoneSettingPlan[];
  /** In the order in which they are compared. */
  readonly cacheRules: readonly CacheRulePlan[];
}

export interface IngressRulePlan {
  /** `undefined` for the last rule, which takes everything. */
  readonly hostname: string | undefined;
  readonly path: string | undefined;
  readonly service: string;
}

/** A Cloudflare Tunnel. Its host's generation has the connector. */
export interface CloudflareTunnelPlan {
  /** `blackroad-tunnel`, also its name at Cloudflare. */
  readonly name: string;
  /** Key of the host with the connector. */
  readonly host: string;
  /** In the order in which they are compared. */
  readonly ingress: readonly IngressRulePlan[];
}

export interface PoolOriginPlan {
  /** `us-west-lb-1`, unique in its pool. */
  readonly name: string;
  readonly address: Template;
  /** The Host header of requests to it, where it cannot be that of the request; `undefined` leaves it. */
  readonly hostHeader: string | undefined;
}

export interface PoolPlan {
  /** `api.blackroad.io/us-west` */
  readonly key: string;
  /** Unique in the account, of letters, digits and hyphens: `api-blackroad-io-us-west`. */
  readonly name: string;
  readonly origins: readonly PoolOriginPlan[];
}

export interface MonitorPlan {
  readonly path: string;
  readonly hostHeader: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly retries: number;
  /** Whether any certificate will do, as in the zone's TLS mode `full`. */
  readonly allowInsecure: boolean;
  /** The zone whose certificate it shows to origins; `undefined` where they ask for none. */
  readonly asZone: string | undefined;
}

export interface LoadBalancerPlan {
  /** `api.blackroad.io` */
  readonly name: string;
  readonly zone: string;
  /** In the order in which they are used. */
  readonly pools: readonly PoolPlan[];
  /** Key of the pool that is used when all are unhealthy. */
  readonly fallback: string;
  readonly monitor: MonitorPlan;
  readonly steering: string;
  readonly proxied: boolean;
  readonly ttlSeconds: number | undefined;
  readonly cookieSeconds: number | undefined;
  /** Requests with the header stay by its value. */
  readonly header: { readonly name: string; readonly seconds: number } | undefined;
}

export interface AccessPlan {
  /** `dashboard.blackroad.io` */
  readonly name: string;
  readonly emails: readonly string[];
  readonly emailDomains: readonly string[];
  readonly sessionHours: number;
}

export interface CloudflarePlan {
  readonly tunnels: readonly CloudflareTunnelPlan[];
  readonly loadBalancers: readonly LoadBalancerPlan[];
  readonly access: readonly AccessPlan[];
}
