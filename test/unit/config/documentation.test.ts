/** docs/configuration.md names every option of the schema, and no other. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { networkSchema } from "../../../components/config/schema.ts";

/** The names of all options in the schema, however deep. */
function optionsOf(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  const own =
    "properties" in node && typeof node.properties === "object" ? Object.keys(node.properties ?? {}) : [];
  return [...own, ...Object.values(node).flatMap(optionsOf)];
}

const documented = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");

describe("docs/configuration.md", () => {
  // What a value looks like is told by superRefine, which JSON Schema cannot express; only names count here.
  const options = [...new Set(optionsOf(z.toJSONSchema(networkSchema, { io: "input" })))];

  it("can see the schema's options", () => {
    expect(options).toContain("mapPublicIpOnLaunch");
    expect(options.length).toBeGreaterThan(50);
  });

  it.each(options)("explains %s", (option) => {
    expect(documented).toContain(`\`${option}\``);
  });

  it("explains no option that is not there", () => {
    const firstCells = [...documented.matchAll(/^\| `(\w+)` +\| /gm)].map((match) => match[1] ?? "");
    const roles = ["hub", "api", "redis", "database", "prometheus", "service"];
    expect(firstCells.length).toBeGreaterThan(40);
    expect(firstCells.filter((name) => !options.includes(name) && !roles.includes(name))).toEqual([]);
  });
});
