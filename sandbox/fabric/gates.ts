/**
 * Security groups and network ACLs as nftables chains.
 *
 * A group's egress and ingress rules stand in base chains of their own: were they in one, the sender's egress would
 * accept a packet before the receiver's ingress has looked at it. Groups are stateful (what belongs to an accepted
 * flow passes), ACLs are stateless and ordered.
 */
import { familyOf, type Family } from "./blocks.ts";
import type { Cloud, Endpoint, Subnet, Vpc } from "./cloud.ts";
import type { DescribedAclEntry, DescribedGroupRule } from "./describe.ts";
import { linkName } from "./names.ts";
import { ANYWHERE_OF } from "./state.ts";

/** Mark of packets that go to the VPC's resolver; neither groups nor ACLs filter them. */
export const RESOLVER_MARK = 0x53;

/** What passes: everything that is undefined is not looked at. */
export interface Match {
  readonly protocol?: number;
  /** Inclusive destination ports. */
  readonly ports?: readonly [number, number];
  readonly icmpType?: number;
  readonly icmpCode?: number;
}

export interface Allowance extends Match {
  /** The other side, as a block… */
  readonly block?: string;
  /** … or as a security group's members. */
  readonly group?: string;
}

export type Direction = "egress" | "ingress";

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };
const ICMP = 1;
const ICMPV6 = 58;

/** AWS's name or number of a protocol; `undefined` for `-1`, all of them. @throws if it is neither. */
function protocolNumber(text: string): number | undefined {
  if (text === "-1") {
    return undefined;
  }
  const number = PROTOCOLS[text] ?? (/^\d{1,3}$/.test(text) ? Number(text) : Number.NaN);
  if (!(number <= 255)) {
    throw new Error(`unknown protocol ${JSON.stringify(text)}`);
  }
  return number;
}

function readMatch(protocolText: string, from: number | undefined, to: number | undefined): Match {
  const protocol = protocolNumber(protocolText);
  if (protocol === undefined) {
    return {};
  }
  if (protocol === ICMP || protocol === ICMPV6) {
    // AWS keeps an ICMP type in FromPort and a code in ToPort; -1 is any.
    return {
      protocol,
      ...(from === undefined || from === -1 ? {} : { icmpType: from }),
      ...(to === undefined || to === -1 ? {} : { icmpCode: to }),
    };
  }
  const hasPorts = protocol === 6 || protocol === 17;
  if (!hasPorts || from === undefined || to === undefined || from === -1 || (from === 0 && to === 65535)) {
    return { protocol };
  }
  if (from > to) {
    throw new Error(`ports ${from} to ${to} are no range`);
  }
  return { protocol, ports: [from, to] };
}

/** What a group's rule lets pass. @throws if it cannot be realised. */
function readAllowance(rule: DescribedGroupRule): Allowance {
  const match = readMatch(rule.IpProtocol, rule.FromPort ?? undefined, rule.ToPort ?? undefined);
  const block = rule.CidrIpv4 ?? rule.CidrIpv6;
  if (block != null) {
    return { ...match, block };
  }
  if (rule.ReferencedGroupInfo != null) {
    return { ...match, group: rule.ReferencedGroupInfo.GroupId };
  }
  throw new Error("its other side is neither a block nor a security group");
}

function renderMatch(match: Match): string[] {
  if (match.protocol === undefined) {
    return [];
  }
  if (match.ports !== undefined) {
    const [from, to] = match.ports;
    return [`${match.protocol === 6 ? "tcp" : "udp"} dport ${from === to ? from : `${from}-${to}`}`];
  }
  const name = match.protocol === ICMPV6 ? "icmpv6" : "icmp";
  const icmp = [
    ...(match.icmpType === undefined ? [] : [`${name} type ${match.icmpType}`]),
    ...(match.icmpCode === undefined ? [] : [`${name} code ${match.icmpCode}`]),
  ];
  return icmp.length > 0 ? icmp : [`meta l4proto ${match.protocol}`];
}

/** How nftables calls the type of an address. */
const ADDRESS_TYPE: Readonly<Record<Family, string>> = { ip: "ipv4_addr", ip6: "ipv6_addr" };

