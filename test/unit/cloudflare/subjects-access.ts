/** Access policies and applications. */
import { expect } from "vitest";
import { applicationTable, policyTable } from "../../../sandbox/providers/cloudflare/access-tables.ts";
import { account, made, other, trial, type Subject } from "./subject.ts";
import { refuse, replace, update } from "./trial.ts";

export const policy: Subject = {
  table: policyTable,
  inputs: (own) => ({
    accountId: trial.account,
    name: own,
    decision: "allow",
    includes: [{ email: { email: "a@example.com" } }],
  }),
  path: (id) => account(`/access/policies/${id}`),
  changes: () => ({
    accountId: replace(other),
    decision: update("deny", { decision: "deny" }),
    name: update("renamed", { name: "renamed" }),
    approvalRequired: update(true, { approval_required: true }),
    isolationRequired: update(true, { isolation_required: true }),
    purposeJustificationPrompt: update("why?", { purpose_justification_prompt: "why?" }),
    purposeJustificationRequired: update(true, { purpose_justification_required: true }),
    approvalGroups: update([{ approvalsNeeded: 1, emailAddresses: ["a@example.com"] }], {
      approval_groups: [{ approvals_needed: 1, email_addresses: ["a@example.com"] }],
    }),
    connectionRules: update(
      { rdp: { allowedClipboardLocalToRemoteFormats: ["text"] } },
      { connection_rules: { rdp: { allowed_clipboard_local_to_remote_formats: ["text"] } } },
    ),
    mfaConfig: update({ mfaDisabled: true }, { mfa_config: { mfa_disabled: true } }),
    sessionDuration: update("1h", { session_duration: "1h" }),
    excludes: update([{ azureAd: { id: "x", identityProviderId: "y" } }], {
      exclude: [{ azureAD: { id: "x", identity_provider_id: "y" } }],
    }),
    includes: update([{ everyone: {} }, { emailDomain: { domain: "example.com" } }], {
      include: expect.arrayContaining([
        { everyone: {} },
        { email_domain: { domain: "example.com" } },
      ]) as unknown,
    }),
    requires: update([{ githubOrganization: { identityProviderId: "x", name: "y" } }], {
      require: [{ "github-organization": { identity_provider_id: "x", name: "y" } }],
    }),
  }),
  refused: [
    ["decision", { decision: "maybe" }],
    ["includes[0].email.email", { includes: [{ email: {} }] }],
    ["mfaConfig.allowedAuthenticators", { mfaConfig: { allowedAuthenticators: ["luck"] } }],
  ],
};

export const application: Subject = {
  table: applicationTable,
  inputs: (own) => ({
    accountId: trial.account,
    name: own,
    type: "self_hosted",
    domain: `${own}.example.com`,
    policies: [{ id: made.policies[0] ?? "", precedence: 1 }],
  }),
  path: (id) => account(`/access/apps/${id}`),
  changes: () => {
    const [one = "", two = ""] = made.policies;
    const kept = (name: string, api: string) => ({ [name]: update("x", { [api]: "x" }) });
    const flag = (name: string, api: string) => ({ [name]: update(true, { [api]: true }) });
    return {
      accountId: replace(other),
      zoneId: refuse,
      appLauncherLogoUrl: refuse,
      bgColor: refuse,
      headerBgColor: refuse,
      corsHeaders: refuse,
      footerLinks: refuse,
      oauthConfiguration: refuse,
      scimConfig: refuse,
      targetCriterias: refuse,
      landingPageDesign: refuse,
      saasApp: refuse,
      type: { to: "saas", effect: "refuse" },
      ...kept("customDenyMessage", "custom_deny_message"),
      ...kept("customDenyUrl", "custom_deny_url"),
      ...kept("customNonIdentityDenyUrl", "custom_non_identity_deny_url"),
      ...kept("logoUrl", "logo_url"),
      ...kept("readServiceTokensFromHeader", "read_service_tokens_from_header"),
      ...kept("sameSiteCookieAttribute", "same_site_cookie_attribute"),
      ...flag("allowAuthenticateViaWarp", "allow_authenticate_via_warp"),
      ...flag("allowIframe", "allow_iframe"),
      ...flag("optionsPreflightBypass", "options_preflight_bypass"),
      ...flag("serviceAuth401Redirect", "service_auth_401_redirect"),
      ...flag("skipInterstitial", "skip_interstitial"),
      ...flag("autoRedirectToIdentity", "auto_redirect_to_identity"),
      ...flag("enableBindingCookie", "enable_binding_cookie"),
      ...flag("pathCookieAttribute", "path_cookie_attribute"),
      domain: update("moved.example.com", {
        domain: "moved.example.com",
        self_hosted_domains: ["moved.example.com"],
        destinations: [{ type: "public", uri: "moved.example.com" }],
      }),
      name: update("renamed", { name: "renamed" }),
      allowedIdps: update(["x"], { allowed_idps: ["x"] }),
      customPages: update(["x"], { custom_pages: ["x"] }),
      appLauncherVisible: update(false, { app_launcher_visible: false }),
      httpOnlyCookieAttribute: update(false, { http_only_cookie_attribute: false }),
      sessionDuration: update("1h", { session_duration: "1h" }),
      skipAppLauncherLoginPage: refuse,
      selfHostedDomains: update(
        ["a.example.com", "b.example.com"],
        { domain: "a.example.com", self_hosted_domains: ["a.example.com", "b.example.com"] },
        { domain: null, selfHostedDomains: ["a.example.com"] },
      ),
      tags: update(["x"], { tags: ["x"] }),
      destinations: update(
        [{ uri: "b.example.com" }],
        { domain: "b.example.com", destinations: [{ type: "public", uri: "b.example.com" }] },
        { domain: null, destinations: [{ uri: "a.example.com" }] },
      ),
      mfaConfig: update({ mfaDisabled: true }, { mfa_config: { mfa_disabled: true } }),
      policies: update([{ id: two }, { id: one }], {
        policies: [
          { id: two, precedence: 1, decision: "allow" },
          { id: one, precedence: 2 },
        ],
      }),
    };
  },
  refused: [
    ["policies[0].decision", { policies: [{ decision: "allow" }] }],
    ["accountId", { accountId: null }],
    ["aud", { aud: "x" }],
  ],
};
