/** Flows gained and lost, and how they are merged. */
import { describe, expect, it } from "vitest";
import { differencesOf } from "../../../../components/proof/diff/differences.ts";
import { endsOf, flowsOf, type End, type Flows } from "../../../../components/proof/diff/flows.ts";
import { renamed, renamesOf } from "../../../../components/proof/diff/renames.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { parseAddress } from "../../../../components/proof/sets/addresses.ts";
import { formatTraffic, portTraffic } from "../../../../components/proof/sets/traffic.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { networkWith, planOf, putAt, type Put } from "../ask/subject.ts";

function flows(...puts: readonly Put[]): Flows {
  return flowsAt(networkWith(...puts));
}

function flowsAt(network: unknown): Flows {
  const world = buildWorld(planOf(network));
  return flowsOf(new Prover(world), endsOf(world, parseAddress("203.0.113.7")));
}

const prod = flows();

function told(base: Flows, head: Flows): string[] {
  return differencesOf(base, head).map(
    ({ change, from, to, traffic }) =>
      `${from.join(", ")} -> ${to.join(", ")}: ${change === "gained" ? "+" : "-"}${traffic}`,
  );
}

describe("flows", () => {
  it("are of all ordered pairs, by whichever address", () => {
    const between = (key: string): string => formatTraffic(prod.flows.get(key)?.traffic ?? []);
    expect(between("us-west/api-1 -> us-west/redis-1")).toBe("6379/tcp, 9100/tcp");
    expect(between("internet -> us-west/lb-1")).toBe("80/tcp, 443/tcp");
    expect(between("operator -> us-west/hub-1")).toBe("22/tcp, 51820/udp");
    expect(between("internet -> us-west/api-1")).toBe("nothing");
    expect(prod.flows.has("us-west/redis-1 -> us-west/redis-1")).toBe(false);
    expect(prod.undecided).toEqual([]);
  });

  it("of prod take well under a second", () => {
    const world = buildWorld(planOf(networkWith()));
    const start = process.cpuUsage();
    flowsOf(new Prover(world), endsOf(world, undefined));
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(1000);
  });

  it("that hang on a symbol count as stopped, and are named", () => {
    const open = { port: 80, protocol: "tcp", source: "52.0.0.0/8" };
    const hanging = flows(["securityGroups.public.ingress[1]", open]);
    expect(hanging.undecided).toContain("edge-home/lucidia-alt -> us-west/lb-1");
    expect(told(prod, hanging)).toContainEqual(
      expect.stringMatching(/every host of edge-home.* -> us-west\/lb-1: -80\/tcp$/),
    );
  });
});

describe("differences", () => {
  it("are none between equal networks", () => {
    expect(told(prod, flows())).toEqual([]);
  });

  it("are merged over equal ends, whichever side that makes fewer rows of", () => {
    const open = { port: 9000, protocol: "tcp", source: "10.0.0.0/16" };
    const head = flows(
      ["securityGroups.vault.ingress[1]", open],
      ["hosts.us-west.vault-1.services.other", 9000],
    );
    expect(told(prod, head)).toEqual([
      "us-west/api-1, us-west/api-2, us-west/api-3, us-west/hub-1, us-west/lb-1, us-west/lb-2, us-west/ollama-1, us-west/prometheus-1 -> us-west/vault-1: +9000/tcp",
    ]);
  });

  it("name a place whose hosts are all among them, but for the one that they go to", () => {
    const end = (name: string): End => ({
      name,
      place: name.split("/")[0] ?? "",
      isHost: name.includes("/"),
      sources: { v4: undefined, v6: undefined },
      addresses: [],
    });
    const ends = ["r/a", "r/b", "r/c", "s/a", "internet"].map(end);
    const of = (pairs: readonly string[]): Flows => ({
      ends,
      undecided: [],
      flows: new Map(
        pairs.map((pair) => {
          const [from = "", to = ""] = pair.split(" ");
          return [pair, { from: end(from), to: end(to), traffic: portTraffic("tcp", 22) }];
        }),
      ),
    });
    const none = of([]);
    expect(told(none, of(["r/a r/c", "r/b r/c"]))).toEqual(["every host of r -> r/c: +22/tcp"]);
    expect(told(none, of(["r/a s/a", "r/b s/a"]))).toEqual(["r/a, r/b -> s/a: +22/tcp"]);
    expect(told(none, of(["r/a s/a", "r/b s/a", "r/c s/a", "internet s/a"]))).toEqual([
      "every host of r, internet -> s/a: +22/tcp",
    ]);
    expect(told(of(["s/a r/a", "s/a r/b", "s/a r/c"]), none)).toEqual(["s/a -> every host of r: -22/tcp"]);
  });

  it("turn around where the networks are exchanged", () => {
    const head = flows(["securityGroups.database.ingress[1].source", "10.0.0.0/8"]);
    const forward = told(prod, head);
    expect(forward).toEqual(["us-west/hub-1, us-west/lb-1, us-west/lb-2 -> us-west/redis-1: +6379/tcp"]);
    expect(told(head, prod)).toEqual(forward.map((line) => line.replace("+", "-")));
  });

  it("are none where a host has only got another name, and those of what else is new by that name", () => {
    const called = JSON.parse(JSON.stringify(networkWith()).replaceAll("redis-1", "cache-1")) as unknown;
    const head = flowsAt(called);
    const renames = renamesOf(prod, head);
    expect(renames).toEqual([{ from: "us-west/redis-1", to: "us-west/cache-1" }]);
    expect(told(renamed(prod, renames), head)).toEqual([]);
    const wider = flowsAt(putAt(called, "securityGroups.database.ingress[1].source", () => "10.0.0.0/8"));
    expect(told(renamed(prod, renames), wider)).toEqual([
      "us-west/hub-1, us-west/lb-1, us-west/lb-2 -> us-west/cache-1: +6379/tcp",
    ]);
    // At another address it is another host.
    expect(renamesOf(prod, flows(["hosts.us-west.api-3", undefined]))).toEqual([]);
  });

  it("have a host's every flow where it comes or goes", () => {
    const without = flows(["hosts.us-west.api-3", undefined]);
    const lost = told(prod, without);
    expect(lost.every((line) => line.includes("us-west/api-3") && line.includes(": -"))).toBe(true);
    expect(lost.some((line) => line.includes("-> us-west/api-3: -"))).toBe(true);
    expect(lost.some((line) => line.startsWith("us-west/api-3 -> "))).toBe(true);
  });
});
