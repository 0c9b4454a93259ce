import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { documentSymbols } from "../plan/document.ts";
import type { NetworkPlan } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";

/** 64 letters and digits are 381 bits, and need no quoting anywhere. */
const secretLength = 64;

/**
 * Draws a secret of {@link secretLength} letters and digits. RandomBytes would not do: its value is its id, and ids
 * are in the state as they are (pulumi-random, computeRandomBytesID).
 */
export function drawSecret(name: string, opts?: pulumi.ResourceOptions): pulumi.Output<string> {
  const { result } = new random.RandomPassword(name, { length: secretLength, special: false }, opts);
  // Its provider says so too; whoever reads the output does not have to rely on that.
  return pulumi.secret(result);
}

/**
 * Makes the secrets that two sides must know, each once, and defines their symbols. They are kept in the state,
 * encrypted.
 */
export function createSecrets(plan: NetworkPlan, symbols: SymbolTable): void {
  const names = plan.hosts
    .flatMap(({ generation }) => documentSymbols(generation))
    .flatMap((symbol) => (symbol.kind === "shared-secret" ? [symbol.name] : []));
  for (const name of [...new Set(names)].sort()) {
    symbols.define({ kind: "shared-secret", name }, drawSecret(`secret/${name}`));
  }
}
