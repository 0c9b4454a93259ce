import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { SymbolTable } from "../../../components/resolve.ts";

const address = (host: string) => ({ kind: "public-address", host }) as const;
const key = (host: string) => ({ kind: "wireguard-public-key", host }) as const;

describe("SymbolTable", () => {
  it("renders a template without symbols as plain text", () => {
    expect(new SymbolTable().render(["a", "b"])).toBe("ab");
    expect(new SymbolTable().render([])).toBe("");
  });

  it("puts the values of symbols in their places", async () => {
    const symbols = new SymbolTable();
    symbols.define(address("x/hub"), pulumi.output("198.51.100.1"));
    symbols.define(key("x/hub"), pulumi.output("KEY"));
    const text = symbols.render([key("x/hub"), " at ", address("x/hub"), ":", "51820"]);
    const rendered = await new Promise((resolve) => pulumi.output(text).apply(resolve));
    expect(rendered).toBe("KEY at 198.51.100.1:51820");
  });

  it("keeps the two kinds of one host apart", () => {
    const symbols = new SymbolTable();
    symbols.define(address("x/hub"), pulumi.output("198.51.100.1"));
    expect(() => symbols.resolve(key("x/hub"))).toThrow(
      "wireguard-public-key of x/hub is not known. The host has no tunnel address, so it makes no WireGuard key. " +
        "Known are: public-address of x/hub.",
    );
  });

  it("says what is missing, and refuses a second value", () => {
    const symbols = new SymbolTable();
    expect(() => symbols.render(["a", address("x/api")])).toThrow("public-address of x/api is not known");
    symbols.define(address("x/api"), pulumi.output("198.51.100.1"));
    expect(() => {
      symbols.define(address("x/api"), pulumi.output("198.51.100.2"));
    }).toThrow("public-address of x/api is defined twice");
  });
});
