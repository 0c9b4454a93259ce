/**
 * From an untyped value to a {@link NetworkConfig}, or to everything that is wrong with it at once.
 *
 * The schema looks at values one by one, the rules at how they fit together. So that both can be told in one go, the
 * rules look at what is left when everything the schema refused has been cut away ({@link Loose}).
 */
import { z } from "zod";
import { account, type AccountConfig } from "./account.ts";
import { guard, type GuardConfig } from "./guard.ts";
import { expected, integer, pattern } from "./leaf.ts";
import { ConfigError, formatPath, suggestion, type ConfigProblem, type Path } from "./problem.ts";
import { fillIn, withAddresses } from "./addresses.ts";
import type { Loose } from "./loose.ts";
import { guardRules, rules, type Finding } from "./rules/index.ts";
import { isRuleId } from "./sources.ts";
import { networkSchema, type NetworkConfig, type WrittenNetwork } from "./schema.ts";

type Issue = z.core.$ZodIssue;

const pathOf = (path: readonly PropertyKey[]): Path =>
  path.map((part) => (typeof part === "symbol" ? String(part) : part));

function findingsOf(issue: Issue): Finding[] {
  const path = pathOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(" ");
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `is not a known key: ${suggestion(key, known)}`,
    }));
  }
  if (issue.code === "invalid_key") return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  const rule: unknown = issue.code === "custom" ? issue.params?.rule : undefined;
  return [{ path, message: issue.message, ...(isRuleId(rule) ? { rule } : {}) }];
}

/**
 * Takes the value at the path away. Its key or index stays, so that the rules can tell what is malformed from what
 * is not there.
 */
function cutAway(root: unknown, path: Path): void {
  let parent: unknown = root;
  for (const part of path.slice(0, -1)) {
    if (typeof parent !== "object" || parent === null) return;
    parent = (parent as Record<string | number, unknown>)[part];
  }
  const last = path.at(-1);
  if (last === undefined || typeof parent !== "object" || parent === null) return;
  (parent as Record<string | number, unknown>)[last] = undefined;
}

function remainder(raw: unknown, findings: readonly Finding[]): Loose<WrittenNetwork> {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return {};
  const copy = structuredClone(raw);
  for (const finding of findings) cutAway(copy, finding.path);
  return copy;
}

/**
 * Checks the value of `blackroad-network:network`.
 * @throws {ConfigError} with every problem of the value, in the order of the schema and then of the rules.
 */
export function parseNetworkConfig(raw: unknown): NetworkConfig {
  const parsed = networkSchema.safeParse(raw);
  const refused = parsed.success ? [] : parsed.error.issues.flatMap(findingsOf);
  const subject = fillIn(parsed.success ? parsed.data : remainder(raw, refused));
  const findings = [...refused, ...rules.flatMap((rule) => [...rule(subject)])];
  if (!parsed.success || findings.length > 0) throw new ConfigError(findings.map(problemOf));
  return withAddresses(parsed.data);
}

/** The account's part of a network, whatever else there is. */
const accountedNetwork = z.object({ account: account.optional() }, { error: expected("a map") });

/**
 * Checks what a value of `blackroad-network:network` says of its AWS account, and nothing else of it: a stack is
 * recovered in its account, whatever has been written into its file since.
 * @throws {ConfigError} with every problem of that part.
 */
export function parseAccountConfig(raw: unknown): AccountConfig | undefined {
  const parsed = accountedNetwork.safeParse(raw);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap(findingsOf).map(problemOf));
  return parsed.data.account;
}

/** The guard's part of a network, whatever else there is. */
const guardedNetwork = z.object({ guard: guard.prefault({}) }, { error: expected("a map") });

/**
 * Checks what a value of `blackroad-network:network` says of its guard, and nothing else of it: a plan that another
 * version of the program has made can be judged, too.
 * @throws {ConfigError} with every problem of that part.
 */
export function parseGuardConfig(raw: unknown): GuardConfig {
  const parsed = guardedNetwork.safeParse(raw);
  const refused = parsed.success ? [] : parsed.error.issues.flatMap(findingsOf);
  const subject = parsed.success ? parsed.data : remainder(raw, refused);
  const findings = [...refused, ...guardRules.flatMap((rule) => [...rule(subject)])];
  if (!parsed.success || findings.length > 0) throw new ConfigError(findings.map(problemOf));
  return parsed.data.guard;
}

/**
 * Whether anything of a network, as it is written, belongs to a Cloudflare account: a zone that the stack manages, a
 * tunnel, a load balancer or Access.
 */
export function needsAccount(raw: unknown): boolean {
  const { dns, cloudflare } = remainder(raw, []);
  const owned = [cloudflare?.tunnels, cloudflare?.loadBalancers, cloudflare?.access];
  return (
    Object.values(dns?.zones ?? {}).some((each) => each?.managed === true) ||
    owned.some((things) => Object.keys(things ?? {}).length > 0)
  );
}

/** Checks a value beside the network. */
function parseBeside<Value>(key: string, schema: z.ZodType<Value>, raw: unknown): Value {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const path = `blackroad-network:${key}`;
  throw new ConfigError(parsed.error.issues.map(({ message }) => ({ path, message, rule: undefined })));
}

const accountId = pattern("a Cloudflare account id of 32 hexadecimal digits", /^[0-9a-f]{32}$/);

/**
 * Checks the value of `blackroad-network:cloudflareAccountId`.
 * @throws {ConfigError} where it is missing or none.
 */
export function parseCloudflareAccountId(raw: unknown): string {
  return parseBeside("cloudflareAccountId", accountId, raw);
}

const askSeconds = integer("seconds for a host to answer in", 1, 300).default(5);

/**
 * Checks the value of `blackroad-network:askSeconds`.
 * @throws {ConfigError} where it is out of range.
 */
export function parseAskSeconds(raw: unknown): number {
  return parseBeside("askSeconds", askSeconds, raw);
}

function problemOf(finding: Finding): ConfigProblem {
  return { path: formatPath(finding.path), message: finding.message, rule: finding.rule };
}
