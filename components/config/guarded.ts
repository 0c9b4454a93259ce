/**
 * What is guarded: resources that cannot be made again as they were. A deleted zone, NAT address or hub's address comes
 * back as another one, and a VPC or subnet takes with it all that is in it. Each is known by its URN alone, so that one
 * that the configuration has no more is still known.
 */

/** A kind of guarded resource. */
interface Kind {
  readonly type: string;
  /** A component above it, where others of its type are not guarded. */
  readonly within?: string;
  /** What its logical name looks like, which also sets it apart from others of its type. */
  readonly name: RegExp;
  readonly example: string;
}

const label = "[a-z][a-z0-9-]*";
const zoneName = /^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/;

export const guardedKinds = {
  vpc: { type: "aws:ec2/vpc:Vpc", name: new RegExp(`^${label}$`), example: "us-west" },
  subnet: {
    type: "aws:ec2/subnet:Subnet",
    name: new RegExp(`^${label}/(?:public|private|database)/${label}$`),
    example: "us-west/public/us-west-2a",
  },
  "nat-gateway": {
    type: "aws:ec2/natGateway:NatGateway",
    name: new RegExp(`^${label}/nat/${label}$`),
    example: "us-west/nat/us-west-2a",
  },
  /** From which everything behind the gateway is seen: others have it in their lists. */
  "nat-address": {
    type: "aws:ec2/eip:Eip",
    name: new RegExp(`^${label}/nat/${label}$`),
    example: "us-west/nat/us-west-2a",
  },
  /** Which every peer dials. */
  "hub-address": {
    type: "aws:ec2/eip:Eip",
    within: "blackroad:wireguard:Hub",
    name: new RegExp(`^${label}/${label}$`),
    example: "us-west/hub-1",
  },
  peering: {
    type: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
    name: new RegExp(`^${label}/${label}$`),
    example: "us-west/eu-west",
  },
  zone: { type: "cloudflare:index/zone:Zone", name: zoneName, example: "blackroad.io" },
  "name-server": {
    type: "cloudflare:index/dnsRecord:DnsRecord",
    name: /^[^/\s]+\/[^/\s]+\/NS\/[0-9a-f]{8}$/,
    example: "blackroad.io/dev.blackroad.io/NS/0123abcd",
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type GuardedKind = keyof typeof guardedKinds;

/** A guarded resource: its kind and logical name say which, without project and stack. */
export interface Guarded {
  readonly kind: GuardedKind;
  readonly name: string;
}

/** Beside guarded resources an approval may be about the records of one zone as a whole. */
type ApprovableKind = GuardedKind | "records";

const kindNames = Object.keys(guardedKinds) as GuardedKind[];

/**
 * The guarded resource of these types and this name; `undefined` for any other.
 * @param types of the components above it, the outermost first, and its own at the end
 */
export function guardedOf(types: readonly string[], name: string): Guarded | undefined {
  const kind = kindNames.find((each) => {
    const { type, within, name: form }: Kind = guardedKinds[each];
    return type === types.at(-1) && (within === undefined || types.includes(within)) && form.test(name);
  });
  return kind === undefined ? undefined : { kind, name };
}

/** What a URN is made of: `urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME`. */
export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  readonly types: readonly string[];
  readonly name: string;
}

/** `undefined` where the text is no URN. */
export function parseUrn(urn: string): UrnParts | undefined {
  const [, stack, project, types, name] = /^urn:pulumi:([^:]+)::([^:]+)::(.+?)::(.+)$/s.exec(urn) ?? [];
  if (stack === undefined || project === undefined || types === undefined || name === undefined) {
    return undefined;
  }
  return { stack, project, types: types.split("$"), name };
}

/** The guarded resource with this URN; `undefined` for any other. */
export function guardedByUrn(urn: string): Guarded | undefined {
  const parts = parseUrn(urn);
  return parts === undefined ? undefined : guardedOf(parts.types, parts.name);
}

/** How a person writes a guarded resource, and how messages name it: `subnet us-west/public/us-west-2a`. */
export function readableName({ kind, name }: Guarded): string {
  return `${kind} ${name}`;
}

/** What a resource is called: by kind and name where it is guarded, else by its URN. */
export function subjectOf(urn: string): string {
  const found = guardedByUrn(urn);
  return found === undefined ? urn : readableName(found);
}

/** How an approval names the records of a zone. */
export function recordsOf(zone: string): string {
  return `records ${zone}`;
}

function isApprovableKind(kind: string): kind is ApprovableKind {
  return kind === "records" || Object.hasOwn(guardedKinds, kind);
}

/** Why a text names nothing that can be approved (a sentence without its subject); `undefined` where it does. */
export function subjectComplaint(text: string): string | undefined {
  if (text.startsWith("urn:")) {
    return parseUrn(text) === undefined ? "is no whole URN: copy it from the plan." : undefined;
  }
  const [kind = "", name = "", ...rest] = text.split(" ");
  if (!isApprovableKind(kind) || name === "" || rest.length > 0) {
    const kinds = [...kindNames, "records"].join(", ");
    return `must be a URN, or a kind and a name such as vpc us-west, but is ${JSON.stringify(text)}; kinds are ${kinds}.`;
  }
  const { name: form, example } = kind === "records" ? guardedKinds.zone : guardedKinds[kind];
  return form.test(name) ? undefined : `must name a ${kind} as in ${kind} ${example}, but is ${text}.`;
}
