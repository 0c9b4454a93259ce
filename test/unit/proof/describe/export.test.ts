/** Exports in the layouts that people have, and damaged ones. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeWorld, type DescribedWorld } from "../../../../components/proof/describe/build.ts";
import type { ExportFile } from "../../../../components/proof/describe/document.ts";
import { ExportError } from "../../../../components/proof/describe/notes.ts";
import { holds } from "../seeded.ts";
import { fields, type Change } from "./changes.ts";
import { network, type Json } from "./network.ts";
import { describedWith, stranger, verdict } from "./questions.ts";

const file = (name: string, value: unknown): ExportFile => ({ name, text: JSON.stringify(value) });
const of = network();
const each = Object.entries(of);
const isOfA = (thing: Json): boolean => JSON.stringify(thing).includes("0a");

/** Everything in files of its own, some of it twice. */
const layouts: Readonly<Record<string, readonly ExportFile[]>> = {
  "one file": [file("all.json", of)],
  "a file for each kind, of any name": each.map(([key, value], index) => file(`${index}`, { [key]: value })),
  "a folder for each region": ["us-west-2", "eu-west-1"].flatMap((region, index) =>
    each.map(([key, value]) =>
      file(`${region}/${key}.json`, { [key]: value.filter((thing) => isOfA(thing) === (index === 0)) }),
    ),
  ),
  "a folder for each account, which both see the same": ["111122223333", "444455556666"].flatMap((account) =>
    each.map(([key, value]) => file(`${account}/us-west-2/${key}.json`, { [key]: value })),
  ),
  "one object by region": [file("all.json", { "us-west-2": of, "eu-west-1": { Vpcs: [], Subnets: [] } })],
  "one object by account, region and call": [
    file("all.json", {
      "111122223333": {
        "us-west-2": Object.fromEntries(each.map(([key, value]) => [key.toLowerCase(), { [key]: value }])),
      },
    }),
  ],
  "pages in several files": each.flatMap(([key, value]) =>
    value.map((thing, index) => file(`${key}-${index}.json`, { [key]: [thing] })),
  ),
  "pages in one list": each.map(([key, value]) =>
    file(
      `${key}.json`,
      value.map((thing) => ({ [key]: [thing] })),
    ),
  ),
  "answers one after the other": [
    {
      name: "all.json",
      text: each.map(([key, value]) => JSON.stringify({ [key]: value }, undefined, 4)).join("\n"),
    },
  ],
  "networks with bits behind their prefixes": [
    file("all.json", JSON.parse(JSON.stringify(of).replaceAll('"10.1.0.0/16"', '"10.1.7.9/16"'))),
  ],
  "lists without their keys, as --query prints them": each.map(([key, value]) =>
    file(`${key}.json`, key === "Reservations" ? value.map(({ Instances }) => Instances) : value),
  ),
  "beside answers about one attribute": [
    file("all.json", of),
    file("dns.json", { VpcId: "vpc-0a", EnableDnsSupport: { Value: true } }),
    file("data.json", [{ InstanceId: "i-0eb", UserData: { Value: "" } }]),
    file("check.json", { NetworkInterfaceId: "eni-0eb", SourceDestCheck: { Value: true } }),
  ],
  "instances without their reservations": [
    file("all.json", { ...of, Reservations: [], Instances: of.Reservations?.[0]?.Instances }),
  ],
};

describe("the same network comes from", () => {
  it.each(Object.entries(layouts))("%s", (_, files) => {
    const described = describeWorld(files);
    expect([...described.world.hosts.keys()].toSorted()).toEqual([
      "i-0a0",
      "i-0db",
      "i-0dd",
      "i-0eb",
      "i-0fa",
    ]);
    expect(verdict(described, stranger, "web public", "443/tcp")).toBe("pass");
    expect(verdict(described, "app", "db", "5432/tcp")).toBe("pass");
    expect(verdict(described, "db", "app", "8080/tcp")).toContain("blocked");
  });
});

/** Notes of a kind, as texts. */
function notesOf({ notUnderstood }: DescribedWorld): string[] {
  return notUnderstood.map(({ file: name, object, field }) => [name, object, field].join(" ").trim());
}

const withFile = (...files: ExportFile[]): DescribedWorld => describeWorld([file("all.json", of), ...files]);

