/** What a request's body says, field by field; a field of the wrong form is refused in the words of its API. */
import type { ApiError } from "./errors.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function omit(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

export class Reader {
  readonly #fields: Fields;
  readonly #refuse: (what: string) => ApiError;

  constructor(fields: Fields, refuse: (what: string) => ApiError) {
    this.#fields = fields;
    this.#refuse = refuse;
  }

  #value(name: string): unknown {
    return this.#fields[name] ?? undefined;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  text(name: string, absent?: string): string {
    const value = this.#value(name) ?? absent;
    if (typeof value === "string") return value;
    throw this.#refuse(value === undefined ? `${name} is required` : `${name} must be a string`);
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], absent?: T): T {
    const value = this.text(name, absent);
    const found = allowed.find((item) => item === value);
    if (found === undefined) throw this.#refuse(`${name} must be one of ${allowed.join(", ")}`);
    return found;
  }

  flag(name: string, absent: boolean): boolean {
    const value = this.#value(name) ?? absent;
    if (typeof value !== "boolean") throw this.#refuse(`${name} must be a boolean`);
    return value;
  }

  /** A number within the bounds, both included. */
  number(name: string, least: number, most: number, absent?: number): number {
    const value = this.#value(name) ?? absent;
    if (value === undefined) throw this.#refuse(`${name} is required`);
    if (typeof value !== "number" || value < least || value > most) {
      throw this.#refuse(`${name} must be in range [${least}, ${most}]`);
    }
    return value;
  }

  optionalNumber(name: string, least: number, most: number): number | undefined {
    return this.has(name) ? this.number(name, least, most) : undefined;
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#list(name);
    if (value === undefined) return undefined;
    const isTexts = (items: readonly unknown[]): items is readonly string[] =>
      items.every((item) => typeof item === "string");
    if (isTexts(value)) return value;
    throw this.#refuse(`${name} must be a list of strings`);
  }

  object(name: string): Fields | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value === "object" && !Array.isArray(value)) return value as Fields;
    throw this.#refuse(`${name} must be an object`);
  }

  /** A reader of an object below this one. */
  below(name: string): Reader | undefined {
    const value = this.object(name);
    return value === undefined ? undefined : new Reader(value, this.#refuse);
  }

  objects(name: string): readonly Fields[] | undefined {
    const value = this.#list(name);
    if (value === undefined) return undefined;
    const isObjects = (items: readonly unknown[]): items is readonly Fields[] =>
      items.every((item) => typeof item === "object" && item !== null && !Array.isArray(item));
    if (isObjects(value)) return value;
    throw this.#refuse(`${name} must be a list of objects`);
  }

  #list(name: string): readonly unknown[] | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value)) return value as readonly unknown[];
    throw this.#refuse(`${name} must be a list`);
  }
}
