/** Which of the provider's calls a fault counts. */
import type { FaultRules } from "../faults.ts";

/** Without `method` only calls that change something count: create, update and delete. */
export interface AwsFaultMatch {
  /** `aws:ec2/vpc:Vpc` */
  readonly type?: string;
  readonly method?: string;
  /** Part of the URN, such as a logical name. */
  readonly urn?: string;
}

export interface FaultCall {
  readonly method: string;
  readonly type: string;
  readonly urn: string;
}

const changing: readonly string[] = ["create", "update", "delete"];

/** What a call does, as AWS would name it: `CreateVpc`. */
export function operationOf(call: FaultCall): string {
  const noun = call.type.split(":").at(-1) ?? call.type;
  return `${call.method.charAt(0).toUpperCase()}${call.method.slice(1)}${noun}`;
}

/** A text is looked for in the operation (`CreateVpc`), the type and the URN. */
export const awsFaultRules: FaultRules<FaultCall> = {
  matchParts: ["type", "method", "urn"],
  throttleSeconds: undefined,
  diesDuring: false,
  counts: (call, match) => {
    if (typeof match === "string") {
      return (
        changing.includes(call.method) &&
        [operationOf(call), call.type, call.urn].some((text) => text.includes(match))
      );
    }
    const { type, method, urn }: AwsFaultMatch = match ?? {};
    return (
      (method === undefined ? changing.includes(call.method) : method === call.method) &&
      (type === undefined || type === call.type) &&
      (urn === undefined || call.urn.includes(urn))
    );
  },
};
