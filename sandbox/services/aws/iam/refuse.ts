import { ApiError } from "../errors.ts";

/** IAM's answer instead of doing what it was asked. */
export function refuse(operation: string, code: string, detail: string, statusCode = 400): never {
  throw new ApiError(operation, code, detail, statusCode, "IAM");
}
