/** Hosts that are said to be alike are: whatever one may send or get, its twin may too. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DescribedWorld } from "../../../../components/proof/describe/build.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { verifyUnmeant } from "../../../../components/proof/verify/unmeant.ts";
import { twinsOf } from "../../../../components/proof/verify/twins.ts";
import type { Point } from "../../../../components/proof/sets/intervals.ts";
import type { HostNode } from "../../../../components/proof/world/model.ts";
import { add, entries, fields, ingress, routes, type Change } from "../describe/changes.ts";
import { entry, eni, fromGroup, fromNetwork, permission, to, type Machine } from "../describe/network.ts";
import { describedWith } from "../describe/questions.ts";
import { holds } from "../seeded.ts";

/** A machine like those of the network, with the first address that is free. */
function clone(number: number, like: Omit<Machine, "id" | "address">, more: object = {}): Change {
  const address = like.subnet.endsWith("a1") ? `10.0.1.${20 + number}` : `10.0.10.${20 + number}`;
  const id = `i-${(0xc00 + number).toString(16)}`;
  return (of) => {
    const is = { InstanceId: id, SubnetId: like.subnet, State: { Name: "running" }, ...more };
    (of.Reservations?.[0]?.Instances as object[]).push(is);
    const attached = { Attachment: { InstanceId: id, DeviceIndex: 0 } };
    of.NetworkInterfaces?.push(eni(`eni-c0${number}`, { ...like, address }, attached));
  };
}

const web = { vpc: "vpc-0a", subnet: "subnet-0a1", groups: ["sg-0eb"] };
const app = { vpc: "vpc-0a", subnet: "subnet-0a2", groups: ["sg-0a0"] };

/** Ids of hosts that have twins. */
function pairs(...changes: Change[]): string[][] {
  const twins = twinsOf(describedWith(changes).world).filter((all) => all.length > 1);
  return twins.map((all) => all.map(({ key }) => key));
}

describe("twins", () => {
  const two = [clone(1, app), clone(2, app)];
  const both = [["i-c01", "i-c02"]];

  it("are hosts of one subnet with one kind of rules", () => {
    expect(pairs(...two)).toEqual(both);
    expect(
      pairs(...two, routes("rtb-0a0", undefined, to("10.9.0.0/16", { TransitGatewayId: "tgw-0a" }))),
    ).toEqual(both);
  });

  it.each<[string, Change]>([
    ["a rule means one of them", ingress("sg-0eb", permission("tcp", 22, 22, fromNetwork("10.0.10.21/32")))],
    ["an ACL does", entries(entry(90, true, "deny", { CidrBlock: "10.0.10.20/31" }))],
    [
      "a route leads to one",
      routes("rtb-0a1", undefined, to("10.9.0.0/16", { NetworkInterfaceId: "eni-c01" })),
    ],
    [
      "a route leaves one out",
      routes("rtb-0b0", "10.0.0.0/16", to("10.0.10.21/32", { VpcPeeringConnectionId: "pcx-0ab" })),
    ],
    ["one has other groups", fields("NetworkInterfaces", "eni-c01", { Groups: [{ GroupId: "sg-0eb" }] })],
    ["one is stopped", fields("Instances", "i-c01", { State: { Name: "stopped" } })],
    ["one is Windows", fields("Instances", "i-c01", { Platform: "windows" })],
    ["one forwards", fields("NetworkInterfaces", "eni-c01", { SourceDestCheck: false })],
    ["one is sealed", fields("NetworkInterfaces", "eni-c01", { DenyAllIgwTraffic: true })],
    [
      "one has a public address",
      fields("NetworkInterfaces", "eni-c01", { Association: { PublicIp: "54.0.0.90" } }),
    ],
    [
      "the internet gateway treats them differently",
      add("RouteTables", {
        RouteTableId: "rtb-0ed",
        VpcId: "vpc-0a",
        Associations: [{ GatewayId: "igw-0a" }],
        Routes: [to("10.0.10.22/32", { GatewayId: "vpce-0f" })],
      }),
    ],
  ])("are none where %s", (_, change) => {
    expect(pairs(...two, change)).toEqual([]);
  });
});

