import type * as pulumi from "@pulumi/pulumi";

import type { NetworkName } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";

/** A network as AWS takes it. */
export function networkText(network: NetworkName, symbols: SymbolTable): pulumi.Input<string> {
  return typeof network === "string" ? network : symbols.resolve(network);
}
