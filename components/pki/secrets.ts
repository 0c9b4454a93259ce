import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { documentSymbols } from "../plan/document.ts";
import type { NetworkPlan } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";

/** 64 letters and digits are 381 bits, and need no quoting anywhere. */
const secretLength = 64;

/**
 * Makes the secrets that two sides must know, each once, and defines their symbols. They are kept in the state,
 * encrypted.
 */
export function createSecrets(plan: NetworkPlan, symbols: SymbolTable): void {
  const names = plan.hosts
    .flatMap(({ generation }) => documentSymbols(generation))
    .flatMap((symbol) => (symbol.kind === "shared-secret" ? [symbol.name] : []));
  for (const name of [...new Set(names)].sort()) {
    const secret = new random.RandomPassword(`secret/${name}`, { length: secretLength, special: false });
    symbols.define({ kind: "shared-secret", name }, pulumi.secret(secret.result));
  }
}
