/**
 * What the rules that `aws ec2 describe-*` prints mean, in SMT-LIB, as the EC2 API's reference has it (NetworkAclEntry,
 * IpPermission). Nothing here is taken from components/proof.
 */
import { and, byte, inNetwork, inPorts, isProtocol, ite, or, type Family, type Term } from "./packet.ts";

/** An entry of a network ACL, as `describe-network-acls` prints it. */
export interface Entry {
  readonly RuleNumber: number;
  readonly Egress: boolean;
  readonly RuleAction: "allow" | "deny";
  /** -1 for all, or IANA's number. */
  readonly Protocol: string;
  readonly CidrBlock?: string;
  readonly Ipv6CidrBlock?: string;
  readonly PortRange?: { readonly From: number; readonly To: number };
  readonly IcmpTypeCode?: { readonly Type: number; readonly Code: number };
}

/** A permission of a security group, as `describe-security-groups` prints it. */
export interface Permission {
  /** -1 for all, tcp, udp, icmp, icmpv6, or IANA's number. */
  readonly IpProtocol: string;
  /** The first port, or ICMP's type; -1 for all types. */
  readonly FromPort?: number;
  /** The last port, or ICMP's code; -1 for all codes. */
  readonly ToPort?: number;
  readonly IpRanges: readonly { readonly CidrIp: string }[];
  readonly Ipv6Ranges: readonly { readonly CidrIpv6: string }[];
  readonly UserIdGroupPairs: readonly { readonly GroupId: string }[];
}

const byName: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58 };

/** @param type all of them where it is -1 */
function protocolIs(protocol: string, ports: Term, type: number | undefined): Term {
  if (protocol === "-1") return "true";
  const number = byName[protocol] ?? Number(protocol);
  const isType = type === undefined || type === -1 ? "true" : `(= type ${byte(type)})`;
  if (number === 6 || number === 17) return and(isProtocol(number), ports);
  return and(isProtocol(number), number === 1 || number === 58 ? isType : "true");
}

function portsOf(from: number | undefined, last: number | undefined): Term {
  return from === undefined || last === undefined ? "true" : inPorts("dport", from, last);
}

/** "We process the entries in ascending order by rule number", and what none of them matches is denied. */
export function describedAcl(entries: readonly Entry[], egress: boolean, family: Family): Term {
  const peer = egress ? "dst" : "src";
  const own = entries.filter(({ Egress }) => Egress === egress).sort((a, b) => b.RuleNumber - a.RuleNumber);
  return own.reduce<Term>((rest, entry) => {
    const { Protocol, PortRange, IcmpTypeCode, CidrBlock, Ipv6CidrBlock, RuleAction } = entry;
    const matches = and(
      inNetwork(peer, CidrBlock ?? Ipv6CidrBlock ?? "", family),
      protocolIs(Protocol, portsOf(PortRange?.From, PortRange?.To), IcmpTypeCode?.Type),
    );
    return ite(matches, RuleAction === "allow" ? "true" : "false", rest);
  }, "false");
}

/** One of the permissions has to fit, by any of the peers that it names; a group is its members' addresses. */
export function describedGroup(
  permissions: readonly Permission[],
  egress: boolean,
  members: ReadonlyMap<string, readonly string[]>,
  family: Family,
): Term {
  const peer = egress ? "dst" : "src";
  return or(
    ...permissions.map(({ IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges, UserIdGroupPairs }) => {
      const networks = [
        ...IpRanges.map(({ CidrIp }) => CidrIp),
        ...Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6),
        ...UserIdGroupPairs.flatMap(({ GroupId }) => members.get(GroupId) ?? []),
      ];
      return and(
        or(...networks.map((network) => inNetwork(peer, network, family))),
        protocolIs(IpProtocol, portsOf(FromPort, ToPort), FromPort),
      );
    }),
  );
}
