/** Private zones are such as Route 53 takes, and their names are answered. */
import { parseAddress } from "../ip.ts";
import { isHostname, show } from "../leaf.ts";
import type { PrivateRecordConfig } from "../private-dns.ts";
import { suggestion, type Path } from "../problem.ts";
import { quotaOf } from "./quotas.ts";
import {
  addressOf,
  broken,
  entries,
  items,
  lacks,
  lacksHost,
  names,
  placedHosts,
  type Finding,
  type Loose,
  type LooseConfig,
} from "./rule.ts";

type LooseRecord = Loose<PrivateRecordConfig>;

interface PlacedRecord {
  readonly zone: string;
  readonly path: Path;
  readonly record: LooseRecord;
  /** Fully qualified. */
  readonly name: string | undefined;
}

function privateRecordsOf(config: LooseConfig): PlacedRecord[] {
  return entries(config.dns?.private?.zones).flatMap(([zone, { records }]) =>
    items(records).map(([index, record]) => ({
      zone,
      path: ["dns", "private", "zones", zone, "records", index],
      record,
      name: record.name === undefined ? undefined : record.name === "@" ? zone : `${record.name}.${zone}`,
    })),
  );
}

/** A private zone is made with a VPC, and every region's VPC knows it. */
export function* privateZonesHaveVpcs(config: LooseConfig): Iterable<Finding> {
  const most = quotaOf(config, "vpcsPerHostedZone");
  const regions = names(config.regions);
  for (const [zone, { homeRegion }] of entries(config.dns?.private?.zones)) {
    const path = ["dns", "private", "zones", zone];
    if (homeRegion !== undefined && lacks(config.regions, homeRegion)) {
      const message = `names no region: there is no regions.${homeRegion}; ${suggestion(homeRegion, regions)}`;
      yield { path: [...path, "homeRegion"], message };
    }
    if (regions.length > most) {
      const message = `would be known to ${regions.length} VPCs, and the account's quota is ${most}. Ask AWS for more and set quotas.vpcsPerHostedZone.`;
      yield broken("aws/quota-zone-vpcs", path, message);
    }
  }
}

/** A record has one content: written out or, for A, a host's address at its place. */
export function* privateRecordsHaveContent(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of privateRecordsOf(config)) {
    const { type, host } = record;
    const given = (["content", "host"] as const).filter((key) => !lacks(record, key));
    if (given.length > 1) {
      yield { path: [...path, "content"], message: "does not go with host: leave one of the two out." };
    } else if (given.length === 0) {
      const instead = type === "A" ? ", or host instead of it" : "";
      yield { path: [...path, "content"], message: `is missing: it must be the record's content${instead}.` };
    }
    if (host === undefined) continue;
    if (type !== undefined && type !== "A") {
      yield { path: [...path, "host"], message: `is for A records, and this is ${type}: write content.` };
    } else if (lacksHost(config, host)) {
      const known = placedHosts(config).map(({ key }) => key);
      yield { path: [...path, "host"], message: `names no host: ${suggestion(host, known)}` };
    }
  }
}

function contentComplaint(type: LooseRecord["type"], content: string): string | undefined {
  if (type === "A" && parseAddress(content) === undefined) {
    return `must be an IPv4 address, as the record is A, but is ${show(content)}.`;
  }
  if (type === "CNAME" && !isHostname(content)) {
    return `must be a full host name in lower case without a trailing dot, as the record is CNAME, but is ${show(content)}.`;
  }
  return undefined;
}

export function* privateContentsFitTypes(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of privateRecordsOf(config)) {
    if (record.content === undefined) continue;
    const message = contentComplaint(record.type, record.content);
    if (message !== undefined) yield { path: [...path, "content"], message };
  }
}

export function* privateNamesAreBelowZone(config: LooseConfig): Iterable<Finding> {
  for (const { zone, path, record } of privateRecordsOf(config)) {
    if (record.name !== zone && record.name?.endsWith(`.${zone}`) !== true) continue;
    const short = record.name === zone ? "@" : record.name.slice(0, -zone.length - 1);
    yield { path: [...path, "name"], message: `repeats the zone: write ${short}.` };
  }
}

/** What a record says, as an address or a name; `undefined` where that is malformed. */
function saying(config: LooseConfig, { content, host }: LooseRecord): string | undefined {
  if (content !== undefined) return content;
  const placed = placedHosts(config).find(({ key }) => key === host);
  return placed === undefined ? undefined : addressOf(config, placed);
}

/** Records of one name and type are one set: with one TTL, each value once, and of a CNAME only one. */
export function* recordSetsFit(config: LooseConfig): Iterable<Finding> {
  const records = privateRecordsOf(config);
  for (const [index, { path, record, name, zone }] of records.entries()) {
    if (name === undefined || record.type === undefined) continue;
    if (record.type === "CNAME" && name === zone) {
      const message = `cannot be there: ${zone} has records of Route 53's own, and a CNAME excludes every other.`;
      yield broken("aws/cname-alone", path, message);
    } else if (
      record.type === "CNAME" &&
      records.some((other) => other.name === name && other.path !== path)
    ) {
      const message = `cannot be there: a CNAME excludes every other record of ${name}.`;
      yield broken("aws/cname-alone", path, message);
      continue;
    }
    const set = records
      .slice(0, index)
      .filter((each) => each.name === name && each.record.type === record.type);
    const [first] = set;
    if (first?.record.ttl !== undefined && record.ttl !== undefined && record.ttl !== first.record.ttl) {
      const message = `must be ${first.record.ttl} as that of records[${first.path.at(-1) ?? ""}], since both are one answer for ${name}, but is ${record.ttl}.`;
      yield broken("aws/record-set-ttl", [...path, "ttl"], message);
    }
    const said = saying(config, record);
    const twin = said === undefined ? undefined : set.find((each) => saying(config, each.record) === said);
    if (twin === undefined) continue;
    yield { path, message: `says the same as records[${twin.path.at(-1) ?? ""}] of its zone: remove one.` };
  }
}

const isWithin = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`);

/** Where a forwarding rule fits a name as well as a zone does, or better, the zone is not asked. */
export function* forwardingSparesZones(config: LooseConfig): Iterable<Finding> {
  const zones = names(config.dns?.private?.zones);
  for (const domain of names(config.dns?.private?.forwardingRules)) {
    const path = ["dns", "private", "forwardingRules", domain];
    if (zones.includes(domain)) {
      const message = `hides the private zone of that name: rules come first, so nobody would ask dns.private.zones. Remove one of the two.`;
      yield broken("aws/forwarding-first", path, message);
      continue;
    }
    const hidden = privateRecordsOf(config).find(
      ({ name, zone }) => name !== undefined && isWithin(domain, zone) && isWithin(name, domain),
    );
    if (hidden === undefined) continue;
    const message = `hides ${hidden.name ?? ""}, a record of ${hidden.zone}: the longer name comes first. Remove one of the two.`;
    yield broken("aws/forwarding-first", path, message);
  }
}
