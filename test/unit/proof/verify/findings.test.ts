/** Each rule about the plan itself fires, on a plan with one thing wrong in it, and is silent without it. */
import { describe, expect, it } from "vitest";
import type { GenerationPlan } from "../../../../components/plan/generation.ts";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import { planRules } from "../../../../components/proof/verify/findings/index.ts";
import type { PlanFinding } from "../../../../components/proof/verify/model.ts";
import { verify } from "../../../../components/proof/verify/verify.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import type { Edits } from "../../config/stack-file.ts";
import { planned } from "./subject.ts";

type Change = (plan: NetworkPlan) => NetworkPlan;

const same: Change = (plan) => plan;

/** The plan with something of one host changed behind its back. */
const onHost =
  (key: string, change: (generation: GenerationPlan) => Partial<GenerationPlan>): Change =>
  (plan) => ({
    ...plan,
    hosts: plan.hosts.map((host) =>
      host.key === key ? { ...host, generation: { ...host.generation, ...change(host.generation) } } : host,
    ),
  });

const withoutRoutes =
  (region: string, destination: string): Change =>
  (plan) => ({
    ...plan,
    regions: plan.regions.map((each) =>
      each.key !== region
        ? each
        : {
            ...each,
            routeTables: each.routeTables.map((table) => ({
              ...table,
              routes: table.routes.filter((route) => route.destination !== destination),
            })),
          },
    ),
  });

/** What intended flows tell, findings do not tell again. */
const withoutFlows: Change = (plan) => ({ ...plan, flows: [] });

function findingsWith(edits: Edits, change: Change): readonly PlanFinding[] {
  const plan = change(planned("prod", edits).plan);
  return verify(plan, buildWorld(plan)).findings;
}

interface Firing {
  readonly rule: string;
  readonly what: string;
  readonly edits?: Edits;
  readonly change?: Change;
  readonly path: string;
  /** A part of the message that tells what is wrong. */
  readonly says: string;
}

const firings: readonly Firing[] = [
  {
    rule: "addresses/docker-bridge",
    what: "the VPN in Docker's network",
    change: (plan) => ({ ...plan, vpn: { ...plan.vpn, network: "172.17.8.0/24" } }),
    path: "wireguard.network",
    says: "the VPN 172.17.8.0/24",
  },
  {
    rule: "addresses/shared-space",
    what: "a home in the carriers' space",
    change: (plan) => ({
      ...plan,
      sites: plan.sites.map((site) =>
        site.key === "edge-home" ? { ...site, network: "100.64.4.0/24" } : site,
      ),
    }),
    path: "sites.edge-home.network",
    says: "the LAN 100.64.4.0/24",
  },
  {
    rule: "vpn/allowed-ips-apart",
    what: "the network guide's 10.0.0.0/8 for one of two hubs",
    change: onHost("edge-home/lucidia", ({ tunnels }) => ({
      tunnels: tunnels.map((tunnel) => ({
        ...tunnel,
        peers: tunnel.peers.map((peer, index) =>
          index === 0 ? { ...peer, allowedIps: ["10.0.0.0/8", "10.200.0.0/24"] } : peer,
        ),
      })),
    })),
    path: "wireguard",
    says: "wg0 of edge-home/lucidia two ways to one address",
  },
  {
    rule: "vpn/tunnel-down",
    what: "a hub that lets no WireGuard in",
    edits: { "securityGroups hub ingress 0": undefined },
    change: withoutFlows,
    path: "securityGroups.hub.ingress",
    says: "between coral-reef/gateway and us-west/hub-1: 51820/udp to vpn.blackroad.io stops at",
  },
  {
    rule: "vpn/tunnel-down",
    what: "a hub that listens on another port than it is called on",
    change: (plan) =>
      onHost("us-west/hub-1", ({ tunnels }) => ({
        tunnels: tunnels.map((tunnel) => ({ ...tunnel, listenPort: 51821 })),
      }))(withoutFlows(plan)),
    path: "wireguard",
    says: "us-west/hub-1 does not listen on 51820",
  },
  {
    rule: "routes/asymmetric",
    what: "a peering with a route on one side alone",
    change: (plan) => withoutRoutes("eu-west", "10.0.0.0/16")(withoutFlows(plan)),
    path: "regions.eu-west",
    says: "loses answers: ",
  },
  {
    rule: "hosts/port-twice",
    what: "a second program on Redis's port",
    change: onHost("us-west/redis-1", ({ listens }) => ({
      listens: [
        ...listens,
        { protocol: "tcp", ports: { from: 6000, to: 6400 }, from: [], reason: "something else" },
      ],
    })),
    path: "hosts.us-west.redis-1",
    says: "something else and Redis both want 6000/tcp",
  },
  {
    rule: "names/nobody",
    what: "a name of Redis's old address",
    edits: { "dns private zones blackroad.internal records 0 content": "10.0.10.51" },
    path: 'dns.private.zones["blackroad.internal"]',
    says: "redis.blackroad.internal is 10.0.10.51",
  },
  {
    rule: "names/nobody-asked",
    what: "an alias of Consul's while nobody is asked about Consul",
    change: (plan) => ({
      ...plan,
      regions: plan.regions.map((region) => ({ ...region, outboundEndpoint: undefined })),
    }),
    path: 'dns.private.zones["blackroad.internal"]',
    says: "agent-service.blackroad.internal leads to agent-service.consul",
  },
];

describe("a rule about the plan", () => {
  it("has a case in which it fires", () => {
    expect([...new Set(firings.map(({ rule }) => rule))].sort()).toEqual(
      planRules.map(({ id }) => id).sort(),
    );
  });

  it("is silent where nothing is wrong", () => {
    expect(findingsWith({}, same)).toEqual([]);
  });

  it.each(firings)("$rule tells $what", ({ rule, edits = {}, change = same, path, says }) => {
    const found = findingsWith(edits, change).filter((each) => each.rule === rule);
    expect(found.map((each) => each.path)).toContain(path);
    expect(found.some(({ message }) => message.includes(says))).toBe(true);
    expect(found.every(({ source }) => source.startsWith("https://"))).toBe(true);
  });
});

/** Each of these has its own test beside the rules (test/unit/proof/edge/findings.test.ts). */
describe("what is wrong with names and the edge", () => {
  it("is told of a tunnel's rule, by its place, when a service has moved", () => {
    const found = findingsWith({ "hosts edge-home lucidia services dashboard": 3999 }, same);
    // That nobody answers for the name is the same again.
    expect(found.map(({ rule, path }) => [rule, path])).toEqual([
      ["edge/ingress-stops", "cloudflare.tunnels.blackroad-tunnel.ingress[1]"],
    ]);
    expect(found[0]?.message).toBe(
      "dashboard.blackroad.io is not served by http://localhost:3000: edge-home/lucidia: nothing of the plan listens on 3000/tcp there",
    );
  });

  it("is told of a load balancer whose endpoint lets no monitor in", () => {
    const closed = onHost("eu-west/lb-1", ({ chains }) => ({
      chains: chains.map((chain) =>
        chain.name === "input" ? { ...chain, rules: ["tcp dport 443 drop", ...chain.rules] } : chain,
      ),
    }));
    const found = findingsWith({}, (plan) => closed(withoutFlows(plan)));
    expect(found.map(({ rule }) => rule)).toContain("edge/endpoint-down");
    // Where flows stop for the same, that is told once.
    expect(findingsWith({}, closed)).toEqual([]);
  });
});
