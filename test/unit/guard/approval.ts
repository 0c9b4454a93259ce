/** An approval, and a day on which it is in force. */
export const day = "2026-05-05";

/** An approval of a resource, in force on {@link day}. */
export function approvalFor(resource: string, options: object = {}): object {
  const reason = "moves to another network, ticket 812";
  return { resource, reason, by: "Alexa", approved: "2026-05-01", expires: "2026-05-08", ...options };
}
