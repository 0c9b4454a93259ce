/** Stops the program before its first resource where the network does not do what is meant. */
import { networkKey, ReadableError } from "../../config/problem.ts";
import type { NetworkPlan } from "../../plan/model.ts";
import { buildWorld } from "../world/build.ts";
import { isClean, type Verification } from "./model.ts";
import { problemCount, problemLines } from "./report.ts";
import { verify } from "./verify.ts";

/** Thrown once for a network, with everything that is wrong with it. */
export class VerificationError extends ReadableError {
  readonly verification: Verification;

  constructor(verification: Verification) {
    const place = (path: string): string =>
      path === "" ? "beyond the stack's file" : `${networkKey}.${path}`;
    const lines = problemLines(verification, place);
    super(
      `What passes in the network is not what is meant to; it has ${problemCount(verification)} (docs/verify.md):\n${lines.join("\n")}`,
    );
    this.name = "VerificationError";
    this.verification = verification;
  }
}

/** Thrown where the proof comes to no verdict, which says nothing about the network; nothing is created then. */
export class ProofFailure extends ReadableError {
  constructor(what: string, cause?: unknown) {
    super(`The proof of the network came to no verdict, so nothing has been touched: ${what}`, { cause });
    this.name = "ProofFailure";
  }
}

/**
 * Of processor time, in seconds, so that other programs on the machine do not count: fifty regions with two hundred hosts
 * each take some seconds (docs/bench.md).
 */
const mostSeconds = 120;

function secondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}

/** @throws {ProofFailure} where the proof itself breaks down, or does not come to an end */
function verdictOf(plan: NetworkPlan, seconds: number): Verification {
  const started = process.cpuUsage();
  const proceed = (): void => {
    if (secondsOf(process.cpuUsage(started)) <= seconds) return;
    throw new ProofFailure(
      `it has taken more than ${seconds} s of processor time for ${plan.hosts.length} hosts and ${plan.flows.length} flows. roadnet verify does the same and takes the time that it needs.`,
    );
  };
  try {
    return verify(plan, buildWorld(plan), { proceed });
  } catch (error) {
    if (error instanceof ReadableError) throw error;
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new ProofFailure(
      `it broke down. That is a fault of the program's and not of the stack's file; please report it with what follows.\n${stack}`,
      error,
    );
  }
}

/**
 * Lets a network through that does what is meant, and nothing else.
 * @param seconds of processor time that it may take
 * @throws {VerificationError} for any other
 * @throws {ProofFailure} where there is no verdict
 */
export function refuseUnlessVerified(plan: NetworkPlan, seconds: number = mostSeconds): void {
  const verification = verdictOf(plan, seconds);
  if (!isClean(verification)) throw new VerificationError(verification);
}
