/** What would alter a verdict, and how it is applied to try it. */
import type { NetworkPlan } from "../../../plan/model.ts";

/** The stack whose configuration may be changed. */
export interface Editable {
  readonly stack: string;
  /** The value of `blackroad-network:network`, as it is written. */
  readonly network: unknown;
  /** What it is planned as, where that is known already; the network that is asked about was built from it then. */
  readonly plan?: NetworkPlan | undefined;
}

/** One thing to be changed, for people. */
export interface Edit {
  /**
   * `configuration` is a place in the stack's file. `program` is something that the program compiles from roles and
   * groups and for which the file has no option: whoever wants it changes the program.
   */
  readonly level: "configuration" | "program";
  readonly action: "add" | "remove" | "set";
  /** Where: a path of the configuration, or the thing in the program's words. */
  readonly path: string;
  /** Line of the stack's file at which that stands, or what is nearest above it. */
  readonly line: number | undefined;
  /** What, on one line; of what is removed, what it says. */
  readonly value: string;
}

/** Everything that has to be changed together. The prover has tried it: with all of it the verdict is the other one. */
export interface Change {
  readonly to: "pass" | "blocked";
  readonly edits: readonly Edit[];
  /** Why the stack's file cannot say the same, where it has an option for it and refuses what would have to stand there. */
  readonly refused: string | undefined;
}

/** A step of a change that can be applied. */
export interface Patch {
  readonly edit: Omit<Edit, "line">;
  /** The configuration with the change in it. */
  readonly network: (network: unknown) => unknown;
  /** The plan with the change in it. */
  readonly plan: (plan: NetworkPlan) => NetworkPlan;
}

/** Patches of which all are needed. */
export type Candidate = readonly Patch[];
