/**
 * The stack's configuration: the form of `blackroad-network:network`, and every option with its meaning.
 *
 * The schema is strict: a key it does not know is an error. What concerns one value is checked here; what concerns
 * several (overlaps, references) in `rules/`. `docs/configuration.md` shows the same options as tables.
 */
import { z } from "zod";
import type { Tier } from "./ledger.ts";
import * as leaf from "./leaf.ts";
import { account } from "./account.ts";
import { cloudflare, zone } from "./cloudflare.ts";
import { flows } from "./flows.ts";
import { guard } from "./guard.ts";
import { privateDns } from "./private-dns.ts";
import { quotas } from "./quotas.ts";
import { region } from "./region.ts";
import { rack, tower } from "./towers.ts";

const operator = leaf.record("the operator's cidrs, user and authorizedKeys", {
  /** Networks from which the operator opens SSH to the hubs; public addresses, as narrow as possible. */
  cidrs: leaf.list("a list of the operator's public networks, such as [203.0.113.7/32]", leaf.cidr),
  /** The user that instances' images come with: `admin` in Debian's. */
  user: leaf.pattern("a user name of at most 32 characters", /^[a-z_][a-z0-9_-]{0,31}$/).default("admin"),
  /** OpenSSH public keys that may log in to every host. */
  authorizedKeys: leaf.list("a list of OpenSSH public keys", leaf.sshPublicKey),
});

/** The pool of a stack that names none. */
export const defaultAddressPool = "10.0.0.0/10";

const site = leaf.record("a site's network, gateway and nodes", {
  /** The site's LAN. */
  network: leaf.privateCidr,
  /** The LAN's router, which is not ours. */
  gateway: leaf.address,
  /** Every machine of ours on the LAN and its static address; in a rack, its address in the management VLAN. */
  nodes: leaf.named("a map from names to addresses", leaf.name, leaf.address),
  /**
   * From where the operator comes who stands on the LAN: networks of it from which SSH is opened as often as it takes.
   * Without one, a machine that is configured takes three connections a minute on its LAN.
   */
  operators: leaf.list("a list of networks", leaf.cidr).default([]),
  /** What the site has besides, where it is a rack of Coral-Reef towers. */
  rack: rack.optional(),
});

const portError = { error: leaf.expected('a port such as 443, a range such as "8080-8090", or all') };

const port = z
  .union(
    [
      z.literal("all", portError),
      z.int(portError).min(1, portError).max(65535, portError),
      z.string(portError).regex(/^\d{1,5}-\d{1,5}$/, portError),
    ],
    portError,
  )
  .default("all");

const peerForm =
  "a network such as 10.0.0.0/8 or 2001:db8::/32, a group such as sg-internal, a region's VPC such as vpc-us-west, operator, cloudflare, or anywhere";

const namedPeers = ["operator", "cloudflare", "anywhere"];

const peer = leaf.text(peerForm, (value) => {
  if (namedPeers.includes(value) || /^(?:sg|vpc)-[a-z]/.test(value)) return undefined;
  if (value.includes(":")) return leaf.ipv6Complaint(value);
  const checked = leaf.cidr.safeParse(value);
  return checked.success ? undefined : checked.error.issues[0]?.message;
});

const ruleOptions = {
  /** One port, an inclusive range, or all. ICMP has no ports. */
  port,
  protocol: z.enum(["tcp", "udp", "icmp", "all"], { error: leaf.expected("tcp, udp, icmp or all") }),
  /** Why the rule exists; shown in AWS. */
  description: leaf
    .pattern(
      "at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, the characters that AWS takes",
      /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/,
    )
    .optional(),
};

const securityGroup = leaf.record("a security group's description and rules", {
  /** What the group is for; shown in AWS, where a change of it replaces the group. */
  description: ruleOptions.description,
  /** The regions that have the group; without it, all. */
  regions: leaf.list("a list of regions", leaf.name).optional(),
  /**
   * What may come in; `source` is a network, `sg-<group>` of the same region, `vpc-<region>` (a region's VPC),
   * `operator`, `cloudflare` (its edge), or `anywhere`. `anywhere` and `vpc-<region>` mean IPv6 as well, where there is
   * IPv6; `0.0.0.0/0` means IPv4 alone, and `::/0` IPv6.
   */
  ingress: leaf
    .list("a list of rules", leaf.record("an ingress rule's options", { ...ruleOptions, source: peer }))
    .default([]),
  /** What may go out; `destination` as `source`. */
  egress: leaf
    .list("a list of rules", leaf.record("an egress rule's options", { ...ruleOptions, destination: peer }))
    .default([]),
});

const hub = leaf.record("a hub's host, address and endpoint", {
  /** The hub's host in that region, by its name alone: `hub-1`. */
  host: leaf.name,
  /** Its address in the VPN. */
  address: leaf.address,
  /** The name that peers dial; `dns` must publish it with the hub's public address. */
  endpoint: leaf.hostname,
});

