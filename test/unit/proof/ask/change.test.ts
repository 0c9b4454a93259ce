/** What would alter a verdict: each kind of stop, and whether it truly does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import type { Verdict } from "../../../../components/proof/ask/answer.ts";
import { seed } from "../seeded.ts";
import { after, ask, changeOf, networkWith, planOf, subjectOf, type Put } from "./subject.ts";

const network = networkWith();
const prod = subjectOf(network);

const other = { pass: "blocked", blocked: "pass", unknown: "unknown" } as const;

/** A question whose answer is the other one with the change in it. */
function told(line: string, ...puts: readonly Put[]): string[] {
  const written = networkWith(...puts);
  const verdict = ask(subjectOf(written), line);
  if (verdict.change !== null) expect(after(written, verdict, line)).toBe(other[verdict.verdict]);
  return changeOf(verdict);
}

describe("what would let it pass", () => {
  it.each<readonly [what: string, line: string, puts: readonly Put[], change: readonly string[]]>([
    [
      "a rule of the group that is about it already",
      "us-west/lb-1 redis-1 6380/tcp",
      [["securityGroups.database.ingress[1].port", "6379-6380"]],
      [
        "add securityGroups.database.ingress { port: 6380, protocol: tcp, source: 10.0.1.20/32 }",
        "add us-west/redis-1: nftables, chain input ip saddr 10.0.1.20 tcp dport 6380 accept",
      ],
    ],
    [
      "one rule, where the host's own table has it",
      "us-west/lb-1 redis-1 6379/tcp",
      [],
      ["add securityGroups.database.ingress { port: 6379, protocol: tcp, source: 10.0.1.20/32 }"],
    ],
    [
      "the rule from which the network ACL follows, for anybody",
      "internet us-west/hub-1 22/tcp",
      [],
      ["add securityGroups.hub.ingress { port: 22, protocol: tcp, source: 0.0.0.0/0 }"],
    ],
    [
      "a rule for what goes out, and what the database's table must take",
      "eu-west/api-1 postgres.blackroad.internal 5432/tcp",
      [["securityGroups.internal.egress[0].destination", "10.1.0.0/16"]],
      [
        "add securityGroups.internal.egress { port: 5432, protocol: tcp, destination: 10.0.20.10/32 }",
        "add securityGroups.database.ingress { port: 5432, protocol: tcp, source: 10.1.10.11/32 }",
        "add us-west/postgres-1: nftables, chain input ip saddr 10.1.10.11 tcp dport 5432 accept",
      ],
    ],
    [
      "a peering",
      "eu-west/api-1 us-west/api-1 8080/tcp",
      [
        ["dns.private", undefined],
        ["peerings", []],
      ],
      ["add peerings [eu-west, us-west]"],
    ],
    [
      "what is behind a VPN peer, and that it comes there as the peer",
      "us-west/hub-1 192.168.4.150 80/tcp",
      [
        ['wireguard.peers["edge-home/lucidia"].routes', []],
        ['wireguard.peers["edge-home/lucidia"].masquerade', undefined],
        ["hosts.edge-home.lucidia-alt", undefined],
        ["sites.edge-home.nodes.lucidia-alt", undefined],
      ],
      [
        'add wireguard.peers["edge-home/blackroad-pi"].routes 192.168.4.0/24',
        'set wireguard.peers["edge-home/blackroad-pi"].masquerade true',
      ],
    ],
    [
      "a service of a machine",
      "us-west/hub-1 lucidia 9999/tcp",
      [],
      ["set hosts.edge-home.lucidia.services.port-9999 9999"],
    ],
    [
      "what a host's table takes",
      "us-west/hub-1 lucidia 9999/udp",
      [],
      ["add edge-home/lucidia: nftables, chain input ip saddr 10.200.0.1 udp dport 9999 accept"],
    ],
    [
      "the port by which the tunnel is called",
      "lucidia us-west/api-1 8080/tcp",
      [["securityGroups.hub.ingress[0].source", "10.0.0.0/8"]],
      ["add securityGroups.hub.ingress { port: 51820, protocol: udp, source: 0.0.0.0/0 }"],
    ],
    [
      "AllowedIPs and the hub's table, from Pi to Pi",
      "blackroad-pi 10.200.0.10 22/tcp",
      [],
      [
        "add edge-home/blackroad-pi: WireGuard, AllowedIPs of eu-west/hub-1 10.200.0.10/32",
        "add eu-west/hub-1: nftables, chain forward ip saddr 10.200.0.11 ip daddr 10.200.0.10 tcp dport 22 accept",
        "add edge-home/lucidia: WireGuard, AllowedIPs of eu-west/hub-1 10.200.0.11/32",
      ],
    ],
    [
      "AllowedIPs of a tunnel of its own, where packets left by the router of the site",
      "lucidia coral-reef/node-2 8443/tcp",
      [],
      [
        "add edge-home/lucidia: WireGuard, AllowedIPs of eu-west/hub-1 10.64.10.11/32",
        "add eu-west/hub-1: nftables, chain forward ip saddr 10.200.0.10 ip daddr 10.64.10.11 tcp dport 8443 accept",
        "add coral-reef/gateway: WireGuard, AllowedIPs of eu-west/hub-1 10.200.0.10/32",
        "add coral-reef/gateway: nftables, chain forward ip saddr 10.200.0.10 ip daddr 10.64.10.11 tcp dport 8443 accept",
      ],
    ],
    [
      "a route of a machine by its neighbour",
      "lucidia-alt us-west/api-1 8080/tcp",
      [],
      [
        "add edge-home/lucidia-alt: routes of eth0 10.0.10.11/32 via 192.168.4.38",
        "add edge-home/lucidia: nftables, chain forward ip saddr 192.168.4.99 ip daddr 10.0.10.11 tcp dport 8080 accept",
        "add securityGroups.internal.ingress { port: 8080, protocol: tcp, source: 192.168.4.99/32 }",
        "add us-west/api-1: nftables, chain input ip saddr 192.168.4.99 tcp dport 8080 accept",
      ],
    ],
    [
      "a route of the database tier, which leads to no gateway",
      "us-west/postgres-1 internet 443/tcp",
      [],
      [
        "add securityGroups.packages.egress { port: 443, protocol: tcp, destination: 0.0.0.0/0 }",
        "add route table of us-west/database/us-west-2a 0.0.0.0/0 to nat-gateway",
      ],
    ],
    [
      "icmp, by one rule for all of it",
      "us-west/api-2 us-west/lb-1 icmp",
      [],
      ["add securityGroups.public.ingress { protocol: icmp, source: 10.0.10.12/32 }"],
    ],
  ])("%s", (_, line, puts, change) => {
    expect(told(line, ...puts)).toEqual(change);
  });

  it.each([
    ["internet edge-home 22/tcp", "what stops it is not the program's to change"],
    ["internet us-west/api-1 8080/tcp", "hosts.us-west.api-1.elasticIp is of no use in the private subnet"],
    ["us-west/api-1 10.0.10.200 22/tcp", "what stops it is not the program's to change"],
    ["lucidia-alt coral-reef/10.64.0.0/24 22/tcp", "nothing that was tried lets it go on"],
  ])("is nothing for %s", (line, why) => {
    expect(told(line).join()).toContain(why);
  });
});

