import * as pulumi from "@pulumi/pulumi";

import type { PlanSymbol, Template } from "./plan/model.ts";
import { symbolName } from "./plan/render.ts";

/**
 * The one place where the plan's symbols become Pulumi outputs. Components define what they learn, and whoever needs
 * a value asks afterwards; asking for what nobody has defined is an error in the plan or in the order of index.ts.
 */
export class SymbolTable {
  readonly #values = new Map<string, pulumi.Output<string>>();

  /** @throws if the symbol has a value already: two parts of the program claim to know it. */
  define(symbol: PlanSymbol, value: pulumi.Output<string>): void {
    const name = symbolName(symbol);
    if (this.#values.has(name)) throw new Error(`${name} is defined twice.`);
    this.#values.set(name, value);
  }

  /** @throws if nothing has defined the symbol. */
  resolve(symbol: PlanSymbol): pulumi.Output<string> {
    const value = this.#values.get(symbolName(symbol));
    if (value === undefined) throw new Error(unresolved(symbol, [...this.#values.keys()]));
    return value;
  }

  /** Text with its symbols resolved: plain where it has none, so that a preview can show it. */
  render(template: Template): pulumi.Input<string> {
    const pieces: pulumi.Input<string>[] = [];
    let plain = "";
    for (const piece of template) {
      if (typeof piece === "string") {
        plain += piece;
        continue;
      }
      pieces.push(plain, this.resolve(piece));
      plain = "";
    }
    return pieces.length === 0 ? plain : pulumi.concat(...pieces, plain);
  }
}

function unresolved(symbol: PlanSymbol, known: readonly string[]): string {
  const why = {
    "public-address":
      "The host has no Elastic IP, or stands in a subnet that gives no public address at launch.",
    "ipv6-network": "The region has no IPv6.",
    "ipv6-address": "The host's region gives its hosts no IPv6 address.",
    "wireguard-public-key": "The host has no tunnel address, so it makes no WireGuard key.",
    certificate: "The host's plan has no certificate of that name.",
    "ca-certificate": "No host's plan has a certificate, so there is no CA.",
    "shared-secret": "The plan does not name it among its secrets.",
    "tunnel-id": "The plan has no tunnel of that name.",
    "tunnel-secret": "The plan has no tunnel of that name.",
    "cloudflare-account": "The plan has no tunnel, so nothing needs it.",
  }[symbol.kind];
  return `${symbolName(symbol)} is not known. ${why} Known are: ${known.join(", ") || "none"}.`;
}
