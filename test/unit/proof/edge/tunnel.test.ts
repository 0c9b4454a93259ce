/** Requests through the tunnel: its connection, its rules in order, and the services behind them. */
import { describe, expect, it } from "vitest";
import { connectorRegions } from "../../../../components/config/cloudflare-networks.ts";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import { serviceAddress } from "../../../../components/proof/edge/tunnel.ts";
import type { Change } from "../../config/subject.ts";
import { stranger } from "../subject.ts";
import {
  ask,
  connections,
  decisions,
  named,
  serving,
  spoiled,
  verdict,
  withGeneration,
  withIngress,
  withOutput,
  withRules,
} from "./subject.ts";

const prod = named();
const dashboard = "dashboard.blackroad.io";
const home = "edge-home/lucidia";

/** A name that leads into the tunnel and has no rule there. */
const further: Change = [
  "dns zones blackroad.io records 8",
  { name: "further", type: "CNAME", tunnel: "blackroad-tunnel", proxied: true },
];

describe("a tunnel", () => {
  it("is the connection that its connector has dialled, then its rule, then the service", () => {
    const answer = ask(prod, stranger, dashboard);
    const all = [...answer.legs, ...(answer.servers[0]?.legs ?? [])];
    expect(connections(all)).toEqual([
      "internet → Cloudflare's edge 443/tcp",
      "connector on edge-home/lucidia → region1.v2.argotunnel.com 7844/udp",
    ]);
    expect(decisions(all)).toEqual([
      "zone blackroad.io: dashboard.blackroad.io leads into the tunnel blackroad-tunnel",
      "tunnel blackroad-tunnel: rule 2 (dashboard.blackroad.io) takes dashboard.blackroad.io to http://localhost:3000",
      "edge-home/lucidia: asks its own port 3000/tcp",
    ]);
    expect(serving(answer)).toEqual(["dashboard.blackroad.io by edge-home/lucidia, port 3000"]);
  });

  it("has Access in front of a name, which asks for an identity, or not", () => {
    const condition = "Access lets in anybody at blackroad.io alone, by a proof of that address";
    expect(ask(prod, stranger, dashboard)).toMatchObject({ verdict: "pass", conditions: [condition] });
    const open = named(["cloudflare access", { "grafana.blackroad.io": { emails: ["ada@example.org"] } }]);
    expect(ask(open, stranger, dashboard)).toMatchObject({ verdict: "pass", conditions: [] });
    expect(ask(open, stranger, "grafana.blackroad.io").conditions).toEqual([
      "Access lets in ada@example.org alone, by a proof of that address",
    ]);
  });

  it("answers 404 by its last rule to names that no other has", () => {
    expect(verdict(ask(named(further), stranger, "further.blackroad.io"))).toBe(
      "blocked: tunnel blackroad-tunnel: rule 4 (everything) answers further.blackroad.io with 404",
    );
  });

  it("leads nowhere by a name that is not proxied", () => {
    const bare = spoiled((plan) => ({
      ...plan,
      zones: plan.zones.map((zone) => ({
        ...zone,
        records: zone.records.map((record) => ({ ...record, proxied: false })),
      })),
    }));
    expect(verdict(ask(bare, stranger, dashboard))).toMatch(/^blocked: zone blackroad.io: .*is not proxied/);
  });
});