describe("what would block it", () => {
  it.each<readonly [what: string, line: string, puts: readonly Put[], change: readonly string[]]>([
    [
      "the one rule that lets it in",
      "us-west/api-1 redis-1 6379/tcp",
      [],
      [
        "remove securityGroups.database.ingress[1] { port: 6379, protocol: tcp, source: sg-internal, description: Redis }",
      ],
    ],
    [
      "every rule that would let it in alone, where no other gate has fewer",
      "internet us-west/lb-1 443/tcp",
      [["securityGroups.public.ingress[1].port", "443-444"]],
      [
        'remove securityGroups.public.ingress[1] { port: 443-444, protocol: tcp, source: 0.0.0.0/0, description: "HTTP (redirect to HTTPS)" }',
        "remove securityGroups.public.ingress[0] { port: 443, protocol: tcp, source: 0.0.0.0/0, description: HTTPS }",
      ],
    ],
    [
      "a rule of a host's table, where no group stands before it",
      "192.168.4.77 lucidia 53/udp",
      [],
      [
        'remove edge-home/lucidia: nftables, chain input ip saddr 192.168.4.0/24 udp dport 53 accept comment "DNS"',
      ],
    ],
    [
      "what leads to a chain instead of all its rules",
      "lucidia blackroad-pi 22/tcp",
      [],
      ["remove edge-home/blackroad-pi: nftables, chain input tcp dport 22 ct state new goto ssh"],
    ],
    [
      "a group's rules in AWS, where the configuration does not do without",
      "us-west/api-1 internet 443/tcp",
      [],
      ["remove security group us-west/updates egress tcp 443 to 0.0.0.0/0"],
    ],
    [
      "the same for a rule of every kind of traffic",
      "us-west/hub-1 operator 443/tcp",
      [],
      ["remove security group us-west/hub egress all to 0.0.0.0/0"],
    ],
    [
      "what a host takes from itself, which no group of AWS's sees",
      "us-west/api-1 us-west/api-1 8081/tcp",
      [],
      [
        'remove us-west/api-1: nftables, chain input iifname "lo" accept',
        'remove us-west/api-1: nftables, chain input ip saddr 10.0.0.0/8 tcp dport 8081 accept comment "memory-service"',
      ],
    ],
    [
      "of a range the one rule that some of it needs",
      "us-west/api-2 us-west/api-2 8080-8082/tcp",
      [],
      ['remove us-west/api-2: nftables, chain input iifname "lo" accept'],
    ],
    [
      "a peering, where more rules than one let it in",
      "us-west/hub-1 eu-west/api-1 8080/tcp",
      [
        ["dns.private", undefined],
        ["securityGroups.internal.ingress[1].port", "8080-8081"],
        ["securityGroups.hub.egress[1]", { port: 8080, protocol: "tcp", destination: "10.1.0.0/16" }],
      ],
      ["remove peerings[0] [us-west, eu-west]"],
    ],
  ])("%s", (_, line, puts, change) => {
    expect(told(line, ...puts)).toEqual(change);
  });
});

