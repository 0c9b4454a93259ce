/** Everything that an export describes, checked, each thing once. */
import { z } from "zod";
import { readItems, type ExportFile, type Item, type Kind } from "./document.ts";
import { ExportError, Notes } from "./notes.ts";
import * as records from "./records.ts";

/** A thing, and the file that has it. */
export interface Described<Value> {
  readonly id: string;
  readonly value: Value;
  readonly file: string;
}

export type Table<Value> = ReadonlyMap<string, Described<Value>>;

export interface Export {
  /** Kinds of which the export says what there is, if only that there is nothing. */
  readonly has: (kind: Kind) => boolean;
  readonly vpcs: Table<records.Vpc>;
  readonly subnets: Table<records.Subnet>;
  readonly routeTables: Table<records.RouteTable>;
  readonly internetGateways: Table<z.infer<typeof records.internetGateway>>;
  readonly egressOnlyGateways: Table<z.infer<typeof records.egressOnlyGateway>>;
  readonly natGateways: Table<records.NatGateway>;
  readonly networkAcls: Table<records.NetworkAcl>;
  readonly securityGroups: Table<records.SecurityGroup>;
  readonly securityGroupRules: Table<records.SecurityGroupRule>;
  readonly instances: Table<records.Instance>;
  readonly networkInterfaces: Table<records.NetworkInterface>;
  readonly addresses: Table<records.ElasticAddress>;
  readonly peerings: Table<records.Peering>;
  readonly prefixLists: Table<records.PrefixList>;
  readonly endpoints: Table<records.Endpoint>;
  readonly notes: Notes;
}

/** `Vpcs[0].CidrBlock` */
function placeOf(path: string, below: readonly PropertyKey[]): string {
  return below.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    path,
  );
}

function check<Schema extends z.ZodType>(schema: Schema, { value, file, path }: Item): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 3)
    .map((issue) => `${placeOf(path, issue.path)}: ${issue.message}`);
  throw new ExportError(`${file}: ${problems.join("; ")}`);
}

/** Tags are the reader's own: who shares a VPC sees other ones, or none. */
const ofReader = new Set(["Tags", "TagSet", "unknown", "Description"]);

/** The value with lists of things in an order of their own, so that two answers of AWS's can be compared. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .map((inner): unknown => comparable(inner))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) => !ofReader.has(key) && inner !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, comparable(inner)]),
  );
}

/** The first field of which two answers say different things. */
export function contradiction(a: object, b: object, fields: readonly string[]): string | undefined {
  const textOf = (value: object, field: string): string =>
    JSON.stringify([comparable((value as Record<string, unknown>)[field])]);
  return fields.find((field) => textOf(a, field) !== textOf(b, field));
}

/** Fields that nobody knows, in the thing and in what is in it, with the way to each. */
function* unknownFields(value: unknown, path: string): Iterable<string> {
  if (Array.isArray(value)) {
    for (const inner of value) yield* unknownFields(inner, path);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "unknown" && Array.isArray(inner)) {
      for (const field of inner) yield `${path}${String(field)}`;
    } else yield* unknownFields(inner, `${path}${key}.`);
  }
}

class Collector {
  readonly #items: ReadonlyMap<Kind, readonly Item[]>;
  readonly #notes: Notes;

  constructor(items: ReadonlyMap<Kind, readonly Item[]>, notes: Notes) {
    this.#items = items;
    this.#notes = notes;
  }

