/** Everything that the simulated Cloudflare has, as its API shows it; for tests and for what follows it. */
import { renderApp, renderPolicy } from "./access.ts";
import type { Credentials } from "./credentials.ts";
import { readDnssec } from "./dnssec.ts";
import type { Fields } from "./fields.ts";
import { renderBalancer } from "./load-balancers.ts";
import { renderRecord } from "./records.ts";
import { listSettings } from "./settings.ts";
import type { Store, Zone } from "./store.ts";
import { readConfiguration, renderTunnel, type Tunnel } from "./tunnels.ts";
import { renderZone } from "./zones.ts";

function describeZone(store: Store, credentials: Credentials, zone: Zone): Fields {
  return {
    ...renderZone(zone, credentials),
    dns_records: store.records(zone.id).map(renderRecord),
    settings: Object.fromEntries(listSettings(store, zone).map(({ id, value }) => [id, value])),
    dnssec: readDnssec(store, zone),
    rulesets: store.objects("ruleset", zone.id),
    load_balancers: store.objects("load_balancer", zone.id).map((item) => renderBalancer(item, zone)),
  };
}

function describeTunnel(store: Store, account: string, tunnel: Tunnel): Fields {
  const configuration = readConfiguration(store, account, tunnel.id);
  return { ...renderTunnel(tunnel, account), configuration };
}

/** Every zone with what belongs to it, and what belongs to the account; tunnels that were deleted are left out. */
export function describe(store: Store, credentials: Credentials): Fields {
  const account = credentials.accountId;
  const tunnels = (store.objects("tunnel", account) as readonly Tunnel[]).filter(
    ({ deleted_at }) => deleted_at === null,
  );
  return {
    zones: store.zones().map((zone) => describeZone(store, credentials, zone)),
    account: {
      id: account,
      monitors: store.objects("monitor", account),
      pools: store.objects("pool", account),
      tunnels: tunnels.map((tunnel) => describeTunnel(store, account, tunnel)),
      access_policies: store
        .objects("access_policy", account)
        .map((item) => renderPolicy(store, account, item)),
      access_apps: store.objects("access_app", account).map((item) => renderApp(store, account, item)),
    },
  };
}
