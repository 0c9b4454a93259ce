/** Requests for names that Cloudflare proxies: its ports, its way to origins, its load balancers. */
import { describe, expect, it } from "vitest";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import { originSide } from "../../../../components/proof/edge/origin.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import type { Change } from "../../config/subject.ts";
import { ask as askAddress, stranger, stopping } from "../subject.ts";
import {
  ask,
  connections,
  named,
  namedPlan,
  serving,
  spoiled,
  verdict,
  withGroup,
  withRules,
  withSetting,
} from "./subject.ts";

const prod = named();
const api = "api.blackroad.io";
/** A name that one host alone answers by, behind the edge. */
const shown: Change = [
  "dns zones blackroad.io records 8",
  { name: "shown", type: "A", host: "us-west/lb-1", proxied: true },
];
const single = named(shown);
const name = "shown.blackroad.io";

const group = "securityGroups public ingress 0 source";
const closedAcl = "us-west/public/us-west-2a, network ACL us-west/public: no ingress rule matches";
const closedGroup =
  "network interface of us-west/lb-1, security groups monitoring, public, ssh-from-hub of us-west: no ingress rule matches";

describe("a proxied name", () => {
  it.each([
    ["443/tcp", "pass"],
    // It is Cloudflare's port, and nothing listens there at the origin, which full mode asks at the same one.
    ["8443/tcp", `blocked: ${closedGroup} (with 103.21.244.0)`],
    ["22/tcp", /^blocked: Cloudflare's edge: drops 22\/tcp/],
    ["443/udp", /^blocked: Cloudflare's edge: drops 443\/udp/],
    ["444/tcp", /^blocked: Cloudflare's edge: drops 444\/tcp/],
    ["icmp", /^blocked: Cloudflare's edge: drops icmp type 8/],
  ])("takes Cloudflare's ports alone: %s", (traffic, says) => {
    const told = verdict(ask(single, stranger, name, traffic));
    if (typeof says === "string") expect(told).toBe(says);
    else expect(told).toMatch(says);
  });

  it("is a chain of connections, each with its answers", () => {
    const { legs, servers } = ask(single, stranger, name);
    const all = [...legs, ...(servers[0]?.legs ?? [])];
    expect(connections(all)).toEqual([
      "internet → Cloudflare's edge 443/tcp",
      "Cloudflare's edge → us-west/lb-1 443/tcp",
      "us-west/lb-1 → us-west/api-1 8080/tcp",
    ]);
    for (const leg of all) {
      if (leg.kind !== "connection") continue;
      expect(leg.answer.forward.steps.length).toBeGreaterThan(0);
      expect(leg.answer.back?.arrival).toBeDefined();
    }
  });

  it("answers HTTP by itself, where the zone sends everybody to HTTPS", () => {
    const { verdict: word, servers, conditions } = ask(single, stranger, name, "80/tcp");
    expect([word, servers, conditions]).toEqual(["pass", [], ["the asker follows a redirect to HTTPS"]]);
    const plain = named(shown, ["dns zones blackroad.io tls redirect", false]);
    const answer = ask(plain, stranger, name, "80/tcp");
    expect(connections(answer.servers[0]?.legs ?? [])).toEqual(["Cloudflare's edge → us-west/lb-1 80/tcp"]);
    expect(answer.conditions).toEqual(["us-west/lb-1 answers with a redirect to HTTPS"]);
  });

  it("is asked for by hosts whose rules let them out, by any of Cloudflare's addresses", () => {
    expect(verdict(ask(single, "us-west/api-1", name))).toBe("pass");
    expect(verdict(ask(single, "us-west/postgres-1", name))).toMatch(/no egress rule matches \(with 103/);
    const narrow = spoiled((plan) => withGroup(plan, "updates", "0.0.0.0/0", "104.16.0.0/13"), shown);
    expect(verdict(ask(narrow, "us-west/api-1", name))).toMatch(
      /no egress rule matches \(with 103\.21\.244\.0\)/,
    );
  });

  it("is unknown where its zone's settings are Cloudflare's to tell", () => {
    const unset = spoiled(
      (plan) => ({ ...plan, zones: plan.zones.map((zone) => ({ ...zone, settings: [] })) }),
      shown,
    );
    expect(verdict(ask(unset, stranger, name))).toMatch(/^unknown: Cloudflare's edge: how the edge speaks/);
  });
});

describe("an origin", () => {
  it.each([
    ["everybody", "0.0.0.0/0", "pass"],
    ["all of Cloudflare and nobody else", "cloudflare", "pass"],
    ["a part of Cloudflare", "104.16.0.0/12", `blocked: ${closedAcl} (with 103.21.244.0)`],
    ["nobody of Cloudflare", "203.0.113.0/24", `blocked: ${closedAcl} (with 103.21.244.0)`],
  ])("whose group is open to %s, and its subnet's ACL as well", (_, source, says) => {
    expect(verdict(ask(named(shown, [group, source]), stranger, name))).toBe(says);
  });

  it("whose group alone is closed to a part of Cloudflare", () => {
    const prover = spoiled((plan) => withGroup(plan, "public", "0.0.0.0/0", "104.16.0.0/12"), shown);
    expect(verdict(ask(prover, stranger, name))).toBe(`blocked: ${closedGroup} (with 103.21.244.0)`);
  });

  it("that is open to Cloudflare alone is closed to those who go past it", () => {
    const prover = named(shown, [group, "cloudflare"]);
    expect(verdict(ask(prover, stranger, "ws.blackroad.io"))).toBe(`blocked: ${closedGroup}`);
    expect(verdict(ask(prod, stranger, "ws.blackroad.io"))).toBe("pass");
  });

  it("whose own rules drop a part of one of Cloudflare's networks", () => {
    const dropping = (network: string): Prover =>
      spoiled((plan) => withRules(plan, "us-west/lb-1", "input", [`ip saddr ${network} drop`]), shown);
    expect(verdict(ask(dropping("172.64.5.0/24"), stranger, name))).toBe(
      "blocked: us-west/lb-1, nftables, chain input: ip saddr 172.64.5.0/24 drop (with 172.64.5.0)",
    );
    expect(verdict(ask(dropping("203.0.113.0/24"), stranger, name))).toBe("pass");
  });

  it("that nobody here has is unknown", () => {
    const outside: Change = [
      "dns zones blackroad.io records 8",
      { name: "shown", type: "A", content: "203.0.113.80", proxied: true },
    ];
    expect(verdict(ask(named(outside), stranger, name))).toMatch(
      /^unknown: 203.0.113.80: is nobody of this network/,
    );
    const alias: Change = [
      "dns zones blackroad.io records 8",
      { name: "shown", type: "CNAME", content: "example.org", proxied: true },
    ];
    expect(verdict(ask(named(alias), stranger, name))).toBe(
      "unknown: DNS: example.org is in no zone of the configuration",
    );
  });

  it("shows a certificate that Cloudflare trusts, in strict mode", () => {
    const strict = named(shown, ["dns zones blackroad.io tls mode", "strict"]);
    expect(ask(strict, stranger, name).conditions).toEqual([
      "the origin shows a certificate that Cloudflare trusts (TLS mode strict)",
    ]);
    expect(ask(single, stranger, name).conditions).toEqual([]);
  });

  it("is asked by HTTP in flexible mode, which a load balancer sends back to HTTPS", () => {
    const flexible = spoiled((plan) => withSetting(plan, "blackroad.io", "ssl", "flexible"), shown);
    const answer = ask(flexible, stranger, name);
    expect(connections(answer.servers[0]?.legs ?? [])).toEqual(["Cloudflare's edge → us-west/lb-1 80/tcp"]);
    expect(verdict(answer)).toMatch(/^blocked: us-west\/lb-1: answers HTTP with a redirect .* in circles$/);
  });

  it.each([
    ["full", "https", 443, "https 443"],
    ["full", "https", 8443, "https 8443"],
    ["strict", "https", 2053, "https 2053"],
    ["full", "http", 8080, "http 8080"],
    ["flexible", "https", 443, "http 80"],
    ["flexible", "https", 8443, "https 8443"],
    ["flexible", "http", 80, "http 80"],
  ] as const)("is asked in mode %s by %s %i: %s", (mode, scheme, port, says) => {
    const side = originSide({ mode, redirect: false, originPulls: false }, scheme, port);
    expect(`${side.scheme} ${side.port}`).toBe(says);
  });
});

describe("authenticated origin pulls", () => {
  const closed = [
    { port: 443, protocol: "tcp", source: "cloudflare", description: "HTTPS" },
    { port: 80, protocol: "tcp", source: "cloudflare", description: "HTTP" },
  ];
  const open = [{ port: "all", protocol: "all", destination: "0.0.0.0/0" }];
  /** lb-1 has a name past Cloudflare, by which everybody comes; the others have not. */
  const pulls: readonly Change[] = [
    ["securityGroups proxied", { description: "From Cloudflare", ingress: closed, egress: open }],
    ["hosts us-west lb-2 securityGroups 0", "proxied"],
    ["hosts eu-west lb-1 securityGroups 0", "proxied"],
    ["dns zones blackroad.io tls originPulls", true],
  ];
  const hiding = (plan: NetworkPlan): NetworkPlan => ({
    ...plan,
    zones: plan.zones.map((zone) => ({
      ...zone,
      settings: zone.settings.map((each) =>
        each.id === "tls_client_auth" ? { ...each, value: "off" } : each,
      ),
    })),
  });

  it("pass while the edge shows its certificate, and stop where it does not", () => {
    expect(verdict(ask(named(shown, ...pulls), stranger, name))).toBe("pass");
    expect(verdict(ask(spoiled(hiding, shown, ...pulls), stranger, name))).toBe(
      "blocked: us-west/lb-1: demands Cloudflare's client certificate, which the edge does not show for shown.blackroad.io",
    );
  });

  it("leave WebSockets to those who come past Cloudflare", () => {
    expect(ask(named(...pulls), stranger, "ws.blackroad.io").conditions).toEqual([
      "it is a WebSocket: by names that are not proxied us-west/lb-1 serves nothing else",
    ]);
    expect(ask(prod, stranger, "ws.blackroad.io").conditions).toEqual([]);
  });
});

const west = ["us-west/us-west-lb-1 by us-west/lb-1", "us-west/us-west-lb-2 by us-west/lb-2"];
const east = "eu-west/eu-west-lb-1 by eu-west/lb-1";
const home = "home/blackroad-tunnel by edge-home/lucidia, port 8080";

describe("a load balancer", () => {
  it.each([
    [[], west, [east, home]],
    [["us-west/lb-1"], west.slice(1), [east, home]],
    [["us-west/lb-1", "us-west/lb-2"], [east], [home]],
    [["us-west"], [east], [home]],
    // Load balancers without anybody behind them answer their monitor with an error.
    [["us-west/api-1", "us-west/api-2", "us-west/api-3"], [east], [home]],
    [["us-west/api-1", "us-west/api-2"], west, [east, home]],
    [["eu-west"], west, [home]],
    [["us-west", "eu-west"], [home], []],
  ])("without %j", (without, servers, then) => {
    const answer = ask(prod, stranger, api, "443/tcp", { without });
    expect(answer.verdict).toBe("pass");
    expect(serving(answer)).toEqual(servers);
    expect(serving({ servers: answer.then })).toEqual(then);
  });

  it("asks its fallback pool where all are down, and that cannot answer either", () => {
    const without = ["us-west", "eu-west", "edge-home"];
    const answer = ask(prod, stranger, api, "443/tcp", { without });
    expect(answer.servers.map(({ pool }) => pool)).toEqual(["home"]);
    expect(verdict(answer)).toMatch(
      /^blocked: tunnel blackroad-tunnel: the tunnel's connector has no connection/,
    );
  });

  it("lists a fallback pool that is down at the very end, since it is asked all the same", () => {
    const answer = ask(prod, stranger, api, "443/tcp", { without: ["edge-home/lucidia"] });
    expect(serving(answer)).toEqual(west);
    expect(answer.then.map(({ pool, down }) => [pool, down === undefined])).toEqual([
      ["eu-west", true],
      ["home", false],
    ]);
  });

  it("is left by an endpoint that its monitor does not reach", () => {
    const prover = spoiled((plan) => withRules(plan, "us-west/lb-1", "input", ["tcp dport 443 drop"]));
    expect(serving(ask(prover, stranger, api))).toEqual(west.slice(1));
    const all = named([group, "203.0.113.0/24"]);
    expect(serving(ask(all, stranger, api))).toEqual([home]);
  });

  it("passes only if every endpoint answers that monitors find up", () => {
    // Monitors ask on 443, visitors may come to other ports of Cloudflare's.
    expect(verdict(ask(prod, stranger, api, "8443/tcp"))).toBe(`blocked: ${closedGroup} (with 103.21.244.0)`);
  });

  it("may send to any healthy pool where it steers by chance", () => {
    const random = named([`cloudflare loadBalancers ${api} steering`, "random"]);
    expect(serving(ask(random, stranger, api))).toEqual([...west, east, home]);
    expect(ask(random, stranger, api).then).toEqual([]);
  });

  it("answers with its endpoints' own addresses where it is not proxied", () => {
    const root = `cloudflare loadBalancers ${api}`;
    const pools = [
      { name: "us-west", hosts: ["us-west/lb-1", "us-west/lb-2"] },
      { name: "eu-west", hosts: ["eu-west/lb-1"] },
    ];
    const direct = named([root, { pools, fallback: "eu-west", proxied: false }]);
    const answer = ask(direct, stranger, api, "80/tcp");
    expect(serving(answer)).toEqual(west);
    expect(connections(answer.servers[0]?.legs ?? [])).toEqual([
      "internet → public-address of us-west/lb-1 80/tcp",
    ]);
    expect(verdict(ask(direct, stranger, api, "22/tcp"))).toMatch(/^blocked: .*us-west\/public/);
  });

  it("is not asked about without hosts that there are not", () => {
    const without = ["us-west/nobody"];
    expect(() => ask(prod, stranger, api, "443/tcp", { without })).toThrow(
      "the network has no host, region or site us-west/nobody",
    );
  });
});

describe("a home", () => {
  it("has no port that leads in, from outside or by its own public address", () => {
    const router = "router of edge-home: lets nothing in that nobody inside asked for";
    expect(stopping(prod, stranger, "public edge-home", "443/tcp")).toBe(router);
    expect(stopping(prod, "edge-home/lucidia-alt", "public edge-home", "443/tcp")).toBe(router);
    expect(askAddress(prod, "edge-home/lucidia-alt", stranger, "443/tcp").arrival).toEqual({
      kind: "internet",
    });
  });
});

describe("prod", () => {
  it("has no file of a name server that the proof cannot read", () => {
    expect(prod.world.edge?.unread).toEqual([]);
    expect(namedPlan().zones.map((zone) => zone.name)).toEqual([...(prod.world.edge?.zones.keys() ?? [])]);
  });
});
