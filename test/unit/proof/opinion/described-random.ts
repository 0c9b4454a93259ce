/** Random rules as `aws ec2 describe-*` prints them. */
import fc from "fast-check";
import type { Entry, Permission } from "./described-semantics.ts";
import { networksV4, networksV6 } from "./random.ts";

const v4 = fc.constantFrom(...networksV4);
const v6 = fc.constantFrom(...networksV6);
const edges = [0, 1, 22, 80, 81, 443, 1024, 32767, 32768, 60999, 61000, 65535];
const range = fc
  .tuple(fc.constantFrom(...edges), fc.constantFrom(...edges))
  .map(([a, b]) => ({ From: Math.min(a, b), To: Math.max(a, b) }));
const type = fc.constantFrom(-1, 0, 3, 8, 128, 129);

const aclMatch = fc.oneof(
  fc.record({ Protocol: fc.constantFrom("6", "17"), PortRange: range }),
  fc.record({ Protocol: fc.constantFrom("1", "58"), IcmpTypeCode: type.map((Type) => ({ Type, Code: -1 })) }),
  fc.record({ Protocol: fc.constantFrom("-1", "6", "17", "1", "58", "50", "47") }),
);

const entry = fc
  .record({
    match: aclMatch,
    Egress: fc.boolean(),
    RuleAction: fc.constantFrom("allow" as const, "deny" as const),
    RuleNumber: fc.integer({ min: 1, max: 32766 }),
    network: fc.oneof(
      { weight: 3, arbitrary: v4.map((CidrBlock) => ({ CidrBlock })) },
      { weight: 2, arbitrary: v6.map((Ipv6CidrBlock) => ({ Ipv6CidrBlock })) },
    ),
  })
  .map(({ match, network, ...rest }): Entry => ({ ...rest, ...match, ...network }));

/** In any order, each with a number of its own, and with the last ones, which AWS adds itself. */
export const entries = fc
  .uniqueArray(entry, { maxLength: 8, selector: ({ Egress, RuleNumber }) => `${Egress} ${RuleNumber}` })
  .map((some): Entry[] => [
    ...[false, true].map((Egress): Entry => {
      return { RuleNumber: 32767, Egress, RuleAction: "deny", Protocol: "-1", CidrBlock: "0.0.0.0/0" };
    }),
    ...some,
  ]);

const groupMatch = fc.oneof(
  fc
    .tuple(fc.constantFrom("tcp", "udp", "6", "17"), range)
    .map(([IpProtocol, { From, To }]) => ({ IpProtocol, FromPort: From, ToPort: To })),
  fc
    .tuple(fc.constantFrom("icmp", "icmpv6"), type)
    .map(([IpProtocol, FromPort]) => ({ IpProtocol, FromPort, ToPort: -1 })),
  fc.constantFrom("-1", "50", "47").map((IpProtocol) => ({ IpProtocol })),
);

const permission = fc
  .record({
    match: groupMatch,
    IpRanges: fc.array(
      v4.map((CidrIp) => ({ CidrIp })),
      { maxLength: 2 },
    ),
    Ipv6Ranges: fc.array(
      v6.map((CidrIpv6) => ({ CidrIpv6 })),
      { maxLength: 1 },
    ),
    UserIdGroupPairs: fc.array(
      fc.constantFrom("sg-0eb", "sg-0a0", "sg-0db").map((GroupId) => ({ GroupId })),
      { maxLength: 1 },
    ),
  })
  .map(({ match, ...rest }): Permission => ({ ...rest, ...match }));

export const permissions = fc.array(permission, { maxLength: 5 });
