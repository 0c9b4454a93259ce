/** The entry of a map that the plan promises to be there; throws, naming what is missing, where it is not. */
export function found<V>(entries: ReadonlyMap<string, V>, key: string, what: string): V {
  const value = entries.get(key);
  if (value === undefined) {
    const known = [...entries.keys()].join(", ");
    throw new Error(
      `the plan refers to ${what} "${key}", which does not exist. There are: ${known || "none"}.`,
    );
  }
  return value;
}
