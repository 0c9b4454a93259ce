/** Which of the API's calls a fault counts. */
import type { FaultRules } from "../faults.ts";

export interface CloudflareFaultMatch {
  /** `POST` */
  readonly method?: string;
  /** A regular expression for the path, without the query. */
  readonly path?: string;
}

export interface FaultCall {
  readonly method: string;
  readonly path: string;
}

/** A text is looked for in the method and path, `POST /client/v4/zones`. */
export const cloudflareFaultRules: FaultRules<FaultCall> = {
  matchParts: ["method", "path"],
  throttleSeconds: 1,
  diesDuring: true,
  counts: (call, match) => {
    if (typeof match === "string") return `${call.method} ${call.path}`.includes(match);
    const { method, path }: CloudflareFaultMatch = match ?? {};
    return (
      (method === undefined || method.toUpperCase() === call.method) &&
      (path === undefined || new RegExp(path).test(call.path))
    );
  },
};