  table<Schema extends z.ZodType<object>>(
    kind: Kind,
    schema: Schema,
    idOf: (value: z.infer<Schema>) => string,
    more: readonly Item[] = [],
  ): Map<string, Described<z.infer<Schema>>> {
    const found = new Map<string, Described<z.infer<Schema>>>();
    for (const item of [...(this.#items.get(kind) ?? []), ...more]) {
      const value = check(schema, item);
      const id = idOf(value);
      const { file } = item;
      const earlier = found.get(id);
      if (earlier !== undefined) {
        const field = contradiction(
          earlier.value,
          value,
          Object.keys({ ...earlier.value, ...value }).filter((key) => !ofReader.has(key)),
        );
        if (field !== undefined) throw contradicting(id, field, earlier.file, file);
        continue;
      }
      found.set(id, { id, value, file });
      for (const field of unknownFields(value, "")) this.#unknown(file, id, field);
    }
    return found;
  }

  #unknown(file: string, object: string, field: string): void {
    const isRule =
      /^(Routes|Entries|IpPermissions|IpPermissionsEgress)\./.test(field) || object.startsWith("sgr-");
    const consequence = isRule
      ? "is not known: what hangs on the rule that has it cannot be answered"
      : "is not known: it is taken to decide nothing";
    this.#notes.add({ file, object, field, consequence });
  }

  /** What `describe-instances` prints has its instances within reservations. */
  reserved(): Item[] {
    const schema = z.object({ Instances: z.array(z.unknown()).default([]) });
    return (this.#items.get("Reservations") ?? []).flatMap((item) =>
      check(schema, item).Instances.map((value, index) => ({
        value,
        file: item.file,
        path: `${item.path}.Instances[${index}]`,
      })),
    );
  }

  /** A list comes from two calls: one says what it is called, the other what is in it. */
  prefixLists(): Map<string, Described<records.PrefixList>> {
    const found = new Map<string, Described<records.PrefixList>>();
    for (const item of this.#items.get("PrefixLists") ?? []) {
      const value = check(records.prefixList, item);
      const id = value.PrefixListId;
      const earlier = found.get(id);
      if (earlier === undefined) {
        for (const field of unknownFields(value, "")) this.#unknown(item.file, id, field);
        found.set(id, { id, value, file: item.file });
        continue;
      }
      const both = [earlier.value, value].map(networksOf);
      const [a, b] = both.map((networks) => networks?.toSorted().join(" "));
      if (a !== undefined && b !== undefined && a !== b)
        throw contradicting(id, "Cidrs", earlier.file, item.file);
      const defined = Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));
      found.set(id, { ...earlier, value: { ...earlier.value, ...defined } });
    }
    return found;
  }
}

export function contradicting(id: string, field: string, a: string, b: string): ExportError {
  const where = a === b ? `${a} says it twice` : `${a} and ${b} say different things`;
  return new ExportError(`${id}: ${field}: ${where}, so they are not of one moment: describe it again`);
}

/** The networks of a prefix list; `undefined` where the export does not have them. */
export function networksOf({ Cidrs, Entries }: records.PrefixList): readonly string[] | undefined {
  return Entries?.map(({ Cidr }) => Cidr) ?? Cidrs;
}

/**
 * Reads an export.
 * @throws {ExportError} where it is damaged, or contradicts itself
 */
export function collect(files: readonly ExportFile[]): Export {
  const notes = new Notes();
  const items = readItems(files, notes);
  const from = new Collector(items, notes);
  const reserved = from.reserved();
  return {
    has: (kind) => items.has(kind),
    vpcs: from.table("Vpcs", records.vpc, ({ VpcId }) => VpcId),
    subnets: from.table("Subnets", records.subnet, ({ SubnetId }) => SubnetId),
    routeTables: from.table("RouteTables", records.routeTable, ({ RouteTableId }) => RouteTableId),
    internetGateways: from.table("InternetGateways", records.internetGateway, (one) => one.InternetGatewayId),
    egressOnlyGateways: from.table(
      "EgressOnlyInternetGateways",
      records.egressOnlyGateway,
      (one) => one.EgressOnlyInternetGatewayId,
    ),
    natGateways: from.table("NatGateways", records.natGateway, ({ NatGatewayId }) => NatGatewayId),
    networkAcls: from.table("NetworkAcls", records.networkAcl, ({ NetworkAclId }) => NetworkAclId),
    securityGroups: from.table("SecurityGroups", records.securityGroup, ({ GroupId }) => GroupId),
    securityGroupRules: from.table(
      "SecurityGroupRules",
      records.securityGroupRule,
      (one) => one.SecurityGroupRuleId,
    ),
    instances: from.table("Instances", records.instance, ({ InstanceId }) => InstanceId, reserved),
    networkInterfaces: from.table(
      "NetworkInterfaces",
      records.networkInterface,
      (one) => one.NetworkInterfaceId,
    ),
    addresses: from.table(
      "Addresses",
      records.elasticAddress,
      (one) => one.AllocationId ?? one.PublicIp ?? one.CarrierIp ?? "an address without an id",
    ),
    peerings: from.table("VpcPeeringConnections", records.peering, (one) => one.VpcPeeringConnectionId),
    prefixLists: from.prefixLists(),
    endpoints: from.table("VpcEndpoints", records.endpoint, ({ VpcEndpointId }) => VpcEndpointId),
    notes,
  };
}