/** At each place of its addresses, then of its public ones. */
function addressesOf({ addresses, links }: HostNode): Point[] {
  const outside = [...links.values()].flatMap(({ attachment }) =>
    attachment.kind === "eni" ? [...attachment.eni.publicAddresses.values()] : [],
  );
  return [...addresses.keys(), ...outside];
}

/** What the two may send each other, by every address. */
function between(prover: Prover, a: HostNode, b: HostNode): (readonly number[])[] {
  return addressesOf(b).map((address) => {
    const { traffic, possible } = prover.ask({ kind: "host", host: a.key }, address);
    return [traffic, possible];
  });
}

/** How often somebody's twin was asked in his place. */
function compared({ world }: DescribedWorld): number {
  const prover = new Prover(world);
  const twins = twinsOf(world);
  let count = 0;
  for (const [first, ...others] of twins) {
    for (const twin of others) {
      for (const [other] of twins) {
        if (first === undefined || other === undefined || other === first) continue;
        expect(between(prover, twin, other), `${twin.key} as ${first.key}`).toEqual(
          between(prover, first, other),
        );
        expect(between(prover, other, twin), `${twin.key} as ${first.key}`).toEqual(
          between(prover, other, first),
        );
        count++;
      }
    }
  }
  return count;
}

const number = fc.integer({ min: 0, max: 15 });
const network = fc
  .record({
    third: fc.constantFrom(1, 10),
    last: fc.integer({ min: 0, max: 15 }),
    length: fc.constantFrom(28, 30, 32),
  })
  .map(({ third, last, length }) => `10.0.${third}.${16 + last - (last % 2 ** (32 - length))}/${length}`);
const machine = fc
  .tuple(number, fc.constantFrom(web, app), fc.boolean(), fc.boolean())
  .map(([at, like, isPublic, isWindows]): Change =>
    clone(
      at,
      isPublic ? { ...like, public: `54.0.1.${at}` } : like,
      isWindows ? { Platform: "windows" } : {},
    ),
  );
const rule = fc.oneof(
  network.map((one): Change => ingress("sg-0eb", permission("tcp", 22, 80, fromNetwork(one)))),
  network.map((one): Change => entries(entry(90, true, "deny", { CidrBlock: one }))),
  network.map((one): Change => routes("rtb-0a0", undefined, to(one, { NetworkInterfaceId: "eni-0eb" }))),
  fc.constant<Change>(ingress("sg-0eb", permission("tcp", 443, 443, fromGroup("sg-0a0")))),
  fc.constant<Change>(routes("rtb-0b0", "10.0.0.0/16")),
);

it("hosts that are alike may send and get the same, whatever the network is", () => {
  let count = 0;
  const machines = fc.uniqueArray(machine, {
    minLength: 4,
    maxLength: 10,
    comparator: (a, b) => nameOf(a) === nameOf(b),
  });
  holds(
    fc.property(machines, fc.array(rule, { maxLength: 3 }), (some, rules) => {
      count += compared(describedWith([...some, ...rules]));
    }),
    60,
  );
  expect(count).toBeGreaterThan(200);
});

/** Two machines of one number have one name. */
function nameOf(change: Change): string {
  const of = {
    RouteTables: [],
    Reservations: [{ Instances: [] as { InstanceId?: string }[] }],
    NetworkInterfaces: [],
  };
  change(of);
  return of.Reservations[0]?.Instances[0]?.InstanceId ?? "";
}

it("as many pairs are told of as there are", () => {
  const lost = routes("rtb-0b0", "10.0.0.0/16");
  const { pairs: one } = verifyUnmeant(describedWith([lost]).world);
  const { pairs: more, findings } = verifyUnmeant(describedWith([lost, clone(1, app), clone(2, app)]).world);
  const { world } = describedWith([]);
  // Two more hosts of one address each, and whoever asks them or is asked by them.
  const addresses = [...world.hosts.values()].reduce((sum, host) => sum + addressesOf(host).length, 1);
  expect(more - one).toBe(2 * (addresses + world.hosts.size + 1) + 2);
  expect(findings.map(({ message }) => message).join()).toContain("loses answers");
});
