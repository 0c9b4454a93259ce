import * as pulumi from "@pulumi/pulumi";

import { guardedOf } from "./config/guarded.ts";

/**
 * Protects every guarded resource that the program creates from now on: the engine then refuses to delete or replace
 * it. Call it once, before the first resource. What is guarded stands in `config/guarded.ts`, for all components.
 */
export function registerProtection(protect: boolean): void {
  if (!protect) return;
  // A component is seen before its children are.
  const typesOf = new WeakMap<pulumi.Resource, readonly string[]>();
  pulumi.runtime.registerStackTransformation(({ resource, type, name, props, opts }) => {
    const above = opts.parent === undefined ? [] : (typesOf.get(opts.parent) ?? []);
    const types = [...above, type];
    typesOf.set(resource, types);
    return guardedOf(types, name) === undefined ? undefined : { props, opts: { ...opts, protect: true } };
  });
}
