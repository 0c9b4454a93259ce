/**
 * Rulesets, as developers.cloudflare.com/api/resources/rulesets describes them. Of the phases the simulator has the one
 * of cache rules.
 */
import { refusals } from "./errors.ts";
import { Reader, type Fields } from "./fields.ts";
import type { Store, StoredObject, Zone } from "./store.ts";
import { newId, timestamp } from "./zones.ts";

export interface CacheRule {
  readonly id: string;
  readonly ref: string;
  readonly expression: string;
  readonly enabled: boolean;
  readonly action: string;
  readonly action_parameters: Fields;
}

export interface Ruleset extends StoredObject {
  readonly phase: string;
  readonly version: string;
  readonly rules: readonly CacheRule[];
}

const cachePhase = "http_request_cache_settings";

function readRule(fields: Fields, known: ReadonlyMap<string, CacheRule>): CacheRule {
  const rule = new Reader(fields, refusals.rule);
  const action = rule.text("action");
  if (action !== "set_cache_settings") throw refusals.notSimulated(`the action ${action}`);
  const expression = rule.text("expression");
  if (expression.trim() === "") throw refusals.rule("expression must not be empty");
  const ref = rule.optionalText("ref");
  const before = ref === undefined ? undefined : known.get(ref);
  const id = before?.id ?? newId();
  return {
    id,
    ref: ref ?? id,
    ...{ version: "1", last_updated: timestamp(), description: rule.text("description", "") },
    expression,
    enabled: rule.flag("enabled", true),
    action,
    action_parameters: rule.object("action_parameters") ?? {},
  };
}

function readRules(body: Fields, before: Ruleset | undefined): readonly CacheRule[] {
  const known = new Map((before?.rules ?? []).map((rule) => [rule.ref, rule]));
  const rules = (new Reader(body, refusals.rule).objects("rules") ?? []).map((rule) => readRule(rule, known));
  if (new Set(rules.map(({ ref }) => ref)).size < rules.length) throw refusals.rule("ref must be unique");
  return rules;
}

export function requireRuleset(store: Store, zone: Zone, id: string): Ruleset {
  const ruleset = store.object("ruleset", zone.id, id);
  if (ruleset === undefined) throw refusals.rulesetNotFound();
  return ruleset as Ruleset;
}

/** The one ruleset of a phase. */
export function entrypoint(store: Store, zone: Zone, phase: string): Ruleset {
  const found = (store.objects("ruleset", zone.id) as readonly Ruleset[]).find(
    (other) => other.phase === phase,
  );
  if (found === undefined) throw refusals.rulesetNotFound();
  return found;
}

export function createRuleset(store: Store, zone: Zone, body: Fields): Ruleset {
  const reader = new Reader(body, refusals.rule);
  const [kind, phase] = [reader.text("kind"), reader.text("phase")];
  if (kind !== "zone") throw refusals.notSimulated(`rulesets of kind ${kind}`);
  if (phase !== cachePhase) throw refusals.notSimulated(`the phase ${phase}`);
  if (store.objects("ruleset", zone.id).some((other) => other.phase === phase)) {
    throw refusals.rulesetExists(phase);
  }
  return store.putObject("ruleset", zone.id, {
    id: newId(),
    name: reader.text("name"),
    description: reader.text("description", ""),
    kind,
    phase,
    version: "1",
    rules: readRules(body, undefined),
    last_updated: timestamp(),
  });
}

/** `PUT`: a new version with the body's rules. */
export function overwriteRuleset(store: Store, zone: Zone, id: string, body: Fields): Ruleset {
  const before = requireRuleset(store, zone, id);
  const reader = new Reader(body, refusals.rule);
  return store.putObject("ruleset", zone.id, {
    ...before,
    description: reader.text("description", ""),
    version: String(Number(before.version) + 1),
    rules: readRules(body, before),
    last_updated: timestamp(),
  });
}

export function deleteRuleset(store: Store, zone: Zone, id: string): void {
  store.deleteObject("ruleset", zone.id, requireRuleset(store, zone, id).id);
}
