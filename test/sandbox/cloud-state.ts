/**
 * What a stack's state says beside what the clouds hold: the ids on both sides, the `urn` tags, and a canonical form
 * in which two runs of the same program are equal, ids and keys aside.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Description, RegionDescription } from "../../sandbox/services/aws/client.ts";
import type { DescribedCloudflare } from "../cloudflare-control.ts";

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly id?: string;
  readonly delete?: boolean;
  readonly pendingReplacement?: boolean;
  readonly protect?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface StackState {
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly unknown[];
  };
}

interface Tagged {
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
}

/** A resource in AWS or Cloudflare that somebody made: `region id`, and the value of its tag `urn`. */
export interface CloudResource {
  readonly key: string;
  readonly urnTag: string | undefined;
}

function tagOf({ Tags }: Tagged, key: string): string | undefined {
  return Tags.find(({ Key }) => Key === key)?.Value;
}

/** Everything in a region but what AWS makes by itself with a VPC. */
function regionResources(region: string, described: RegionDescription): CloudResource[] {
  const found: CloudResource[] = [];
  const add = (id: string, tagged?: Tagged): void => {
    found.push({ key: `${region} ${id}`, urnTag: tagged && tagOf(tagged, "urn") });
  };
  for (const vpc of described.vpcs.Vpcs) add(vpc.VpcId, vpc);
  for (const subnet of described.subnets.Subnets) add(subnet.SubnetId, subnet);
  for (const table of described["route-tables"].RouteTables) {
    if (!table.Associations.some(({ Main }) => Main)) add(table.RouteTableId, table);
    for (const association of table.Associations) {
      if (!association.Main) add(association.RouteTableAssociationId);
    }
    for (const { Origin, DestinationCidrBlock: destination } of table.Routes) {
      // Those to prefix lists belong to their endpoint.
      if (Origin === "CreateRoute" && destination !== undefined)
        add(`r-${table.RouteTableId}${crc32(destination)}`);
    }
  }
  for (const endpoint of described["vpc-endpoints"].VpcEndpoints) {
    add(endpoint.VpcEndpointId, endpoint);
    for (const table of endpoint.RouteTableIds) add(`a-${endpoint.VpcEndpointId}${crc32(table)}`);
  }
  for (const acl of described["network-acls"].NetworkAcls.filter(({ IsDefault }) => !IsDefault)) {
    add(acl.NetworkAclId, acl);
    for (const { NetworkAclAssociationId } of acl.Associations) add(NetworkAclAssociationId);
  }
  for (const log of described["flow-logs"].FlowLogs) add(log.FlowLogId, log);
  for (const { logGroupName } of described["log-groups"].logGroups) add(logGroupName);
  for (const { DBSubnetGroupName } of described["db-subnet-groups"].DBSubnetGroups) add(DBSubnetGroupName);
  for (const { Id } of described["resolver-endpoints"].ResolverEndpoints) add(Id);
  for (const { Id } of described["resolver-rules"].ResolverRules) add(Id);
  for (const { Id } of described["resolver-rule-associations"].ResolverRuleAssociations) add(Id);
  for (const gateway of described["internet-gateways"].InternetGateways)
    add(gateway.InternetGatewayId, gateway);
  for (const gateway of described["nat-gateways"].NatGateways) add(gateway.NatGatewayId, gateway);
  // A VPC's own group counts once it has been adopted, which its tags tell.
  const groups = described["security-groups"].SecurityGroups.filter(
    (group) => group.GroupName !== "default" || tagOf(group, "urn") !== undefined,
  );
  for (const group of groups) add(group.GroupId, group);
  for (const rule of described["security-group-rules"].SecurityGroupRules) {
    if (groups.some(({ GroupId }) => GroupId === rule.GroupId)) add(rule.SecurityGroupRuleId, rule);
  }
  for (const { Instances } of described.instances.Reservations) {
    for (const instance of Instances) add(instance.InstanceId, instance);
  }
  for (const address of described.addresses.Addresses) {
    add(address.AllocationId, address);
    // A NAT gateway's association belongs to the gateway.
    if (address.InstanceId !== undefined) add(address.AssociationId ?? "");
  }
  for (const peering of described["vpc-peering-connections"].VpcPeeringConnections) {
    add(peering.VpcPeeringConnectionId, peering);
  }
  return found;
}

