/** Plain JSON, as it crosses the socket between the provider plugin and the service. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The inputs or outputs of one resource, by Pulumi's property names. An absent property is `undefined`. */
export type Properties = Record<string, Json | undefined>;

/** How Pulumi's wire protocol spells a value that is known only after deployment. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a value is unknown, or holds something unknown at any depth. */
export function holdsUnknown(value: Json | undefined): boolean {
  if (value === unknownValue) {
    return true;
  }
  if (Array.isArray(value)) {
    return value.some(holdsUnknown);
  }
  return isObject(value) && Object.values(value).some(holdsUnknown);
}

export function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One text per value, independent of the order of keys. */
export function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (isObject(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}

export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  return canonical(left) === canonical(right);
}

/** What Terraform's SDK cannot tell from "not set": the zero value of each type. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) {
    return true;
  }
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

/** A text property; empty text counts as absent. */
export function text(properties: Properties, name: string): string | undefined {
  const value = properties[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function requiredText(properties: Properties, name: string): string {
  const value = text(properties, name);
  if (value === undefined) {
    throw new Error(`property ${name} is missing although the table requires it`);
  }
  return value;
}

export function integer(properties: Properties, name: string): number | undefined {
  const value = properties[name];
  return typeof value === "number" ? value : undefined;
}

export function flag(properties: Properties, name: string): boolean | undefined {
  const value = properties[name];
  return typeof value === "boolean" ? value : undefined;
}

export function texts(properties: Properties, name: string): string[] {
  const value = properties[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function objects(properties: Properties, name: string): Record<string, Json>[] {
  const value = properties[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function object(properties: Properties, name: string): Record<string, Json> | undefined {
  const value = properties[name];
  return isObject(value) ? value : undefined;
}