it("what the stack's file refuses is told where the program would have to do it", () => {
  const refused = (line: string): string | undefined => ask(prod, line).change?.refused;
  expect(refused("us-west/api-1 internet 443/tcp")).toContain("securityGroups let nothing out to port 443");
  expect(refused("us-west/api-1 redis-1 6379/tcp")).toBeUndefined();
  // There the file has no option at all.
  expect(refused("us-west/hub-1 lucidia 9999/udp")).toBeUndefined();
});

describe("on a plan that was changed behind the configuration's back", () => {
  const withoutAclEgress = (plan: NetworkPlan): NetworkPlan => ({
    ...plan,
    regions: plan.regions.map((region) => ({ ...region, networkAcls: [] })),
  });

  it("a change is still of the configuration, and none is named where that would pass already", () => {
    const verdict = ask(
      subjectOf(network, withoutAclEgress(planOf(network))),
      "us-west/lb-1 redis-1 6379/tcp",
    );
    expect(changeOf(verdict)).toEqual([
      "add securityGroups.database.ingress { port: 6379, protocol: tcp, source: 10.0.1.20/32 }",
    ]);
  });
});

describe("whatever is asked", () => {
  const ends = [
    ...prod.world.hosts.keys(),
    ...[...prod.world.hosts.values()].flatMap(({ key, links }) =>
      [...links.values()].some(({ attachment }) => attachment.kind === "tunnel") ? [`${key}:vpn`] : [],
    ),
    ...prod.world.segments.keys(),
    "internet",
    "operator",
  ];
  const traffic = fc.constantFrom(
    "22/tcp",
    "443/tcp",
    "5432/tcp",
    "8080-8082/tcp",
    "9100/tcp",
    "51820/udp",
    "icmp",
  );

  const isOutside = (end: string): boolean => end === "internet" || end === "operator";
  /** A few of each, since each plans the network many times. */
  const asked = fc
    .sample(fc.tuple(fc.constantFrom(...ends), fc.constantFrom(...ends), traffic), { seed, numRuns: 200 })
    .filter(([from, to]) => !isOutside(from) || !isOutside(to))
    .map((words) => words.join(" "));
  const readOnly = { world: prod.world };
  const of = (verdict: Verdict["verdict"]): string[] =>
    asked.filter((line) => ask(readOnly, line).verdict === verdict).slice(0, 3);

  it.each([...of("pass"), ...of("blocked")])(
    "a change that is named alters the verdict, and none of it can be left out: %s",
    (line) => {
      const verdict = ask(prod, line);
      const { change, noChange } = verdict;
      if (change === null) {
        expect(noChange).not.toBe("");
        return;
      }
      expect(after(network, verdict, line)).toBe(other[verdict.verdict]);
      for (const left of change.edits.length > 1 ? change.edits : []) {
        const edits = change.edits.filter((edit) => edit !== left);
        const less = { ...verdict, change: { ...change, edits } };
        expect(after(network, less, line), `without ${left.path}`).toBe(verdict.verdict);
      }
    },
    60_000,
  );
});
