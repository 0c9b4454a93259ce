/** What is fixed about Cloudflare's own network: from where it calls, where it listens, and where connectors dial. */

/** From where Cloudflare calls origins (cloudflare.com/ips-v4); the list changes every few years. */
export const cloudflareNetworks: readonly string[] = [
  "103.21.244.0/22",
  "103.22.200.0/22",
  "103.31.4.0/22",
  "104.16.0.0/13",
  "104.24.0.0/14",
  "108.162.192.0/18",
  "131.0.72.0/22",
  "141.101.64.0/18",
  "162.158.0.0/15",
  "172.64.0.0/13",
  "173.245.48.0/20",
  "188.114.96.0/20",
  "190.93.240.0/20",
  "197.234.240.0/22",
  "198.41.128.0/17",
];

/** The same for origins that are reached by IPv6 (cloudflare.com/ips-v6). */
export const cloudflareIpv6Networks: readonly string[] = [
  "2400:cb00::/32",
  "2405:8100::/32",
  "2405:b500::/32",
  "2606:4700::/32",
  "2803:f800::/32",
  "2a06:98c0::/29",
  "2c0f:f248::/32",
];

/** Ports on which Cloudflare's proxy takes HTTP and HTTPS; there are no others (fundamentals/reference/network-ports). */
export const proxiedPorts = {
  http: [80, 8080, 8880, 2052, 2082, 2086, 2095],
  https: [443, 2053, 2083, 2087, 2096, 8443],
} as const satisfies Readonly<Record<string, readonly number[]>>;

/** Where connectors dial Cloudflare, over TCP and UDP. */
export const connectorPort = 7844;

/**
 * Whom a connector dials: two names, so that the loss of one place at Cloudflare is none of the tunnel. It takes IPv4
 * unless told otherwise (cloudflare-one/connections/connect-networks/configure-tunnels/tunnel-with-firewall).
 */
export const connectorRegions: readonly { readonly name: string; readonly addresses: readonly string[] }[] = [
  {
    name: "region1.v2.argotunnel.com",
    addresses: [7, 27, 37, 47, 57, 67, 77, 107, 167, 227].map((last) => `198.41.192.${last}`),
  },
  {
    name: "region2.v2.argotunnel.com",
    addresses: [13, 23, 33, 43, 53, 63, 73, 113, 193, 233].map((last) => `198.41.200.${last}`),
  },
];
