/**
 * Tunnels and their ingress.
 *
 * Sources: terraform-provider-cloudflare v5.22.0, `schema.go` and `resource.go` in
 * `internal/services/zero_trust_tunnel_cloudflared` and `internal/services/zero_trust_tunnel_cloudflared_config`.
 */
import type { Attribute, Attributes, TypeTable } from "./attributes.ts";
import { resourceOf } from "./endpoint.ts";
import type { ResourceType } from "./resource.ts";
import * as schema from "./schema.ts";
import { chosen, computedFlag, computedText, flag, number, requiredText, text } from "./schema.ts";

const connection: Attributes = {
  id: computedText,
  clientId: computedText,
  clientVersion: computedText,
  coloName: computedText,
  isPendingReconnect: computedFlag,
  openedAt: computedText,
  originIp: computedText,
  uuid: computedText,
};

export const tunnelTable: TypeTable = {
  token: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
  source: "internal/services/zero_trust_tunnel_cloudflared/schema.go",
  attributes: {
    id: computedText,
    accountId: schema.accountId,
    configSrc: {
      ...chosen(schema.defaulted("string", "local"), "local", "cloudflare"),
      replaces: "configured",
      blind: true,
    },
    name: requiredText,
    tunnelSecret: { ...text, secret: true, blind: true },
    accountTag: computedText,
    connsActiveAt: computedText,
    connsInactiveAt: computedText,
    createdAt: computedText,
    deletedAt: computedText,
    remoteConfig: computedFlag,
    status: computedText,
    tunType: computedText,
    connections: { type: { listOf: { object: connection } }, from: "computed" },
    metadata: { type: "json", from: "computed" },
  },
};

/** An attribute that the API calls by this name. */
function called(api: string, attribute: Attribute): Attribute {
  return { ...attribute, api };
}

/** How the connector speaks to a service; unlike most of the API it has no snake case. */
const originRequest: Attributes = {
  access: schema.part({
    audTags: called("audTag", schema.requiredTexts),
    teamName: called("teamName", requiredText),
    required: flag,
  }),
  caPool: called("caPool", text),
  connectTimeout: called("connectTimeout", number),
  disableChunkedEncoding: called("disableChunkedEncoding", flag),
  http2Origin: called("http2Origin", flag),
  httpHostHeader: called("httpHostHeader", text),
  keepAliveConnections: called("keepAliveConnections", number),
  keepAliveTimeout: called("keepAliveTimeout", number),
  matchSnItoHost: called("matchSNItoHost", flag),
  noHappyEyeballs: called("noHappyEyeballs", flag),
  noTlsVerify: called("noTLSVerify", flag),
  originServerName: called("originServerName", text),
  proxyType: called("proxyType", text),
  tcpKeepAlive: called("tcpKeepAlive", number),
  tlsTimeout: called("tlsTimeout", number),
};

const ingress: Attributes = {
  hostname: text,
  service: requiredText,
  path: text,
  originRequest: called("originRequest", schema.part(originRequest)),
};

export const tunnelConfigTable: TypeTable = {
  token: "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  source: "internal/services/zero_trust_tunnel_cloudflared_config/schema.go",
  attributes: {
    id: computedText,
    tunnelId: { ...requiredText, replaces: true, place: "path" },
    accountId: schema.accountId,
    config: schema.part(
      {
        ingresses: called("ingress", schema.listOf(ingress)),
        originRequest: called("originRequest", schema.part(originRequest)),
      },
      "computed-optional",
    ),
    createdAt: computedText,
    source: chosen(schema.either("string"), "local", "cloudflare"),
    version: schema.computedNumber,
  },
};

const tunnels = "/accounts/:accountId/cfd_tunnel";

export const tunnelTypes: readonly ResourceType[] = [
  resourceOf({
    table: tunnelTable,
    schemaVersion: 500,
    collection: tunnels,
    item: `${tunnels}/:id`,
    create: "POST",
    update: "PATCH",
    importId: [
      ["account_id", "accountId"],
      ["tunnel_id", "id"],
    ],
  }),
  resourceOf({
    table: tunnelConfigTable,
    schemaVersion: 500,
    collection: `${tunnels}/:tunnelId/configurations`,
    item: `${tunnels}/:tunnelId/configurations`,
    create: "PUT",
    update: "PUT",
    importId: [
      ["account_id", "accountId"],
      ["tunnel_id", "tunnelId"],
    ],
    idFrom: "tunnelId",
    // The official provider forgets it and leaves it at Cloudflare, where it ends with its tunnel.
    remove: () => Promise.resolve(),
  }),
];
