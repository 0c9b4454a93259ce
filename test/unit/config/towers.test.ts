/** What the rules say about towers that do not fit. */
import { describe, expect, it } from "vitest";
import { homeWith } from "../plan/towers.ts";
import { hostKey } from "./stack.ts";
import { absent, told, type Case } from "./subject.ts";

const hub = { mode: "p2p_hub" };

const towers: readonly Case[] = [
  {
    rule: "a tower of no kind",
    wrong: [["hosts coral-reef node-1 tower", absent]],
    says: [
      [
        "hosts.coral-reef.node-1.tower",
        "is missing: it must be a map with the tower's mode (local, server, cluster or p2p_hub).",
      ],
    ],
    right: [["hosts coral-reef node-1 tower", { mode: "cluster" }]],
  },
  {
    rule: "a mode that is not there",
    wrong: homeWith({ mode: "mesh" }),
    says: [["hosts.den.reef.tower.mode", 'must be local, server, cluster or p2p_hub, but is "mesh".']],
    right: homeWith({ mode: "local" }),
  },
  {
    rule: "a tower's options on somebody else",
    wrong: [["hosts coral-reef storage tower", { mode: "local" }]],
    says: [["hosts.coral-reef.storage.tower", "is for a tower, and this host is a storage: remove it."]],
    right: [["hosts coral-reef node-1 tower weight", 1]],
  },
  {
    rule: "another mode in a rack",
    wrong: [["hosts coral-reef node-1 tower", { mode: "server" }]],
    says: [
      [
        "hosts.coral-reef.node-1.tower.mode",
        "must be cluster, but is server: coral-reef is a rack, whose towers make one cluster.",
      ],
    ],
    right: homeWith({ mode: "server" }),
  },
  {
    rule: "a cluster without a rack",
    wrong: homeWith({ mode: "cluster" }),
    says: [
      [
        "hosts.den.reef.tower.mode",
        "needs a rack with its VLANs, storage and two further towers: add sites.den.rack, or choose another mode.",
      ],
    ],
    right: homeWith({ mode: "local" }),
  },
  {
    rule: "a weight where nothing is weighed",
    wrong: homeWith({ mode: "server", weight: 100 }),
    says: [
      ["hosts.den.reef.tower.weight", "is for cluster mode, and this tower is in server mode: remove it."],
    ],
    right: homeWith({ mode: "server" }),
  },
  {
    rule: "a weight that HAProxy does not take",
    wrong: [["hosts coral-reef node-3 tower weight", 300]],
    says: [
      ["hosts.coral-reef.node-3.tower.weight", "must be a weight, a whole number from 1 to 256, but is 300."],
    ],
    right: [["hosts coral-reef node-3 tower weight", 256]],
  },
  {
    rule: "a management link in another mode",
    wrong: homeWith({ mode: "local", management: { address: "192.168.1.101" } }),
    says: [
      ["hosts.den.reef.tower.management", "is for server mode, and this tower is in local mode: remove it."],
    ],
    right: homeWith({ mode: "server", management: { address: "192.168.1.101" } }),
  },
  {
    rule: "a management address outside the site",
    wrong: homeWith({ mode: "server", management: { address: "192.168.2.101" } }),
    says: [
      [
        "hosts.den.reef.tower.management.address",
        "is outside the site: 192.168.2.101 must lie within 192.168.1.0/24.",
      ],
    ],
    right: homeWith({ mode: "server", management: { address: "192.168.1.102" } }),
  },
  {
    rule: "a management address that the tower itself has",
    wrong: homeWith({ mode: "server", management: { address: "192.168.1.100" } }),
    says: [
      [
        "hosts.den.reef.tower.management.address",
        "is taken: 192.168.1.100 is already hosts.den.reef. Use another address.",
      ],
    ],
    right: homeWith({ mode: "server", management: { address: "192.168.1.102" } }),
  },
  {
    rule: "one interface for two purposes",
    wrong: homeWith({ mode: "server", ports: { management: "eth1" } }),
    says: [
      [
        "hosts.den.reef.tower.ports.secondary",
        "is taken: eth1 is the tower's management already. Name another interface.",
      ],
    ],
    right: homeWith({ mode: "server", ports: { management: "eth3" } }),
  },
  {
    rule: "a cable with the home's network",
    wrong: homeWith({ mode: "local", usbNetwork: "192.168.1.0/24" }),
    says: [
      [
        "hosts.den.reef.tower.usbNetwork",
        "overlaps sites.den.network: 192.168.1.0/24 and 192.168.1.0/24 share addresses. Use a range of its own.",
      ],
    ],
    right: homeWith({ mode: "local", usbNetwork: "192.168.7.0/24" }),
  },
  {
    rule: "an access point with the cable's network",
    wrong: homeWith({ mode: "local", wifi: { ssid: "reef", country: "US", network: "172.30.55.0/24" } }),
    says: [
      [
        "hosts.den.reef.tower.wifi.network",
        "overlaps hosts.den.reef.tower.usbNetwork: 172.30.55.0/24 and 172.30.55.0/24 share addresses. Use a range of its own.",
      ],
    ],
    right: homeWith({ mode: "local", wifi: { ssid: "reef", country: "US" } }),
  },
  {
    rule: "relay ports downwards",
    wrong: homeWith({ ...hub, p2p: { relayPorts: "60000-50000" } }),
    says: [
      [
        "hosts.den.reef.tower.p2p.relayPorts",
        "is no range of relay ports: 60000-50000 must run upwards, within 1024-65535.",
      ],
    ],
    right: homeWith({ ...hub, p2p: { relayPorts: "50000-60000" } }),
  },
  {
    rule: "relay ports on TURN's own",
    wrong: homeWith({ ...hub, p2p: { relayPorts: "5000-6000" } }),
    says: [
      [
        "hosts.den.reef.tower.p2p.relayPorts",
        "clashes with TURN over TLS on 5349: leave the hub's own ports out, as 49152-65535 does.",
      ],
    ],
    right: homeWith({ ...hub, p2p: { relayPorts: "5350-6000" } }),
  },
  {
    rule: "relaying to everything",
    wrong: homeWith({ ...hub, p2p: { relayTo: ["0.0.0.0/0"] } }),
    says: [
      [
        "hosts.den.reef.tower.p2p.relayTo[0]",
        "is too wide: relaying to 0.0.0.0/0 would open everything behind the hub. Name the networks that are meant.",
      ],
    ],
    right: homeWith({ ...hub, p2p: { relayTo: ["192.168.1.0/24"] } }),
  },
  {
    rule: "a realm that is no name",
    wrong: homeWith({ ...hub, p2p: { domain: "reef" } }),
    says: [
      [
        "hosts.den.reef.tower.p2p.domain",
        'must be a full host name in lower case without a trailing dot, such as vpn.blackroad.io, but is "reef".',
      ],
    ],
    right: homeWith({ ...hub, p2p: { domain: "reef.example" } }),
  },
  {
    rule: "a tower that nobody is behind",
    wrong: [...homeWith({ mode: "local" }), ["hosts den reef behind", absent]],
    says: [
      [
        "hosts.den.reef.behind",
        "is missing: it must be the VPN peer of den through which the host is reached; Known: pi.",
      ],
    ],
    right: homeWith({ mode: "local" }),
  },
  {
    rule: "a tower in a region",
    wrong: [
      ["hosts us-west lb-2 role", "storage"],
      ["hosts us-west lb-2 balancer", absent],
    ],
    says: [
      [
        "hosts.us-west.lb-2.behind",
        "is missing: it must be the VPN peer of us-west through which the host is reached; there is none yet.",
      ],
      [
        "hosts.us-west.lb-2.role",
        "cannot be storage: us-west is a region of AWS, and towers stand at sites.",
      ],
    ],
    right: [["hosts us-west lb-2 role", "load-balancer"]],
  },
];

describe("rules about towers", () => {
  it.each(towers)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});

it("refuses two hubs of one realm", () => {
  const two = (domain: string) => [
    ...homeWith(hub),
    ["sites den nodes second", "192.168.1.102"] as const,
    [
      "hosts den second",
      {
        role: "tower",
        behind: "pi",
        bootstrap: { user: "admin", hostKey },
        tower: { mode: "p2p_hub", p2p: { domain } },
      },
    ] as const,
  ];
  const messages = (domain: string) => told(...two(domain)).filter(([path]) => path.endsWith("domain"));
  expect(messages("coral-reef.local")).toEqual([
    [
      "hosts.den.second.tower.p2p.domain",
      "is taken: coral-reef.local is the realm of den/reef already. Give each hub a domain of its own.",
    ],
  ]);
  expect(messages("second.example")).toEqual([]);
});
