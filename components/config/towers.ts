/** The part of the schema that is about Coral-Reef towers: a rack's VLANs and storage, and a tower's modes. */
import { z } from "zod";
import * as leaf from "./leaf.ts";

/** What the kernel calls an interface. */
const port = leaf.pattern("an interface's name such as eth0", /^[a-z][a-z0-9]{0,14}$/);

const vlan = (mtu: number) =>
  leaf.record("a VLAN's id and network", {
    /** The 802.1Q tag. */
    id: leaf.integer("a VLAN's tag", 2, 4094),
    network: leaf.privateCidr,
    /** Bytes of its largest packet; 9000 are jumbo frames. */
    mtu: leaf.integer("bytes", 1280, 9000).default(mtu),
  });

const sharedStorage = leaf.record("the storage's type and host", {
  /** `nfs`: one folder for all; `iscsi`: one disk for each node, since no file system of Debian's stands several. */
  type: z.enum(["nfs", "iscsi"], { error: leaf.expected("nfs or iscsi") }),
  /** The rack's host of role storage, by its name alone. */
  host: leaf.name,
  /** The folder on the storage host: what it exports, or where it keeps the disks. */
  path: leaf
    .pattern(
      "an absolute path of lower-case letters, digits and hyphens",
      /^(?:\/[a-z0-9](?:[a-z0-9-]*[a-z0-9])?){1,8}$/,
    )
    .default("/coral-reef/shared"),
  /** Of iscsi: GiB of each node's disk. */
  diskGiB: leaf.integer("GiB", 1, 65536).default(100),
});

/** What makes a site a rack of towers. */
export const rack = leaf.record("the rack's gateway, uplink, VLANs and storage", {
  /** The site's VPN peer that routes between the VLANs, the VPN and the internet, and stands in front of the cluster. */
  gateway: leaf.name,
  /** Where the gateway meets the site's router. */
  uplink: leaf.record("the uplink's network and address", {
    network: leaf.privateCidr,
    /** The gateway's own address there. */
    address: leaf.address,
  }),
  /** The gateway's interfaces: towards the site's router, and the one that carries the VLANs. */
  ports: leaf
    .record("the names of the uplink and the trunk", {
      uplink: port.default("eth0"),
      trunk: port.default("eth1"),
    })
    .prefault({}),
  /** Every host has the same last part of its address in each VLAN that it is in. */
  vlans: leaf.record("management, api, cluster and storage", {
    /** SSH and monitoring; the site's `nodes` have their addresses here. */
    management: vlan(1500),
    /** Requests of clients, from the gateway to the towers. */
    api: vlan(1500),
    /** Between the towers; leads nowhere else. */
    cluster: vlan(9000),
    /** Between towers and storage; leads nowhere else. */
    storage: vlan(1500),
  }),
  /** The cluster's name. */
  cluster: leaf.name.default("coral-reef-prod"),
  storage: sharedStorage,
});

const ports = leaf.record("the names of the tower's interfaces", {
  /** 10GbE SFP+. */
  primary: port.default("eth0"),
  /** 1GbE for data. */
  secondary: port.default("eth1"),
  /** 1GbE for management. */
  management: port.default("eth2"),
});

const management = leaf.record("the management interface's address and VLAN", {
  address: leaf.address,
  vlan: leaf.integer("a VLAN's tag", 2, 4094).default(10),
});

const rateLimit = leaf.record("requestsPerMinute and burst", {
  /** Of one client address. */
  requestsPerMinute: leaf.integer("requests in a minute", 1, 1000000).default(60),
  /** How many may come at once before that counts. */
  burst: leaf.integer("requests", 0, 1000000).default(10),
});

const endpoint = leaf.pattern(
  "a name and a port such as stun.l.google.com:19302",
  /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?:\d{1,5}$/,
);

const p2p = leaf.record("the options of peer-to-peer mode", {
  /** TURN's realm; the hub's names are `stun` and `turn` below it. */
  domain: leaf.hostname.default("coral-reef.local"),
  /** Where clients find the hub, if that is not its own address: the router's, which forwards to it. */
  publicAddress: leaf.address.optional(),
  /** UDP ports from which the hub relays. */
  relayPorts: leaf
    .pattern("a range of ports such as 49152-65535", /^\d{4,5}-\d{4,5}$/)
    .default("49152-65535"),
  /** Private networks to which the hub may relay all the same; relaying to any other is refused. */
  relayTo: leaf.list("a list of networks", leaf.cidr).default([]),
  /** Further STUN servers that clients are told about. */
  stunServers: leaf.list("a list of names with ports", endpoint).default(["stun.l.google.com:19302"]),
  shareCodes: leaf
    .record("expiry and maxPeers", {
      /** How long a share code can be used. */
      expiry: leaf.pattern("a time such as 24h", /^[1-9]\d{0,4}[smhd]$/).default("24h"),
      /** How many may join with one. */
      maxPeers: leaf.integer("a number of peers", 1, 10000).default(10),
    })
    .prefault({}),
  /** What peers keep in step with each other. */
  sync: leaf
    .record("memories, conversations and documents", {
      memories: leaf.boolean.default(true),
      conversations: leaf.boolean.default(true),
      documents: leaf.boolean.default(false),
    })
    .prefault({}),
});

const wifi = leaf.record("the access point's ssid, country, channel and network", {
  ssid: leaf.pattern("1 to 32 letters, digits, spaces and ._-", /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}$/),
  /** Decides which frequencies are allowed: two capital letters, `US`. */
  country: leaf.pattern("a country's two capital letters", /^[A-Z]{2}$/),
  /** A channel of the 6 GHz band. */
  channel: leaf.integer("a channel of the 6 GHz band", 1, 233).default(37),
  network: leaf.privateCidr.default("172.30.56.0/24"),
  port: port.default("wlan0"),
});

/** What a host of role tower is. */
export const tower = leaf.record("the tower's mode and its options", {
  mode: z.enum(["local", "server", "cluster", "p2p_hub"], {
    error: leaf.expected("local, server, cluster or p2p_hub"),
  }),
  ports: ports.prefault({}),
  /** The network of the USB cable between a workstation and the tower. */
  usbNetwork: leaf.privateCidr.default("172.30.55.0/24"),
  /** Of cluster mode: its share of the requests; 100 unless said otherwise. */
  weight: leaf.integer("a weight", 1, 256).optional(),
  /** Of server mode: an interface of its own for SSH and monitoring. */
  management: management.optional(),
  /** Of server mode. */
  rateLimit: rateLimit.prefault({}),
  /** Of p2p_hub mode. */
  p2p: p2p.prefault({}),
  /** An access point of the tower's own, where it has the module. */
  wifi: wifi.optional(),
});

export type RackConfig = z.output<typeof rack>;
export type TowerConfig = z.output<typeof tower>;