/** Private zones, which have no region, the further VPCs that know them, and their records. */
function zoneResources({
  "hosted-zones": zones,
  "record-sets": sets,
}: Description["global"]): CloudResource[] {
  const found: CloudResource[] = [];
  const add = (id: string): void => {
    found.push({ key: `global ${id}`, urnTag: undefined });
  };
  for (const [id, { HostedZone, VPCs }] of Object.entries(zones)) {
    add(id);
    // The first came with the zone.
    for (const { VPCId, VPCRegion } of VPCs.slice(1)) add(`${id}:${VPCId}:${VPCRegion}`);
    for (const { Name, Type } of sets[id]?.ResourceRecordSets ?? []) {
      if (Name === HostedZone.Name && (Type === "NS" || Type === "SOA")) continue;
      add(`${id}_${Name.replace(/\.$/, "")}_${Type}`);
    }
  }
  return found;
}

/** The ids of everything that can be made and deleted at Cloudflare; a zone's settings come and go with it. */
function cloudflareIds({ zones, account }: DescribedCloudflare): string[] {
  const ofZones = zones.flatMap((zone) => [
    zone,
    ...zone.dns_records,
    ...zone.rulesets,
    ...zone.load_balancers,
  ]);
  const { monitors, pools, tunnels, access_policies: policies, access_apps: apps } = account;
  return [...ofZones, ...monitors, ...pools, ...tunnels, ...policies, ...apps].map(({ id }) => id);
}

export function cloudResources(aws: Description, cloudflare?: DescribedCloudflare): CloudResource[] {
  const inAws = Object.entries(aws.regions).flatMap(([region, described]) =>
    regionResources(region, described),
  );
  const ids = cloudflare === undefined ? [] : cloudflareIds(cloudflare);
  const inCloudflare = ids.map((id) => ({ key: `cloudflare ${id}`, urnTag: undefined }));
  return [...inAws, ...iamResources(aws.global), ...zoneResources(aws.global), ...inCloudflare];
}

/** IAM has no regions, and the policies within a role are found by name only. */
function iamResources(iam: Description["global"]): CloudResource[] {
  const roles = iam.roles.Roles.map((role) => ({
    key: `global ${role.RoleName}`,
    urnTag: tagOf(role, "urn"),
  }));
  const profiles = iam["instance-profiles"].InstanceProfiles.map((profile) => ({
    key: `global ${profilePrefix}${profile.InstanceProfileName}`,
    urnTag: tagOf(profile, "urn"),
  }));
  const attached = Object.entries(iam["attached-role-policies"]).flatMap(([role, { AttachedPolicies }]) =>
    AttachedPolicies.map(({ PolicyArn }) => ({ key: `global ${role}/${PolicyArn}`, urnTag: undefined })),
  );
  return [...roles, ...profiles, ...attached];
}

/** A profile may be called as its role is. */
const profilePrefix = "instance-profile/";

/** What AWS makes by itself is not counted; whatever else is in the clouds is. */
export function cloudKeys(aws: Description, cloudflare: DescribedCloudflare): string[] {
  return [...new Set(cloudResources(aws, cloudflare).map(({ key }) => key))].sort();
}

/** Types without a thing of their own: what they set belongs to a peering connection, a role, a zone or a tunnel. */
const settings = new Set([
  "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions",
  "aws:iam/rolePolicy:RolePolicy",
  "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  "cloudflare:index/zoneDnssec:ZoneDnssec",
  "cloudflare:index/zoneSetting:ZoneSetting",
]);

/** Where a resource of AWS is: its region, or `global` for what has none. */
export function awsKey({ type, id, inputs, outputs }: StateResource): string {
  const region = outputs?.region ?? inputs?.region;
  const prefix = type === "aws:iam/instanceProfile:InstanceProfile" ? profilePrefix : "";
  return `${typeof region === "string" ? region : "global"} ${prefix}${id ?? ""}`;
}

/** The same keys, from the state. */
export function stateKeys(state: StackState): string[] {
  const keys = (state.deployment.resources ?? []).flatMap((resource) => {
    const { type, id } = resource;
    if (id === undefined || settings.has(type)) return [];
    if (type.startsWith("cloudflare:")) return [`cloudflare ${id}`];
    return type.startsWith("aws:") ? [awsKey(resource)] : [];
  });
  return [...new Set(keys)].sort();
}