describe("a tunnel's connection", () => {
  const drops = (...rules: readonly string[]): string =>
    verdict(
      ask(
        spoiled((plan) => withOutput(plan, home, rules)),
        stranger,
        dashboard,
      ),
    );
  const [first, second] = connectorRegions.map(({ addresses }) => `{ ${addresses.join(", ")} }`);

  it.each([
    ["UDP alone is stopped: it takes TCP", ["udp dport 7844 drop"]],
    ["TCP alone is stopped", ["tcp dport 7844 drop"]],
    ["the first of the two places is", [`ip daddr ${first ?? ""} drop`]],
    ["the second is", [`ip daddr ${second ?? ""} drop`]],
  ])("stands where %s", (_, rules) => {
    expect(drops(...rules)).toBe("pass");
  });

  it.each([
    ["both protocols are stopped", ["tcp dport 7844 drop", "udp dport 7844 drop"]],
    ["a part of either place is", ["ip daddr { 198.41.192.7, 198.41.200.13 } drop"]],
    ["names cannot be looked up", ["udp dport 53 drop"]],
  ])("does not stand where %s", (_, rules) => {
    expect(drops(...rules)).toMatch(
      /^blocked: tunnel blackroad-tunnel: the tunnel's connector has no connection: edge-home\/lucidia/,
    );
  });

  it("does not stand where the host is down, or no connector runs", () => {
    expect(verdict(ask(prod, stranger, dashboard, "443/tcp", { without: [home] }))).toContain("it is down");
    expect(verdict(ask(prod, stranger, dashboard, "443/tcp", { without: ["edge-home/blackroad-pi"] }))).toBe(
      "pass",
    );
    const idle = spoiled((plan) =>
      withGeneration(plan, home, (generation) => ({
        ...generation,
        services: generation.services.filter(({ unit }) => unit !== "cloudflared.service"),
      })),
    );
    expect(verdict(ask(idle, stranger, dashboard))).toContain("no connector runs on edge-home/lucidia");
  });

  it("passes groups and NAT of a region where the connector stands in one", () => {
    const moved = (egress: readonly object[]): string => {
      const group = { description: "Connector", egress };
      const prover = spoiled(
        (plan) => onApi(plan),
        ["securityGroups connector", group],
        ["hosts us-west api-2 securityGroups 4", "connector"],
      );
      return verdict(ask(prover, stranger, "further.blackroad.io"));
    };
    const rule = { port: 7844, protocol: "tcp", destination: "0.0.0.0/0", description: "Tunnel" };
    const onApi = (plan: NetworkPlan): NetworkPlan => {
      const moved = withIngress(plan, [undefined, "http://localhost:8080"]);
      const tunnels = moved.cloudflare.tunnels.map((tunnel) => ({ ...tunnel, host: "us-west/api-2" }));
      const services = plan.hosts.find(({ key }) => key === home)?.generation.services ?? [];
      const connector = services.filter(({ unit }) => unit === "cloudflared.service");
      const zones = moved.zones.map((zone) => ({
        ...zone,
        records: zone.records.map((record) =>
          record.name === dashboard ? { ...record, name: "further.blackroad.io" } : record,
        ),
      }));
      return withGeneration(
        { ...moved, zones, cloudflare: { ...moved.cloudflare, tunnels } },
        "us-west/api-2",
        (generation) => ({ ...generation, services: [...generation.services, ...connector] }),
      );
    };
    expect(moved([rule])).toBe("pass");
    expect(moved([{ ...rule, port: 7845 }])).toMatch(
      /us-west\/api-2, security groups .*no egress rule matches/,
    );
  });
});

