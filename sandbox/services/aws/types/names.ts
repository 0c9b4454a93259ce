/** Names as the upstream provider makes them up from a prefix, and as it keeps them. */
import { all, doesNotMatch, length } from "../validators.ts";

/** internal/service/route53resolver/validate.go, validResolverName. */
export const isResolverName = all(
  length(1, 64),
  doesNotMatch(/[^a-zA-Z0-9\-_ ']/, "only alphanumeric characters, '-', '_' and ' ' are allowed"),
  doesNotMatch(/^[0-9]+$/, "cannot only contain numbers"),
);

/** helper/id, UniqueIDSuffixLength: what a prefix is followed by. */
export const uniqueSuffixLength = 26;

/** helper/id, PrefixedUniqueId: the time, to the hundredth of a microsecond, and a counter in hex. */
export function uniqueName(prefix: string): string {
  const time = new Date().toISOString().replace(/[^0-9]/g, "");
  return `${prefix}${time}0${String(process.hrtime.bigint() % 1000n).padStart(8, "0")}`.slice(
    0,
    prefix.length + uniqueSuffixLength,
  );
}

/** internal/create/naming.go, NamePrefixFromName. */
export function prefixOf(name: string): string {
  return /^(.*)[0-9a-f]{26}$/.exec(name)?.[1] ?? "";
}

/** internal/service/route53/zone.go, normalizeZoneName, and route53resolver/rule.go, trimTrailingPeriod. */
export function withoutDot(name: string): string {
  return name === "." ? name : name.replace(/\.$/, "");
}
