/** A small network as `aws ec2 describe-*` prints it, written by hand after AWS's documentation. */

export type Json = Record<string, unknown>;

const anywhere = [{ CidrIp: "0.0.0.0/0" }];

export function permission(protocol: string, from: number, to: number, peers: Json): Json {
  return {
    IpProtocol: protocol,
    FromPort: from,
    ToPort: to,
    IpRanges: [],
    Ipv6Ranges: [],
    PrefixListIds: [],
    UserIdGroupPairs: [],
    ...peers,
  };
}

/** TCP to these ports, for an entry of a network ACL. */
export const tcp = (from: number, until: number): Json => ({
  Protocol: "6",
  PortRange: { From: from, To: until },
});

export const fromNetwork = (CidrIp: string): Json => ({ IpRanges: [{ CidrIp }] });
export const fromGroup = (GroupId: string): Json => ({
  UserIdGroupPairs: [{ GroupId, UserId: "111122223333" }],
});

const everythingOut = [{ IpProtocol: "-1", IpRanges: anywhere, Ipv6Ranges: [{ CidrIpv6: "::/0" }] }];

function group(GroupId: string, VpcId: string, IpPermissions: Json[]): Json {
  return {
    GroupId,
    GroupName: GroupId,
    VpcId,
    Description: GroupId,
    OwnerId: "111122223333",
    IpPermissions,
    IpPermissionsEgress: everythingOut,
  };
}

/** An entry of a network ACL. */
export function entry(
  RuleNumber: number,
  Egress: boolean,
  RuleAction: "allow" | "deny",
  more: Json = {},
): Json {
  return { RuleNumber, Egress, RuleAction, Protocol: "-1", CidrBlock: "0.0.0.0/0", ...more };
}

function openAcl(NetworkAclId: string, VpcId: string, subnets: readonly string[]): Json {
  return {
    NetworkAclId,
    VpcId,
    IsDefault: true,
    OwnerId: "111122223333",
    Associations: subnets.map((SubnetId) => ({
      NetworkAclAssociationId: `aclassoc-${SubnetId}`,
      NetworkAclId,
      SubnetId,
    })),
    Entries: [false, true].flatMap((egress) => [
      entry(100, egress, "allow"),
      entry(101, egress, "allow", { CidrBlock: undefined, Ipv6CidrBlock: "::/0" }),
      entry(32767, egress, "deny"),
      entry(32768, egress, "deny", { CidrBlock: undefined, Ipv6CidrBlock: "::/0" }),
    ]),
  };
}

export interface Machine {
  readonly id: string;
  readonly vpc: string;
  readonly subnet: string;
  readonly address: string;
  readonly groups: readonly string[];
  readonly public?: string;
  readonly ipv6?: string;
}

const attachment = (InstanceId: string, DeviceIndex = 0): Json => ({
  InstanceId,
  DeviceIndex,
  Status: "attached",
  InstanceOwnerId: "111122223333",
});

export function eni(NetworkInterfaceId: string, machine: Omit<Machine, "id">, more: Json = {}): Json {
  const { vpc, subnet, address, groups, ipv6 } = machine;
  const association =
    machine.public === undefined ? {} : { Association: { PublicIp: machine.public, IpOwnerId: "amazon" } };
  return {
    NetworkInterfaceId,
    VpcId: vpc,
    SubnetId: subnet,
    Status: "in-use",
    InterfaceType: "interface",
    SourceDestCheck: true,
    PrivateIpAddress: address,
    PrivateIpAddresses: [{ PrivateIpAddress: address, Primary: true, ...association }],
    ...association,
    Ipv6Addresses: ipv6 === undefined ? [] : [{ Ipv6Address: ipv6 }],
    Groups: groups.map((GroupId) => ({ GroupId, GroupName: GroupId })),
    TagSet: [],
    ...more,
  };
}

export const eniOf = (id: string): string => id.replace("i-", "eni-");

function interfaceOf(machine: Machine): Json {
  return eni(eniOf(machine.id), machine, { Attachment: attachment(machine.id) });
}

function instanceOf({ id, vpc, subnet, address }: Machine): Json {
  return {
    InstanceId: id,
    VpcId: vpc,
    SubnetId: subnet,
    PrivateIpAddress: address,
    SourceDestCheck: true,
    State: { Code: 16, Name: "running" },
    Tags: [{ Key: "Name", Value: id.replace("i-", "name of ") }],
  };
}

