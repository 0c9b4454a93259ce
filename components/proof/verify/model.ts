/** What verifying a network yields. */
import type { Hop } from "./explain.ts";

/** A packet that shows what is wrong. */
export interface Witness {
  readonly from: string;
  readonly fromAddress: string;
  readonly to: string;
  readonly toAddress: string;
  /** `9100/tcp` */
  readonly traffic: string;
}

export type ViolationKind =
  /** It is intended, and is stopped on the way there or back. */
  | "stopped"
  /** It passes, and nobody intends it. */
  | "unintended"
  /** It hangs on an address that nobody knows yet. */
  | "undecided"
  /** It is accepted, and nothing of it passes: the acceptance is of no use. */
  | "unneeded"
  /** It names an end that is nobody. */
  | "nobody"
  /** The proof cannot read a rule, so it takes it for impassable. */
  | "unread";

/** Packets between people. */
export interface Passage {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly traffic: string;
}

export interface Violation extends Passage {
  readonly kind: ViolationKind;
  /** What else happens for the same cause, and is gone with it. */
  readonly also: readonly Passage[];
  readonly witness: Witness | undefined;
  /** The hop that decides, and its rule. */
  readonly place: string;
  readonly rule: string;
  /** What to change in the stack's configuration. */
  readonly path: string;
  /** How to change it, in a few words; empty where nobody can say. */
  readonly mend: string;
  /** The witness's way, hop by hop. */
  readonly hops: readonly Hop[];
}

/** A flow with what came of it. */
export interface CheckedFlow {
  readonly kind: "intended" | "accepted";
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly traffic: readonly string[];
  readonly reason: string;
  readonly path: string;
  readonly isWritten: boolean;
  /** Ordered pairs of parties for which it counted. */
  readonly pairs: number;
}

/** A rule about the plan itself that is broken. */
export interface PlanFinding {
  /** `addresses/overlap` */
  readonly rule: string;
  /** Where the rule comes from: a document of the platform, a standard, or our own. */
  readonly source: string;
  readonly path: string;
  readonly message: string;
}

export interface Verification {
  readonly flows: readonly CheckedFlow[];
  readonly violations: readonly Violation[];
  readonly findings: readonly PlanFinding[];
  /** Ordered pairs of somebody and an address that the verdict is about. */
  readonly pairs: number;
  /** Questions that answer for all of them, since many are treated alike. */
  readonly questions: number;
  /** Whether what passes and is not meant is told; it is not of a stack that writes no flows. */
  readonly isMeasured: boolean;
}

/** Whether the network does what is meant, and nothing else. */
export function isClean({ violations, findings }: Verification): boolean {
  return violations.length === 0 && findings.length === 0;
}