/** nftables takes no dashes in names. */
export function identifier(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9]/g, "_");
}

/** Whether an allowance can concern packets of a family: a group's members have addresses of both. */
function isOf(family: Family, { block, protocol }: Allowance): boolean {
  const foreign = family === "ip" ? ICMPV6 : ICMP;
  return protocol !== foreign && (block === undefined || familyOf(block) === family);
}

function renderAllowance(direction: Direction, allowance: Allowance, family: Family): string {
  const side = `${family} ${direction === "egress" ? "daddr" : "saddr"}`;
  const other =
    allowance.group !== undefined
      ? [`${side} @${identifier(allowance.group)}`]
      : allowance.block === undefined || allowance.block === ANYWHERE_OF[family]
        ? []
        : [`${side} ${allowance.block}`];
  return [...other, ...renderMatch(allowance), "accept"].join(" ");
}

export interface Gate {
  readonly egress: readonly Allowance[];
  readonly ingress: readonly Allowance[];
}

/** What the security groups of one interface let pass, both ways. Rules that cannot be realised open nothing. */
export function readGate(cloud: Cloud, endpoint: Endpoint, problems: string[]): Gate {
  const gate = { egress: [] as Allowance[], ingress: [] as Allowance[] };
  for (const group of endpoint.groups) {
    for (const rule of cloud.groupRules.get(group) ?? []) {
      try {
        const allowance = readAllowance(rule);
        if (allowance.group === undefined || cloud.groupMembers.has(allowance.group)) {
          gate[rule.IsEgress ? "egress" : "ingress"].push(allowance);
        }
      } catch (error) {
        problems.push(`${rule.SecurityGroupRuleId}: ${(error as Error).message}; the rule opens nothing`);
      }
    }
  }
  return gate;
}

/** An interface in the VPC's router, and what stands behind it. */
export interface Port {
  readonly device: string;
  readonly endpoint: Endpoint;
}

/** Name of an endpoint's interface in the VPC's router. */
export function deviceOf(endpoint: Endpoint): string {
  return linkName(endpoint.kind === "nat" ? "n" : "e", endpoint.id);
}

/** NAT gateways have no groups. */
export function isGated({ endpoint }: Port): boolean {
  return endpoint.kind !== "nat";
}

function block(header: string, lines: readonly string[]): string[] {
  return [`${header} {`, ...lines.map((line) => `  ${line}`), "}"];
}

/** A set with an element per line, so that a removed element is a removed line. */
export function setOf(name: string, type: string, elements: readonly string[], flags?: string): string[] {
  return block(`set ${name}`, [
    `type ${type}`,
    ...(flags === undefined ? [] : [`flags ${flags}`]),
    ...(elements.length === 0 ? [] : ["elements = {", ...elements.map((element) => `  ${element},`), "}"]),
  ]);
}

export function mapOf(name: string, type: string, elements: readonly string[]): string[] {
  return block(`map ${name}`, [
    `type ${type}`,
    ...(elements.length === 0 ? [] : ["elements = {", ...elements.map((element) => `  ${element},`), "}"]),
  ]);
}

export function chain(name: string, lines: readonly string[]): string[] {
  return block(`chain ${name}`, lines);
}

const STATEFUL = "ct state vmap { established : accept, related : accept, invalid : drop }";

function gateChains(
  ports: readonly Port[],
  gates: ReadonlyMap<string, Gate>,
  direction: Direction,
  family: Family,
): string[] {
  const device = direction === "egress" ? "iifname" : "oifname";
  const gated = ports.filter(isGated);
  const own = gated.flatMap((port) =>
    chain(`${direction}_${identifier(port.device)}`, [
      ...new Set(
        (gates.get(port.device)?.[direction] ?? [])
          .filter((each) => isOf(family, each))
          .map((each) => renderAllowance(direction, each, family)),
      ),
    ]),
  );
  const base = chain(direction, [
    `type filter hook forward priority ${direction === "egress" ? 0 : 10}; policy drop;`,
    `meta mark ${RESOLVER_MARK} accept`,
    STATEFUL,
    // The VPC's other doors (IGW, peerings, NAT gateways) have no groups.
    `${device} != "e-*" accept`,
    ...gated.map((port) => `${device} "${port.device}" jump ${direction}_${identifier(port.device)}`),
  ]);
  return [...own, ...base];
}