function subnet(SubnetId: string, VpcId: string, CidrBlock: string, ipv6?: string): Json {
  const sets =
    ipv6 === undefined ? [] : [{ Ipv6CidrBlock: ipv6, Ipv6CidrBlockState: { State: "associated" } }];
  return { SubnetId, VpcId, CidrBlock, State: "available", Ipv6CidrBlockAssociationSet: sets };
}

function vpc(VpcId: string, CidrBlock: string, ipv6?: string): Json {
  const sets =
    ipv6 === undefined ? [] : [{ Ipv6CidrBlock: ipv6, Ipv6CidrBlockState: { State: "associated" } }];
  return {
    VpcId,
    CidrBlock,
    State: "available",
    CidrBlockAssociationSet: [{ CidrBlock, CidrBlockState: { State: "associated" } }],
    Ipv6CidrBlockAssociationSet: sets,
  };
}

export const to = (DestinationCidrBlock: string, target: Json): Json => ({
  DestinationCidrBlock,
  State: "active",
  Origin: "CreateRoute",
  ...target,
});

export const to6 = (DestinationIpv6CidrBlock: string, target: Json): Json => ({
  DestinationIpv6CidrBlock,
  State: "active",
  Origin: "CreateRoute",
  ...target,
});

const local = (network: string): Json =>
  network.includes(":") ? to6(network, { GatewayId: "local" }) : to(network, { GatewayId: "local" });

function table(RouteTableId: string, VpcId: string, associations: Json[], Routes: Json[]): Json {
  return {
    RouteTableId,
    VpcId,
    Associations: associations.map((one) => ({ AssociationState: { State: "associated" }, ...one })),
    Routes,
  };
}

export const machines = {
  web: {
    id: "i-0eb",
    vpc: "vpc-0a",
    subnet: "subnet-0a1",
    address: "10.0.1.10",
    groups: ["sg-0eb"],
    public: "54.0.0.10",
    ipv6: "2600:a:0:1::10",
  },
  app: {
    id: "i-0a0",
    vpc: "vpc-0a",
    subnet: "subnet-0a2",
    address: "10.0.10.10",
    groups: ["sg-0a0"],
    ipv6: "2600:a:0:2::10",
  },
  db: { id: "i-0db", vpc: "vpc-0b", subnet: "subnet-0b1", address: "10.1.0.10", groups: ["sg-0db"] },
  far: { id: "i-0fa", vpc: "vpc-0c", subnet: "subnet-0c1", address: "10.2.0.10", groups: ["sg-0fa"] },
  /** In a VPC that has the first one's network, and meets nobody. */
  twin: { id: "i-0dd", vpc: "vpc-0d", subnet: "subnet-0d1", address: "10.0.10.10", groups: ["sg-0dd"] },
} as const satisfies Record<string, Machine>;

const all: readonly Machine[] = Object.values(machines);

function peering(VpcPeeringConnectionId: string, requester: string, accepter: string): Json {
  return {
    VpcPeeringConnectionId,
    Status: { Code: "active", Message: "Active" },
    RequesterVpcInfo: { VpcId: requester, OwnerId: "111122223333", Region: "us-west-2" },
    AccepterVpcInfo: { VpcId: accepter, OwnerId: "111122223333", Region: "us-west-2" },
  };
}

const nat = eni(
  "eni-0a7",
  { vpc: "vpc-0a", subnet: "subnet-0a1", address: "10.0.1.7", groups: [], public: "54.0.0.7" },
  {
    InterfaceType: "nat_gateway",
    SourceDestCheck: false,
    RequesterManaged: true,
  },
);

export interface Network extends Record<string, Json[]> {
  RouteTables: Json[];
}

