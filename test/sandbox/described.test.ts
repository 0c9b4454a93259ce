/** What the sandbox's AWS describes of the stack says the same as its plan, wherever AWS alone decides. */
import { expect, test } from "vitest";
import { join } from "node:path";
import { parseNetworkConfig } from "../../components/config/parse.ts";
import { planNetwork } from "../../components/plan/plan.ts";
import { describeWorld } from "../../components/proof/describe/build.ts";
import { readStackFile } from "../../cli/stack-file.ts";
import { askService } from "../../sandbox/ask.ts";
import { stackName } from "../../sandbox/engine.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { compare } from "../unit/proof/describe/equal.ts";

test("the export of the sandbox agrees with its plan", async () => {
  const { network } = readStackFile(join(sandboxPaths().project, `Pulumi.${stackName}.yaml`), stackName, []);
  const plan = planNetwork(parseNetworkConfig(network), stackName);
  const text = JSON.stringify(await askService("aws", "GET", "/describe"));
  const described = describeWorld([{ name: "describe", text }]);
  expect(described.notUnderstood).toEqual([]);
  const { asked, open, disagreements } = compare(plan, described);
  expect(disagreements).toEqual([]);
  expect(asked).toBeGreaterThan(100);
  // Some of it is behind hubs, of which AWS knows nothing.
  expect(open).toBeGreaterThan(0);
  expect(open).toBeLessThan(asked / 2);
});
