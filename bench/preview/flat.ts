/** A flat program: one statement for each resource, with what an engineer writes who has no library. Pure. */
import type { Declared, Piece, Reference, Value } from "./declared.ts";

/** `aws:ec2/vpc:Vpc` → `aws.ec2.Vpc`; `tls:index/privateKey:PrivateKey` → `tls.PrivateKey`. */
export function classOf(type: string): string {
  const [, ownProvider] = /^pulumi:providers:(.*)$/.exec(type) ?? [];
  if (ownProvider !== undefined) return `${ownProvider}.Provider`;
  const [sdk = "", module = "", name = ""] = type.split(":");
  const [folder = ""] = module.split("/");
  return [sdk, ...(folder === "index" ? [] : [folder]), name].join(".");
}

/** A name for each resource's constant, such as `subnet_us_west_public_us_west_2a`, each once. */
function nameConstants(declared: readonly Declared[]): ReadonlyMap<string, string> {
  const used = new Set<string>();
  return new Map(
    declared.map(({ type, name }) => {
      const base = `${classOf(type).split(".").at(-1) ?? ""} ${name}`.replaceAll(/[^A-Za-z0-9]+/g, "_");
      const plain = base.charAt(0).toLowerCase() + base.slice(1);
      let constant = plain;
      for (let number = 2; used.has(constant); number += 1) constant = `${plain}_${number}`;
      used.add(constant);
      return [`${type} ${name}`, constant];
    }),
  );
}

class Renderer {
  readonly #constants: ReadonlyMap<string, string>;
  readonly #named = new Map<string, string>();

  constructor(declared: readonly Declared[]) {
    this.#constants = nameConstants(declared);
  }

  /** Constants that were named since the last call, by their resources. */
  takeNamed(): ReadonlyMap<string, string> {
    const named = new Map(this.#named);
    this.#named.clear();
    return named;
  }

  constant(label: string): string {
    const constant = this.#constants.get(label);
    if (constant === undefined) throw new Error(`${label} is referred to, and not declared`);
    this.#named.set(label, constant);
    return constant;
  }

  #reference({ resource, output, form }: Reference): string {
    const whole = `${this.constant(resource)}.${output}`;
    if (form === "whole") return whole;
    const indented = form === "trimmed" ? "" : `.replaceAll("\\n", "\\n${" ".repeat(form)}")`;
    return `${whole}.apply((text) => text.trim()${indented})`;
  }

  #text(pieces: readonly Piece[]): string {
    const [only, ...more] = pieces;
    if (only !== undefined && typeof only !== "string" && more.length === 0) return this.#reference(only);
    const parts = pieces.map((piece) =>
      typeof piece === "string"
        ? piece.replaceAll(/[\\`]|\$\{/g, (special) => `\\${special}`)
        : `\${${this.#reference(piece)}}`,
    );
    return `pulumi.interpolate\`${parts.join("")}\``;
  }

  value(value: Value): string {
    switch (value.kind) {
      case "literal":
        return JSON.stringify(value.value);
      case "text":
        return this.#text(value.pieces);
      case "list":
        return `[${value.items.map((item) => this.value(item)).join(", ")}]`;
      case "map":
        return this.#map(value.entries);
      case "secret":
        return `pulumi.secret(${this.value(value.value)})`;
    }
  }

  #map(entries: readonly (readonly [string, Value])[]): string {
    const members = entries.map(([key, value]) => {
      const name = /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
      return `${name}: ${this.value(value)}`;
    });
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }

  #options({ provider, dependsOn, protect, ignoreChanges }: Declared): string {
    const options = [
      ...(provider === undefined ? [] : [`provider: ${this.constant(provider)}`]),
      ...(dependsOn.length === 0
        ? []
        : [`dependsOn: [${dependsOn.map((one) => this.constant(one)).join(", ")}]`]),
      ...(protect ? ["protect: true"] : []),
      ...(ignoreChanges.length === 0 ? [] : [`ignoreChanges: ${JSON.stringify(ignoreChanges)}`]),
    ];
    return options.length === 0 ? "" : `, { ${options.join(", ")} }`;
  }

  statement(declared: Declared): string {
    const { type, name, inputs } = declared;
    const args = this.#map(Object.entries(inputs));
    const constant = this.constant(`${type} ${name}`);
    return `export const ${constant} = new ${classOf(type)}(${JSON.stringify(name)}, ${args}${this.#options(declared)});`;
  }
}

/**
 * Statements of one module. Pulumi asks for the stack at every resource, and V8 finds a place in a function by going
 * through all of it: a program that is one long module would be slow for a reason of its own.
 */
const statementsPerModule = 100;

const moduleName = (index: number): string => `part-${index + 1}.js`;

/**
 * The program as ECMAScript modules by their names, of which `index.js` is the first.
 *
 * @param declared each after what it refers to
 */
export function flatProgram(declared: readonly Declared[]): ReadonlyMap<string, string> {
  const renderer = new Renderer(declared);
  const count = Math.ceil(declared.length / statementsPerModule);
  const parts = Array.from({ length: count }, (_, index) =>
    declared.slice(index * statementsPerModule, (index + 1) * statementsPerModule),
  );
  const homes = new Map<string, number>(
    parts.flatMap((part, index) =>
      part.map(({ type, name }): [string, number] => [`${type} ${name}`, index]),
    ),
  );
  const modules = parts.map((part, index): [string, string] => {
    const statements = part.map((one) => renderer.statement(one));
    const sdks = [...new Set(part.map(({ type }) => classOf(type).split(".")[0] ?? ""))].sort();
    const others = [...renderer.takeNamed()].filter(([label]) => homes.get(label) !== index);
    const imports = others.map(
      ([label, constant]) => `import { ${constant} } from "./${moduleName(homes.get(label) ?? 0)}";`,
    );
    const lines = [
      `import * as pulumi from "@pulumi/pulumi";`,
      ...sdks.map((sdk) => `import * as ${sdk} from "@pulumi/${sdk}";`),
      ...imports,
      "",
      ...statements,
      "",
    ];
    return [moduleName(index), lines.join("\n")];
  });
  const index = modules.map(([name]) => `import "./${name}";\n`).join("");
  return new Map([["index.js", index], ...modules]);
}