export function hashOfUrn(urn: string): string {
  return createHash("sha256").update(urn).digest("hex").slice(0, 32);
}

/** Tags `urn` that two resources of a region carry. */
export function repeatedUrnTags(aws: Description): string[] {
  const seen = new Set<string>();
  return cloudResources(aws).flatMap(({ key, urnTag }) => {
    if (urnTag === undefined) return [];
    if (seen.has(urnTag)) return [`${key}: ${urnTag}`];
    seen.add(urnTag);
    return [];
  });
}

/** Texts that differ between two runs of the same program, each replaced by its name or its kind. */
type Renaming = (text: string) => string;

const idPattern =
  /\b(?:vpc|subnet|rtb|rtbassoc|igw|nat|acl|aclassoc|sg|sgr|eipalloc|eipassoc|pcx|vpce|fl|i|eni|eni-attach|vol|r|dopt|vpc-cidr-assoc|subnet-cidr-assoc)-[0-9a-f]{17}\b/g;

/** Ids of resolvers' things, which are longer than EC2's, and of zones. */
const resolverIdPattern = /\b(rslvr-[a-z]+|rni|request)-[0-9a-f]{17}\b/g;
const zoneIdPattern = /\bZ0[0-9A-F]{18}(?![0-9A-Z])/g;

/** A file in a host's payload: what it holds is in base64, and may hold keys. */
const payloadFile = /^(file \S+ \d+ \S+ )([A-Za-z0-9+/=]+)$/gm;

/** Names every id by the resource that has it in the state, and every public address by who holds it. */
function renaming(state: StackState): Renaming {
  const names = new Map<string, string>();
  for (const { urn, id, type, outputs } of state.deployment.resources ?? []) {
    // A password's id is the word "none", which stands for other things, too.
    if (id !== undefined && id !== "none" && !settings.has(type))
      names.set(id, `<${urn.split("::").slice(2).join("::")}>`);
    if (type === "aws:ec2/eip:Eip" && typeof outputs?.publicIp === "string") {
      const { publicIp } = outputs;
      const holder = `<address of ${urn.split("::").at(-1) ?? ""}>`;
      names.set(publicIp, holder);
      names.set(publicIp.replaceAll(".", "-"), holder);
    }
  }
  const spelled = [...names.keys()].sort((left, right) => right.length - left.length);
  const escaped = spelled.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const known =
    escaped.length === 0
      ? undefined
      : new RegExp(`(?<![0-9a-zA-Z])(?:${escaped.join("|")})(?![0-9a-zA-Z])`, "g");
  const rename: Renaming = (text) => {
    const named = known === undefined ? text : text.replace(known, (match) => names.get(match) ?? match);
    return named
      .replace(payloadFile, (_line, head: string, body: string) => {
        return `${head}${rename(Buffer.from(body, "base64").toString())}`;
      })
      .replace(resolverIdPattern, "<$1>")
      .replace(zoneIdPattern, "<zone>")
      .replace(idPattern, (id) => `<${id.slice(0, id.lastIndexOf("-"))}>`)
      .replace(/\bAROA[0-9A-Z]{17}\b/g, "<role's id>")
      .replace(/\bAIPA[0-9A-Z]{17}\b/g, "<instance profile's id>")
      .replace(/-----BEGIN [\s\S]*?-----END [A-Z ]+-----/g, "<pem>")
      .replace(/\b(?:ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/=]+/g, "<ssh key>")
      .replace(/\b(?:SHA256:[A-Za-z0-9+/]{43}|(?:[0-9a-f]{2}:){15}[0-9a-f]{2})/g, "<fingerprint>")
      .replace(/[A-Za-z0-9+/]{43}=/g, "<wireguard key>")
      .replace(/\b\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, "<time>")
      .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, "<mac>")
      .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>")
      .replace(/\b[0-9a-f]{64}\b/g, "<sha256>")
      .replace(/ IN DS \d+ 13 2 [0-9A-F]{64}\b/g, " IN DS <key>")
      .replace(/\b[0-9a-f]{16}\b/g, "<name of keys>");
  };
  return rename;
}

