/**
 * Files of an export, in whichever way people lay them out: a file for each kind of thing, a folder for each region or
 * account, everything in one file. What a file holds is told by its keys (`Vpcs`, `Reservations`), never by its name.
 */
import { JsonError, parseDocuments } from "./json.ts";
import { ExportError, type Notes } from "./notes.ts";

/** A file as it is on the disk. */
export interface ExportFile {
  /** Its path below the folder that was named. */
  readonly name: string;
  readonly text: string;
}

/** One thing that was described. */
export interface Item {
  readonly value: unknown;
  readonly file: string;
  /** `Vpcs[0]`, with what is around it in the file. */
  readonly path: string;
}

/** The keys under which `aws ec2` prints what is read here. */
export const kinds = [
  "Vpcs",
  "Subnets",
  "RouteTables",
  "InternetGateways",
  "EgressOnlyInternetGateways",
  "NatGateways",
  "NetworkAcls",
  "SecurityGroups",
  "SecurityGroupRules",
  "Reservations",
  "Instances",
  "NetworkInterfaces",
  "Addresses",
  "VpcPeeringConnections",
  "PrefixLists",
  "VpcEndpoints",
] as const;

export type Kind = (typeof kinds)[number];

/**
 * By which two fields a thing is known where nothing says what it is a list of, as `--query Vpcs` prints it. The first
 * that fits counts: an instance names its subnet and its VPC too, and answers about one attribute have an id alone.
 */
const marks: readonly (readonly [id: string, and: string, kind: Kind])[] = [
  ["SecurityGroupRuleId", "GroupId", "SecurityGroupRules"],
  ["AllocationId", "PublicIp", "Addresses"],
  ["InstanceId", "State", "Instances"],
  ["NetworkInterfaceId", "SubnetId", "NetworkInterfaces"],
  ["NatGatewayId", "VpcId", "NatGateways"],
  ["RouteTableId", "VpcId", "RouteTables"],
  ["NetworkAclId", "VpcId", "NetworkAcls"],
  ["InternetGatewayId", "Attachments", "InternetGateways"],
  ["EgressOnlyInternetGatewayId", "Attachments", "EgressOnlyInternetGateways"],
  ["VpcPeeringConnectionId", "Status", "VpcPeeringConnections"],
  ["VpcEndpointId", "VpcId", "VpcEndpoints"],
  ["PrefixListId", "PrefixListName", "PrefixLists"],
  ["GroupId", "GroupName", "SecurityGroups"],
  ["SubnetId", "VpcId", "Subnets"],
  ["VpcId", "CidrBlock", "Vpcs"],
];

function kindOf(value: Fields): Kind | undefined {
  return marks.find(([id, and]) => typeof value[id] === "string" && value[and] !== undefined)?.[2];
}

/** Keys of other answers of AWS's, which decide nothing about packets between addresses. */
const silent = new Set(
  (
    "FlowLogs logGroups DBSubnetGroups ResolverEndpoints IpAddresses ResolverRules ResolverRuleAssociations UserData " +
    "Roles InstanceProfiles AttachedPolicies HostedZone HostedZones VPCs DelegationSet ResourceRecordSets DhcpOptions " +
    "KeyPairs Images Volumes Snapshots Tags Regions AvailabilityZones AccountAttributes InstanceTypes LaunchTemplates " +
    "PlacementGroups VpcBlockPublicAccessOptions VpcBlockPublicAccessExclusions SecurityGroupVpcAssociations " +
    "InstanceStatuses ResponseMetadata"
  ).split(" "),
);

/** An answer that goes on in another one. */
const continued = new Set(["NextToken", "nextToken", "NextMarker", "Marker"]);