const vpnPeer = leaf.record("a VPN peer's address and routes", {
  /** Its address in the VPN. */
  address: leaf.address,
  /** Networks behind the peer, which the hubs and their VPCs send to it. */
  routes: leaf.list("a list of networks", leaf.privateCidr).default([]),
  /** Whether the peer hides what comes from the tunnel behind its own LAN address, where the LAN has no way back. */
  masquerade: leaf.boolean.default(false),
});

const wireguard = leaf.record("the VPN's options", {
  /** The VPN's network. */
  network: leaf.privateCidr,
  /** The UDP port of the hubs. */
  port: leaf.integer("a UDP port", 1, 65535).default(51820),
  /** Bytes. WireGuard costs 80 of the path's 1500; 1380 suits carriers that add headers of their own. */
  mtu: leaf.integer("bytes", 1280, 9001).default(1420),
  /** Seconds between the empty packets that keep a home router's mapping alive. */
  keepaliveSeconds: leaf.integer("seconds", 1, 65535).default(25),
  /** The region whose hub the operator passes on the way to the peers and what is behind them. */
  managementHub: leaf.name,
  /** One hub for a region, by the region's name. */
  hubs: leaf.named("a map from regions to hubs", leaf.name, hub),
  /** Peers by host (`edge-home/lucidia`). Every peer has a tunnel to every hub; hubs have none to each other. */
  peers: leaf.named("a map from hosts to peers", leaf.hostKey, vpnPeer),
});

/** First contact with a machine that the program does not create. */
const bootstrap = leaf.record("the first contact's user, address and hostKey", {
  user: leaf.pattern("a user name of at most 32 characters", /^[a-z_][a-z0-9_-]{0,31}$/),
  /** Where the operator meets the machine; its address on the LAN unless said otherwise. */
  address: leaf.address.optional(),
  hostKey: leaf.sshHostKey,
});

/**
 * A package of Debian's naming, less what no account or unit can be called: the program, its user and its unit have the
 * package's name (www.debian.org/doc/debian-policy/ch-controlfields.html, "Package").
 */
const packageName = leaf.pattern(
  "a package such as blackroad-api: 2 to 32 lower-case letters, digits and hyphens",
  /^[a-z][a-z0-9-]{1,31}$/,
);

const roles = [
  "hub",
  "vpn-peer",
  "lan-member",
  "load-balancer",
  "api",
  "redis",
  "database",
  "prometheus",
  "service",
  "tower",
  "storage",
] as const;

const host = leaf.record("a host's options", {
  /**
   * `hub` (WireGuard hub), `vpn-peer` (has a tunnel to every hub), `lan-member` (reached through a VPN peer of its
   * place), `load-balancer` (on 80 and 443 in front of its region's api hosts), `api` (answers on 8080 and 8081),
   * `redis` and `database` (PostgreSQL; both for the api hosts of their region), `prometheus` (asks every instance that
   * it reaches), `service` (runs a package of the owner's), `tower` (Coral-Reef), `storage` (what a rack's towers share).
   */
  role: z.enum(roles, { error: leaf.expected(`${roles.slice(0, -1).join(", ")} or ${roles.at(-1) ?? ""}`) }),
  /** In a region: the instance's private address, which also tells its subnet. At a site `nodes` has it. */
  address: leaf.address.optional(),
  /** In a region: the EC2 instance type. */
  instanceType: leaf.pattern("an EC2 instance type such as t3.micro", /^[a-z0-9-]+\.[a-z0-9-]+$/).optional(),
  /** In a region: the instance's security groups, by name. */
  securityGroups: leaf.list("a list of security groups", leaf.name).optional(),
  /** In a region: whether it has a public address that stays. */
  elasticIp: leaf.boolean.optional(),
  /** In a region whose instances have Systems Manager: `false` for one that does without. */
  sessionManager: leaf.boolean.optional(),
  /** In a region: GiB of the root volume; 8 unless said otherwise. */
  rootVolumeGiB: leaf.integer("GiB", 8, 16384).optional(),
  /** Of a lan-member, tower or storage: the VPN peer of the same place through which it is reached, by its name. */
  behind: leaf.name.optional(),
  /** Of a load-balancer: the program that does it, `nginx` unless said otherwise. */
  balancer: z.enum(["nginx", "haproxy"], { error: leaf.expected("nginx or haproxy") }).optional(),
  /** At a site: the machine's interface on the LAN, `eth0` unless said otherwise. */
  interface: leaf
    .pattern("an interface such as eth0, at most 15 characters", /^[a-z][a-z0-9_.-]{0,14}$/)
    .optional(),
  /** Of a service: the owner's package that it runs. */
  software: packageName.optional(),
  /**
   * What others run on the host, or the package of a service: TCP ports by name, open to the internal network (10.0.0.0/8,
   * 192.168.0.0/16).
   */
  services: leaf
    .named("a map from names to TCP ports", leaf.name, leaf.integer("a TCP port", 1, 65535))
    .optional(),
  /** At a site: how the machine is met the first time. */
  bootstrap: bootstrap.optional(),
  /** Of a tower: what it does and how it stands there. */
  tower: tower.optional(),
});

