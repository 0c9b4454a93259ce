/**
 * When a certificate is due: `modifyPlanIfCertificateReadyForRenewal` and the plan modifier `ReadyForRenewal` of
 * hashicorp/terraform-provider-tls 4.x.
 */
import type { ValueMap } from "../shared/values.ts";

const millisecondsPerHour = 3_600_000;

/** What a plan says of a certificate that is issued now: whether it is due from its first moment on. */
export function plannedReadiness({ validityPeriodHours, earlyRenewalHours }: ValueMap): boolean {
  if (validityPeriodHours === 0) return true;
  // Neither need be known during a preview.
  if (typeof validityPeriodHours !== "number" || typeof earlyRenewalHours !== "number") return false;
  return earlyRenewalHours >= validityPeriodHours;
}

/** Whether a certificate that exists is due, by its end and the hours before it that the plan names. */
export function isDue(state: ValueMap, { earlyRenewalHours }: ValueMap, now: Date): boolean {
  const { validityEndTime } = state;
  if (typeof validityEndTime !== "string" || typeof earlyRenewalHours !== "number") return false;
  const end = Date.parse(validityEndTime);
  if (Number.isNaN(end)) throw new Error(`Failed to parse data from string: ${validityEndTime}`);
  return end - earlyRenewalHours * millisecondsPerHour <= now.getTime();
}

/** Go's RFC 3339 with a fraction: local time with its offset, without needless zeros. */
export function rfc3339(date: Date): string {
  const offsetMinutes = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString();
  const fraction = local.slice(19, 23).replace(/\.?0+$/, "");
  const absolute = Math.abs(offsetMinutes);
  const twoDigits = (value: number) => String(value).padStart(2, "0");
  const zone =
    offsetMinutes === 0
      ? "Z"
      : `${offsetMinutes < 0 ? "-" : "+"}${twoDigits(Math.floor(absolute / 60))}:${twoDigits(absolute % 60)}`;
  return `${local.slice(0, 19)}${fraction}${zone}`;
}
