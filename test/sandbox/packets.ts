/**
 * The running sandbox as its packets see it: who gets through to whom, and what happens when a rule is taken away.
 * Everything is asked from inside the machines and namespaces of the sandbox, never from the machine's own network.
 */
import { askService } from "../../sandbox/ask.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { run } from "../../sandbox/hosts/run.ts";
import { namespaceName } from "../../sandbox/paths.ts";

/** `refused` is an answer: the packets passed, and nothing listened. */
export type Verdict = "open" | "refused" | "dropped";

/** How long an answer may take on one machine; a lost packet is only sent again after a second. */
const patienceSeconds = 3;

const awsRegions: Readonly<Record<string, string>> = { "us-west": "us-west-2", "eu-west": "eu-west-1" };

export function awsRegion(key: string): string {
  const region = awsRegions[key.slice(0, key.indexOf("/") >>> 0)] ?? awsRegions[key];
  if (region === undefined) throw new Error(`${key} is in no region of the sandbox stack`);
  return region;
}

export interface SecurityRule {
  /** Plan key of its group: `us-west/internal`. */
  readonly group: string;
  readonly egress?: boolean;
  readonly protocol: string;
  readonly fromPort: number;
}

interface Tagged {
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

interface Instance extends Tagged {
  readonly InstanceId: string;
  readonly State: { readonly Name: string };
  readonly PrivateIpAddress?: string;
  readonly PublicIpAddress?: string;
}

interface Rule {
  readonly SecurityGroupRuleId: string;
  readonly GroupId: string;
  readonly IsEgress: boolean;
  readonly IpProtocol: string;
  readonly FromPort: number;
  readonly ToPort: number;
  readonly CidrIpv4?: string;
  readonly ReferencedGroupInfo?: { readonly GroupId: string };
}

interface Route {
  readonly DestinationCidrBlock?: string;
  readonly GatewayId?: string;
  readonly NatGatewayId?: string;
  readonly NetworkInterfaceId?: string;
  readonly VpcPeeringConnectionId?: string;
}

/** What these tests read of one region's `aws ec2 describe-*` JSON. */
interface Region {
  readonly instances: { readonly Reservations: readonly { readonly Instances: readonly Instance[] }[] };
  readonly "security-groups": { readonly SecurityGroups: readonly (Tagged & { readonly GroupId: string })[] };
  readonly "security-group-rules": { readonly SecurityGroupRules: readonly Rule[] };
  readonly "route-tables": {
    readonly RouteTables: readonly (Tagged & {
      readonly RouteTableId: string;
      readonly Routes: readonly Route[];
    })[];
  };
}

function named(name: string): (thing: Tagged) => boolean {
  return ({ Tags }) => Tags?.some(({ Key, Value }) => Key === "Name" && Value === name) ?? false;
}

/** Exactly the one of these that carries this Name tag. */
function only<T extends Tagged>(things: readonly T[], name: string): T {
  const [found, ...others] = things.filter(named(name));
  if (found === undefined || others.length > 0) {
    throw new Error(`${others.length + (found === undefined ? 0 : 1)} resources are named ${name}, not one`);
  }
  return found;
}

/** Waits until the fabric has carried out everything that AWS was told. */
export async function settle(): Promise<void> {
  await askService("fabric", "POST", "/reconcile?wait");
}

async function region(key: string): Promise<Region> {
  const described = (await askService("aws", "GET", "/describe")) as { regions: Record<string, Region> };
  const found = described.regions[awsRegion(key)];
  if (found === undefined) throw new Error(`the simulated AWS describes no ${awsRegion(key)}`);
  return found;
}

/** An instance's id and addresses by plan key; asked anew each time, since tests replace things. */
export async function instance(key: string): Promise<{ id: string; address: string; publicAddress: string }> {
  const { instances } = await region(key);
  const running = instances.Reservations.flatMap(({ Instances }) => Instances).filter(
    ({ State }) => State.Name === "running",
  );
  const { InstanceId, PrivateIpAddress, PublicIpAddress } = only(running, key);
  return { id: InstanceId, address: PrivateIpAddress ?? "", publicAddress: PublicIpAddress ?? "" };
}

/** Runs a command on a host of the plan (`us-west/api-1`, `edge-home/lucidia`), past its network. */
export async function onHost(
  key: string,
  argv: readonly string[],
): Promise<{ exitCode: number; output: string }> {
  const site = key.slice(0, key.indexOf("/"));
  const name = site in awsRegions ? (await instance(key)).id : key.slice(key.indexOf("/") + 1);
  const { exitCode, stdout, stderr } = await execInMachine(name, argv, { timeoutSeconds: 30 });
  return { exitCode, output: `${stdout}${stderr}` };
}

/** Runs a command in a namespace without a machine: `stranger`, `op`, `inet`. */
export async function inNamespace(
  role: string,
  argv: readonly string[],
): Promise<{ exitCode: number; output: string }> {
  const command = ["ip", "netns", "exec", namespaceName(role), ...argv];
  const { exitCode, stdout, stderr } = await run(command, { timeoutSeconds: 30 });
  return { exitCode, output: `${stdout}${stderr}` };
}

function readVerdict({ exitCode, output }: { exitCode: number; output: string }): Verdict {
  if (exitCode === 0) return "open";
  if (/refused/i.test(output)) return "refused";
  if (/timed out|No route to host|unreachable/i.test(output)) return "dropped";
  throw new Error(`the probe itself failed (${exitCode}): ${output}`);
}

/** Tries to open a TCP connection from a host of the plan, or from `stranger` or `op`. */
export async function connect(from: string, address: string, port: number): Promise<Verdict> {
  if (from.includes("/")) {
    const wait = String(patienceSeconds);
    return readVerdict(await onHost(from, ["nc", "-vz", "-w", wait, address, String(port)]));
  }
  const target = `TCP:${address}:${port},connect-timeout=${patienceSeconds}`;
  return readVerdict(await inNamespace(from, ["socat", "-u", "/dev/null", target]));
}

/** The body of an HTTP answer, as a host of the plan gets it; `undefined` if there is none in time. */
export async function fetchFrom(from: string, url: string): Promise<string | undefined> {
  const curl = ["curl", "--silent", "--fail", "--insecure", "--max-time", "5", url];
  const { exitCode, output } = await onHost(from, curl);
  return exitCode === 0 ? output : undefined;
}

async function findRule(rule: SecurityRule): Promise<{
  id: string;
  away: Readonly<Record<string, unknown>>;
  restore: Readonly<Record<string, unknown>>;
}> {
  const described = await region(rule.group);
  const group = only(described["security-groups"].SecurityGroups, rule.group);
  const found = described["security-group-rules"].SecurityGroupRules.filter(
    (each) =>
      each.GroupId === group.GroupId &&
      each.IsEgress === (rule.egress ?? false) &&
      each.IpProtocol === rule.protocol &&
      each.FromPort === rule.fromPort,
  );
  const [each, ...others] = found;
  if (each === undefined || others.length > 0) {
    throw new Error(`${found.length} rules of ${rule.group} are ${rule.protocol} ${rule.fromPort}, not one`);
  }
  const { SecurityGroupRuleId: id, CidrIpv4: cidrIpv4, FromPort: fromPort, ToPort: toPort } = each;
  // A group cannot become a network in place.
  return each.ReferencedGroupInfo === undefined
    ? { id, away: { cidrIpv4: "203.0.113.254/32" }, restore: { cidrIpv4 } }
    : { id, away: { fromPort: 1, toPort: 1 }, restore: { fromPort, toPort } };
}

/**
 * Runs something while a security-group rule lets only a documentation address through, or only a port on which nobody
 * listens, which is as good as taking it away but keeps its id, so that the stack's state stays true.
 */
export async function withoutRule<T>(rule: SecurityRule, body: () => Promise<T>): Promise<T> {
  const { id, away, restore } = await findRule(rule);
  const drift = { region: awsRegion(rule.group), action: "modify", id };
  await askService("aws", "POST", "/drift", { ...drift, set: away });
  try {
    await settle();
    return await body();
  } finally {
    await askService("aws", "POST", "/drift", { ...drift, set: restore });
    await settle();
  }
}

/** The route of a plan's route table to a destination, and how to make it again. */
async function findRoute(
  table: string,
  destination: string,
): Promise<{ id: string; again: Record<string, unknown> }> {
  const described = await region(table);
  const { RouteTableId, Routes } = only(described["route-tables"].RouteTables, table);
  const route = Routes.find(({ DestinationCidrBlock }) => DestinationCidrBlock === destination);
  if (route === undefined) throw new Error(`${table} has no route to ${destination}`);
  const { GatewayId, NatGatewayId, NetworkInterfaceId, VpcPeeringConnectionId } = route;
  const targets = {
    gatewayId: GatewayId,
    natGatewayId: NatGatewayId,
    networkInterfaceId: NetworkInterfaceId,
    vpcPeeringConnectionId: VpcPeeringConnectionId,
  };
  const given = Object.entries(targets).filter(([, value]) => value !== undefined);
  return {
    id: `${RouteTableId}_${destination}`,
    again: {
      routeTableId: RouteTableId,
      destinationCidrBlock: destination,
      ...Object.fromEntries(given.slice(0, 1)),
    },
  };
}

/** Runs something while a route is deleted behind Pulumi's back, and makes the same route again. */
export async function withoutRoute<T>(
  table: string,
  destination: string,
  body: () => Promise<T>,
): Promise<T> {
  const { id, again } = await findRoute(table, destination);
  const where = awsRegion(table);
  await askService("aws", "POST", "/drift", { region: where, action: "delete", id });
  try {
    await settle();
    return await body();
  } finally {
    const type = "aws:ec2/route:Route";
    await askService("aws", "POST", "/drift", { region: where, action: "create", type, set: again });
    await settle();
  }
}
