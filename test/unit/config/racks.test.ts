/** What the rules say about racks that do not hold together. */
import { describe, expect, it } from "vitest";
import { absent, told, type Case } from "./subject.ts";

const rack = "sites coral-reef rack";

const racks: readonly Case[] = [
  {
    rule: "a gateway that is none",
    wrong: [[`${rack} gateway`, "gatway"]],
    says: [
      [
        "sites.coral-reef.rack.gateway",
        "names no VPN peer of coral-reef: did you mean gateway? Known: gateway.",
      ],
    ],
    right: [[`${rack} gateway`, "gateway"]],
  },
  {
    rule: "a gateway that is a tower",
    wrong: [[`${rack} gateway`, "node-1"]],
    says: [["sites.coral-reef.rack.gateway", "names no VPN peer of coral-reef: Known: gateway."]],
    right: [[`${rack} gateway`, "gateway"]],
  },
  {
    rule: "a gateway with a part of the rack behind it",
    wrong: [["wireguard peers coral-reef/gateway routes", ["10.64.0.0/17"]]],
    says: [
      [
        "sites.coral-reef.rack.gateway",
        'has not all of the rack behind it: add 10.64.0.0/16 to wireguard.peers["coral-reef/gateway"].routes.',
      ],
    ],
    right: [["wireguard peers coral-reef/gateway routes", ["10.64.0.0/16"]]],
  },
  {
    rule: "a VLAN outside the site",
    wrong: [[`${rack} vlans cluster network`, "10.65.30.0/24"]],
    says: [
      [
        "sites.coral-reef.rack.vlans.cluster.network",
        "is outside the site: 10.65.30.0/24 must lie within 10.64.0.0/16.",
      ],
    ],
    right: [[`${rack} vlans cluster network`, "10.64.31.0/24"]],
  },
  {
    rule: "two VLANs with shared addresses",
    wrong: [[`${rack} vlans storage network`, "10.64.30.0/24"]],
    says: [
      [
        "sites.coral-reef.rack.vlans.storage.network",
        "overlaps sites.coral-reef.rack.vlans.cluster.network: 10.64.30.0/24 and 10.64.30.0/24 share addresses. Use a range of its own.",
      ],
    ],
    right: [[`${rack} vlans storage network`, "10.64.41.0/24"]],
  },
  {
    rule: "two VLANs with one tag",
    wrong: [[`${rack} vlans storage id`, 30]],
    says: [["sites.coral-reef.rack.vlans.storage.id", "is taken: the VLAN cluster has the tag 30 already."]],
    right: [[`${rack} vlans storage id`, 4094]],
  },
  {
    rule: "a tag that 802.1Q does not have",
    wrong: [[`${rack} vlans storage id`, 4095]],
    says: [
      [
        "sites.coral-reef.rack.vlans.storage.id",
        "must be a VLAN's tag, a whole number from 2 to 4094, but is 4095.",
      ],
    ],
    right: [[`${rack} vlans storage id`, 2]],
  },
  {
    rule: "a node outside the management VLAN",
    wrong: [["sites coral-reef nodes node-1", "10.64.20.10"]],
    says: [
      [
        "sites.coral-reef.nodes.node-1",
        "is outside the management VLAN: 10.64.20.10 must lie within 10.64.10.0/24.",
      ],
    ],
    right: [["sites coral-reef nodes node-1", "10.64.10.20"]],
  },
  {
    rule: "a node without a place in a smaller VLAN",
    wrong: [
      [`${rack} vlans cluster network`, "10.64.30.0/28"],
      ["sites coral-reef nodes node-3", "10.64.10.15"],
    ],
    says: [
      [
        "sites.coral-reef.nodes.node-3",
        "has no place in 10.64.30.0/28: a host has the same last part in every VLAN, so 10.64.10.15 must be among the first 15 of 10.64.10.0/24.",
      ],
    ],
    right: [
      [`${rack} vlans cluster network`, "10.64.30.0/28"],
      ["sites coral-reef nodes node-3", "10.64.10.14"],
    ],
  },
  {
    rule: "an uplink that the router is not on",
    wrong: [["sites coral-reef gateway", "10.64.9.1"]],
    says: [["sites.coral-reef.gateway", "is outside the uplink: 10.64.9.1 must lie within 10.64.0.0/24."]],
    right: [["sites coral-reef gateway", "10.64.0.254"]],
  },
  {
    rule: "an uplink with one address for two",
    wrong: [[`${rack} uplink address`, "10.64.0.1"]],
    says: [
      [
        "sites.coral-reef.rack.uplink.address",
        "is taken: 10.64.0.1 is already sites.coral-reef.gateway. Use another address.",
      ],
    ],
    right: [[`${rack} uplink address`, "10.64.0.3"]],
  },
  {
    rule: "two towers",
    wrong: [["hosts coral-reef node-3", absent]],
    says: [
      [
        "sites.coral-reef.rack",
        "has 2 towers, and etcd needs 3: with fewer none may fail, with an even number no more may. Change hosts.coral-reef.",
      ],
    ],
    right: [["hosts coral-reef node-3 tower weight", 100]],
  },
  {
    rule: "a storage that is a tower",
    wrong: [[`${rack} storage host`, "node-1"]],
    says: [
      [
        "hosts.coral-reef.storage.role",
        "is a second storage: sites.coral-reef.rack.storage names node-1, and a rack has one.",
      ],
      ["sites.coral-reef.rack.storage.host", "names no host of role storage: Known: storage."],
    ],
    right: [[`${rack} storage type`, "iscsi"]],
  },
  {
    rule: "a storage where no rack is",
    wrong: [["hosts edge-home lucidia-alt role", "storage"]],
    says: [
      [
        "hosts.edge-home.lucidia-alt.role",
        "is for a rack's storage, and edge-home is none: add sites.edge-home.rack.",
      ],
    ],
    right: [["hosts edge-home lucidia-alt role", "lan-member"]],
  },
  {
    rule: "a service on the load balancer's port",
    wrong: [["hosts coral-reef gateway services", { console: 8443 }]],
    says: [
      [
        "hosts.coral-reef.gateway.services.console",
        "is taken: the API over TLS has port 8443 on a rack's gateway. Use another port.",
      ],
    ],
    right: [["hosts coral-reef gateway services", { console: 8444 }]],
  },
];

describe("rules about racks", () => {
  it.each(racks)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