describe("what is reported", () => {
  it("is nothing where all is understood", () => {
    expect(describedWith([]).notUnderstood).toEqual([]);
  });

  it.each<[string, () => DescribedWorld, string]>([
    [
      "a page that is not the last",
      () => withFile(file("a.json", { Vpcs: [], NextToken: "more" })),
      "a.json  NextToken",
    ],
    [
      "a list of a kind that is not read",
      () => withFile(file("a.json", { LoadBalancers: [{ SecurityGroups: ["sg-1"] }] })),
      "a.json  LoadBalancers",
    ],
    ["a file that is none of AWS's", () => withFile(file("a.json", { hello: { world: 1 } })), "a.json"],
    [
      "entries of nobody knows which list",
      () => withFile(file("a.json", { Entries: [{ Cidr: "10.0.0.0/8" }] })),
      "a.json  Entries",
    ],
    [
      "a field that is new",
      () => describedWith([fields("Subnets", "subnet-0a1", { Mood: "good" })]),
      "export.json subnet-0a1 Mood",
    ],
    [
      "a field that is new within",
      () =>
        describedWith([
          fields("Vpcs", "vpc-0a", { CidrBlockAssociationSet: [{ CidrBlock: "10.0.0.0/16", Mood: 1 }] }),
        ]),
      "export.json vpc-0a CidrBlockAssociationSet.Mood",
    ],
    [
      "a kind that is not there",
      () => describeWorld([file("all.json", { Vpcs: of.Vpcs, Subnets: of.Subnets })]),
      "NetworkAcls",
    ],
  ])("%s", (_, make, note) => {
    expect(notesOf(make())).toContain(note);
  });

  it("is one note for many things", () => {
    const all: Change = (changed) => {
      for (const subnet of changed.Subnets ?? []) subnet.Mood = "good";
    };
    expect(notesOf(describedWith([all]))).toEqual(["export.json subnet-0a1 and 4 more Mood"]);
  });

  it("is nothing of fields that say nothing", () => {
    const empty = fields("Subnets", "subnet-0a1", { Mood: null, Moods: [], Temper: "", State: "available" });
    expect(describedWith([empty]).notUnderstood).toEqual([]);
  });

  it("is not asked for where a prefix list's entries have their list's id in the file's name", () => {
    const route: Change = (changed) => {
      changed.PrefixLists = [{ PrefixListId: "pl-0123456789abcdef0", PrefixListName: "ours" }];
      (changed.RouteTables[1]?.Routes as Json[]).push({
        DestinationPrefixListId: "pl-0123456789abcdef0",
        NatGatewayId: "nat-0a",
        State: "blackhole",
      });
    };
    const changed = network();
    route(changed);
    const entries = file("entries-pl-0123456789abcdef0.json", { Entries: [{ Cidr: "198.51.100.0/24" }] });
    const described = describeWorld([file("all.json", changed), entries]);
    expect(described.notUnderstood).toEqual([]);
    expect(verdict(described, "app", stranger, "443/tcp")).toContain("blackhole");
  });
});

