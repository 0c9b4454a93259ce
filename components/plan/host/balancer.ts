/** What both kinds of load balancer have in common: what they stand in front of, and how they speak TLS. */
import type { CertificatePlan, GenerationPart, GenerationPlan, ListenPlan } from "../generation.ts";
import { certificate } from "./certificate.ts";
import { internalNetworks } from "./networks.ts";
import type { OriginPulls } from "./origin-pulls.ts";

/** An api host of the balancer's region. */
export interface Backend {
  readonly name: string;
  readonly address: string;
}

export interface Balancer {
  /** Key of the host: `us-west/lb-1`. */
  readonly key: string;
  /** What the host calls itself: `lb-1.us-west`. */
  readonly hostname: string;
  readonly address: string;
  /** Whether clients come by IPv6, too; backends are always asked by IPv4. */
  readonly ipv6: boolean;
  /** Public names that resolve to a load balancer of the region, so that each can stand in for another. */
  readonly names: readonly string[];
  readonly backends: readonly Backend[];
  /** `undefined` where anybody may ask for any name. */
  readonly originPulls: OriginPulls | undefined;
}

/** Ports of the network guide's upstreams. */
export const apiPort = 8080;
export const websocketPort = 8081;

/** Where a balancer tells how it is doing, to the internal network: no port of the guide's, which names none. */
export const statisticsPort = 8404;

/** Seconds that a WebSocket may be silent. */
export const websocketSeconds = 3600;

/**
 * TLS 1.2's suites, all with forward secrecy and authenticated encryption; 1.3 has no others. The list is that of
 * Mozilla's "intermediate" recommendation, and the client chooses, since it knows whether it has AES in hardware.
 */
export const ciphers = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** TLS 1.3's suites, as OpenSSL names them. */
export const cipherSuites = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
].join(":");

/** The certificate for the names that lead to the balancer, and for its own. */
export function serverCertificate(
  balancer: Balancer,
  paths: Pick<CertificatePlan, "keyPath" | "certificatePath">,
): GenerationPart {
  const { key, hostname, address, names } = balancer;
  return certificate(key, {
    name: "web",
    ...paths,
    keyOwner: "root:root",
    dnsNames: [...names, hostname],
    addresses: [address],
    usages: ["server"],
  });
}

const listen = (port: number, from: readonly string[], reason: string): ListenPlan => ({
  protocol: "tcp",
  ports: { from: port, to: port },
  from,
  reason,
});

/** What the network guide's firewall opens to everybody, and the statistics. */
export const balancerListens: readonly ListenPlan[] = [
  listen(80, [], "HTTP (redirect to HTTPS)"),
  listen(443, [], "HTTPS"),
  listen(statisticsPort, internalNetworks, "load balancer statistics"),
];

/**
 * A connection to a backend takes a port here. Linux offers 28,000 of them; the balancer's 50,000 connections need as
 * many to one backend, and none of those on which something listens.
 *
 * A backend that falls silent leaves connections on which the next request is sent. Linux sends it again for a quarter
 * of an hour; after five attempts, some 13 s, the connection counts as lost, and the request goes elsewhere
 * (www.elastic.co/docs/deploy-manage/deploy/self-managed/system-config-tcpretries has the same number and reason).
 */
export const balancerSysctls: GenerationPlan["sysctls"] = {
  "net.ipv4.ip_local_port_range": "15000 65535",
  "net.ipv4.tcp_retries2": "5",
};
