/** What the rules say about DNS records that do not fit together. */
import { describe, expect, it } from "vitest";
import { told, type Case } from "./subject.ts";

const cases: readonly Case[] = [
  {
    rule: "a record with two contents",
    wrong: [
      [
        "dns zones blackroad.io records 5",
        { name: "www", type: "A", content: "104.21.1.2", host: "us-west/lb-1" },
      ],
    ],
    says: [
      ['dns.zones["blackroad.io"].records[5].content', "does not go with host: leave one of the two out."],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "A", content: "104.21.1.2" }]],
  },
  {
    rule: "a record without content",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "A" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        "is missing: it must be the record's content, or host instead of it.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "us-west/lb-1" }]],
  },
  {
    rule: "a host for another type than A and AAAA",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "CNAME", host: "us-west/lb-1" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].host',
        "is for A and AAAA records, and this is CNAME: write content.",
      ],
    ],
    right: [
      ["dns zones blackroad.io records 5", { name: "www", type: "CNAME", content: "api.blackroad.io" }],
    ],
  },
  {
    rule: "a host that is not there",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "us-west/lb-3" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].host',
        "names no host: did you mean us-west/lb-1? Known: eu-west/hub-1, eu-west/lb-1, us-west/hub-1, us-west/lb-1, us-west/lb-2.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "eu-west/lb-1" }]],
  },
  {
    rule: "a host without a public address",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "us-west/api-1" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].host',
        "names a host whose public address does not stay: set elasticIp of us-west/api-1, or use one of eu-west/hub-1, eu-west/lb-1, us-west/hub-1, us-west/lb-1, us-west/lb-2.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "us-west/hub-1" }]],
  },
  {
    rule: "a host at a site",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "edge-home/lucidia" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].host',
        "names a machine at a site, which has no public address: use one of eu-west/hub-1, eu-west/lb-1, us-west/hub-1, us-west/lb-1, us-west/lb-2.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "eu-west/hub-1" }]],
  },
  {
    rule: "an A record with a name",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "A", content: "api.blackroad.io" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        'must be an IPv4 address, as the record is A, but is "api.blackroad.io".',
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "A", content: "159.65.43.12" }]],
  },
  {
    rule: "the spec's lucidia at a private address",
    wrong: [["dns zones blackroad.io records 5", { name: "lucidia", type: "A", content: "192.168.4.38" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        "is private: nobody outside reaches 192.168.4.38, and it shows the layout inside. Leave the record out of a public zone.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "lucidia", type: "A", content: "192.169.4.38" }]],
  },
  {
    rule: "an alias of what is no name at all",
    wrong: [
      ["dns zones blackroad.io records 5", { name: "_acme", type: "CNAME", content: "_a..example.com" }],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        'must be a full name in lower case without a trailing dot, as the record is CNAME, but is "_a..example.com".',
      ],
    ],
    // As authorities and mail services ask for them.
    right: [
      ["dns zones blackroad.io records 5", { name: "_acme", type: "CNAME", content: "_a._b.example.com" }],
    ],
  },
  {
    rule: "aliases in a circle",
    wrong: [
      ["dns zones blackroad.io records 5", { name: "one", type: "CNAME", content: "two.blackroad.io" }],
      ["dns zones blackroad.io records 6", { name: "two", type: "CNAME", content: "one.blackroad.io" }],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        "leads back to itself: one.blackroad.io, two.blackroad.io, one.blackroad.io. Resolvers give up on it.",
      ],
      [
        'dns.zones["blackroad.io"].records[6].content',
        "leads back to itself: two.blackroad.io, one.blackroad.io, two.blackroad.io. Resolvers give up on it.",
      ],
    ],
    right: [
      ["dns zones blackroad.io records 5", { name: "one", type: "CNAME", content: "two.blackroad.io" }],
      ["dns zones blackroad.io records 6", { name: "two", type: "CNAME", content: "www.example.com" }],
    ],
  },
  {
    rule: "an AAAA record with an IPv4 address",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "AAAA", content: "159.65.43.12" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        'must be an IPv6 address, as the record is AAAA, but is "159.65.43.12".',
      ],
    ],
    right: [
      ["dns zones blackroad.io records 5", { name: "www", type: "AAAA", content: "2606:4700::6810:84e5" }],
    ],
  },
  {
    rule: "an AAAA record with a private address",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "AAAA", content: "fd00::1" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        "is not a public address: nobody outside reaches fd00::1. Leave the record out of a public zone.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "AAAA", content: "2606:4700::1" }]],
  },
  {
    rule: "an alias to an address",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "CNAME", content: "159.65.43.12" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        'must be a full name in lower case without a trailing dot, as the record is CNAME, but is "159.65.43.12".',
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "CNAME", content: "ws.blackroad.io" }]],
  },
  {
    rule: "a TXT record in quotes",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "TXT", content: '"hello"' }]],
    says: [
      ['dns.zones["blackroad.io"].records[5].content', "must be the text alone, without quotes of its own."],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "TXT", content: "hello" }]],
  },
  {
    rule: "a name that repeats its zone",
    wrong: [
      ["dns zones blackroad.io records 5", { name: "www.blackroad.io", type: "A", host: "us-west/lb-1" }],
    ],
    says: [['dns.zones["blackroad.io"].records[5].name', "repeats the zone: write www."]],
    right: [["dns zones blackroad.io records 5", { name: "www.dev", type: "A", host: "us-west/lb-1" }]],
  },
  {
    rule: "a zone's own name written out",
    wrong: [["dns zones blackroad.io records 5", { name: "blackroad.io", type: "A", host: "us-west/lb-1" }]],
    says: [['dns.zones["blackroad.io"].records[5].name', "repeats the zone: write @."]],
    right: [["dns zones blackroad.io records 5", { name: "@", type: "A", host: "us-west/lb-1" }]],
  },
  {
    rule: "a time to live below Cloudflare's least",
    wrong: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "us-west/lb-1", ttl: 59 }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].ttl',
        "must be 1 (automatic) or from 60 to 86400 seconds, but is 59.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "us-west/lb-1", ttl: 60 }]],
  },
  {
    rule: "a time to live of a proxied record",
    wrong: [
      [
        "dns zones blackroad.io records 5",
        { name: "www", type: "A", host: "us-west/lb-1", proxied: true, ttl: 300 },
      ],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].ttl',
        "must be 1 (automatic), as the record is proxied, but is 300.",
      ],
    ],
    right: [
      [
        "dns zones blackroad.io records 5",
        { name: "www", type: "A", host: "us-west/lb-1", proxied: true, ttl: 1 },
      ],
    ],
  },
  {
    rule: "a proxied TXT record",
    wrong: [
      ["dns zones blackroad.io records 5", { name: "www", type: "TXT", content: "hello", proxied: true }],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].proxied',
        "does not go with TXT: only A, AAAA and CNAME can be proxied.",
      ],
    ],
    right: [
      [
        "dns zones blackroad.io records 5",
        { name: "www", type: "CNAME", content: "api.blackroad.io", proxied: true },
      ],
    ],
  },
  {
    rule: "a name half proxied",
    wrong: [["dns zones blackroad.io records 5", { name: "api", type: "A", host: "eu-west/lb-1" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[0].proxied',
        "proxies every address of api.blackroad.io, also those that are to be direct: make all of them proxied or none.",
      ],
    ],
    right: [
      ["dns zones blackroad.io records 5", { name: "api", type: "A", host: "eu-west/lb-1", proxied: true }],
    ],
  },
  {
    rule: "an MX record without priority",
    wrong: [["dns zones blackroad.io records 5", { name: "@", type: "MX", content: "mail.example.com" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].priority',
        "is missing: an MX record must have one, such as 10.",
      ],
    ],
    right: [
      [
        "dns zones blackroad.io records 5",
        { name: "@", type: "MX", content: "mail.example.com", priority: 0 },
      ],
    ],
  },
  {
    rule: "a priority of another record",
    wrong: [
      ["dns zones blackroad.io records 5", { name: "www", type: "A", host: "us-west/lb-1", priority: 10 }],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].priority',
        "is for MX and SRV records, and this is A: remove it.",
      ],
    ],
    right: [["dns zones blackroad.io records 5", { name: "www", type: "A", host: "us-west/lb-1" }]],
  },
  {
    rule: "an alias beside other records",
    wrong: [["dns zones blackroad.io records 5", { name: "ws", type: "CNAME", content: "api.blackroad.io" }]],
    says: [
      [
        'dns.zones["blackroad.io"].records[5]',
        "cannot be there: a CNAME excludes every other record of ws.blackroad.io.",
      ],
    ],
    right: [
      ["dns zones blackroad.io records 5", { name: "wss", type: "CNAME", content: "api.blackroad.io" }],
    ],
  },
  {
    rule: "a record twice",
    wrong: [["dns zones blackroad.io records 5", { name: "ws", type: "A", host: "us-west/lb-1", ttl: 60 }]],
    says: [['dns.zones["blackroad.io"].records[5]', "is a duplicate of records[1] of its zone: remove one."]],
    right: [["dns zones blackroad.io records 5", { name: "ws", type: "A", host: "eu-west/lb-1", ttl: 60 }]],
  },
  {
    rule: "the spec's mail server, which has no address",
    wrong: [
      [
        "dns zones blackroad.io records 5",
        { name: "@", type: "MX", content: "mail.blackroad.io", priority: 10 },
      ],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        "must have an address: mail.blackroad.io is in a zone of ours, without an A or AAAA record there (an alias does not do).",
      ],
    ],
    right: [
      [
        "dns zones blackroad.io records 5",
        { name: "@", type: "MX", content: "mail.blackroad.io", priority: 10 },
      ],
      ["dns zones blackroad.io records 6", { name: "mail", type: "A", content: "159.65.43.12" }],
    ],
  },
  {
    rule: "mail to an alias",
    wrong: [
      [
        "dns zones blackroad.io records 5",
        { name: "@", type: "MX", content: "mail.blackroad.io", priority: 10 },
      ],
      ["dns zones blackroad.io records 6", { name: "mail", type: "CNAME", content: "mx.example.com" }],
    ],
    says: [
      [
        'dns.zones["blackroad.io"].records[5].content',
        "must have an address: mail.blackroad.io is in a zone of ours, without an A or AAAA record there (an alias does not do).",
      ],
    ],
    right: [
      [
        "dns zones blackroad.io records 5",
        { name: "@", type: "MX", content: "mx.example.com", priority: 10 },
      ],
    ],
  },
];

describe("rules about DNS records", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});
