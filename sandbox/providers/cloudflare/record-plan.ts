/**
 * How the official provider plans a DNS record beyond its schema: which differences between the program's words and
 * the API's are none, and which of the API's values a change leaves alone.
 *
 * Source: terraform-provider-cloudflare v5.22.0, `internal/services/dns_record/custom.go`.
 */
import { Unknown, equal, isList, isMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import { dnsRecordTable } from "./tables.ts";
import { same } from "./plan.ts";

type State = Record<string, Value>;

const settingNames = ["ipv4Only", "ipv6Only", "flattenCname"] as const;

function isAbsent(value: Value | undefined): boolean {
  return value === undefined || value === null || value instanceof Unknown;
}

function isEmptyList(value: Value | undefined): boolean {
  return value === undefined || value === null || (isList(value) && value.length === 0);
}

/** Settings of which none is said. */
function isBlank(settings: Value | undefined): boolean {
  return !isMap(settings ?? null) || settingNames.every((name) => isAbsent((settings as ValueMap)[name]));
}

/** Settings of which none is switched on. */
function isOff(settings: Value | undefined): boolean {
  return !isMap(settings ?? null) || settingNames.every((name) => (settings as ValueMap)[name] !== true);
}

/** A name that differs from the API's only in lacking the zone's, or in being `@`. */
function planName(planned: Value, before: Value, zoneName: string | undefined): Value {
  if (typeof planned !== "string" || typeof before !== "string") return planned;
  if (planned === "@") return before !== "@" && before.includes(".") ? before : planned;
  const [short, long] = [planned.replace(/\.$/, ""), before.replace(/\.$/, "")];
  if (short === long || !long.startsWith(`${short}.`)) return planned;
  // Without the zone's name (after an import) a shortened name cannot be told from a short one.
  return zoneName === undefined || long.slice(short.length + 1) === zoneName ? before : planned;
}

function planContent(plan: State, before: ValueMap): { readonly changed: boolean; readonly value: Value } {
  const value = plan.content ?? null;
  if (!isAbsent(plan.data))
    return { changed: false, value: value instanceof Unknown ? (before.content ?? null) : value };
  const old = before.content ?? null;
  if (plan.type === "CNAME" && typeof value === "string" && typeof old === "string") {
    const isSame = value.toLowerCase() === old.toLowerCase();
    return { changed: !isSame, value: isSame ? old : value };
  }
  return { changed: !equal(value, old), value };
}

function settingsChanged(plan: State, before: ValueMap): boolean {
  const [isPlanBlank, isStateBlank] = [isBlank(plan.settings), isAbsent(before.settings)];
  if (!isPlanBlank && !isStateBlank) return !equal(plan.settings, before.settings);
  return isPlanBlank !== isStateBlank && !isStateBlank && !isOff(before.settings);
}

function hasChanges(plan: State, before: ValueMap, contentChanged: boolean): boolean {
  const compared = ["name", "type", "ttl", "proxied", "priority", "comment"] as const;
  if (contentChanged || compared.some((name) => !equal(plan[name], before[name]))) return true;
  const tagsChanged =
    plan.tags instanceof Unknown
      ? !isEmptyList(before.tags)
      : !(isEmptyList(plan.tags) && isEmptyList(before.tags)) && !equal(plan.tags, before.tags);
  const { data } = dnsRecordTable.attributes;
  const dataChanged = data !== undefined && !same(data.type, plan.data ?? null, before.data ?? null);
  return tagsChanged || dataChanged || settingsChanged(plan, before);
}

/** Restores from the state what the change does not touch. */
function keepComputed(plan: State, before: ValueMap, zoneName: string | undefined): State {
  const kept: State = { ...plan, name: planName(plan.name ?? null, before.name ?? null, zoneName) };
  const content = planContent(kept, before);
  kept.content = content.value;
  const isChanged = hasChanges(kept, before, content.changed);
  const restore = (name: string) => {
    if (kept[name] instanceof Unknown) kept[name] = before[name] ?? null;
  };
  for (const name of ["createdOn", "proxiable", "meta"]) restore(name);
  if (!isChanged) restore("modifiedOn");
  if (isAbsent(kept.settings) || (isBlank(kept.settings) && isOff(before.settings))) {
    kept.settings = before.settings ?? null;
  }
  if (kept.tags instanceof Unknown && isEmptyList(before.tags)) kept.tags = before.tags ?? null;
  return kept;
}

/** When a comment or the tags were changed last: never, if there are none; as before, if they are. */
function planTime(plan: State, before: ValueMap | undefined, of: string, time: string): void {
  if (!(plan[time] instanceof Unknown)) return;
  const value = plan[of];
  const isEmpty = value === "" || isEmptyList(value);
  if (isEmpty) plan[time] = null;
  else if (before !== undefined && equal(value, before[of])) plan[time] = before[time] ?? null;
}

/** A CNAME's settings are off where nothing is said; other types have none. */
export function normaliseSettings(state: ValueMap): ValueMap {
  if (state.type !== "CNAME" || state.settings instanceof Unknown) return state;
  const settings = isMap(state.settings ?? null) ? (state.settings as ValueMap) : {};
  const complete = settingNames.map((name) => [
    name,
    isAbsent(settings[name]) ? false : (settings[name] ?? false),
  ]);
  return { ...state, settings: Object.fromEntries(complete) as ValueMap };
}

/** @param zoneName the name of the record's zone, once a refresh has told it. */
export function modifyRecordPlan(
  planned: ValueMap,
  before: ValueMap | undefined,
  zoneName: string | undefined,
): ValueMap {
  const plan = before === undefined ? { ...planned } : keepComputed({ ...planned }, before, zoneName);
  planTime(plan, before, "comment", "commentModifiedOn");
  planTime(plan, before, "tags", "tagsModifiedOn");
  return normaliseSettings(plan);
}
