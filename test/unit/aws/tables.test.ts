/** The tables agree with the upstream provider's declarations and with the published SDK's types. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { findType } from "../../../sandbox/services/aws/types/find.ts";
import { upstreamName, type Table } from "../../../sandbox/services/aws/table.ts";
import { resourceTypes } from "../../../sandbox/services/aws/types/index.ts";
import { types } from "./harness.ts";
import { upstream } from "./upstream.ts";

const sdk = dirname(createRequire(import.meta.url).resolve("@pulumi/aws/package.json"));

function asUpstream(table: Table): Record<string, string> {
  return Object.fromEntries(
    Object.entries(table).map(([name, property]) => {
      const replaces = property.replaces ? " replaces" : "";
      const value = property.default;
      const fallback =
        value === undefined ? "" : ` default=${typeof value === "string" ? value : JSON.stringify(value)}`;
      return [upstreamName(name, property), `${property.mode}${replaces}${fallback}`];
    }),
  );
}

/** Names of the properties in an SDK declaration, in which comments may hold anything. */
function declared(token: string): { inputs: string[]; outputs: string[] } {
  const [, path = "", name = ""] = token.split(":");
  const text = readFileSync(join(sdk, `${path}.d.ts`), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const args = text.slice(text.indexOf(`export interface ${name}Args {`));
  const body = text.slice(text.indexOf(`export declare class ${name} `), text.indexOf("constructor("));
  return {
    inputs: [...args.matchAll(/^ {4}(\w+)\??: /gm)].map((match) => match[1] ?? ""),
    outputs: [...body.matchAll(/^ {4}readonly (\w+): /gm)].map((match) => match[1] ?? ""),
  };
}

describe.each([...resourceTypes.values()].map((type) => [type.token, type] as const))("%s", (token, type) => {
  it("declares what upstream declares", () => {
    const { region, ...own } = findType(token).properties;
    if (type.global === true) expect(region).toBeUndefined();
    else expect(region).toMatchObject({ mode: "optional-computed", replaces: true });
    expect(asUpstream(own)).toEqual(upstream[type.upstream.resource]);
  });

  it("has the properties of the published SDK", () => {
    const { inputs, outputs } = declared(token);
    const table = Object.entries(findType(token).properties);
    const settable = table.filter(([, property]) => property.mode !== "computed").map(([name]) => name);
    expect(settable.sort()).toEqual(inputs.sort());
    expect(table.map(([name]) => name).sort()).toEqual(outputs.sort());
  });
});

describe("nested objects", () => {
  it.each(Object.keys(upstream).filter((key) => key.includes(".")))("%s", (key) => {
    const [resource, part] = key.split(".");
    const type = [...resourceTypes.values()].find((candidate) => candidate.upstream.resource === resource);
    const property = Object.entries(type?.properties ?? {}).find(
      ([name, candidate]) => upstreamName(name, candidate) === part,
    )?.[1];
    expect(asUpstream(property?.properties ?? {})).toEqual(upstream[key]);
  });
});

it("covers every type of the tests' list, and no other", () => {
  expect([...resourceTypes.keys()].sort()).toEqual(Object.values(types).sort());
});
