/** Ports that two programs of a host want: the second does not start. */
import type { ListenPlan } from "../../../plan/generation.ts";
import { hostPath } from "../../../plan/flows/flow.ts";
import type { PlanRule } from "./rule.ts";

function meets(a: ListenPlan, b: ListenPlan): boolean {
  return a.protocol === b.protocol && a.ports.from <= b.ports.to && b.ports.from <= a.ports.to;
}

export const portsAreApart: PlanRule = {
  id: "hosts/port-twice",
  source: "https://man7.org/linux/man-pages/man2/bind.2.html",
  *find({ plan }) {
    for (const { key, generation } of plan.hosts) {
      for (const [index, listen] of generation.listens.entries()) {
        const other = generation.listens
          .slice(0, index)
          .find((earlier) => earlier.reason !== listen.reason && meets(earlier, listen));
        if (other === undefined) continue;
        const port = `${listen.ports.from}/${listen.protocol}`;
        yield {
          path: hostPath(key),
          message: `has one port for two: ${listen.reason} and ${other.reason} both want ${port}.`,
        };
      }
    }
  },
};
