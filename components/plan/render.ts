/** From a template to text, once its symbols are known. */
import type { PlanSymbol, Template } from "./model.ts";

/** The text of a template, each symbol replaced by what `resolve` says it is. */
export function renderTemplate(template: Template, resolve: (symbol: PlanSymbol) => string): string {
  return template.map((piece) => (typeof piece === "string" ? piece : resolve(piece))).join("");
}

/** The symbols of a template, in the order in which they stand, repeated where they are. */
export function symbolsOf(template: Template): PlanSymbol[] {
  return template.filter((piece): piece is PlanSymbol => typeof piece !== "string");
}

/** A symbol as text, for people and for comparison: `public-address of us-west/hub-1`. */
export function symbolName(symbol: PlanSymbol): string {
  switch (symbol.kind) {
    case "ipv6-network":
      return `IPv6 network of ${symbol.of}`;
    case "public-address":
    case "ipv6-address":
    case "wireguard-public-key":
      return `${symbol.kind} of ${symbol.host}`;
    case "certificate":
      return `certificate ${symbol.name} of ${symbol.host}`;
    case "shared-secret":
      return `shared secret ${symbol.name}`;
    case "tunnel-id":
      return `id of ${symbol.tunnel}`;
    case "tunnel-secret":
      return `secret of ${symbol.tunnel}`;
    case "cloudflare-account":
      return "the Cloudflare account";
    case "ca-certificate":
      return "the CA's certificate";
  }
}

/** Joins neighbouring texts and leaves empty ones out, so that equal templates are equal data. */
export function template(...pieces: readonly (string | PlanSymbol | Template)[]): Template {
  const flat: (string | PlanSymbol)[] = [];
  for (const piece of pieces.flat()) {
    const last = flat.at(-1);
    if (piece === "") continue;
    if (typeof piece === "string" && typeof last === "string") flat[flat.length - 1] = last + piece;
    else flat.push(piece);
  }
  return flat;
}
