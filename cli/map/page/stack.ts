/** The page's program for a network that a stack's file describes: it is planned as the command does it. */
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { parseAddress } from "../../../components/proof/sets/addresses.ts";
import { buildWorld } from "../../../components/proof/world/build.ts";
import { lineIn } from "../../lines.ts";
import { start } from "./start.ts";

start((source) => {
  if (source.kind !== "stack") throw new Error("the page was given no stack's network");
  const { stack, network, lines, unknownOperator } = source;
  return {
    world: buildWorld(planNetwork(parseNetworkConfig(network), stack)),
    editable: { stack, network },
    lineOf: (path) => lineIn(lines, path),
    unknownOperator: unknownOperator === undefined ? undefined : parseAddress(unknownOperator),
  };
});
