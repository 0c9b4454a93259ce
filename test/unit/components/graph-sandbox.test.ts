import { expect, it } from "vitest";

import { describeGraph } from "./graph.ts";

// Previews of this run would ask nobody. An update does in any case: the graph is the same.
const run = describeGraph("sandbox", {
  config: { "blackroad-network:askHosts": "false", "blackroad-network:askSeconds": "20" },
});

it("asks the hosts in an update wherever previews do not", () => {
  const hosts = new Set(run().asked.map(({ host }) => host));
  expect(hosts.size).toBe(Object.keys(run().outputs.hosts as object).length);
  const blind = run().resources.filter(({ name, options }) => {
    const { ignoreChanges = [] } = options as { readonly ignoreChanges?: readonly string[] };
    return name.endsWith("/apply") && ignoreChanges.length > 0;
  });
  expect(blind).toEqual([]);
});
