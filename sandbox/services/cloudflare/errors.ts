/**
 * The refusals of Cloudflare's API v4 that the simulator knows, by code.
 *
 * Since October 2024 the API names the cause of a DNS validation error directly, no longer wrapped as the
 * `error_chain` of code 1004 (developers.cloudflare.com/fundamentals/api/reference/deprecations). Codes and words are
 * those that the API was seen to answer; Cloudflare publishes no list. Where a refusal is documented but was not seen,
 * its status is the documented one, and the code is 0.
 */

export interface ErrorItem {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly ErrorItem[];
}

/** A refusal that becomes the answer to the request. */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: readonly ErrorItem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, errors: readonly ErrorItem[], headers: Readonly<Record<string, string>> = {}) {
    super(errors.map((item) => `${item.message} (${item.code})`).join("; "));
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

function refusal(status: number, code: number, message: string): ApiError {
  return new ApiError(status, [{ code, message }]);
}

const sameName =
  "For more details, refer to <https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.";

export const refusals = {
  // Who asks.
  missingAuthorization: () => refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"),
  malformedAuthorization: () =>
    new ApiError(400, [
      {
        code: 6003,
        message: "Invalid request headers",
        error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
      },
    ]),
  invalidToken: () => refusal(401, 1000, "Invalid API Token"),
  invalidAccessToken: () => refusal(403, 9109, "Invalid access token"),
  authentication: () => refusal(403, 10000, "Authentication error"),

  // What is asked for.
  noRoute: () => refusal(404, 7000, "No route for that URI"),
  malformedIdentifier: (path: string) =>
    new ApiError(404, [
      { code: 7003, message: `Could not route to ${path}, perhaps your object identifier is invalid?` },
      { code: 7000, message: "No route for that URI" },
    ]),
  unroutable: (path: string) =>
    refusal(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`),
  method: (method: string) =>
    new ApiError(405, [{ code: 7001, message: `Method ${method} not available for that URI.` }]),
  malformedJson: () => refusal(400, 6007, "Malformed JSON in request body"),
  invalidBody: () => refusal(400, 9207, "Request body is invalid."),
  oversizedBody: () => refusal(413, 9207, "Request body is invalid."),
  throttled: (retryAfterSeconds: number) =>
    new ApiError(429, [{ code: 971, message: "Please wait and consider throttling your request speed" }], {
      "retry-after": String(retryAfterSeconds),
    }),
  internal: () =>
    refusal(
      500,
      1052,
      "An error has occurred and it has been logged. We will fix this problem promptly. We apologize for the inconvenience",
    ),

  // Zones.
  zoneNotFound: () => refusal(404, 1001, "Invalid zone identifier"),
  zoneExists: (name: string) => refusal(400, 1061, `${name} already exists`),
  zoneName: (name: string) => refusal(400, 1049, `${name} is not a registered domain`),
  zoneSubdomain: (name: string) =>
    refusal(
      400,
      1116,
      `Please ensure you are providing the root domain and not any subdomains (e.g., example.com, not subdomain.example.com): ${name}`,
    ),
  zonePermission: () =>
    refusal(
      403,
      0,
      'Requires permission "com.cloudflare.api.account.zone.create" to create zones for the selected account',
    ),
  accountNotFound: () =>
    refusal(404, 7003, "Could not route to account, perhaps your object identifier is invalid?"),

  // DNS records.
  recordNotFound: () => refusal(404, 81044, "Record does not exist."),
  recordQuota: () => refusal(400, 81045, "Record quota exceeded."),
  hostTaken: () =>
    refusal(400, 81053, `An A, AAAA, or CNAME record with that host already exists. ${sameName}`),
  cnameTaken: () => refusal(400, 81054, `A CNAME record with that host already exists. ${sameName}`),
  nsTaken: () => refusal(400, 81056, `NS records with that host already exist. ${sameName}`),
  recordIdentical: () => refusal(400, 81058, "An identical record already exists."),
  recordName: () => refusal(400, 9000, "DNS name is invalid."),
  recordType: (type: string) => refusal(400, 9002, `DNS record type "${type}" is invalid.`),
  proxiedTarget: (target: string) =>
    refusal(400, 9003, `Target ${target} is not allowed for a proxied record.`),
  notProxiable: () => refusal(400, 9004, "This record type cannot be proxied."),
  contentA: () => refusal(400, 9005, "Content for A record must be a valid IPv4 address."),
  contentAaaa: () => refusal(400, 9006, "Content for AAAA record must be a valid IPv6 address."),
  content: (type: string) => refusal(400, 9007, `Content for ${type} record is invalid.`),
  priority: () => refusal(400, 9008, "Invalid priority, priority must be set and be between 0 and 65535"),
  contentMx: () => refusal(400, 9009, "Content for MX record must be a hostname."),
  ttl: () => refusal(400, 9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic."),
  cnameLoop: () => refusal(400, 9039, "CNAME content cannot reference itself."),
  missingField: (field: string) => refusal(400, 9101, `${field} is a required field.`),
  tagQuota: (count: number, quota: number) =>
    refusal(400, 9300, `DNS record has ${count} tags, exceeding the quota of ${quota}.`),
  commentLength: (length: number, limit: number) =>
    refusal(400, 9301, `DNS record comment has ${length} characters, exceeding the limit of ${limit}.`),

  // Load balancing.
  balancing: (what: string) => refusal(400, 1002, `${what}: validation failed`),
  notUnique: () => refusal(400, 1003, "value not unique"),
  referenced: () => refusal(412, 1005, "This object is referenced by other objects, delete them first."),
  balancingNotFound: () => refusal(404, 0, "resource not found"),

  // Tunnels.
  tunnelInput: (what: string) => refusal(400, 1030, `Could not parse input. ${what}`),
  tunnelNameTaken: () =>
    refusal(
      409,
      1013,
      "You already have a tunnel with this name. Delete the existing tunnel, or choose a different name for your new tunnel",
    ),
  tunnelNotFound: () => refusal(404, 1003, "Tunnel not found"),
  tunnelSecret: () =>
    refusal(400, 1030, "Could not parse input. tunnel_secret must be at least 32 bytes, encoded as base64"),
  tunnelConfiguration: (what: string) => refusal(400, 1056, `Bad Configuration: Validation failed: ${what}`),

  // Settings and signing of zones.
  unknownSetting: () => refusal(400, 1006, "Unrecognized zone setting name"),
  settingValue: (name: string) => refusal(400, 1007, `Invalid value for zone setting ${name}`),
  invalidField: (what: string) => refusal(400, 9207, `Request body is invalid. ${what}`),
  dnssecActive: () => refusal(400, 0, "DNSSEC must be disabled before it is deleted"),

  // Rulesets.
  rulesetExists: (phase: string) =>
    refusal(
      400,
      20217,
      `'zone' is not a valid value for kind because exceeded maximum number of zone rulesets for phase ${phase}`,
    ),
  rulesetNotFound: () => refusal(404, 0, "could not find ruleset"),
  rule: (what: string) => refusal(400, 0, what),

  // Access.
  access: (what: string) => refusal(400, 12130, `access.api.error.invalid_request: ${what}`),
  applicationExists: () => refusal(409, 11010, "access.api.error.application_already_exists"),
  accessNotFound: (what: string) => refusal(404, 0, `access.api.error.unknown_${what}`),

  // What Cloudflare has and the sandbox has not.
  notSimulated: (what: string) => refusal(400, 0, `the sandbox's Cloudflare does not simulate ${what}`),
} as const;
