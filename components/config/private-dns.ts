/** The part of the schema that is about names inside the network: Route 53's private zones, and what is forwarded. */
import { z } from "zod";
import * as leaf from "./leaf.ts";

/** The security group that a region's outbound endpoint gets; no group of a stack's file has the name. */
export const outboundEndpointGroup = "dns-outbound";

const privateRecordTypes = ["A", "CNAME"] as const;

/** A TTL is a signed 32-bit number of seconds (RFC 2181, section 8), and Route 53 takes all of them. */
const mostTtlSeconds = 2_147_483_647;

const privateRecord = leaf.record("a private record's options", {
  /** Below the zone (`redis`, `a.b`), or `@` for the zone itself. */
  name: leaf.recordName,
  type: z.enum(privateRecordTypes, { error: leaf.expected("A or CNAME") }),
  /** Of A an address, of CNAME a full name, which may lie in a domain that is forwarded. */
  content: leaf
    .text("the record's content", (value) => (value === "" ? "must not be empty." : undefined))
    .optional(),
  /** Instead of it, of A: the host whose address at its place is meant. */
  host: leaf.hostKey.optional(),
  /** Seconds a resolver may keep it. */
  ttl: leaf.integer("seconds", 0, mostTtlSeconds).default(300),
});

const privateZone = leaf.record("a private zone's homeRegion and records", {
  /**
   * The region whose VPC the zone is made with; those of all others join it one by one, so that a further region
   * changes nothing of the zone. It stays, once the zone is there.
   */
  homeRegion: leaf.name,
  /** Several of one name and type are one answer. */
  records: leaf.list("a list of records", privateRecord).default([]),
});

/** A name of one label or more, as forwarding goes by; Consul's is `consul`. */
const domain = leaf.pattern(
  "a domain in lower case without a trailing dot, such as consul",
  /^(?=.{1,253}$)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)*(?!-)[a-z][a-z0-9-]{0,62}(?<!-)$/,
);

const forwardingRule = leaf.record("a forwarding rule's targets and port", {
  /** The name servers that are asked, by address. */
  targets: leaf.list("a list of addresses", leaf.address),
  /** Where they listen. */
  port: leaf.integer("a port", 1, 65535).default(53),
  /**
   * What api hosts among the targets answer as long as the domain's own name servers are not there: hosts by the names
   * below the domain that lead to them.
   */
  standIn: leaf
    .named("a map from names to lists of hosts", leaf.name, leaf.list("a list of hosts", leaf.hostKey))
    .optional(),
});

/** Names that only the network itself knows. */
export const privateDns = leaf.record("zones, forwardingRules and outboundEndpoints", {
  /** Private hosted zones by their names; every region's VPC knows each. */
  zones: leaf.named("a map from zones to their records", leaf.hostname, privateZone).default({}),
  /** Domains about which other name servers are asked. */
  forwardingRules: leaf.named("a map from domains to forwarding rules", domain, forwardingRule).default({}),
  /**
   * Resolver endpoints by region: the addresses from which its VPC's resolver asks those name servers. A region without
   * one does not forward. They cost by the hour, so none unless asked for.
   */
  outboundEndpoints: leaf
    .named(
      "a map from regions to lists of addresses",
      leaf.name,
      leaf.list("a list of addresses such as [10.0.10.4, 10.0.11.4]", leaf.address),
    )
    .default({}),
});

export type PrivateDnsConfig = z.output<typeof privateDns>;
export type PrivateZoneConfig = PrivateDnsConfig["zones"][string];
export type PrivateRecordConfig = PrivateZoneConfig["records"][number];
export type ForwardingRuleConfig = PrivateDnsConfig["forwardingRules"][string];
