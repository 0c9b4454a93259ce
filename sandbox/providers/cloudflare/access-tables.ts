/**
 * Access policies and applications, from the schema of the official provider: `schema.go` in
 * `internal/services/zero_trust_access_policy` and `zero_trust_access_application` of terraform-provider-cloudflare
 * v5.22.0.
 *
 * Version 6.22.1 of the SDK lists two properties more: `accountId` of a device's posture, `workerId` of a destination.
 */
import type { Attribute, Attributes, TypeTable } from "./attributes.ts";
import * as schema from "./schema.ts";
import { chosen, computedText, defaulted, either, flag, notSimulated, part, requiredText } from "./schema.ts";
import { text, textSet, texts } from "./schema.ts";

function selector(...required: readonly string[]): Attribute {
  return part(Object.fromEntries(required.map((name) => [name, requiredText])));
}

/** Whom a rule means: by exactly one of these. */
const selectors: Attributes = {
  group: selector("id"),
  anyValidServiceToken: selector(),
  authContext: selector("id", "acId", "identityProviderId"),
  authMethod: selector("authMethod"),
  azureAd: { ...selector("id", "identityProviderId"), api: "azureAD" },
  certificate: selector(),
  commonName: selector("commonName"),
  geo: selector("countryCode"),
  devicePosture: part({ integrationUid: requiredText, accountId: text }),
  emailDomain: selector("domain"),
  emailList: selector("id"),
  email: selector("email"),
  everyone: selector(),
  externalEvaluation: selector("evaluateUrl", "keysUrl"),
  githubOrganization: {
    ...part({ identityProviderId: requiredText, name: requiredText, team: text }),
    api: "github-organization",
  },
  gsuite: selector("email", "identityProviderId"),
  loginMethod: selector("id"),
  ipList: selector("id"),
  ip: selector("ip"),
  okta: selector("identityProviderId", "name"),
  saml: selector("attributeName", "attributeValue", "identityProviderId"),
  oidc: selector("claimName", "claimValue", "identityProviderId"),
  serviceToken: selector("tokenId"),
  linkedAppToken: selector("appUid"),
  userRiskScore: part({
    userRiskScores: {
      ...schema.requiredTexts,
      api: "user_risk_score",
      refuse: schema.eachOf("low", "medium", "high", "unscored"),
    },
  }),
  cloudflareAccountMember: part({ accountId: text }),
};

function rules(api: string, from: Attribute["from"]): Attribute {
  return { type: { setOf: { object: selectors } }, from, api };
}

/** The lists of rules of a policy. */
export const ruleLists = ["includes", "excludes", "requires"] as const;

const clipboard: Attribute = { ...texts, refuse: schema.eachOf("text") };
const mfaConfig = part({
  allowedAuthenticators: { ...texts, refuse: schema.eachOf("totp", "biometrics", "security_key") },
  mfaDisabled: flag,
  sessionDuration: text,
});

export const policyTable: TypeTable = {
  token: "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
  source: "internal/services/zero_trust_access_policy/schema.go",
  attributes: {
    id: computedText,
    accountId: schema.accountId,
    decision: chosen(requiredText, "allow", "deny", "non_identity", "bypass"),
    name: requiredText,
    approvalRequired: flag,
    isolationRequired: flag,
    purposeJustificationPrompt: text,
    purposeJustificationRequired: flag,
    approvalGroups: {
      type: {
        setOf: {
          object: {
            approvalsNeeded: { type: "number", from: "required" },
            emailAddresses: texts,
            emailListUuid: text,
          },
        },
      },
      from: "optional",
    },
    connectionRules: part({
      rdp: part({
        allowedClipboardLocalToRemoteFormats: clipboard,
        allowedClipboardRemoteToLocalFormats: clipboard,
      }),
    }),
    mfaConfig,
    sessionDuration: defaulted("string", "24h"),
    excludes: rules("exclude", "optional"),
    includes: rules("include", "computed-optional"),
    requires: rules("require", "optional"),
  },
};

const inline = notSimulated("policies that belong to one application");

/** An application's policy, by reference to a reusable one. */
const policyReference: Attributes = {
  id: text,
  precedence: schema.ranged(either("number"), 1),
  decision: inline,
  name: inline,
  includes: inline,
  excludes: inline,
  requires: inline,
  connectionRules: inline,
  mfaConfig: inline,
};

const destination: Attributes = {
  type: chosen(defaulted("string", "public"), "public", "private", "via_mcp_server_portal"),
  uri: text,
  cidr: text,
  hostname: text,
  l4Protocol: { ...chosen(text, "tcp", "udp"), api: "l4_protocol" },
  portRange: text,
  vnetId: text,
  mcpServerId: text,
  workerId: text,
};

export const applicationTable: TypeTable = {
  token: "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  source: "internal/services/zero_trust_access_application/schema.go",
  attributes: {
    id: computedText,
    accountId: { ...schema.accountId, from: "optional" },
    zoneId: notSimulated("applications of zones"),
    allowAuthenticateViaWarp: flag,
    allowIframe: flag,
    appLauncherLogoUrl: notSimulated("the app launcher"),
    bgColor: notSimulated("the app launcher"),
    customDenyMessage: text,
    customDenyUrl: text,
    customNonIdentityDenyUrl: text,
    domain: either("string"),
    headerBgColor: notSimulated("the app launcher"),
    logoUrl: text,
    name: { ...either("string"), stays: true },
    optionsPreflightBypass: flag,
    readServiceTokensFromHeader: text,
    sameSiteCookieAttribute: text,
    serviceAuth401Redirect: { ...flag, api: "service_auth_401_redirect" },
    skipInterstitial: flag,
    type: {
      ...either("string"),
      refuse: schema.onlySimulated("application type", "self_hosted"),
    },
    allowedIdps: textSet,
    customPages: texts,
    corsHeaders: notSimulated("CORS at the edge"),
    footerLinks: notSimulated("the app launcher"),
    oauthConfiguration: notSimulated("OAuth of MCP servers"),
    scimConfig: notSimulated("SCIM"),
    targetCriterias: notSimulated("infrastructure targets"),
    appLauncherVisible: either("boolean"),
    autoRedirectToIdentity: flag,
    enableBindingCookie: flag,
    httpOnlyCookieAttribute: either("boolean"),
    pathCookieAttribute: flag,
    sessionDuration: either("string"),
    skipAppLauncherLoginPage: notSimulated("the app launcher"),
    selfHostedDomains: either({ setOf: "string" }),
    tags: textSet,
    destinations: schema.listOf(destination, "computed-optional"),
    landingPageDesign: notSimulated("the app launcher"),
    mfaConfig,
    policies: schema.listOf(policyReference),
    saasApp: notSimulated("SaaS applications"),
    aud: { ...computedText, stays: true },
  },
};
