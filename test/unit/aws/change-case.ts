/** The form of the cases in changes.ts. */
import type { Json, Properties } from "../../../sandbox/services/aws/json.ts";
import type { Made, TestCloud, World } from "./harness.ts";

export type Outcome = "update" | "replace" | "refused" | "same";

export interface Scene {
  readonly cloud: TestCloud;
  readonly world: World;
  /** A second VPC in the same region, with everything in it. */
  readonly other: World;
}

/** Property, its new value (or what makes it; `undefined` leaves the property out), and what happens. */
export type ChangeCase = readonly [
  property: string,
  value: Json | undefined | ((scene: Scene, made: Made) => Json | Promise<Json>),
  outcome: Outcome,
];

/** Every type has a region, which never changes; most have tags. */
export const region: ChangeCase = ["region", "eu-west-1", "replace"];
export const tags: ChangeCase = ["tags", { Name: "changed" }, "update"];

export interface TypeCases {
  readonly base: (scene: Scene) => Properties | Promise<Properties>;
  readonly cases: readonly ChangeCase[];
}
