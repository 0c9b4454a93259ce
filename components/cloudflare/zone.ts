import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

import type { CacheRulePlan, DnsRecordPlan, DnsZonePlan } from "../plan/cloudflare/model.ts";
import type { SymbolTable } from "../resolve.ts";

export interface ZoneArgs {
  readonly plan: DnsZonePlan;
  readonly symbols: SymbolTable;
  /** The Cloudflare account that owns the zone; asked for only where this stack manages the zone. */
  readonly accountId: () => string;
}

/** A DNS zone, made or looked up by its name, with its records, settings and cache rules. */
export class Zone extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly nameServers: pulumi.Output<string[]>;
  readonly records: readonly pulumi.Resource[];
  /** The DS record that the registrar must publish; `undefined` where the stack does not sign the zone. */
  readonly ds: pulumi.Output<string> | undefined;

  constructor(name: string, args: ZoneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:cloudflare:Zone", name, {}, opts);
    const { plan } = args;
    const zone = plan.managed ? this.#createZone(name, args.accountId()) : this.#lookUpZone(plan.name);
    this.id = zone.id;
    this.nameServers = zone.nameServers;
    this.records = plan.records.map((record) => this.#createRecord(record, args.symbols));
    this.ds = this.#signZone(plan);
    this.#createSettings(plan);
    this.#createCacheRules(plan);
    this.registerOutputs({ id: this.id, nameServers: this.nameServers });
  }

  #createZone(name: string, accountId: string): FoundZone {
    return new cloudflare.Zone(name, { name, account: { id: accountId }, type: "full" }, { parent: this });
  }

  #lookUpZone(name: string): FoundZone {
    const zone = cloudflare.getZoneOutput({ filter: { name } }, { parent: this });
    return { id: zone.id, nameServers: zone.nameServers };
  }

  #createRecord(record: DnsRecordPlan, symbols: SymbolTable): pulumi.Resource {
    return new cloudflare.DnsRecord(
      record.key,
      {
        zoneId: this.id,
        name: record.name,
        type: record.type,
        ...(record.content === undefined ? {} : { content: symbols.render(record.content) }),
        ...(record.data === undefined ? {} : { data: record.data }),
        ttl: record.ttlSeconds,
        proxied: record.proxied,
        ...(record.priority === undefined ? {} : { priority: record.priority }),
        ...(record.comment === undefined ? {} : { comment: record.comment }),
      },
      { parent: this },
    );
  }

  #signZone({ name, dnssec }: DnsZonePlan): pulumi.Output<string> | undefined {
    if (dnssec === undefined) return undefined;
    const status = dnssec ? "active" : "disabled";
    const signed = new cloudflare.ZoneDnssec(`${name}/dnssec`, { zoneId: this.id, status }, { parent: this });
    return dnssec ? signed.ds : undefined;
  }

  #createSettings({ settings }: DnsZonePlan): void {
    for (const { key, id, value } of settings) {
      new cloudflare.ZoneSetting(key, { zoneId: this.id, settingId: id, value }, { parent: this });
    }
  }

  #createCacheRules({ name, cacheRules }: DnsZonePlan): void {
    if (cacheRules.length === 0) return;
    new cloudflare.Ruleset(
      `${name}/cache`,
      {
        zoneId: this.id,
        name: "default",
        kind: "zone",
        phase: "http_request_cache_settings",
        rules: cacheRules.map(cacheRule),
      },
      { parent: this },
    );
  }
}

interface FoundZone {
  readonly id: pulumi.Output<string>;
  readonly nameServers: pulumi.Output<string[]>;
}

function cacheRule(rule: CacheRulePlan): cloudflare.types.input.RulesetRule {
  const { name, expression, edgeSeconds, browserSeconds } = rule;
  const lifetime = (seconds: number) => ({ mode: "override_origin", default: seconds });
  return {
    // What names the rule when others come before it.
    ref: name,
    description: name,
    expression,
    action: "set_cache_settings",
    actionParameters: {
      cache: edgeSeconds > 0,
      ...(edgeSeconds > 0 ? { edgeTtl: lifetime(edgeSeconds) } : {}),
      ...(browserSeconds === undefined ? {} : { browserTtl: lifetime(browserSeconds) }),
    },
  };
}
