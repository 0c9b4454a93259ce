/** The schema of a region: its VPC, tiers, zones and services. */
import { z } from "zod";
import { tiers } from "./ledger.ts";
import * as leaf from "./leaf.ts";

/** The services that AWS has gateway endpoints for. */
const gatewayServices = ["s3", "dynamodb"] as const;

const subnets = leaf
  .list("a list of networks, the first for the first availability zone", leaf.subnetCidr)
  .default([]);

const zoneName = leaf.pattern(
  "an availability zone such as us-west-2a, or its id such as usw2-az1",
  /^[a-z]{2}[a-z0-9-]*\d[a-z]?$/,
);

export const region = leaf.record("a region's options", {
  /** AWS's name of the region: `us-west-2`. */
  awsRegion: leaf.pattern("an AWS region such as us-west-2", /^[a-z]{2}(?:-[a-z]+)+-\d$/),
  /** The VPC's network; without it, that of the region's slot. */
  vpcCidr: leaf.vpcCidr.optional(),
  /** The region's slot in the address pool; without it, its AWS region's. */
  slot: leaf.integer("a slot", 0, 255).optional(),
  /**
   * Zones by name (`us-west-2a`) or id (`usw2-az1`). The n-th subnet that is written stands in the n-th zone, and a
   * single NAT gateway in the first, so new zones are put at the end.
   */
  availabilityZones: leaf.list("a list of availability zones such as [us-west-2a, us-west-2b]", zoneName),
  /**
   * Tiers with a subnet in every zone: as written in `subnets`, and from the address ledger where nothing is written.
   * All three, where there is no `subnets`; none, where there is.
   */
  tiers: leaf
    .list(
      "a list of tiers such as [public, private]",
      z.enum(tiers, { error: leaf.expected("public, private or database") }),
    )
    .optional(),
  subnets: leaf
    .record("public, private and database subnets", {
      /** Routed to and from the internet. */
      public: subnets,
      /** Out to the internet through NAT, where there is one; never in. */
      private: subnets,
      /** No way to or from the internet. */
      database: subnets,
    })
    .optional(),
  /**
   * NAT gateways for the private tier: `none`, `single` (one in the first zone), or `perZone` (one in each zone
   * that has private subnets: survives the loss of a zone, and costs as often).
   */
  nat: z
    .enum(["none", "single", "perZone"], { error: leaf.expected("none, single or perZone") })
    .default("none"),
  /** The zone of a single NAT gateway; without it, the first. */
  natZone: zoneName.optional(),
  /**
   * Services of AWS's own to which the public and the private tier have a gateway endpoint, past NAT and at no cost;
   * all, unless said otherwise.
   */
  gatewayEndpoints: leaf
    .list(
      "a list of services such as [s3, dynamodb]",
      z.enum(gatewayServices, { error: leaf.expected("s3 or dynamodb") }),
    )
    .default([...gatewayServices]),
  /** Records of the VPC's traffic, in CloudWatch; they cost by their volume, so none unless asked for. */
  flowLogs: leaf
    .record("which traffic is recorded, and for how long", {
      /** `rejected` (what groups and ACLs refused), `accepted`, or `all`. */
      traffic: z
        .enum(["accepted", "rejected", "all"], { error: leaf.expected("accepted, rejected or all") })
        .default("all"),
      /** For how many days records are kept; one of the periods that CloudWatch knows. */
      retentionDays: leaf.integer("days", 1, 3653).default(30),
    })
    .optional(),
  /**
   * Whether each tier's subnets stand behind a network ACL that lets through what the security groups of its hosts do
   * (docs/decisions/0002-network-acls.md), or behind AWS's default, which lets everything through.
   */
  networkAcls: leaf.boolean.default(true),
  /**
   * Whether instances have AWS's Systems Manager as a second way in, for the day on which SSH is lost: a role that lets
   * its agent report to AWS, and the agent itself, which new instances install at their first boot.
   */
  sessionManager: leaf.boolean.default(false),
  /**
   * IPv6: `none`; `networks` (a /56 of Amazon's, a /64 for each subnet, and routes); or `hosts` (an address for each
   * instance as well). There is no way back by configuration alone: the provider takes away neither a network from a
   * subnet nor an address from an instance because it is named no more.
   */
  ipv6: z
    .enum(["none", "networks", "hosts"], { error: leaf.expected("none, networks or hosts") })
    .default("none"),
  /** Whether instances in public subnets get a public address at launch; it changes when they are stopped. */
  mapPublicIpOnLaunch: leaf.boolean.default(false),
  /** The region's Debian image. AMIs differ by region; find it with the command in docs/configuration.md. */
  ami: leaf.pattern("an AMI id such as ami-0123456789abcdef0", /^ami-(?:[0-9a-f]{8}|[0-9a-f]{17})$/),
});
