/** The tables beside the SDK's own declarations: the same inputs at every depth, and the same that must be said. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import type {
  Attribute,
  Attributes,
  AttributeType,
} from "../../../sandbox/providers/cloudflare/attributes.ts";
import { resourceTypes } from "../../../sandbox/providers/cloudflare/types.ts";

const sdk = resolve(import.meta.dirname, "../../../node_modules/@pulumi/cloudflare");

/** The interfaces of a declaration file by their names. */
function interfacesOf(file: string): ReadonlyMap<string, ts.InterfaceDeclaration> {
  const text = readFileSync(join(sdk, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = source.statements.filter((statement) => ts.isInterfaceDeclaration(statement));
  return new Map(found.map((declaration) => [declaration.name.text, declaration]));
}

const shared = interfacesOf("types/input.d.ts");

/** `accountId`, or `comment?`, by what it may hold. */
function inputsOf(declaration: ts.InterfaceDeclaration): ReadonlyMap<string, string> {
  const members = declaration.members.filter((member) => ts.isPropertySignature(member));
  return new Map(
    members.map((member) => [
      member.name.getText() + (member.questionToken === undefined ? "" : "?"),
      member.type?.getText() ?? "",
    ]),
  );
}

function said(name: string, { from }: Attribute): string {
  return from === "required" ? name : `${name}?`;
}

function partsOf(type: AttributeType): Attributes | undefined {
  if (typeof type !== "object") return undefined;
  if ("object" in type) return type.object;
  return "listOf" in type ? partsOf(type.listOf) : "setOf" in type ? partsOf(type.setOf) : undefined;
}

/** Of nested values the SDK lists as inputs what only the API says, too; no program may say it. */
function differences(attributes: Attributes, declaration: ts.InterfaceDeclaration, path: string): string[] {
  const inputs = inputsOf(declaration);
  const isTop = !path.includes(".");
  const listed = Object.entries(attributes).filter(([, { from }]) => !isTop || from !== "computed");
  const names = new Set(listed.map(([name, attribute]) => said(name, attribute)));
  const missing = [...inputs.keys()]
    .filter((name) => !names.has(name))
    .map((name) => `${path}.${name} is missing`);
  const extra = [...names]
    .filter((name) => !inputs.has(name))
    .map((name) => `${path}.${name} is not in the SDK`);
  const below = listed.flatMap(([name, attribute]) => {
    const parts = partsOf(attribute.type);
    const type = /inputs\.(\w+)/.exec(inputs.get(said(name, attribute)) ?? "")?.[1];
    const nested = type === undefined ? undefined : shared.get(type);
    return parts === undefined || nested === undefined ? [] : differences(parts, nested, `${path}.${name}`);
  });
  return [...missing, ...extra, ...below];
}

describe("the tables have the inputs that the SDK has", () => {
  test.each(resourceTypes.map(({ table }) => [table.token, table.attributes] as const))(
    "%s",
    (token, attributes) => {
      const [, file = "", name = ""] = /^cloudflare:index\/(\w+):(\w+)$/.exec(token) ?? [];
      const declaration = interfacesOf(`${file}.d.ts`).get(`${name}Args`);
      if (declaration === undefined) throw new Error(`the SDK has no ${name}Args`);
      expect(inputsOf(declaration).size).toBeGreaterThan(2);
      expect(differences(attributes, declaration, name)).toEqual([]);
    },
  );
});
