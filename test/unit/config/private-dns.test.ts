/** Names inside the network: what a stack's file can get wrong about them, and what is then said. */
import { describe, expect, it } from "vitest";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { changed, told, type Case, type Change } from "./subject.ts";

const base = "dns private";
const zone = (...records: readonly object[]): Change => [
  base,
  { zones: { "blackroad.internal": { homeRegion: "us-west", records } } },
];
const at = (rest: string): string => `dns.private.zones["blackroad.internal"].${rest}`;
const redis = { name: "redis", type: "A", content: "10.0.10.50" };

const endpoints = { "us-west": ["10.0.10.4", "10.0.11.4"], "eu-west": ["10.1.10.4", "10.1.11.4"] };
const consul = { targets: ["10.0.10.11"], port: 8600 };
const forwarding = (more: object): Change => [
  base,
  { forwardingRules: { consul }, outboundEndpoints: endpoints, ...more },
];
const rule = (more: object): Change => forwarding({ forwardingRules: { consul: { ...consul, ...more } } });
const right = [forwarding({})];

const cases: readonly Case[] = [
  {
    rule: "a zone whose region is not there",
    wrong: [[base, { zones: { "blackroad.internal": { homeRegion: "us-wst" } } }]],
    says: [
      [
        at("homeRegion"),
        "names no region: there is no regions.us-wst; did you mean us-west? Known: eu-west, us-west.",
      ],
    ],
    right: [zone()],
  },
  {
    rule: "a zone without a home",
    wrong: [[base, { zones: { "blackroad.internal": { records: [redis] } } }]],
    says: [[at("homeRegion"), expect.stringMatching(/^is missing: it must be a name /) as string]],
    right: [zone(redis)],
  },
  {
    rule: "a record with an address and a host",
    wrong: [zone({ ...redis, host: "us-west/api-1" })],
    says: [[at("records[0].content"), "does not go with host: leave one of the two out."]],
    right: [zone({ name: "redis", type: "A", host: "us-west/api-1" })],
  },
  {
    rule: "a record that says nothing",
    wrong: [zone({ name: "redis", type: "A" }, { name: "agents", type: "CNAME" })],
    says: [
      [at("records[0].content"), "is missing: it must be the record's content, or host instead of it."],
      [at("records[1].content"), "is missing: it must be the record's content."],
    ],
    right: [zone(redis, { name: "agents", type: "CNAME", content: "agents.consul" })],
  },
  {
    rule: "a CNAME to a host",
    wrong: [zone({ name: "agents", type: "CNAME", host: "us-west/api-1" })],
    says: [[at("records[0].host"), "is for A records, and this is CNAME: write content."]],
    right: [zone({ name: "agents", type: "A", host: "us-west/api-1" })],
  },
  {
    rule: "a host that is not there",
    wrong: [zone({ name: "home", type: "A", host: "edge-home/lucidi" })],
    says: [
      [
        at("records[0].host"),
        expect.stringMatching(/^names no host: did you mean edge-home\/lucidia\?/) as string,
      ],
    ],
    right: [zone({ name: "home", type: "A", host: "edge-home/lucidia" })],
  },
  {
    rule: "contents that do not fit",
    wrong: [zone({ ...redis, content: "10.0.10" }, { name: "agents", type: "CNAME", content: "10.0.10.11" })],
    says: [
      [at("records[0].content"), 'must be an IPv4 address, as the record is A, but is "10.0.10".'],
      [
        at("records[1].content"),
        'must be a full host name in lower case without a trailing dot, as the record is CNAME, but is "10.0.10.11".',
      ],
    ],
    right: [zone(redis)],
  },
  {
    rule: "a type that private zones have not here",
    wrong: [zone({ name: "redis", type: "SRV", content: "a.b" })],
    says: [[at("records[0].type"), 'must be A or CNAME, but is "SRV".']],
    right: [zone(redis)],
  },
  {
    rule: "a name that repeats the zone",
    wrong: [zone({ ...redis, name: "redis.blackroad.internal" })],
    says: [[at("records[0].name"), "repeats the zone: write redis."]],
    right: [zone(redis)],
  },
  {
    rule: "the same twice, once by the host that has the address",
    wrong: [
      zone({ name: "a", type: "A", content: "10.0.10.11" }, { name: "a", type: "A", host: "us-west/api-1" }),
    ],
    says: [[at("records[1]"), "says the same as records[0] of its zone: remove one."]],
    right: [
      zone({ name: "a", type: "A", content: "10.0.10.12" }, { name: "a", type: "A", host: "us-west/api-1" }),
    ],
  },
  {
    rule: "rules without an endpoint",
    wrong: [forwarding({ outboundEndpoints: {} })],
    says: [
      [
        "dns.private.forwardingRules",
        "has nothing to leave by: give at least one region its dns.private.outboundEndpoints.",
      ],
    ],
    right,
  },
  {
    rule: "endpoints without a rule",
    wrong: [forwarding({ forwardingRules: {} })],
    says: [
      [
        "dns.private.outboundEndpoints",
        "cost by the hour and forward nothing: remove them, or write dns.private.forwardingRules.",
      ],
    ],
    right,
  },
  {
    rule: "an endpoint in a region that is not there",
    wrong: [forwarding({ outboundEndpoints: { ...endpoints, "eu-east": ["10.9.10.4", "10.9.11.4"] } })],
    says: [
      [
        "dns.private.outboundEndpoints.eu-east",
        "names no region: there is no regions.eu-east; did you mean eu-west? Known: eu-west, us-west.",
      ],
    ],
    right,
  },
  {
    rule: "addresses outside, and where no question gets out",
    wrong: [forwarding({ outboundEndpoints: { "us-west": ["10.0.99.4", "10.0.20.4"] } })],
    says: [
      [
        "dns.private.outboundEndpoints.us-west[0]",
        "is outside every subnet of us-west: 10.0.99.4 must lie within one of 10.0.10.0/24, 10.0.11.0/24.",
      ],
      [
        "dns.private.outboundEndpoints.us-west[1]",
        "lies in the database tier, which is open to its region's private tier alone: use a private or public subnet.",
      ],
    ],
    right,
  },
  {
    rule: "an endpoint in one zone",
    wrong: [forwarding({ outboundEndpoints: { "us-west": ["10.0.10.4", "10.0.1.4"] } })],
    says: [
      [
        "dns.private.outboundEndpoints.us-west",
        "stands in us-west-2a alone, with which every forwarded name would be lost: move one address into another zone.",
      ],
    ],
    right: [forwarding({ outboundEndpoints: { "us-west": ["10.0.10.4", "10.0.2.4"] } })],
  },
  {
    rule: "an address that somebody has",
    wrong: [forwarding({ outboundEndpoints: { "us-west": ["10.0.10.11", "10.0.11.4"] } })],
    says: [
      [
        "dns.private.outboundEndpoints.us-west[0]",
        "is taken: 10.0.10.11 is already hosts.us-west.api-1.address. Use another address.",
      ],
    ],
    right,
  },
  {
    rule: "a rule that asks nobody, or somebody twice",
    wrong: [
      forwarding({
        forwardingRules: { consul: { targets: [] }, mesh: { targets: ["10.0.10.11", "10.0.10.11"] } },
      }),
    ],
    says: [
      ["dns.private.forwardingRules.consul.targets", "is empty: name at least one name server."],
      [
        "dns.private.forwardingRules.mesh.targets[1]",
        "is taken: 10.0.10.11 is already dns.private.forwardingRules.mesh.targets[0]. Use another address.",
      ],
    ],
    right,
  },
  {
    rule: "a name server that a region does not reach",
    wrong: [forwarding({}), ["peerings", []]],
    says: [
      [
        "dns.private.forwardingRules.consul.targets[0]",
        "is out of reach of eu-west, whose resolver would ask in vain: peer eu-west with the region of 10.0.10.11, or take it out of dns.private.outboundEndpoints.",
      ],
    ],
    // Each hub's region reaches what is behind the VPN, and everybody the internet.
    right: [rule({ targets: ["192.168.4.38", "203.0.113.9"] }), ["peerings", []]],
  },
  {
    rule: "a stand-in that nobody is, for a host that is not there",
    wrong: [rule({ targets: ["10.0.10.99"], standIn: { agents: ["us-west/api-9"] } })],
    says: [
      [
        "dns.private.forwardingRules.consul.standIn",
        "has nobody to answer: no target of consul is the address of a host of role api. Name one among the targets, or remove it.",
      ],
      [
        "dns.private.forwardingRules.consul.standIn.agents[0]",
        expect.stringMatching(/^names no host: did you mean us-west\/api-1\?/) as string,
      ],
    ],
    right: [rule({ standIn: { agents: ["us-west/api-1"] } })],
  },
  {
    rule: "a domain with a dot at its end, and a port that is none",
    wrong: [forwarding({ forwardingRules: { "consul.": consul, mesh: { ...consul, port: 0 } } })],
    says: [
      [
        'dns.private.forwardingRules["consul."]',
        'must be a domain in lower case without a trailing dot, such as consul, but is "consul.".',
      ],
      ["dns.private.forwardingRules.mesh.port", "must be a port, a whole number from 1 to 65535, but is 0."],
    ],
    right: [forwarding({ forwardingRules: { "dc1.consul": consul } })],
  },
  {
    rule: "a group with the endpoints' name",
    wrong: [["securityGroups dns-outbound", { description: "mine" }]],
    says: [["securityGroups.dns-outbound", "is the name of the group of Resolver endpoints: use another."]],
    right: [["securityGroups dns-inbound", { description: "mine" }]],
  },
];

describe("names inside the network", () => {
  it.each(cases)("$rule", ({ wrong, says, right: fixed }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...fixed)).toEqual([]);
  });

  it("are none unless they are written, and have a TTL and a port of their own", () => {
    const { dns } = parseNetworkConfig(changed());
    expect(dns.private).toEqual({ zones: {}, forwardingRules: {}, outboundEndpoints: {} });
    const written = parseNetworkConfig(
      changed([
        base,
        {
          zones: { "blackroad.internal": { homeRegion: "us-west", records: [redis] } },
          forwardingRules: { consul: { targets: ["10.0.10.11"] } },
          outboundEndpoints: endpoints,
        },
      ]),
    ).dns.private;
    expect(written.zones["blackroad.internal"]?.records[0]?.ttl).toBe(300);
    expect(written.forwardingRules.consul?.port).toBe(53);
  });
});