const secretMark = "4dabf18193072939515e22adb298388d";

/** A value with everything renamed, objects by sorted keys and lists sorted: AWS promises no order. */
export function canonical(value: unknown, rename: Renaming): unknown {
  if (typeof value === "string") return rename(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item, rename));
    return items.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value;
  if (secretMark in value) return "<secret>";
  const entries = Object.entries(value).map(([key, each]) => {
    // CloudWatch Logs counts milliseconds, where others write a date.
    return [rename(key), key === "creationTime" ? "<time>" : canonical(each, rename)] as const;
  });
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/**
 * A command's properties without what a repetition has otherwise: what a script printed tells how much it found to be
 * done, and an apply that was cut off has used up its number, by which the next one and its confirmations go.
 */
function ofEveryAttempt(properties: StateResource["outputs"]): StateResource["outputs"] {
  const entries = Object.entries(properties ?? {}).filter(([key]) => key !== "stdout" && key !== "stderr");
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutNumber(key, value)] as const));
}

const token = /^(?:\d+-[0-9a-f]+|none)$/;

function withoutNumber(key: string, value: unknown): unknown {
  if (key === "triggers" && Array.isArray(value)) {
    return value.filter((each) => typeof each === "string" && !token.test(each));
  }
  if (typeof value !== "string") return value;
  return value
    .replace(/ --number \d+/, " --number <number>")
    .replace(/ confirm (?:\d+-[0-9a-f]+|none)/, " confirm <token>");
}

/** What Cloudflare draws by chance, and what counts how often something was written. */
const chances: ReadonlySet<string> = new Set([
  ...["digest", "keyTag", "key_tag", "publicKey", "public_key"],
  "version",
]);

/** What Cloudflare says, without chance: neither in its values nor in the identifiers of a ruleset's rules. */
function withoutChance(value: unknown, isRule = false): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutChance(item, isRule));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !chances.has(key) && !(isRule && key === "id"));
  return Object.fromEntries(entries.map(([key, each]) => [key, withoutChance(each, key === "rules")]));
}

function comparable(type: string, properties: StateResource["outputs"]): unknown {
  if (type.startsWith("command:")) return ofEveryAttempt(properties);
  return type.startsWith("cloudflare:") ? withoutChance(properties) : properties;
}

/** Each resource of the state by its URN, in canonical form. */
export function canonicalState(state: StackState): Record<string, unknown> {
  const rename = renaming(state);
  const resources = (state.deployment.resources ?? []).map((resource) => {
    const { urn, type, delete: doomed, pendingReplacement } = resource;
    const [inputs, outputs] = [resource.inputs, resource.outputs].map((properties) =>
      comparable(type, properties),
    );
    const kept = { type, inputs, outputs, doomed, pendingReplacement };
    return [urn, canonical(JSON.parse(JSON.stringify(kept)), rename)] as const;
  });
  return Object.fromEntries(resources.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The clouds in canonical form, the text of user data aside: it holds keys. */
export function canonicalCloud(
  state: StackState,
  aws: Description,
  cloudflare: DescribedCloudflare,
): unknown {
  const rename = renaming(state);
  const regions = Object.entries(aws.regions).map(([region, described]) => [
    region,
    { ...described, "user-data": Object.keys(described["user-data"]) },
  ]);
  const found = {
    regions: Object.fromEntries(regions) as unknown,
    global: aws.global,
    cloudflare: withoutChance(cloudflare),
  };
  return canonical(found, rename);
}

const mostDifferences = 30;

/** Where two canonical forms differ, a line each: `path: this ≠ that`. */
export function differences(actual: unknown, wanted: unknown, path = ""): string[] {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null;
  if (isObject(actual) && isObject(wanted)) {
    const keys = [...new Set([...Object.keys(actual), ...Object.keys(wanted)])];
    const found = keys.flatMap((key) => differences(actual[key], wanted[key], `${path}/${key}`));
    return found.slice(0, mostDifferences);
  }
  if (actual === wanted) return [];
  const short = (value: unknown): string =>
    (value === undefined ? "nothing" : JSON.stringify(value)).slice(0, 160);
  return [`${path}: ${short(actual)} ≠ ${short(wanted)}`];
}
