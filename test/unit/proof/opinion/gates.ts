/** What the proof's gates and tables claim about every packet, in SMT-LIB. */
import type { Gate } from "../../../../components/proof/rules/gate.ts";
import { parseNetwork } from "../../../../components/proof/sets/addresses.ts";
import { point, type Point } from "../../../../components/proof/sets/intervals.ts";
import type { TrafficTable } from "../../../../components/proof/sets/traffic.ts";
import { and, between, inTraffic, or, type Family, type Term } from "./packet.ts";

const whole = { ipv4: "0.0.0.0/0", ipv6: "::/0" } as const;

/** First and last address of each run between the edges of the networks. */
export function stretches(
  networks: readonly string[],
  family: Family,
): (readonly [first: Point, last: Point])[] {
  const own = networks.filter((network) => network.includes(":") === (family === "ipv6"));
  const edges = [...new Set([whole[family], ...own].flatMap((network) => [...parseNetwork(network)]))];
  edges.sort((a, b) => (a < b ? -1 : 1));
  return edges
    .slice(0, -1)
    .map((first, index) => [first, point(BigInt(edges[index + 1] ?? 0) - 1n)] as const);
}

/**
 * Which packets the gate lets pass. Between the edges of all networks that its rules name it is asked for the first and
 * the last address.
 * @throws Error where it treats these differently
 */
export function claimOf(gate: Gate, table: TrafficTable, networks: readonly string[], family: Family): Term {
  const parts = stretches(networks, family);
  const terms: Term[] = [];
  for (const [firstFrom, lastFrom] of parts) {
    for (const [firstTo, lastTo] of parts) {
      const { accepted } = gate.passage(firstFrom, firstTo);
      if (gate.passage(lastFrom, lastTo).accepted !== accepted)
        throw new Error("the gate treats addresses differently that lie in the same networks");
      if (accepted === 0) continue;
      terms.push(
        and(
          between("src", firstFrom, lastFrom, family),
          between("dst", firstTo, lastTo, family),
          inTraffic(table.set(accepted)),
        ),
      );
    }
  }
  return or(...terms);
}
