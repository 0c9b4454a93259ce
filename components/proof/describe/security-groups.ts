/** Security groups as AWS describes them: all rules of all groups of an interface together, nothing else passes. */
import { Gate, type GateRule, type Side } from "../rules/gate.ts";
import type { SymbolSpace } from "../sets/addresses.ts";
import { difference, isEmpty, nowhere, unionAll, type Intervals } from "../sets/intervals.ts";
import type { TrafficTable } from "../sets/traffic.ts";
import type { Described, Export } from "./collect.ts";
import type { Permission, SecurityGroup, SecurityGroupRule } from "./records.ts";
import { networkSide, prefixListSide, rulesOf, somebody } from "./sides.ts";
import { everything, matchOf, trafficWords } from "./traffic.ts";

type Direction = "ingress" | "egress";

/** What groups are judged by. */
export interface GroupContext {
  readonly export: Export;
  readonly space: SymbolSpace;
  readonly table: TrafficTable;
  readonly members: Members;
  /**
   * Where members of a group may be that the export does not have, seen from a VPC: in it, or in one that it peers with.
   * @param home the group's VPC, where that is known
   */
  readonly near: (vpc: string, home: string | undefined) => Intervals;
  /** Whether packets of the one VPC can come to the other with their own addresses. */
  readonly meets: (vpc: string, other: string) => boolean;
  /** Addresses of a VPC that interfaces may have which the export does not have. */
  readonly unlisted: (vpc: string) => Intervals;
}

/** One rule, as `describe-security-group-rules` prints it, in the form in which groups have theirs. */
function permissionOf(rule: SecurityGroupRule): Permission {
  const { IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo, unknown } =
    rule;
  const one = <Value>(value: Value | undefined): Value[] => (value === undefined ? [] : [value]);
  return {
    IpProtocol,
    FromPort,
    ToPort,
    IpRanges: one(CidrIpv4).map((CidrIp) => ({ CidrIp, unknown: [] })),
    Ipv6Ranges: one(CidrIpv6).map((network) => ({ CidrIpv6: network, unknown: [] })),
    PrefixListIds: one(PrefixListId).map((id) => ({ PrefixListId: id, unknown: [] })),
    UserIdGroupPairs: one(ReferencedGroupInfo),
    unknown,
  };
}

/** The groups, from the list of their rules where the export has no other. */
export function groupsOf(
  of: Export,
  vpcOf: (group: string) => string | undefined,
): Map<string, Described<SecurityGroup>> {
  const groups = new Map(of.securityGroups);
  if (of.has("SecurityGroups")) return groups;
  for (const { value, file } of of.securityGroupRules.values()) {
    const { GroupId: id } = value;
    const known = groups.get(id)?.value;
    const own = [permissionOf(value)];
    const rules = (earlier: Permission[] | undefined, isMine: boolean): Permission[] => [
      ...(earlier ?? []),
      ...(isMine ? own : []),
    ];
    const group: SecurityGroup = {
      GroupId: id,
      GroupName: undefined,
      VpcId: vpcOf(id),
      OwnerId: undefined,
      IpPermissions: rules(known?.IpPermissions, !value.IsEgress),
      IpPermissionsEgress: rules(known?.IpPermissionsEgress, value.IsEgress),
      Tags: [],
      unknown: [],
    };
    groups.set(id, { id, value: group, file });
  }
  return groups;
}

interface Peer {
  readonly name: string;
  readonly side: Side;
}

export class SecurityGroups {
  readonly #context: GroupContext;
  readonly #groups: ReadonlyMap<string, Described<SecurityGroup>>;
  readonly #gates = new Map<string, Gate>();

  constructor(context: GroupContext, groups: ReadonlyMap<string, Described<SecurityGroup>>) {
    this.#context = context;
    this.#groups = groups;
  }

  /** One direction of an interface's groups. */
  gate(vpc: string, groups: readonly string[], direction: Direction): Gate {
    const key = `${vpc} ${direction} ${groups.toSorted().join(" ")}`;
    const made = this.#gates.get(key) ?? this.#make(vpc, groups, direction);
    this.#gates.set(key, made);
    return made;
  }

