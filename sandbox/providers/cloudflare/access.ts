/**
 * Access: reusable policies, and the applications that they stand in front of.
 *
 * Sources: terraform-provider-cloudflare v5.22.0, `schema.go`, `resource.go`, `normalizations.go` and
 * `plan_modifiers.go` in `internal/services/zero_trust_access_policy` and `zero_trust_access_application`.
 */
import { Unknown, isList, isMap } from "../shared/values.ts";
import type { Value, ValueMap } from "../shared/values.ts";
import { applicationTable, policyTable, ruleLists } from "./access-tables.ts";
import { resourceOf } from "./endpoint.ts";
import { differing } from "./plan.ts";
import type { ResourceType } from "./resource.ts";
import * as schema from "./schema.ts";

function isEmpty(value: Value): boolean {
  return value === null || value === false || (isList(value) && value.length === 0);
}

/** Where the API says an empty list or `false` and the state nothing, or the other way around, the state is right. */
function emptyIsNothing(found: ValueMap, prior: ValueMap | undefined, names: readonly string[]): ValueMap {
  const kept = names.flatMap((name): [string, Value][] => {
    const before = prior?.[name] ?? null;
    return isEmpty(found[name] ?? null) && isEmpty(before) ? [[name, before]] : [];
  });
  return { ...found, ...Object.fromEntries(kept) };
}

/** What the program does not say stays unsaid. */
function unsaidIsNothing(planned: ValueMap, config: ValueMap, names: readonly string[]): ValueMap {
  const unsaid = names.filter((name) => (config[name] ?? null) === null);
  return { ...planned, ...Object.fromEntries(unsaid.map((name) => [name, null])) };
}

const policyLists = [...ruleLists, "approvalGroups"];
const policyFlags = ["purposeJustificationRequired", "approvalRequired", "isolationRequired"];

const domainNames = ["domain", "selfHostedDomains", "destinations"] as const;

/** An application's domain, domains and destinations say the same, so the API changes the others with one. */
function planDomains(planned: ValueMap, before: ValueMap | undefined): ValueMap {
  if (before === undefined) return planned;
  const parts = Object.fromEntries(
    domainNames.flatMap((name) => {
      const attribute = applicationTable.attributes[name];
      return attribute === undefined || planned[name] instanceof Unknown ? [] : [[name, attribute] as const];
    }),
  );
  if (differing(parts, before, planned).length > 0) return planned;
  return { ...planned, ...Object.fromEntries(domainNames.map((name) => [name, before[name] ?? null])) };
}

/** Defaults of applications that are reached by a browser, which schemas cannot say. */
const selfHostedDefaults: ValueMap = {
  httpOnlyCookieAttribute: true,
  appLauncherVisible: true,
  sessionDuration: "24h",
};

/** A policy without a place comes after the one before it. */
function planPrecedences(policies: Value): Value {
  if (!isList(policies)) return policies;
  let last = 0;
  return policies.map((policy) => {
    if (!isMap(policy)) return policy;
    const precedence = policy.precedence instanceof Unknown ? last + 1 : (policy.precedence ?? null);
    last = typeof precedence === "number" ? precedence : last;
    return { ...policy, precedence };
  });
}

function modifyApplicationPlan(planned: ValueMap, before: ValueMap | undefined, config: ValueMap): ValueMap {
  const plan = planDomains(unsaidIsNothing(planned, config, ["tags"]), before);
  const defaults = Object.entries(selfHostedDefaults).filter(([name]) => plan[name] instanceof Unknown);
  const policies = planPrecedences(plan.policies ?? null);
  return { ...plan, ...Object.fromEntries(defaults), policies };
}

/** Of a policy that the API shows in full, what the program said of it: the identifier and the place. */
function referencesOnly(policies: Value): Value {
  if (!isList(policies)) return policies;
  return policies.map((policy) =>
    isMap(policy)
      ? Object.fromEntries(
          Object.entries(policy).map(([name, value]) => [
            name,
            name === "id" || name === "precedence" ? value : null,
          ]),
        )
      : policy,
  );
}

const applicationEmpties = [
  ...["allowedIdps", "policies", "tags", "serviceAuth401Redirect", "enableBindingCookie"],
  ...["optionsPreflightBypass", "autoRedirectToIdentity", "skipInterstitial", "allowIframe"],
  "pathCookieAttribute",
];

function settleApplication(found: ValueMap, prior: ValueMap | undefined): ValueMap {
  return emptyIsNothing(
    { ...found, policies: referencesOnly(found.policies ?? null) },
    prior,
    applicationEmpties,
  );
}

const policies = "/accounts/:accountId/access/policies";
const applications = "/accounts/:accountId/access/apps";

export const accessTypes: readonly ResourceType[] = [
  resourceOf({
    table: policyTable,
    schemaVersion: 500,
    collection: policies,
    item: `${policies}/:id`,
    create: "POST",
    update: "PUT",
    importId: [
      ["account_id", "accountId"],
      ["policy_id", "id"],
    ],
    modifyPlan: (planned, _before, config) => unsaidIsNothing(planned, config, ruleLists),
    settleRead: (found, prior) => emptyIsNothing(found, prior, [...policyLists, ...policyFlags]),
  }),
  resourceOf({
    table: applicationTable,
    schemaVersion: 500,
    collection: applications,
    item: `${applications}/:id`,
    create: "POST",
    update: "PUT",
    importPrefix: "accounts",
    importId: [
      ["account_id", "accountId"],
      ["app_id", "id"],
    ],
    check: schema.ownedBy("accountId"),
    modifyPlan: modifyApplicationPlan,
    // Without a list the API would leave the policies as they are.
    write: (body) => ({ policies: [], ...body }),
    settleRead: settleApplication,
  }),
];
