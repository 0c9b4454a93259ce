/** A zone's settings, as developers.cloudflare.com/api/resources/zones/subresources/settings describes them. */
import { refusals } from "./errors.ts";
import type { Fields } from "./fields.ts";
import type { Store, Zone } from "./store.ts";
import { timestamp } from "./zones.ts";

interface Setting {
  /** What a new zone has. */
  readonly initial: string | number;
  readonly allows: (value: unknown) => boolean;
}

function oneOf(initial: string, ...others: readonly string[]): Setting {
  const values: readonly unknown[] = [initial, ...others];
  return { initial, allows: (value) => values.includes(value) };
}

const off = oneOf("off", "on");
const on = oneOf("on", "off");

/** Settings of the API by their names. Those of paid plans and of features that have no place here are not among them. */
const settings: Readonly<Record<string, Setting>> = {
  "0rtt": off,
  always_online: off,
  always_use_https: off,
  automatic_https_rewrites: on,
  brotli: on,
  browser_cache_ttl: {
    initial: 14_400,
    allows: (value) =>
      value === 0 || (Number.isInteger(value) && Number(value) >= 30 && Number(value) <= 31_536_000),
  },
  browser_check: on,
  cache_level: oneOf("aggressive", "basic", "simplified"),
  development_mode: off,
  email_obfuscation: on,
  hotlink_protection: off,
  http3: on,
  ip_geolocation: on,
  ipv6: on,
  min_tls_version: oneOf("1.0", "1.1", "1.2", "1.3"),
  opportunistic_encryption: on,
  rocket_loader: off,
  security_level: oneOf("medium", "off", "essentially_off", "low", "high", "under_attack"),
  ssl: oneOf("full", "off", "flexible", "strict"),
  tls_1_3: oneOf("on", "off", "zrt"),
  tls_client_auth: off,
  websockets: on,
};

function knownSetting(name: string): Setting {
  const setting = settings[name];
  if (setting === undefined) throw refusals.unknownSetting();
  return setting;
}

export function readSetting(store: Store, zone: Zone, name: string): Fields {
  const { initial } = knownSetting(name);
  const stored = store.object("setting", zone.id, name);
  return stored ?? { id: name, value: initial, editable: true, modified_on: null };
}

export function listSettings(store: Store, zone: Zone): readonly Fields[] {
  return Object.keys(settings).map((name) => readSetting(store, zone, name));
}

/** `PATCH`. A setting is never made and never deleted. */
export function editSetting(store: Store, zone: Zone, name: string, body: Fields): Fields {
  if (!knownSetting(name).allows(body.value)) throw refusals.settingValue(name);
  return store.putObject("setting", zone.id, {
    id: name,
    value: body.value,
    editable: true,
    modified_on: timestamp(),
  });
}