describe("a tunnel's rules", () => {
  type Rules = Parameters<typeof withIngress> extends [NetworkPlan, ...infer Rest] ? Rest : never;
  const by = (rules: Rules, path?: string): string => {
    const prover = spoiled((plan) => withIngress(plan, ...rules));
    const answer = ask(prover, stranger, dashboard, "443/tcp", { path });
    return answer.verdict === "pass" ? (answer.servers[0]?.by ?? "") : verdict(answer);
  };
  const api = "http://localhost:8080";
  const grafana = "http://localhost:3001";

  it.each<[string, Rules, string]>([
    [
      "the first that fits",
      [
        [dashboard, api],
        [dashboard, grafana],
        [undefined, "http_status:404"],
      ],
      "8080",
    ],
    [
      "in their order",
      [
        [dashboard, grafana],
        [dashboard, api],
        [undefined, "http_status:404"],
      ],
      "3001",
    ],
    [
      "a wildcard",
      [
        ["*.blackroad.io", api],
        [dashboard, grafana],
        [undefined, "http_status:404"],
      ],
      "8080",
    ],
    [
      "no wildcard of others",
      [
        ["*.example.org", api],
        [undefined, grafana],
      ],
      "3001",
    ],
    [
      "no wildcard at the zone itself",
      [
        ["*.dashboard.blackroad.io", api],
        [undefined, grafana],
      ],
      "3001",
    ],
    [
      "another name's is passed by",
      [
        ["grafana.blackroad.io", api],
        [undefined, grafana],
      ],
      "3001",
    ],
  ])("%s", (_, rules, port) => {
    expect(by(rules)).toBe(`edge-home/lucidia, port ${port}`);
  });

  it("may hang on the path", () => {
    const rules: Rules = [
      [dashboard, grafana, "^/graphs"],
      [undefined, api],
    ];
    expect(by(rules)).toBe("edge-home/lucidia, port 8080");
    expect(by(rules, "/graphs/1")).toBe("edge-home/lucidia, port 3001");
  });

  it.each<[string, Rules, string | RegExp]>([
    ["a status that is no error", [[undefined, "http_status:204"]], "tunnel blackroad-tunnel"],
    ["a status that is one", [[undefined, "http_status:503"]], /answers dashboard.blackroad.io with 503$/],
    ["no rule", [], /has no rule$/],
    ["cloudflared's own page", [[undefined, "hello_world"]], "connector on edge-home/lucidia"],
    ["whoever asks says where", [[undefined, "bastion"]], /^unknown: .*where bastion leads/],
    ["a name of nobody's", [[undefined, "http://example.org"]], /^unknown: .*example.org is nobody/],
    [
      "a name that there is not",
      [[undefined, "http://nobody.blackroad.io"]],
      /has no name nobody.blackroad.io$/,
    ],
    ["a socket", [[undefined, "unix:/run/web.sock"]], "unix:/run/web.sock of edge-home/lucidia"],
    [
      "nothing listens",
      [[undefined, "http://localhost:9999"]],
      /nothing of the plan listens on 9999\/tcp there$/,
    ],
    ["its own address", [[undefined, "http://192.168.4.38:3000"]], "edge-home/lucidia, port 3000"],
    [
      "a neighbour, who lets it in",
      [[undefined, "ssh://192.168.4.64"]],
      "192.168.4.64:22 from edge-home/lucidia",
    ],
    [
      "a neighbour, who does not",
      [[undefined, "http://192.168.4.64:8080"]],
      /edge-home\/blackroad-pi, nftables, chain input: policy drop$/,
    ],
    [
      "a host over the VPN, by its group",
      [[undefined, "http://10.0.10.11:8080"]],
      "10.0.10.11:8080 from edge-home/lucidia",
    ],
    [
      "a name of the public zone",
      [[undefined, "https://ws.blackroad.io"]],
      "ws.blackroad.io:443 from edge-home/lucidia",
    ],
  ])("leads to %s", (_, rules, says) => {
    if (typeof says === "string") expect(by(rules)).toBe(says);
    else expect(by(rules)).toMatch(says);
  });

  it("leads to the host itself only where its own rules let it", () => {
    const closed = spoiled((plan) => withRules(plan, home, "input", ['iifname "lo" drop']));
    expect(verdict(ask(closed, stranger, dashboard))).toBe(
      'blocked: edge-home/lucidia, nftables, chain input: iifname "lo" drop',
    );
  });

  it.each([
    ["http://localhost", { host: "localhost", port: 80 }],
    ["https://[::1]:8443", { host: "::1", port: 8443 }],
    ["rdp://10.0.0.9", { host: "10.0.0.9", port: 3389 }],
    ["tcp://10.0.0.9", undefined],
    ["bastion", undefined],
  ])("reads the service %s", (service, address) => {
    expect(serviceAddress(service)).toEqual(address);
  });
});
