/** aws_route53_record, from internal/service/route53/record.go. Simple record sets of the types that resolvers answer. */
import { apiCode, ApiError, ProviderError } from "../errors.ts";
import { flag, integer, requiredText, texts, type Json, type Properties } from "../json.ts";
import { deleteRecordSet, findRecordSet, simulatedTypes, writeRecordSet } from "../route53/record-sets.ts";
import { findZone } from "../route53/zones.ts";
import type { Context, Property, ResourceType, Table } from "../table.ts";
import { withoutDot } from "./names.ts";

const policies = "routing policies";

function policy(upstream: string): Property {
  return { kind: "object-set", mode: "optional", upstream, notSimulated: policies };
}

const properties: Table = {
  aliases: {
    kind: "object-set",
    mode: "optional",
    upstream: "alias",
    exactlyOneOf: ["aliases", "records"],
    conflictsWith: ["ttl"],
    notSimulated: "aliases",
  },
  allowOverwrite: { kind: "bool", mode: "optional-computed" },
  cidrRoutingPolicy: { kind: "object", mode: "optional", notSimulated: policies },
  failoverRoutingPolicies: policy("failover_routing_policy"),
  fqdn: { kind: "text", mode: "computed" },
  geolocationRoutingPolicies: policy("geolocation_routing_policy"),
  geoproximityRoutingPolicy: { kind: "object", mode: "optional", notSimulated: policies },
  healthCheckId: { kind: "text", mode: "optional", notSimulated: "health checks" },
  latencyRoutingPolicies: policy("latency_routing_policy"),
  multivalueAnswerRoutingPolicy: { kind: "bool", mode: "optional", notSimulated: policies },
  name: { kind: "text", mode: "required", replaces: true, same: sameName },
  records: { kind: "set", mode: "optional", exactlyOneOf: ["aliases", "records"] },
  setIdentifier: { kind: "text", mode: "optional", notSimulated: policies },
  ttl: { kind: "int", mode: "optional", conflictsWith: ["aliases"], requiredWith: ["records"] },
  type: {
    kind: "text",
    mode: "required",
    validate: (value, name) =>
      typeof value === "string" && simulatedTypes.includes(value)
        ? undefined
        : `"${name}" ${JSON.stringify(value)} is not simulated by the sandbox's AWS, which has ${simulatedTypes.join(" and ")}`,
  },
  weightedRoutingPolicies: policy("weighted_routing_policy"),
  zoneId: { kind: "text", mode: "required", replaces: true },
};

/** The state keeps names in lower case and without a dot at their end. */
function stored(name: string): string {
  return withoutDot(name).toLowerCase();
}

function sameName(before: Json | undefined, after: Json | undefined): boolean {
  return typeof before === "string" && typeof after === "string" && before === stored(after);
}

/** A name that does not end in the zone's is below it (expandRecordName). */
function fullName(name: string, zoneName: string): string {
  const [short, zone] = [stored(name), withoutDot(zoneName)];
  if (short === "") return zone;
  return short === zone || short.endsWith(`.${zone}`) ? short : `${short}.${zone}`;
}

/** Upstream shows the messages of a refused batch alone. */
function batch<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const said = error.code === "InvalidChangeBatch" ? `InvalidChangeBatch: ${error.detail}` : error.message;
    throw new ProviderError(`${what}: ${said}`, { cause: error });
  }
}

function write({ ec2 }: Context, inputs: Properties, upsert: boolean): void {
  const zone = findZone(ec2, "GetHostedZone", requiredText(inputs, "zoneId"));
  const set = {
    Name: fullName(requiredText(inputs, "name"), zone.Name),
    Type: requiredText(inputs, "type"),
    TTL: integer(inputs, "ttl") ?? 0,
    ResourceRecords: texts(inputs, "records").map((Value) => ({ Value })),
  };
  writeRecordSet(ec2, zone, set, upsert);
}

const idOf = (inputs: Properties): string =>
  [requiredText(inputs, "zoneId"), stored(requiredText(inputs, "name")), requiredText(inputs, "type")].join(
    "_",
  );

function create(context: Context, inputs: Properties): string {
  batch("creating Route53 Record", () => {
    write(context, inputs, flag(inputs, "allowOverwrite") ?? false);
  });
  return idOf(inputs);
}

/** `ZONE_NAME_TYPE`, where a name may have underscores, too. */
function parseId(id: string): { zoneId: string; name: string; type: string } {
  const [, zoneId, name, type] = /^([^_]+)_(.+)_([A-Z]+)$/.exec(id) ?? [];
  if (zoneId === undefined || name === undefined || type === undefined) {
    throw new ProviderError(`unexpected format of ID ("${id}"), expected ZONEID_RECORDNAME_TYPE`);
  }
  return { zoneId, name: stored(name), type };
}

function read({ ec2 }: Context, id: string, prior: Properties): Properties | undefined {
  const parsed = parseId(id);
  const zone = ec2.get("hosted-zones", parsed.zoneId);
  if (zone === undefined) return undefined;
  const fqdn = fullName(parsed.name, zone.Name);
  const set = findRecordSet(ec2, parsed.zoneId, fqdn, parsed.type);
  return (
    set && {
      allowOverwrite: flag(prior, "allowOverwrite") ?? false,
      fqdn,
      name: parsed.name,
      records: set.ResourceRecords.map(({ Value }) => Value),
      ttl: set.TTL,
      type: parsed.type,
      zoneId: parsed.zoneId,
    }
  );
}

export const route53Record: ResourceType = {
  token: "aws:route53/record:Record",
  upstream: { resource: "aws_route53_record", file: "internal/service/route53/record.go", sdk: "sdkv2" },
  properties,
  tagged: false,
  global: true,
  create,
  read,
  update: (context, id, { before, after, changed }) => {
    const { ec2 } = context;
    batch(changed.has("type") ? `updating Route53 Record (${id})` : "creating Route53 Record", () => {
      if (changed.has("type")) {
        const zone = findZone(ec2, "GetHostedZone", requiredText(before, "zoneId"));
        const name = fullName(requiredText(before, "name"), zone.Name);
        deleteRecordSet(ec2, zone, name, requiredText(before, "type"));
      }
      write(context, after, !changed.has("type") || flag(after, "allowOverwrite") === true);
    });
    return idOf(after);
  },
  delete: ({ ec2 }, id) => {
    const { zoneId, name, type } = parseId(id);
    try {
      const zone = findZone(ec2, "GetHostedZone", zoneId);
      deleteRecordSet(ec2, zone, fullName(name, zone.Name), type);
    } catch (error) {
      // It is gone already, alone or with its zone.
      if (!["NoSuchHostedZone", "InvalidChangeBatch"].includes(apiCode(error) ?? "")) throw error;
    }
  },
};
