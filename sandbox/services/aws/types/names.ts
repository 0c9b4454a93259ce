/** Names that the upstream provider makes up from a prefix. */

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