  /** Of an interface of which the export says no group, although it must have one. */
  unknown({ id, file }: { readonly id: string; readonly file: string }, direction: Direction): Gate {
    const { notes } = this.#context.export;
    const consequence =
      "the export does not say which security groups it has: what they decide cannot be answered";
    notes.add({ file, object: id, field: "Groups", consequence });
    const origin = { where: `security groups of ${id}`, rule: "the export does not have them", path: id };
    const rules = rulesOf(everything, somebody, { verdict: "accept", origin }, direction);
    return new Gate({ rules, otherwise: { verdict: "drop", origin } }, this.#context.table);
  }

  #make(vpc: string, groups: readonly string[], direction: Direction): Gate {
    const rules = groups.flatMap((id) => this.#rules(vpc, id, direction));
    // Rules that are sure come first: all of them accept, so their order does not count.
    const isSure = ({ from, to }: GateRule): boolean =>
      [from, to].every((side) => isEmpty(side?.undecided ?? nowhere));
    const where = `security group${groups.length === 1 ? "" : "s"} ${groups.join(", ")}`;
    const origin = { where, rule: `no ${direction} rule matches`, path: groups.join(", ") };
    return new Gate(
      {
        rules: [...rules.filter(isSure), ...rules.filter((rule) => !isSure(rule))],
        otherwise: { verdict: "drop", origin },
      },
      this.#context.table,
    );
  }

  #rules(vpc: string, id: string, direction: Direction): GateRule[] {
    const group = this.#groups.get(id);
    const where = `security group ${id}`;
    if (group === undefined) {
      this.#missing("", id, "the export does not have the security group", "its rules");
      const origin = { where, rule: "the export does not have its rules", path: id };
      return rulesOf(everything, somebody, { verdict: "accept", origin }, direction);
    }
    const { IpPermissions, IpPermissionsEgress } = group.value;
    const [field, permissions] =
      direction === "ingress"
        ? (["IpPermissions", IpPermissions] as const)
        : (["IpPermissionsEgress", IpPermissionsEgress] as const);
    // AWS prints an empty list too: where there is none, somebody has taken it away.
    if (permissions === undefined) {
      const consequence = "is not there: what hangs on its rules cannot be answered";
      this.#context.export.notes.add({ file: group.file, object: id, field, consequence });
      const origin = { where, rule: `the export does not have its ${field}`, path: id };
      return rulesOf(everything, somebody, { verdict: "accept", origin }, direction);
    }
    return permissions.flatMap((permission) =>
      this.#peers(vpc, group, permission).flatMap(({ name, side }) => {
        const { IpProtocol, FromPort, ToPort } = permission;
        const match = matchOf(IpProtocol, { from: FromPort, to: ToPort }, { type: FromPort, code: ToPort });
        const towards = direction === "ingress" ? "from" : "to";
        const rule = `${direction} ${trafficWords(IpProtocol, FromPort, ToPort)} ${towards} ${name}`;
        const origin = { where, rule, path: id };
        return rulesOf(match, side, { verdict: "accept", origin }, direction);
      }),
    );
  }

  #peers(vpc: string, group: Described<SecurityGroup>, permission: Permission): Peer[] {
    const { space } = this.#context;
    // A field that nobody knows may narrow the rule, or open it.
    if (permission.unknown.length > 0) {
      return [{ name: `what ${permission.unknown.join(", ")} says, which is not known`, side: somebody }];
    }
    return [
      ...permission.IpRanges.map(({ CidrIp }) => ({ name: CidrIp, side: networkSide(space, CidrIp) })),
      ...permission.Ipv6Ranges.map(({ CidrIpv6 }) => ({
        name: CidrIpv6,
        side: networkSide(space, CidrIpv6),
      })),
      ...permission.PrefixListIds.map(({ PrefixListId: id }) => ({
        name: id,
        side: prefixListSide(space, this.#context.export, id),
      })),
      ...permission.UserIdGroupPairs.map((pair) => ({
        name: pair.GroupId ?? "a group without an id",
        side: this.#members(vpc, group, pair),
      })),
    ];
  }

  /** A group means the private addresses of its interfaces, in its own VPC and over active peerings of the region. */
  #members(
    vpc: string,
    { file }: Described<SecurityGroup>,
    pair: Permission["UserIdGroupPairs"][number],
  ): Side {
    const { members, near, meets, unlisted } = this.#context;
    const { GroupId: id, VpcId } = pair;
    const known = id === undefined ? undefined : this.#groups.get(id);
    const isStale = pair.PeeringStatus !== undefined && pair.PeeringStatus !== "active";
    if (isStale) return { addresses: nowhere, undecided: nowhere };
    if (known === undefined || id === undefined || pair.unknown.length > 0) {
      this.#missing(
        file,
        id ?? "",
        "the export does not have the group that a rule refers to",
        "its members",
      );
    }
    // Which groups an interface is in, it says itself; a group may be used in several VPCs.
    const byVpc = id === undefined || pair.unknown.length > 0 ? undefined : members.get(id);
    const met = [...(byVpc ?? [])].filter(([other]) => meets(vpc, other));
    const addresses = unionAll(met.map(([, own]) => own));
    if (known === undefined || pair.unknown.length > 0) {
      return { addresses, undecided: difference(near(vpc, VpcId), addresses) };
    }
    const home = known.value.VpcId ?? vpc;
    const homes = new Set([home, ...met.map(([other]) => other)].filter((other) => meets(vpc, other)));
    return { addresses, undecided: difference(unionAll([...homes].map(unlisted)), addresses) };
  }

  #missing(file: string, object: string, what: string, lacking: string): void {
    const consequence = `${what}: what hangs on ${lacking} cannot be answered`;
    this.#context.export.notes.add({ file, object, field: "GroupId", consequence });
  }
}

/** By group and VPC, the addresses of the interfaces in it; AWS goes by their private ones. */
export type Members = ReadonlyMap<string, ReadonlyMap<string, Intervals>>;

interface Member {
  readonly vpc: string;
  readonly groups: readonly string[];
  readonly own: Intervals;
}

export function membersOf(interfaces: Iterable<Member>): Members {
  const seats = [...interfaces].flatMap((one) => one.groups.map((group) => ({ ...one, group })));
  return new Map(
    [...Map.groupBy(seats, ({ group }) => group)].map(([group, all]) => {
      const byVpc = [...Map.groupBy(all, ({ vpc }) => vpc)];
      const own = byVpc.map(([vpc, some]): [string, Intervals] => {
        return [vpc, unionAll(some.map((one) => one.own))];
      });
      return [group, new Map(own)];
    }),
  );
}