const software = leaf.record("names of packages", {
  /** Brings the services of api hosts: the program /usr/bin/NAME, which reads the file after `--config`. */
  api: packageName.default("blackroad-api"),
  /**
   * The hosts that have packages, and updates of them: those alone are reached, through the hub, by hosts in the database
   * tier. By default where Debian's images for EC2 look.
   */
  mirrors: leaf
    .list("a list of names such as deb.debian.org", leaf.hostname)
    .default(["cdn-aws.deb.debian.org", "deb.debian.org", "security.debian.org"]),
});

const rollout = leaf.record("the options of changes to hosts", {
  /**
   * The host that is changed first, after the hubs that it is reached through; by default the management hub. All
   * others wait until it has been changed and watched.
   */
  canary: leaf.hostKey.optional(),
  /** For how many seconds a changed canary is watched before the others follow. */
  soakSeconds: leaf.integer("seconds", 0, 3600).default(10),
  /** How many hosts are changed at the same time; hubs are always changed one after the other. */
  batchSize: leaf.integer("a number of hosts", 1, 1000).default(5),
  /** Seconds within which the program must have reached a changed host anew, or the host goes back by itself. */
  confirmSeconds: leaf.integer("seconds", 10, 3600).default(120),
});

export const networkSchema = leaf.record("the network's options", {
  /** Who answers for the network; a tag of every resource. */
  owner: leaf.pattern(
    "a name of at most 64 letters, digits, spaces and .@_-",
    /^[a-zA-Z0-9][a-zA-Z0-9 .@_-]{0,63}$/,
  ),
  /** The AWS account that the stack is in; without it, that of whatever credentials there are. */
  account: account.optional(),
  operator,
  /** The network of which regions without one of their own get a /16 each; it never changes. */
  addressPool: leaf.addressPool.default(defaultAddressPool),
  /** The AWS account's quotas, where they are not AWS's default. */
  quotas: quotas.prefault({}),
  /** AWS regions by our own names. */
  regions: leaf.named("a map from names to regions", leaf.name, region),
  /** Pairs of regions whose VPCs are peered: the first asks, the second accepts. */
  peerings: leaf
    .list(
      "a list of pairs of regions such as [us-west, eu-west]",
      z.tuple([leaf.name, leaf.name], {
        error: leaf.expected("a pair of regions such as [us-west, eu-west]"),
      }),
    )
    .default([]),
  /** Places whose machines are not ours to create. */
  sites: leaf.named("a map from names to sites", leaf.name, site).default({}),
  securityGroups: leaf.named("a map from names to security groups", leaf.name, securityGroup).default({}),
  wireguard,
  /** Packages that the owner's own apt repository has, and Debian's has not. */
  software: software.prefault({}),
  /** How changes reach the hosts. */
  rollout: rollout.prefault({}),
  /** Hosts by place (a region or a site) and name. */
  hosts: leaf.named(
    "a map from places to hosts",
    leaf.name,
    leaf.named("a map from names to hosts", leaf.name, host),
  ),
  dns: leaf
    .record("zones and private", {
      /** Public zones, at Cloudflare. */
      zones: leaf.named("a map from zones to their records", leaf.hostname, zone).default({}),
      /** Names that only the network itself knows, at Route 53. */
      private: privateDns.prefault({}),
    })
    .prefault({}),
  /** Tunnels, load balancers and Access at Cloudflare. */
  cloudflare: cloudflare.prefault({}),
  /** Who is meant to open what to whom; previews stop where less passes, and where it is given, where anything else does. */
  flows: flows.optional(),
  /** What no plan may delete or replace unasked. */
  guard: guard.prefault({}),
});

/** The stack's configuration as it is written, checked value by value. */
export type WrittenNetwork = z.output<typeof networkSchema>;

/** A region with its networks, whether they are written or the ledger's. */
export type RegionConfig = Omit<WrittenNetwork["regions"][string], "vpcCidr" | "subnets" | "tiers"> & {
  vpcCidr: string;
  tiers: Tier[];
  subnets: Record<Tier, string[]>;
};

/** The stack's configuration, checked, with every default filled in. */
export type NetworkConfig = Omit<WrittenNetwork, "regions"> & { regions: Record<string, RegionConfig> };

export type { RackConfig, TowerConfig } from "./towers.ts";
export type SiteConfig = NetworkConfig["sites"][string];
export type SecurityGroupConfig = NetworkConfig["securityGroups"][string];
export type HostConfig = NetworkConfig["hosts"][string][string];
export type { DnsRecordConfig, LoadBalancerConfig, ZoneConfig } from "./cloudflare.ts";
export type { PrivateRecordConfig } from "./private-dns.ts";
export type HostRole = HostConfig["role"];
