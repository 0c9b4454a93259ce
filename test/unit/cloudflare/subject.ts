/** What the tests of one resource type need to know of it, and what all of them name. */
import { expect } from "vitest";
import type { TypeTable } from "../../../sandbox/providers/cloudflare/attributes.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { Trial, type Change } from "./trial.ts";

export const trial = new Trial();
export const other = "f".repeat(32);
/** What the types name of each other, made before all tests. */
export const made = { zone: "", monitor: "", pools: ["", ""], tunnel: "", policies: ["", ""] };

export async function startTrial(): Promise<void> {
  await trial.start();
  made.zone = await trial.service.zone("example.com");
  const make = async (path: string, body: object) => {
    const { result, errors } = await trial.service.call("POST", `/accounts/${trial.account}${path}`, body);
    expect(errors).toEqual([]);
    return String(result.id);
  };
  made.monitor = await make("/load_balancers/monitors", { expected_codes: "200" });
  for (const [at, name] of ["one", "two"].entries()) {
    const origins = [{ name: "o", address: "198.18.1.1" }];
    made.pools[at] = await make("/load_balancers/pools", { name, origins });
    const include = [{ everyone: {} }];
    made.policies[at] = await make("/access/policies", { name, decision: "allow", include });
  }
  made.tunnel = await make("/cfd_tunnel", { name: "given" });
}

export interface Subject {
  readonly table: TypeTable;
  /** Inputs of a resource of its own, by a text that no other has. */
  readonly inputs: (own: string) => ValueMap;
  /** Where the API shows it. */
  readonly path: (id: string, inputs: ValueMap) => string;
  readonly changes: () => Readonly<Record<string, Change>>;
  /** What the provider refuses before it asks the API. */
  readonly refused: readonly (readonly [property: string, ValueMap])[];
}

export function account(rest: string): string {
  return `/accounts/${trial.account}${rest}`;
}
