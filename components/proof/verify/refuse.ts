/** Stops the program before its first resource where the network does not do what is meant. */
import { networkKey, ReadableError } from "../../config/problem.ts";
import type { NetworkConfig } from "../../config/schema.ts";
import type { NetworkPlan } from "../../plan/model.ts";
import { buildWorld } from "../world/build.ts";
import { locateRules } from "./locate.ts";
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

/**
 * Lets a network through that does what is meant, and nothing else.
 * @throws {VerificationError} for any other
 */
export function refuseUnlessVerified(plan: NetworkPlan, config: NetworkConfig): void {
  const verification = locateRules(verify(plan, buildWorld(plan)), config);
  if (!isClean(verification)) throw new VerificationError(verification);
}
