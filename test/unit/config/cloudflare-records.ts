/** Records that break a requirement, each with one that does not. */
import { a, at, proxied, records, type Demand } from "./cloudflare-subject.ts";

export const recordCases: readonly Demand[] = [
  {
    rule: "a proxied record of another type",
    demands: "cloudflare/proxied-types",
    wrong: [records({ name: "www", type: "NS", content: "ns.example.com", proxied: true })],
    says: [[at("records[0].proxied"), "does not go with NS: only A, AAAA and CNAME can be proxied."]],
    right: [records({ name: "www", type: "CNAME", content: "www.example.com", proxied: true })],
  },
  {
    rule: "a name half proxied",
    demands: "cloudflare/proxied-names",
    wrong: [records(proxied, { name: "www", type: "AAAA", content: "2600:1f00::7" })],
    says: [
      [
        at("records[0].proxied"),
        "proxies every address of www.example.test, also those that are to be direct: make all of them proxied or none.",
      ],
    ],
    right: [records(proxied, { name: "www", type: "AAAA", content: "2600:1f00::7", proxied: true })],
  },
  {
    rule: "a proxied record's own time to live",
    demands: "cloudflare/proxied-ttl",
    wrong: [records({ ...proxied, ttl: 300 })],
    says: [[at("records[0].ttl"), "must be 1 (automatic), as the record is proxied, but is 300."]],
    right: [records({ ...a, ttl: 300 })],
  },
  {
    rule: "a time to live of 30 seconds",
    demands: "cloudflare/ttl-range",
    wrong: [records({ ...a, ttl: 30 })],
    says: [[at("records[0].ttl"), "must be 1 (automatic) or from 60 to 86400 seconds, but is 30."]],
    right: [records({ ...a, ttl: 60 })],
  },
  {
    rule: "a time to live of two days",
    demands: "cloudflare/ttl-range",
    wrong: [records({ ...a, ttl: 172_800 })],
    says: [
      [
        at("records[0].ttl"),
        "must be seconds (1 is automatic), a whole number from 1 to 86400, but is 172800.",
      ],
    ],
    right: [records({ ...a, ttl: 86_400 })],
  },
  {
    rule: "a proxied hub",
    demands: "cloudflare/proxied-ports",
    wrong: [records({ name: "hub", type: "A", host: "us-west/hub-1", proxied: true })],
    says: [
      [
        at("records[0].proxied"),
        "does not go with us-west/hub-1: a hub takes WireGuard and SSH, and neither passes Cloudflare's proxy.",
      ],
    ],
    right: [records({ name: "hub", type: "A", host: "us-west/hub-1" })],
  },
  {
    rule: "a service on a port that Cloudflare does not proxy",
    demands: "cloudflare/proxied-ports",
    wrong: [
      records(proxied, {
        name: "_api._tcp",
        type: "SRV",
        content: "www.example.test",
        priority: 0,
        weight: 0,
        port: 9443,
      }),
    ],
    says: [
      [
        at("records[1].port"),
        "is proxied, and Cloudflare takes nothing on 9443: use one of 80, 8080, 8880, 2052, 2082, 2086, 2095, 443, 2053, 2083, 2087, 2096, 8443, or a name that is not proxied.",
      ],
    ],
    right: [
      records(proxied, {
        name: "_api._tcp",
        type: "SRV",
        content: "www.example.test",
        priority: 0,
        weight: 0,
        port: 8443,
      }),
    ],
  },
  {
    rule: "a service over UDP at a proxied name",
    demands: "cloudflare/proxied-ports",
    wrong: [
      records(proxied, {
        name: "_stun._udp",
        type: "SRV",
        content: "www.example.test",
        priority: 0,
        weight: 0,
        port: 443,
      }),
    ],
    says: [
      [
        at("records[1].content"),
        "must not be proxied: www.example.test is, and Cloudflare passes no UDP on.",
      ],
    ],
    right: [
      records(a, {
        name: "_stun._udp",
        type: "SRV",
        content: "www.example.test",
        priority: 0,
        weight: 0,
        port: 3478,
      }),
    ],
  },
  ...["10.1.2.3", "172.16.0.1", "192.168.4.38", "100.64.0.1"].map((content): Demand => ({
    rule: `the private address ${content}`,
    demands: "cloudflare/private-origins",
    wrong: [records({ ...a, content })],
    says: [
      [
        at("records[0].content"),
        `is private: nobody outside reaches ${content}, and it shows the layout inside. Leave the record out of a public zone.`,
      ],
    ],
    right: [records(a)],
  })),
  {
    rule: "a proxied name at an address of Cloudflare's own",
    demands: "cloudflare/origin-elsewhere",
    wrong: [records({ ...a, content: "104.21.0.1", proxied: true })],
    says: [
      [
        at("records[0].content"),
        "is Cloudflare's own address: its edge answers for the name by itself, and 104.21.0.1 is where it would look for an origin. Write the origin's address.",
      ],
    ],
    // Beside its networks, and in them for who is not asked about origins.
    right: [
      records(
        { ...a, content: "104.28.0.1", proxied: true },
        { name: "direct", type: "A", content: "104.21.0.1" },
      ),
    ],
  },
  {
    rule: "a private IPv6 address",
    demands: "cloudflare/private-origins",
    wrong: [records({ name: "www", type: "AAAA", content: "fc00::7" })],
    says: [
      [
        at("records[0].content"),
        "is not a public address: nobody outside reaches fc00::7. Leave the record out of a public zone.",
      ],
    ],
    right: [records({ name: "www", type: "AAAA", content: "2606:4700::7" })],
  },
  {
    rule: "a name that repeats its zone",
    demands: "cloudflare/full-names",
    wrong: [records({ ...a, name: "www.example.test" })],
    says: [[at("records[0].name"), "repeats the zone: write www."]],
    right: [records(a)],
  },
  {
    rule: "a CNAME beside another record",
    demands: "cloudflare/cname-alone",
    wrong: [records(a, { name: "www", type: "CNAME", content: "www.example.com" })],
    says: [[at("records[1]"), "cannot be there: a CNAME excludes every other record of www.example.test."]],
    right: [records(a, { name: "web", type: "CNAME", content: "www.example.com" })],
  },
  {
    rule: "name servers of the zone itself",
    demands: "cloudflare/ns-at-apex",
    wrong: [records({ name: "@", type: "NS", content: "ns.example.com" })],
    says: [
      [
        at("records[0].name"),
        "cannot be the zone's own: Cloudflare answers with the name servers that it assigned.",
      ],
    ],
    right: [records({ name: "sub", type: "NS", content: "ns.example.com" })],
  },
  {
    rule: "a record of a name that is delegated",
    demands: "cloudflare/ns-alone",
    wrong: [records(a, { name: "www", type: "NS", content: "ns.example.com" })],
    says: [
      [
        at("records[1]"),
        "cannot be there: www.example.test is delegated, so its other records would be answered by nobody.",
      ],
    ],
    right: [
      records(
        { name: "www", type: "NS", content: "a.example.com" },
        { name: "www", type: "NS", content: "b.example.com" },
      ),
    ],
  },
  {
    rule: "mail to an address",
    demands: "dns/mx-target",
    wrong: [records({ name: "@", type: "MX", content: "198.51.100.7", priority: 10 })],
    says: [
      [
        at("records[0].content"),
        'must be a full host name in lower case without a trailing dot, as the record is MX, but is "198.51.100.7".',
      ],
    ],
    right: [records({ name: "@", type: "MX", content: "mx.example.com", priority: 10 })],
  },
  {
    rule: "mail to an alias of ours",
    demands: "dns/mx-target",
    wrong: [
      records(
        { name: "@", type: "MX", content: "mail.example.test", priority: 10 },
        { name: "mail", type: "CNAME", content: "mx.example.com" },
      ),
    ],
    says: [
      [
        at("records[0].content"),
        "must have an address: mail.example.test is in a zone of ours, without an A or AAAA record there (an alias does not do).",
      ],
    ],
    right: [
      records({ name: "@", type: "MX", content: "mail.example.test", priority: 10 }, { ...a, name: "mail" }),
    ],
  },
  {
    rule: "a service at a name that has no address",
    demands: "dns/srv-target",
    wrong: [
      records({
        name: "_sip._tcp",
        type: "SRV",
        content: "sip.example.test",
        priority: 0,
        weight: 0,
        port: 5060,
      }),
    ],
    says: [
      [
        at("records[0].content"),
        "must have an address: sip.example.test is in a zone of ours, without an A or AAAA record there (an alias does not do).",
      ],
    ],
    right: [
      records(
        { name: "_sip._tcp", type: "SRV", content: "sip.example.test", priority: 0, weight: 0, port: 5060 },
        { ...a, name: "sip" },
      ),
    ],
  },
  {
    rule: "a service without its protocol",
    demands: "dns/srv-name",
    wrong: [
      records({ name: "_sip", type: "SRV", content: "a.example.com", priority: 0, weight: 0, port: 5060 }),
    ],
    says: [
      [
        at("records[0].name"),
        "must begin with the service and its protocol, such as _sip._tcp, as the record is SRV.",
      ],
    ],
    right: [
      records({
        name: "_sip._tcp.voice",
        type: "SRV",
        content: "a.example.com",
        priority: 0,
        weight: 0,
        port: 5060,
      }),
    ],
  },
  {
    rule: "an authority that is no domain",
    demands: "dns/caa-value",
    wrong: [records({ name: "@", type: "CAA", tag: "issue", content: "https://letsencrypt.org" })],
    says: [
      [
        at("records[0].content"),
        "must be an authority's domain such as letsencrypt.org, or ; for none, as the tag is issue.",
      ],
    ],
    right: [
      records(
        { name: "@", type: "CAA", tag: "issue", content: "letsencrypt.org" },
        { name: "@", type: "CAA", tag: "issuewild", content: ";" },
        { name: "@", type: "CAA", tag: "iodef", content: "mailto:admin@example.test" },
      ),
    ],
  },
  ...(
    [
      ["v=spf1 include:_spf.example.com allow", "has a term that SPF does not know: allow."],
      ["v=spf1 ~all mx", "says mx after all, where nobody reads it."],
      ["v=spf1 mx", "must end with all (such as ~all) or redirect=, or it says nothing of everybody else."],
      [
        `v=spf1 ${Array.from({ length: 11 }, (_, index) => `include:s${index}.test`).join(" ")} -all`,
        "asks for 11 lookups: receivers stop at 10 and take the mail for unproven.",
      ],
    ] as const
  ).map(([content, message]): Demand => ({
    rule: `SPF that ${message}`,
    demands: "dns/spf-form",
    wrong: [records({ name: "@", type: "TXT", content })],
    says: [[at("records[0].content"), message]],
    right: [
      records({ name: "@", type: "TXT", content: "v=spf1 include:_spf.google.com ip4:198.51.100.7 ~all" }),
    ],
  })),
  {
    rule: "SPF twice",
    demands: "dns/spf-form",
    wrong: [
      records(
        { name: "@", type: "TXT", content: "v=spf1 -all" },
        { name: "@", type: "TXT", content: "v=spf1 mx -all" },
      ),
    ],
    says: [
      [
        at("records[1].content"),
        "is the second SPF record of example.test: receivers then take neither. Make one of both.",
      ],
    ],
    right: [
      records(
        { name: "@", type: "TXT", content: "v=spf1 -all" },
        { name: "sub", type: "TXT", content: "v=spf1 mx -all" },
      ),
    ],
  },
  ...(
    [
      ["p=reject", "must begin with v=DMARC1."],
      [
        "v=DMARC1; rua=mailto:a@example.test; p=reject",
        "must say p=none, p=quarantine or p=reject as its second tag.",
      ],
      ["v=DMARC1; p=none; mail=a@example.test", "has a tag that DMARC does not know: mail=a@example.test."],
    ] as const
  ).map(([content, message]): Demand => ({
    rule: `DMARC that ${message}`,
    demands: "dns/dmarc-form",
    wrong: [records({ name: "_dmarc", type: "TXT", content })],
    says: [[at("records[0].content"), message]],
    right: [
      records({ name: "_dmarc", type: "TXT", content: "v=DMARC1; p=quarantine; rua=mailto:a@example.test" }),
    ],
  })),
];