/** `vpc-0a` with a public and a private subnet; `vpc-0b` and `vpc-0c`, each peered with the one before; `vpc-0d`. */
export function network(): Network {
  return structuredClone({
    Vpcs: [
      vpc("vpc-0a", "10.0.0.0/16", "2600:a::/56"),
      vpc("vpc-0b", "10.1.0.0/16"),
      vpc("vpc-0c", "10.2.0.0/16"),
      vpc("vpc-0d", "10.0.0.0/16"),
    ],
    Subnets: [
      subnet("subnet-0a1", "vpc-0a", "10.0.1.0/24", "2600:a:0:1::/64"),
      subnet("subnet-0a2", "vpc-0a", "10.0.10.0/24", "2600:a:0:2::/64"),
      subnet("subnet-0b1", "vpc-0b", "10.1.0.0/24"),
      subnet("subnet-0c1", "vpc-0c", "10.2.0.0/24"),
      subnet("subnet-0d1", "vpc-0d", "10.0.10.0/24"),
    ],
    InternetGateways: [
      { InternetGatewayId: "igw-0a", Attachments: [{ VpcId: "vpc-0a", State: "available" }] },
    ],
    EgressOnlyInternetGateways: [
      { EgressOnlyInternetGatewayId: "eigw-0a", Attachments: [{ VpcId: "vpc-0a", State: "attached" }] },
    ],
    NatGateways: [
      {
        NatGatewayId: "nat-0a",
        VpcId: "vpc-0a",
        SubnetId: "subnet-0a1",
        State: "available",
        ConnectivityType: "public",
        NatGatewayAddresses: [
          {
            NetworkInterfaceId: "eni-0a7",
            PrivateIp: "10.0.1.7",
            PublicIp: "54.0.0.7",
            IsPrimary: true,
            Status: "succeeded",
          },
        ],
      },
    ],
    RouteTables: [
      table(
        "rtb-0a1",
        "vpc-0a",
        [{ SubnetId: "subnet-0a1", Main: false }],
        [
          local("10.0.0.0/16"),
          local("2600:a::/56"),
          to("0.0.0.0/0", { GatewayId: "igw-0a" }),
          to6("::/0", { GatewayId: "igw-0a" }),
          to("10.1.0.0/16", { VpcPeeringConnectionId: "pcx-0ab" }),
        ],
      ),
      table(
        "rtb-0a0",
        "vpc-0a",
        [{ Main: true }],
        [
          local("10.0.0.0/16"),
          local("2600:a::/56"),
          to("0.0.0.0/0", { NatGatewayId: "nat-0a" }),
          to6("::/0", { EgressOnlyInternetGatewayId: "eigw-0a" }),
          to("10.1.0.0/16", { VpcPeeringConnectionId: "pcx-0ab" }),
        ],
      ),
      table(
        "rtb-0b0",
        "vpc-0b",
        [{ Main: true }],
        [
          local("10.1.0.0/16"),
          to("10.0.0.0/16", { VpcPeeringConnectionId: "pcx-0ab" }),
          to("10.2.0.0/16", { VpcPeeringConnectionId: "pcx-0bc" }),
        ],
      ),
      table(
        "rtb-0c0",
        "vpc-0c",
        [{ Main: true }],
        [local("10.2.0.0/16"), to("10.0.0.0/8", { VpcPeeringConnectionId: "pcx-0bc" })],
      ),
      table("rtb-0d0", "vpc-0d", [{ Main: true }], [local("10.0.0.0/16")]),
    ],
    NetworkAcls: [
      openAcl("acl-0a", "vpc-0a", ["subnet-0a1", "subnet-0a2"]),
      openAcl("acl-0b", "vpc-0b", ["subnet-0b1"]),
      openAcl("acl-0c", "vpc-0c", ["subnet-0c1"]),
      openAcl("acl-0d", "vpc-0d", ["subnet-0d1"]),
    ],
    SecurityGroups: [
      group("sg-0eb", "vpc-0a", [
        permission("tcp", 443, 443, { IpRanges: anywhere, Ipv6Ranges: [{ CidrIpv6: "::/0" }] }),
        permission("icmp", 8, -1, { IpRanges: anywhere }),
      ]),
      group("sg-0a0", "vpc-0a", [permission("tcp", 8080, 8080, fromGroup("sg-0eb"))]),
      group("sg-0db", "vpc-0b", [
        permission("tcp", 5432, 5432, fromGroup("sg-0a0")),
        permission("tcp", 22, 22, fromNetwork("10.0.0.0/8")),
      ]),
      group("sg-0fa", "vpc-0c", [permission("tcp", 22, 22, fromNetwork("10.0.0.0/8"))]),
      group("sg-0dd", "vpc-0d", [permission("-1", -1, -1, { IpRanges: anywhere })]),
    ],
    Reservations: [
      { ReservationId: "r-0", OwnerId: "111122223333", Groups: [], Instances: all.map(instanceOf) },
    ],
    NetworkInterfaces: [...all.map(interfaceOf), nat],
    Addresses: [
      {
        AllocationId: "eipalloc-0a7",
        PublicIp: "54.0.0.7",
        NetworkInterfaceId: "eni-0a7",
        PrivateIpAddress: "10.0.1.7",
        Domain: "vpc",
      },
    ],
    VpcPeeringConnections: [peering("pcx-0ab", "vpc-0a", "vpc-0b"), peering("pcx-0bc", "vpc-0b", "vpc-0c")],
    PrefixLists: [],
    VpcEndpoints: [],
  });
}
