/** What the sandbox itself knows of who stands where: the described cloud and `world.yaml`, without any plan. */
import type { World } from "../fabric/world.ts";
import { machineNamespace } from "../fabric/vpc.ts";
import type { Description, RegionDescription } from "../services/aws/client.ts";

/** A machine of the sandbox. */
export interface Place {
  /** `us-west/api-1`, by the tag `Name` of an instance, or by site and machine. */
  readonly title: string;
  /** Of its namespace. */
  readonly role: string;
  readonly publicAddress: string | undefined;
  readonly ipv6Address: string | undefined;
  /** Ports that rules around it name, of groups and network ACLs, with those beside a range's ends. */
  readonly rulePorts: readonly number[];
}

interface Tagged {
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
}

function titleOf({ Tags }: Tagged): string | undefined {
  return Tags.find(({ Key }) => Key === "Name")?.Value;
}

/** The ports at which a range begins and ends, and their neighbours. */
export function edges(from: number, to: number): number[] {
  return [from - 1, from, from + 1, to - 1, to, to + 1];
}

function rulePorts(region: RegionDescription, subnet: string, groups: readonly string[]): number[] {
  const ofGroups = region["security-group-rules"].SecurityGroupRules.filter(
    ({ GroupId, IpProtocol }) => groups.includes(GroupId) && (IpProtocol === "tcp" || IpProtocol === "udp"),
  ).flatMap(({ FromPort, ToPort }) => edges(FromPort, ToPort));
  const ofAcl = region["network-acls"].NetworkAcls.filter(({ Associations }) =>
    Associations.some(({ SubnetId }) => SubnetId === subnet),
  ).flatMap(({ Entries }) =>
    Entries.flatMap(({ PortRange }) => (PortRange == null ? [] : edges(PortRange.From, PortRange.To))),
  );
  return [...new Set([...ofGroups, ...ofAcl])];
}

function instancesOf(region: RegionDescription): Place[] {
  return region.instances.Reservations.flatMap(({ Instances }) => Instances).map((instance) => {
    const [eni] = instance.NetworkInterfaces;
    return {
      title: titleOf(instance) ?? instance.InstanceId,
      role: machineNamespace(instance.InstanceId),
      publicAddress: instance.PublicIpAddress,
      ipv6Address: eni?.Ipv6Addresses[0]?.Ipv6Address,
      rulePorts: rulePorts(
        region,
        eni?.SubnetId ?? "",
        instance.SecurityGroups.map(({ GroupId }) => GroupId),
      ),
    };
  });
}

/** All machines, by title. */
export function placesOf({ regions }: Description, world: World): ReadonlyMap<string, Place> {
  const machines = Object.entries(world.sites).flatMap(([site, { machines: all }]) =>
    Object.keys(all).map((name) => ({
      title: `${site}/${name}`,
      role: machineNamespace(name),
      publicAddress: undefined,
      ipv6Address: undefined,
      rulePorts: [],
    })),
  );
  const places = [...Object.values(regions).flatMap(instancesOf), ...machines];
  return new Map(places.map((place) => [place.title, place]));
}

/** Public addresses of NAT gateways by their titles. */
export function natAddresses({ regions }: Description): ReadonlyMap<string, string> {
  return new Map(
    Object.values(regions).flatMap((region) =>
      region["nat-gateways"].NatGateways.flatMap((nat): [string, string][] => {
        const address = nat.NatGatewayAddresses[0]?.PublicIp;
        const title = titleOf(nat);
        return nat.State !== "available" || address === undefined || title === undefined
          ? []
          : [[title, address]];
      }),
    ),
  );
}

/** What people call the places that packets pass, by the role of the namespace. */
export function roleTitles(description: Description, world: World): ReadonlyMap<string, string> {
  const titles = new Map<string, string>([["inet", "the internet"]]);
  for (const { role, title } of placesOf(description, world).values()) titles.set(role, title);
  for (const region of Object.values(description.regions)) {
    for (const vpc of region.vpcs.Vpcs) titles.set(vpc.VpcId, `router of VPC ${titleOf(vpc) ?? vpc.VpcId}`);
    for (const nat of region["nat-gateways"].NatGateways) {
      titles.set(nat.NatGatewayId, `NAT gateway ${titleOf(nat) ?? nat.NatGatewayId}`);
    }
  }
  for (const site of Object.keys(world.sites)) titles.set(`gw-${site}`, `router of ${site}`);
  return titles;
}