/** Chains and sets for all security groups that interfaces of a VPC have or that their rules refer to. */
export function groupGates(
  cloud: Cloud,
  ports: readonly Port[],
  gates: ReadonlyMap<string, Gate>,
  family: Family,
): string[] {
  const referenced = [...gates.values()]
    .flatMap((gate) => [...gate.egress, ...gate.ingress])
    .flatMap((allowance) => (allowance.group === undefined ? [] : [allowance.group]));
  const sets = [...new Set(referenced)].sort().flatMap((group) =>
    setOf(
      identifier(group),
      ADDRESS_TYPE[family],
      (cloud.groupMembers.get(group) ?? []).filter((address) => familyOf(address) === family),
    ),
  );
  return [
    ...sets,
    ...gateChains(ports, gates, "egress", family),
    ...gateChains(ports, gates, "ingress", family),
  ];
}

function renderAclEntry(
  entry: DescribedAclEntry,
  subnet: Subnet,
  problems: string[],
  family: Family,
): string[] {
  const block = family === "ip" ? entry.CidrBlock : entry.Ipv6CidrBlock;
  if (block == null) {
    return []; // of the other family
  }
  const ports = entry.PortRange ?? undefined;
  const icmp = entry.IcmpTypeCode ?? undefined;
  const side = `${family} ${entry.Egress ? "daddr" : "saddr"}`;
  try {
    const match = readMatch(entry.Protocol, icmp?.Type ?? ports?.From, icmp?.Code ?? ports?.To);
    if (!isOf(family, match)) {
      return [];
    }
    const other = block === ANYWHERE_OF[family] ? [] : [`${side} ${block}`];
    return [[...other, ...renderMatch(match), entry.RuleAction === "allow" ? "return" : "drop"].join(" ")];
  } catch (error) {
    problems.push(
      `${subnet.id}: ACL entry ${entry.RuleNumber}: ${(error as Error).message}; it drops everything`,
    );
    return ["drop"];
  }
}

function aclChains(subnet: Subnet, direction: Direction, problems: string[], family: Family): string[] {
  const entries = subnet.acl
    .filter((entry) => entry.Egress === (direction === "egress"))
    .sort((a, b) => a.RuleNumber - b.RuleNumber);
  return chain(`acl_${direction}_${identifier(subnet.id)}`, [
    ...entries.flatMap((entry) => renderAclEntry(entry, subnet, problems, family)),
    "drop",
  ]);
}

/** Network ACLs: looked at where a packet leaves or enters a subnet, not between interfaces of one subnet. */
export function aclGates(vpc: Vpc, ports: readonly Port[], problems: string[], family: Family): string[] {
  const devicesOf = (subnet: Subnet) =>
    ports.filter((port) => port.endpoint.subnet.id === subnet.id).map((port) => `"${port.device}"`);
  const used = vpc.subnets.filter((subnet) => devicesOf(subnet).length > 0);
  const base = (direction: Direction) => {
    const [near, far] = direction === "egress" ? ["iifname", "oifname"] : ["oifname", "iifname"];
    return chain(`acl_${direction}`, [
      `type filter hook forward priority ${direction === "egress" ? -10 : 20}; policy accept;`,
      `meta mark ${RESOLVER_MARK} accept`,
      'iifname "dns" accept',
      ...used.map((subnet) => {
        const devices = `@devices_${identifier(subnet.id)}`;
        return `${near} ${devices} ${far} != ${devices} jump acl_${direction}_${identifier(subnet.id)}`;
      }),
    ]);
  };
  return [
    ...used.flatMap((subnet) => setOf(`devices_${identifier(subnet.id)}`, "ifname", devicesOf(subnet))),
    ...used.flatMap((subnet) => [
      ...aclChains(subnet, "egress", problems, family),
      ...aclChains(subnet, "ingress", problems, family),
    ]),
    ...base("egress"),
    ...base("ingress"),
  ];
}
