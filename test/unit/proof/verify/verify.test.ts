/** What is meant and what passes: the stacks as they are, and with one rule too wide or one missing. */
import { describe, expect, it } from "vitest";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { isClean } from "../../../../components/proof/verify/model.ts";
import { flowLines, problemLines } from "../../../../components/proof/verify/report.ts";
import { verify } from "../../../../components/proof/verify/verify.ts";
import type { Edits } from "../../config/stack-file.ts";
import { planned, toldOf, verified } from "./subject.ts";

describe.each(["prod", "sandbox", "dev"])("%s", (stack) => {
  const verification = verified(planned(stack));

  it("lets through what is meant to pass, and nothing else", () => {
    expect(problemLines(verification, (path) => path)).toEqual([]);
    expect(isClean(verification)).toBe(true);
  });

  it("is looked at as a whole", () => {
    expect(verification.pairs).toBeGreaterThan(stack === "dev" ? 200 : 1600);
    const idle = verification.flows.filter(({ pairs }) => pairs === 0);
    expect(idle).toEqual([]);
  });
});

it("lists its flows in the order of who says them", () => {
  const lines = flowLines(verified(planned("dev")));
  expect(lines.filter((line) => line.endsWith(":"))).toEqual([
    "  follow from the description:",
    "  are intended besides:",
    "  are accepted, though nobody intends them:",
  ]);
  expect(lines).toContain('    operator → eu-west/hub-1, us-west/hub-1: 22/tcp (SSH by the way "direct")');
  expect(lines).toContain("    role-api → edge-home/lucidia: 8080/tcp (The home's API)");
});

const open = { port: 5433, protocol: "tcp", source: "0.0.0.0/0" };
const mail = (from: string, to: string): object => ({
  from: [from],
  to: [to],
  traffic: ["25/tcp"],
  reason: "Mail",
});

/** An edit to prod's file, and all that is then told, or how each of it begins. */
const cases: readonly (readonly [what: string, edits: Edits, told: readonly string[]])[] = [
  [
    "a group's rule that opens the database to every network inside",
    { "securityGroups database ingress 0 source": "10.0.0.0/8" },
    [
      "unintended 5432/tcp us-west/hub-1,us-west/lb-1,us-west/lb-2 > us-west/postgres-1 @ securityGroups.database.ingress[0]",
    ],
  ],
  [
    "a group's rule that opens a port on which nothing listens: no packet gets in",
    { "securityGroups monitoring ingress 2": open },
    [],
  ],
  [
    "a hub that anybody may log in to",
    { "securityGroups hub ingress 1 source": "0.0.0.0/0" },
    ["unintended 22/tcp internet,"],
  ],
  [
    "a service that a role has and nobody is to reach",
    { "hosts us-west vault-1 services": { vault: 8200, admin: 8085 } },
    ["unintended 8085/tcp "],
  ],
  [
    "a host without the group by which the program comes",
    { "hosts us-west api-2 securityGroups": ["internal", "updates", "monitoring"] },
    ["stopped 22/tcp us-west/hub-1 > us-west/api-2 @ hosts.us-west.api-2.securityGroups"],
  ],
  [
    "a database tier whose packages nobody lets out",
    { "securityGroups packages egress 0": undefined },
    ["stopped 8888/tcp us-west/postgres-1 > us-west/hub-1 @ securityGroups.packages.egress"],
  ],
  [
    "a hub that does not let packages in",
    { "securityGroups hub ingress 4": undefined },
    ["stopped 8888/tcp us-west/postgres-1 > us-west/hub-1 @ securityGroups.hub.ingress"],
  ],
  [
    "a database that the api hosts' group is not let in to",
    { "securityGroups database ingress 0": undefined },
    [
      "stopped 5432/tcp us-west/api-1,us-west/api-2,us-west/api-3 > us-west/postgres-1 @ securityGroups.database.ingress",
    ],
  ],
  [
    "an intent that no rule keeps",
    { "flows intended 9": mail("role-database", "us-west/hub-1") },
    ["stopped 25/tcp us-west/postgres-1 > us-west/hub-1 @ securityGroups.packages.egress"],
  ],
  [
    "an intent about an address that nobody has",
    { "flows intended 9": mail("hosts of us-west", "10.0.99.1") },
    ["nobody 25/tcp hosts of us-west > 10.0.99.1 @ flows.intended[9]"],
  ],
  [
    "an acceptance of what does not pass",
    { "flows accepted 16": mail("us-west/api-1", "us-west/hub-1") },
    ["unneeded 25/tcp us-west/api-1 > us-west/hub-1 @ flows.accepted[16]"],
  ],
  [
    "an acceptance less than there is need of",
    { "flows accepted 7": undefined },
    [
      "unintended 53/udp eu-west/api-1,us-west/api-1,us-west/api-2,us-west/api-3,us-west/ollama-1,us-west/prometheus-1,us-west/redis-1,us-west/vault-1 > internet,the operator,Cloudflare,1.1.1.1,8.8.8.8 @ securityGroups.updates.egress[2]",
    ],
  ],
  [
    "a name that leads past Cloudflare to a balancer that lets in Cloudflare alone",
    {
      "securityGroups public ingress 0 source": "cloudflare",
      "flows accepted 2": undefined,
    },
    [
      "stopped 443/tcp internet,the operator,1.1.1.1,8.8.8.8 > us-west/lb-1 @ securityGroups.public.ingress",
      "unintended 80/tcp ",
    ],
  ],
];

