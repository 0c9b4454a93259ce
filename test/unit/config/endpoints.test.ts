/** What the rules say about endpoints of hubs that do not fit together. */
import { describe, expect, it } from "vitest";
import { told, type Case } from "./subject.ts";

const cases: readonly Case[] = [
  {
    rule: "masquerading with nothing behind",
    wrong: [["wireguard peers edge-home/blackroad-pi masquerade", true]],
    says: [
      [
        'wireguard.peers["edge-home/blackroad-pi"].masquerade',
        "has no effect: nothing is behind the peer. Add routes, or remove it.",
      ],
    ],
    right: [["wireguard peers edge-home/blackroad-pi masquerade", false]],
  },
  {
    rule: "an endpoint twice",
    wrong: [["wireguard hubs us-west endpoint", "vpn-eu.blackroad.io"]],
    says: [
      [
        "wireguard.hubs.us-west.endpoint",
        "is taken: wireguard.hubs.eu-west.endpoint has the same name. Give each hub its own.",
      ],
    ],
    right: [
      ["wireguard hubs us-west endpoint", "ws.blackroad.io"],
      ["dns zones blackroad.io records 1 host", "us-west/hub-1"],
    ],
  },
  {
    rule: "an endpoint without a record",
    wrong: [["wireguard hubs us-west endpoint", "vpn-us.blackroad.io"]],
    says: [
      [
        "wireguard.hubs.us-west.endpoint",
        "resolves to nothing: dns.zones must have an A record for vpn-us.blackroad.io with host: us-west/hub-1.",
      ],
    ],
    right: [
      ["wireguard hubs us-west endpoint", "vpn-us.blackroad.io"],
      ["dns zones blackroad.io records 2 name", "vpn-us"],
    ],
  },
  {
    rule: "an endpoint with another host's record",
    wrong: [["dns zones blackroad.io records 2 host", "us-west/lb-1"]],
    says: [
      [
        "wireguard.hubs.us-west.endpoint",
        "resolves to nothing: dns.zones must have an A record for vpn.blackroad.io with host: us-west/hub-1.",
      ],
    ],
    right: [["dns zones blackroad.io records 1 host", "us-west/hub-1"]],
  },
  {
    rule: "an endpoint with IPv6 alone",
    wrong: [
      ["regions us-west ipv6", "hosts"],
      ["dns zones blackroad.io records 2", { name: "vpn", type: "AAAA", host: "us-west/hub-1" }],
    ],
    says: [
      [
        "wireguard.hubs.us-west.endpoint",
        "resolves to nothing: dns.zones must have an A record for vpn.blackroad.io with host: us-west/hub-1.",
      ],
    ],
    right: [
      ["regions us-west ipv6", "hosts"],
      ["dns zones blackroad.io records 5", { name: "hub", type: "AAAA", host: "us-west/hub-1" }],
    ],
  },
  {
    rule: "an endpoint with IPv6 as well",
    wrong: [
      ["regions us-west ipv6", "hosts"],
      ["dns zones blackroad.io records 5", { name: "vpn", type: "AAAA", host: "us-west/hub-1" }],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[5]',
        "leads peers to IPv6, which the VPN is not dialled by: vpn.blackroad.io must have the address of us-west/hub-1 and no other. Use another name.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "vpn", type: "TXT", content: "WireGuard" }]],
  },
  {
    rule: "an endpoint with a second address",
    wrong: [["dns zones blackroad.io records 5", { name: "vpn", type: "A", content: "198.51.100.7" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5]',
        "leads peers away from the hub: vpn.blackroad.io must have the address of us-west/hub-1 and no other. Use another name.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "vpn2", type: "A", content: "198.51.100.7" }]],
  },
  {
    rule: "an endpoint behind the proxy",
    wrong: [
      ["dns zones blackroad.io records 2 proxied", true],
      ["dns zones blackroad.io records 2 ttl", 1],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[2].proxied',
        "must not be proxied: vpn.blackroad.io is dialled over UDP, which Cloudflare does not pass on.",
      ],
    ],
    right: [["dns zones blackroad.io records 2 ttl", 1]],
  },
];

describe("rules about endpoints of hubs", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
