/** What the rules say about hosts' roles that do not fit together. */
import { describe, expect, it } from "vitest";
import { absent, told, type Case } from "./subject.ts";

const cases: readonly Case[] = [
  {
    rule: "no way to the packages from a private subnet",
    wrong: [["regions eu-west nat", "none"]],
    says: [
      [
        "hosts.eu-west.api-1.address",
        "is in a private subnet without NAT, so the host cannot fetch its packages (a peer lends no NAT gateway): set regions.eu-west.nat to single.",
      ],
    ],
    right: [["regions eu-west nat", "perZone"]],
  },
  {
    rule: "no way to the packages from a public subnet",
    wrong: [
      [
        "hosts us-west api-9",
        { role: "api", address: "10.0.1.35", instanceType: "t3.micro", securityGroups: ["updates"] },
      ],
    ],
    says: [
      [
        "hosts.us-west.api-9.address",
        "is in a public subnet without a public address, so the host cannot fetch its packages: set elasticIp.",
      ],
    ],
    right: [
      [
        "hosts us-west api-9",
        { role: "api", address: "10.0.1.35", instanceType: "t3.micro", securityGroups: ["updates"] },
      ],
      ["hosts us-west api-9 elasticIp", true],
    ],
  },
  {
    rule: "no way to Systems Manager but by IPv6",
    wrong: [
      ["regions us-west ipv6", "hosts"],
      ["securityGroups out", { regions: ["us-west"], egress: [{ protocol: "all", destination: "::/0" }] }],
      ["hosts us-west api-1 securityGroups", ["internal", "ssh-from-hub", "out"]],
    ],
    says: [
      [
        "hosts.us-west.api-1.securityGroups",
        "let nothing out to port 443 of 0.0.0.0/0, where Systems Manager answers: add a group with such an egress rule, or set the host's sessionManager to false.",
      ],
    ],
    right: [
      ["regions us-west ipv6", "hosts"],
      [
        "securityGroups out",
        { regions: ["us-west"], egress: [{ protocol: "all", destination: "anywhere" }] },
      ],
      ["hosts us-west api-1 securityGroups", ["internal", "ssh-from-hub", "out"]],
    ],
  },
  {
    rule: "no way to the packages from a database subnet",
    wrong: [
      [
        "hosts us-west api-9",
        { role: "api", address: "10.0.20.30", instanceType: "t3.micro", securityGroups: ["updates"] },
      ],
      ["hosts us-west api-9 sessionManager", false],
    ],
    says: [
      [
        "hosts.us-west.api-9.address",
        "is in a database subnet, which has no way to the internet, so the host cannot fetch its packages (for databases the hub does): use a private one.",
      ],
    ],
    right: [
      [
        "hosts us-west api-9",
        { role: "api", address: "10.0.11.30", instanceType: "t3.micro", securityGroups: ["updates"] },
      ],
    ],
  },
  {
    rule: "instances in a region without a hub",
    wrong: [
      ["wireguard hubs eu-west", absent],
      ["hosts eu-west hub-1", absent],
      ["dns zones blackroad.io records 3 host", "eu-west/lb-1"],
      ["hosts eu-west api-1", absent],
      ["hosts eu-west lb-1 role", "api"],
    ],
    says: [
      [
        "hosts.eu-west.lb-1",
        "cannot be reached: eu-west has no hub for the operator to pass. Add wireguard.hubs.eu-west.",
      ],
    ],
    right: [["hosts eu-west lb-1 role", "api"]],
  },
  {
    rule: "a load balancer with nothing behind it",
    wrong: [["hosts eu-west api-1", absent]],
    says: [
      [
        "hosts.eu-west.lb-1",
        "has nothing behind it: eu-west has no host of role api. Add one, or remove the load balancer.",
      ],
    ],
    right: [
      ["hosts eu-west api-1", absent],
      ["hosts eu-west lb-1", absent],
    ],
  },
  {
    rule: "a LAN member behind nobody",
    wrong: [["hosts edge-home lucidia-alt behind", absent]],
    says: [
      [
        "hosts.edge-home.lucidia-alt.behind",
        "is missing: it must be the VPN peer of edge-home through which the host is reached; Known: blackroad-pi, lucidia.",
      ],
    ],
    right: [["hosts edge-home lucidia-alt behind", "lucidia"]],
  },
  {
    rule: "a LAN member behind a host that is no peer",
    wrong: [["hosts edge-home lucidia-alt behind", "lucidia-alt"]],
    says: [
      [
        "hosts.edge-home.lucidia-alt.behind",
        "names no VPN peer of edge-home: did you mean lucidia? Known: blackroad-pi, lucidia.",
      ],
    ],
    right: [["hosts edge-home lucidia-alt behind", "lucidia"]],
  },
  {
    rule: "a LAN member behind a peer without its LAN",
    wrong: [["hosts edge-home lucidia-alt behind", "blackroad-pi"]],
    says: [
      [
        "hosts.edge-home.lucidia-alt.behind",
        'has no route to the host: add a network with 192.168.4.99 to wireguard.peers["edge-home/blackroad-pi"].routes.',
      ],
    ],
    right: [
      ["hosts edge-home lucidia-alt behind", "blackroad-pi"],
      ["wireguard peers edge-home/blackroad-pi routes", ["192.168.4.0/24"]],
      ["wireguard peers edge-home/lucidia", { address: "10.200.0.10" }],
    ],
  },
  {
    rule: "somebody else behind a host",
    wrong: [["hosts edge-home blackroad-pi behind", "lucidia"]],
    says: [
      [
        "hosts.edge-home.blackroad-pi.behind",
        "is for a lan-member, tower or storage, and this host is a vpn-peer: remove it.",
      ],
    ],
    right: [["hosts edge-home blackroad-pi bootstrap user", "admin"]],
  },
  {
    rule: "a kind of load balancer on another host",
    wrong: [["hosts us-west api-1 balancer", "haproxy"]],
    says: [
      ["hosts.us-west.api-1.balancer", "is for a load-balancer, and this host has the role api: remove it."],
    ],
    right: [["hosts us-west lb-1 balancer", "haproxy"]],
  },
  {
    rule: "a kind of load balancer that is not there",
    wrong: [["hosts us-west lb-1 balancer", "caddy"]],
    says: [["hosts.us-west.lb-1.balancer", 'must be nginx or haproxy, but is "caddy".']],
    right: [["hosts us-west lb-1 balancer", "nginx"]],
  },
  {
    rule: "others' services on an instance of ours",
    wrong: [["hosts us-west api-1 services", { dashboard: 3000 }]],
    says: [
      [
        "hosts.us-west.api-1.services",
        "is for a vpn-peer, a lan-member or a service, and this host has the role api, on which the program alone runs services: remove it.",
      ],
    ],
    right: [["hosts edge-home lucidia-alt services", { dashboard: 3000 }]],
  },
  {
    rule: "a service on a port of the program's",
    wrong: [["hosts edge-home lucidia services", { metrics: 9100 }]],
    says: [
      [
        "hosts.edge-home.lucidia.services.metrics",
        "is taken: the node exporter has port 9100 on this host. Use another port.",
      ],
    ],
    right: [["hosts edge-home lucidia services", { metrics: 9101 }]],
  },
  {
    rule: "two services on one port",
    wrong: [["hosts edge-home lucidia services", { api: 8080, dashboard: 8080 }]],
    says: [
      [
        "hosts.edge-home.lucidia.services.dashboard",
        "is taken: the service api has port 8080 already. Use another port.",
      ],
    ],
    right: [["hosts edge-home lucidia services", { api: 8080, dashboard: 8081 }]],
  },
  {
    rule: "an interface of an instance",
    wrong: [["hosts us-west api-1 interface", "ens5"]],
    says: [
      [
        "hosts.us-west.api-1.interface",
        "is for machines at a site: an instance gets its address from AWS. Remove it.",
      ],
    ],
    right: [["hosts edge-home lucidia interface", "end0"]],
  },
];

describe("rules about hosts' roles", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
