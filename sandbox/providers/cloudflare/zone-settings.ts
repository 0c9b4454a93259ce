/**
 * A zone's settings and its signing: what every zone has, so that it is only ever changed.
 *
 * Sources: terraform-provider-cloudflare v5.22.0, `schema.go`, `resource.go` and `custom.go` in
 * `internal/services/zone_setting` and `internal/services/zone_dnssec`.
 */
import type { TypeTable } from "./attributes.ts";
import { resourceOf } from "./endpoint.ts";
import * as schema from "./schema.ts";
import { chosen, computedNumber, computedText, flag, requiredText, text } from "./schema.ts";

export const zoneSettingTable: TypeTable = {
  token: "cloudflare:index/zoneSetting:ZoneSetting",
  source: "internal/services/zone_setting/schema.go",
  attributes: {
    id: computedText,
    settingId: { ...requiredText, replaces: true, place: "path" },
    zoneId: schema.zoneId,
    value: { type: "any", from: "required" },
    enabled: schema.notSimulated("the setting ssl_recommender, which alone is enabled and has no value"),
    editable: schema.computedFlag,
    modifiedOn: computedText,
    timeRemaining: computedNumber,
  },
};

const setting = "/zones/:zoneId/settings/:settingId";

export const zoneSettingType = resourceOf({
  table: zoneSettingTable,
  schemaVersion: 500,
  collection: setting,
  item: setting,
  create: "PATCH",
  update: "PATCH",
  importId: [
    ["zone_id", "zoneId"],
    ["setting_id", "settingId"],
  ],
  idFrom: "settingId",
  // A setting cannot be deleted. The official provider forgets it, and it stays as it was set.
  remove: () => Promise.resolve(),
});

export const zoneDnssecTable: TypeTable = {
  token: "cloudflare:index/zoneDnssec:ZoneDnssec",
  source: "internal/services/zone_dnssec/schema.go",
  attributes: {
    id: computedText,
    zoneId: schema.zoneId,
    dnssecMultiSigner: flag,
    dnssecPresigned: flag,
    dnssecUseNsec3: { ...flag, api: "dnssec_use_nsec3" },
    status: chosen(text, "active", "disabled"),
    algorithm: computedText,
    digest: computedText,
    digestAlgorithm: computedText,
    digestType: computedText,
    ds: computedText,
    flags: computedNumber,
    keyTag: computedNumber,
    keyType: computedText,
    modifiedOn: computedText,
    publicKey: computedText,
  },
};

export const zoneDnssecType = resourceOf({
  table: zoneDnssecTable,
  schemaVersion: 500,
  collection: "/zones/:zoneId/dnssec",
  item: "/zones/:zoneId/dnssec",
  create: "PATCH",
  update: "PATCH",
  importId: [["zone_id", "zoneId"]],
  idFrom: "zoneId",
  settleRead: (found, prior) => (found.status === null ? { ...found, status: prior?.status ?? null } : found),
  // Only what is disabled can be deleted.
  remove: async (api, path) => {
    await api.request("PATCH", path, { body: { status: "disabled" } });
    await api.request("DELETE", path);
  },
});