describe("prod with", () => {
  it.each(cases)("%s", (_, edits, expected) => {
    const told = toldOf("prod", edits);
    const unexpected = told.filter((line) => !expected.some((one) => line.startsWith(one)));
    const missing = expected.filter((one) => !told.some((line) => line.startsWith(one)));
    expect({ unexpected, missing }).toEqual({ unexpected: [], missing: [] });
  });
});

describe("a machine of a home's LAN as a tower", () => {
  const ports = { primary: "eth1", secondary: "eth0", management: "eth2" };

  it.each(["local", "server", "p2p_hub"])(
    "does in %s mode what is meant, without the rack's flows",
    (mode) => {
      const alone = mode === "p2p_hub" ? { ...ports, primary: "eth0", secondary: "eth1" } : ports;
      const edits = {
        flows: undefined,
        "hosts edge-home lucidia-alt role": "tower",
        "hosts edge-home lucidia-alt tower": { mode, ports: alone },
      };
      const { violations, findings } = verified(planned("prod", edits));
      expect([violations, findings]).toEqual([[], []]);
    },
  );
});

describe("what is told of a violation", () => {
  const [violation] = verified(
    planned("prod", { "securityGroups database ingress 0 source": "10.0.0.0/8" }),
  ).violations;

  it("shows a packet", () => {
    expect(violation?.witness).toEqual({
      from: "us-west/hub-1",
      fromAddress: "10.0.1.10",
      to: "us-west/postgres-1",
      toAddress: "10.0.20.10",
      traffic: "5432/tcp",
    });
  });

  it("names the hop and the rule that decide", () => {
    expect(violation?.place).toBe("network interface of us-west/postgres-1, security group us-west/database");
    expect(violation?.rule).toBe("ingress tcp 5432 from 10.0.0.0/8");
  });

  it("shows the packet's whole way, and that of the answer", () => {
    const places = violation?.hops.map(({ direction, place }) => `${direction} ${place}`) ?? [];
    expect(places[0]).toBe("forward us-west/hub-1");
    expect(places.at(-1)).toBe("return us-west/hub-1");
  });
});

it("takes an address that hangs on a symbol for a failure, not for a pass", () => {
  const { plan } = planned("prod");
  // Whether a hub's Elastic IP will lie in this half of the internet, nobody can tell beforehand.
  const half = { ...plan, regions: plan.regions.map((region) => ({ ...region, ...halved(region) })) };
  const verification = verify(half, buildWorld(half));
  const told = verification.violations.filter(({ kind }) => kind === "undecided");
  // Of all that may get out, what the hub takes in hangs on it; the rest is stopped there whatever the address.
  const toHub = told.filter(({ to }) => to.includes("eu-west/hub-1"));
  expect(toHub.map(({ traffic }) => traffic)).toEqual(["51820/udp"]);
  expect(toHub.map(({ rule }) => rule)).toEqual(["hangs on a symbol: egress all to 0.0.0.0/1"]);
  expect(isClean(verification)).toBe(false);
});

type Region = ReturnType<typeof planned>["plan"]["regions"][number];

function halved({ securityGroups }: Region): Pick<Region, "securityGroups"> {
  return {
    securityGroups: securityGroups.map((group) =>
      group.name === "public"
        ? {
            ...group,
            rules: group.rules.map((rule) =>
              rule.direction === "egress" ? { ...rule, peer: { kind: "cidr", cidr: "0.0.0.0/1" } } : rule,
            ),
          }
        : group,
    ),
  };
}

it("takes a rule that it cannot read for impassable, and says so", () => {
  const { plan } = planned("prod");
  const hosts = plan.hosts.map((host) =>
    host.key === "us-west/redis-1"
      ? {
          ...host,
          generation: {
            ...host.generation,
            chains: host.generation.chains.map((chain) => ({
              ...chain,
              rules: ["meta skuid 0 accept", ...chain.rules],
            })),
          },
        }
      : host,
  );
  const unread = { ...plan, hosts };
  const kinds = new Set(verify(unread, buildWorld(unread)).violations.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(["stopped", "unread"]);
});
