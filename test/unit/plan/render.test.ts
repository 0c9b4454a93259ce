import { describe, expect, it } from "vitest";
import type { PlanSymbol } from "../../../components/plan/model.ts";
import { renderTemplate, symbolName, symbolsOf, template } from "../../../components/plan/render.ts";

const hub: PlanSymbol = { kind: "public-address", host: "us-west/hub-1" };
const key: PlanSymbol = { kind: "wireguard-public-key", host: "us-west/hub-1" };

describe("a template", () => {
  it("becomes text, each symbol what the resolver says", () => {
    const text = template("Endpoint = ", hub, ":51820\nPublicKey = ", key, "\n");
    const values = new Map<PlanSymbol["kind"], string>([
      ["public-address", "198.18.1.1"],
      ["wireguard-public-key", "AAAA="],
    ]);
    expect(renderTemplate(text, ({ kind }) => values.get(kind) ?? "")).toBe(
      "Endpoint = 198.18.1.1:51820\nPublicKey = AAAA=\n",
    );
  });

  it("names its symbols in order, repeated where they are", () => {
    expect(symbolsOf(template(key, "a", hub, key)).map(symbolName)).toEqual([
      "wireguard-public-key of us-west/hub-1",
      "public-address of us-west/hub-1",
      "wireguard-public-key of us-west/hub-1",
    ]);
  });

  it("is the same data however its text was put together", () => {
    expect(template("a", "", "b", template("c", hub), "d", "e")).toEqual(["abc", hub, "de"]);
    expect(template()).toEqual([]);
  });
});