/** Answers nest no deeper: account, region, name, key. */
const deepest = 6;

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isVoid(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function isKind(key: string): key is Kind {
  return (kinds as readonly string[]).includes(key);
}

function parse({ name, text }: ExportFile): unknown[] {
  try {
    const documents = parseDocuments(text);
    if (documents.length === 0) throw new ExportError(`${name} is empty: a call that failed prints nothing`);
    return documents;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ExportError(`${name} is no JSON (aws … --output json): ${error.message}`);
  }
}

/** The id of a prefix list in a name: what `get-managed-prefix-list-entries` prints does not say whose entries it is. */
const prefixListId = /(?:^|[^a-z0-9])(pl-[0-9a-f]{8,17})(?![0-9a-f])/;

class Reader {
  readonly items = new Map<Kind, Item[]>();
  readonly #notes: Notes;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  read(file: ExportFile): void {
    const documents = parse(file);
    const met = documents.map((value, index) => {
      if (!isObject(value) && !Array.isArray(value)) {
        throw new ExportError(`${file.name} is neither an object nor a list, and so no answer of AWS's`);
      }
      return this.#visit(value, file.name, documents.length > 1 ? `answer ${index + 1}` : "", 0);
    });
    if (!met.includes(true)) {
      this.#note(file.name, "", "nothing in it is an answer of `aws ec2 describe-*`; it is not read");
    }
  }

  #note(file: string, field: string, consequence: string): void {
    this.#notes.add({ file, object: "", field, consequence });
  }

  /** @returns whether anything was met that is known */
  #visit(value: unknown, file: string, path: string, depth: number): boolean {
    if (depth > deepest) return false;
    if (isVoid(value)) return true;
    if (Array.isArray(value)) {
      const met = value.map((inner, index) => this.#visit(inner, file, `${path}[${index}]`, depth + 1));
      return met.includes(true);
    }
    if (!isObject(value)) return false;
    const kind = kindOf(value);
    if (kind !== undefined) {
      this.#add(kind, { value, file, path: path === "" ? "the answer" : path });
      return true;
    }
    const met = Object.entries(value).map(([key, inner]) => {
      const at = path === "" ? key : `${path}.${key}`;
      return this.#field(key, inner, { file, at, around: path }, depth);
    });
    return met.includes(true);
  }

  #field(
    key: string,
    value: unknown,
    place: { readonly file: string; readonly at: string; readonly around: string },
    depth: number,
  ): boolean {
    const { file, at } = place;
    if (isKind(key) && !isObject(value)) {
      this.#take(key, value, file, at);
      return true;
    }
    if (silent.has(key)) return true;
    if (continued.has(key)) {
      if (typeof value === "string" && value !== "") {
        const consequence = "the answer goes on in another one: see that its pages are all there";
        this.#note(file, at, consequence);
      }
      return true;
    }
    if (key === "Entries" && Array.isArray(value)) return this.#entries(value, place);
    // AWS's own keys begin with a capital; what is in a list of theirs are things, and no further answers.
    if (Array.isArray(value) && /^[A-Z]/.test(key)) {
      if (value.some(isObject)) this.#note(file, at, "is not read: what hangs on it alone is not seen");
      return true;
    }
    return this.#visit(value, file, at, depth + 1);
  }

  #take(kind: Kind, value: unknown, file: string, path: string): void {
    if (!Array.isArray(value)) throw new ExportError(`${file}: ${path} must be a list`);
    if (!this.items.has(kind)) this.items.set(kind, []);
    for (const [index, inner] of value.entries())
      this.#add(kind, { value: inner, file, path: `${path}[${index}]` });
  }

  #add(kind: Kind, item: Item): void {
    const items = this.items.get(kind);
    if (items === undefined) this.items.set(kind, [item]);
    else items.push(item);
  }

  #entries(
    value: readonly unknown[],
    { file, at, around }: { readonly file: string; readonly at: string; readonly around: string },
  ): boolean {
    const id = prefixListId.exec(around)?.[1] ?? prefixListId.exec(file)?.[1];
    if (id === undefined) {
      const consequence = "does not say of which prefix list it is: put the list's id into the file's name";
      this.#note(file, at, consequence);
      return true;
    }
    const path = around === "" ? "the answer" : around;
    this.#add("PrefixLists", { value: { PrefixListId: id, Entries: value }, file, path });
    return true;
  }
}

/**
 * Everything that the files describe, by kind. A kind that no file has is not in it; one of which there is nothing is
 * an empty list.
 * @throws {ExportError} where a file is no JSON, or what should be a list is none
 */
export function readItems(files: readonly ExportFile[], notes: Notes): Map<Kind, Item[]> {
  const reader = new Reader(notes);
  for (const file of files) reader.read(file);
  return reader.items;
}
