/** Every requirement of Cloudflare's, and of DNS's users, fires from a stack's file: path, message, id and source. */
import { describe, expect, it } from "vitest";
import { sources } from "../../../components/config/sources.ts";
import { accountCases } from "./cloudflare-account.ts";
import { recordCases } from "./cloudflare-records.ts";
import {
  account,
  at,
  balanced,
  balancers,
  catchAll,
  pools,
  proxied,
  records,
  tunnel,
} from "./cloudflare-subject.ts";
import { broken, told, type Change } from "./subject.ts";

const cases = [...recordCases, ...accountCases];

describe("what Cloudflare and DNS demand", () => {
  it.each(cases)("$rule", ({ wrong, says, right, demands }) => {
    expect(told(...wrong)).toEqual(says);
    expect(broken(...wrong).map(([rule]) => rule)).toContain(demands);
    expect(told(...right)).toEqual([]);
  });

  it("is demanded in every point by some case", () => {
    const demanded = new Set<string>(cases.map(({ demands }) => demands));
    const ours = Object.keys(sources).filter((rule) => /^(?:cloudflare|dns)\//.test(rule));
    expect(ours.filter((rule) => !demanded.has(rule))).toEqual([]);
    expect(ours.length).toBeGreaterThan(25);
  });
});

describe("what belongs together at Cloudflare", () => {
  const plain: readonly {
    readonly rule: string;
    readonly wrong: readonly Change[];
    readonly says: readonly (readonly [path: string, message: string])[];
  }[] = [
    {
      rule: "a record with a tunnel and content",
      wrong: [
        records({ name: "www", type: "CNAME", content: "a.example.com", tunnel: "way", proxied: true }),
        account(tunnel([catchAll])),
      ],
      says: [[at("records[0].content"), "does not go with tunnel: leave one of the two out."]],
    },
    {
      rule: "a tunnel that is not there",
      wrong: [
        records({ name: "www", type: "CNAME", tunnel: "ways", proxied: true }),
        account(tunnel([catchAll])),
      ],
      says: [[at("records[0].tunnel"), "names no tunnel: did you mean way? Known: way."]],
    },
    {
      rule: "a connector nowhere",
      wrong: [account(tunnel([catchAll], "edge-home/lucidi"))],
      says: [
        [
          "cloudflare.tunnels.way.host",
          expect.stringMatching(/^names no host: did you mean edge-home\/lucidia\?/) as string,
        ],
      ],
    },
    {
      rule: "two connectors on a host",
      wrong: [
        account({
          tunnels: {
            one: { host: "edge-home/lucidia", ingress: [catchAll] },
            two: { host: "edge-home/lucidia", ingress: [catchAll] },
          },
        }),
      ],
      says: [
        [
          "cloudflare.tunnels.two.host",
          "is taken: the connector of one runs on edge-home/lucidia, and a host has one.",
        ],
      ],
    },
    {
      rule: "ingress for a name of others",
      wrong: [account(tunnel([{ hostname: "a.example.com", service: "bastion" }, catchAll]))],
      says: [
        [
          "cloudflare.tunnels.way.ingress[0].hostname",
          "is in no zone of dns.zones: nothing leads a.example.com into the tunnel.",
        ],
      ],
    },
    {
      rule: "a pool of a host without a public address",
      wrong: balanced({ pools: [{ name: "far", hosts: ["us-west/api-1"] }] }),
      says: [
        [
          `${balancers}.pools[0].hosts[0]`,
          "names a host whose public address does not stay: set elasticIp of us-west/api-1, or use one of eu-west/hub-1, eu-west/lb-1, us-west/hub-1, us-west/lb-1, us-west/lb-2.",
        ],
      ],
    },
    {
      rule: "pools with nothing, with everything, and of one name",
      wrong: balanced({
        pools: [
          { name: "far" },
          { name: "far", hosts: ["us-west/lb-1"], tunnel: "way" },
          { name: "none", hosts: [] },
        ],
      }),
      says: [
        [`${balancers}.pools[0].hosts`, "is missing: it must be a list of hosts, or tunnel instead."],
        [`${balancers}.pools[1].hosts`, "does not go with tunnel: make two pools of it."],
        [`${balancers}.pools[1].tunnel`, "names no tunnel: there is none yet."],
        [`${balancers}.pools[1].name`, "is taken: another pool is called far."],
        [`${balancers}.pools[2].hosts`, "is empty: a pool without origins answers nobody."],
      ],
    },
    {
      rule: "a load balancer in a zone of others",
      wrong: [records(), account({ loadBalancers: { "api.example.com": { pools, fallback: "far" } } })],
      says: [
        [
          'cloudflare.loadBalancers["api.example.com"]',
          "is in no zone of dns.zones. Known: blackroad.io, example.test.",
        ],
      ],
    },
    {
      rule: "Access for nobody",
      wrong: [records(proxied), account({ access: { "www.example.test": {} } })],
      says: [
        ['cloudflare.access["www.example.test"]', "lets nobody in: name them in emails or emailDomains."],
      ],
    },
  ];

  it.each(plain)("$rule", ({ wrong, says }) => {
    expect(told(...wrong)).toEqual(says);
  });
});
