/** What a rule about the plan itself is: beyond flows, and beyond what the configuration's own rules refuse. */
import type { NetworkPlan } from "../../../plan/model.ts";
import type { Prover } from "../../prover.ts";
import type { Comparison } from "../compare.ts";

export interface Subject {
  readonly plan: NetworkPlan;
  readonly prover: Prover;
  /** What passes between everybody. */
  readonly comparison: Comparison;
}

export interface Found {
  /** Where it is to be changed, in the stack's file. */
  readonly path: string;
  /** As a sentence without its subject, which is what the path leads to. */
  readonly message: string;
  /** The key of what causes it, where an intended flow may stop for the same; it is not told twice then. */
  readonly cause?: string;
}

export interface PlanRule {
  /** `routes/asymmetric`; once published it keeps its meaning. */
  readonly id: string;
  /** The page on which the platform, or whoever set the standard, states it. */
  readonly source: string;
  readonly find: (subject: Subject) => Iterable<Found>;
}