describe("an export is refused", () => {
  const broken = (name: string, text: string): ExportFile[] => [file("all.json", of), { name, text }];
  it.each<[string, readonly ExportFile[], string]>([
    ["that is no JSON", broken("us-west-2/vpcs.json", "{"), "us-west-2/vpcs.json is no JSON"],
    ["that is no JSON at a place", broken("a.json", '{"Vpcs": [],\n}'), "line 2, column 1"],
    ["that has one kind twice", broken("a.json", '{"Vpcs": [],\n "Vpcs": []}'), "line 2, column 2"],
    ["that is empty", broken("vpcs.json", " \n"), "vpcs.json is empty"],
    ["that is a text", broken("vpcs.json", '"Vpcs"'), "vpcs.json is neither an object nor a list"],
    ["whose list is none", broken("vpcs.json", '{"Vpcs": 3}'), "vpcs.json: Vpcs must be a list"],
    ["with a thing that is none", broken("vpcs.json", '{"Vpcs": [3]}'), "vpcs.json: Vpcs[0]"],
    [
      "with a network that is none",
      broken(
        "a.json",
        '{"us-west-2": {"Subnets": [{"SubnetId": "s", "VpcId": "v", "CidrBlock": "10.0.0.0/33"}]}}',
      ),
      "a.json: us-west-2.Subnets[0].CidrBlock: must be a network",
    ],
    [
      "with an address that is none",
      broken(
        "a.json",
        '{"Reservations": [{"Instances": [{"InstanceId": "i-1", "PrivateIpAddress": "10.0.0"}]}]}',
      ),
      "a.json: Reservations[0].Instances[0].PrivateIpAddress: must be an address",
    ],
    [
      "that says two things of one",
      broken(
        "b.json",
        JSON.stringify({ Subnets: [{ SubnetId: "subnet-0a1", VpcId: "vpc-0a", CidrBlock: "10.0.2.0/24" }] }),
      ),
      "subnet-0a1: CidrBlock: all.json and b.json say different things",
    ],
    ["without VPCs", [file("a.json", { Subnets: [] })], "the export has no Vpcs"],
    ["with no VPC", [file("a.json", { Vpcs: [], Subnets: [] })], "the export has no VPC"],
    [
      "with a subnet of another one's",
      [file("a.json", { Vpcs: of.Vpcs?.slice(1), Subnets: of.Subnets })],
      "a.json: subnet-0a1 is in vpc-0a, which the export does not have",
    ],
    [
      "with two interfaces of one address",
      broken(
        "c.json",
        JSON.stringify({
          NetworkInterfaces: [{ ...of.NetworkInterfaces?.[0], NetworkInterfaceId: "eni-099" }],
        }),
      ),
      "all.json and c.json: eni-0eb and eni-099 have one address in vpc-0a",
    ],
  ])("%s", (_, files, says) => {
    expect(() => describeWorld(files)).toThrow(ExportError);
    expect(() => describeWorld(files)).toThrow(says);
  });

  it("but not for tags, which are each reader's own", () => {
    const tagged = of.Subnets?.map((subnet) => ({ ...subnet, Tags: [{ Key: "seen", Value: "by another" }] }));
    expect(() => describeWorld([file("a.json", of), file("b.json", { Subnets: tagged })])).not.toThrow();
  });
});

/** Every place in a value, with a way to put something else there. */
function* placesOf(value: unknown): Iterable<(other: unknown) => void> {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    yield (other) => {
      if (other === undefined && !Array.isArray(holder)) Reflect.deleteProperty(holder, key);
      else holder[key] = other;
    };
    yield* placesOf(holder[key]);
  }
}

const strange: readonly unknown[] = [
  undefined,
  null,
  "",
  "x",
  "-1",
  0,
  -1,
  65536,
  1e300,
  true,
  [],
  {},
  [null],
  [[]],
  { a: 1 },
  "10.0.0.0/33",
  "0.0.0.0/0",
  "::/0",
  "10.0.1.10",
  "i-0eb",
  "igw-",
  "local",
  "__proto__",
];

/** Whether it cannot be read; what can be read answers whatever is asked. */
function isRefused(value: unknown): boolean {
  try {
    const described = describeWorld([file("all.json", value)]);
    for (const host of described.world.hosts.keys()) {
      verdict(described, host, stranger, "443/tcp");
      verdict(described, host, "10.0.10.10", "8080/tcp");
    }
    verdict(described, stranger, "54.0.0.10", "443/tcp");
    return false;
  } catch (error) {
    if (error instanceof ExportError) return true;
    throw error;
  }
}

describe("a damaged export", () => {
  it("is refused in words, or answered without a crash", () => {
    let refused = 0;
    const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...strange)), { minLength: 1, maxLength: 3 });
    const runs = 200;
    holds(
      fc.property(damage, (changes) => {
        const damaged = network();
        for (const [place, value] of changes) {
          const places = [...placesOf(damaged)];
          // A copy, since the next change may be made within it.
          places[place % places.length]?.(structuredClone(value));
        }
        refused += isRefused(damaged) ? 1 : 0;
      }),
      runs,
    );
    expect(refused).toBeGreaterThan(runs / 10);
    expect(refused).toBeLessThan(runs);
  });

  it("is refused in words wherever it was cut off", () => {
    const text = JSON.stringify(network());
    for (let length = 0; length < text.length; length += 997) {
      expect(() => describeWorld([{ name: "all.json", text: text.slice(0, length) }])).toThrow(ExportError);
    }
  });
});
