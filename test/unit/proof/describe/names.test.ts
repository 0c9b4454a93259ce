/** What people call the ends of a question, and which of somebody's addresses is meant. */
import { describe, expect, it } from "vitest";
import { answer } from "../../../../components/proof/ask/answer.ts";
import { QuestionError } from "../../../../components/proof/ask/endpoint.ts";
import { add, fields, type Change } from "./changes.ts";
import { eni } from "./network.ts";
import { describedWith } from "./questions.ts";

/** `pass: it gets there …` */
function why(changes: readonly Change[], from: string, to: string, traffic = "443/tcp"): string {
  const { world, aliases } = describedWith(changes);
  const told = answer({ world, aliases }, { from, to, traffic, direction: "both" });
  return `${told.verdict}: ${told.reason}`;
}

const tag = (id: string, Value: string): Change =>
  fields("Instances", id, { Tags: [{ Key: "Name", Value }] });

const addresses = (...PrivateIpAddresses: object[]): Change =>
  fields("NetworkInterfaces", "eni-0eb", { Association: undefined, PrivateIpAddresses });
const noIpv6 = fields("NetworkInterfaces", "eni-0eb", { Ipv6Addresses: [] });

const noPublic = addresses({ PrivateIpAddress: "10.0.1.10", Primary: true });
const second = { PrivateIpAddress: "10.0.1.11", Primary: false };

/** A second interface of the web server, with a public address of its own. */
const atSecond = add(
  "NetworkInterfaces",
  eni(
    "eni-0e2",
    { vpc: "vpc-0a", subnet: "subnet-0a1", address: "10.0.1.12", groups: ["sg-0eb"], public: "54.0.0.12" },
    { Attachment: { InstanceId: "i-0eb", DeviceIndex: 1 } },
  ),
);

describe("from the internet", () => {
  it.each<[string, readonly Change[], string, string]>([
    ["an instance is its public address", [], "i-0eb", "pass"],
    ["an interface is its own public address", [], "eni-0eb", "pass"],
    ["and so is a second one", [atSecond], "eni-0e2", "pass"],
    ["one without any is not routed", [], "i-0db", "blocked: it stops at internet: private"],
    ["and neither is its interface", [], "eni-0db", "blocked: it stops at internet: private"],
    ["one with IPv6 alone is that", [noPublic], "i-0eb", "pass"],
    ["and so is its interface", [noPublic], "eni-0eb", "pass"],
    [
      "behind an egress-only gateway too",
      [],
      "eni-0a0",
      "blocked: it stops at egress-only gateway of vpc-0a",
    ],
    ["an instance's Name tag says the same", [], "name of 0eb", "pass"],
    [
      "an Elastic IP may be at a secondary address alone",
      [
        addresses(
          { PrivateIpAddress: "10.0.1.10", Primary: true },
          { ...second, Association: { PublicIp: "54.0.0.11" } },
        ),
        noIpv6,
      ],
      "i-0eb",
      "pass",
    ],
    ["an address is what it is", [], "10.0.1.10", "blocked: it stops at internet: private"],
    [
      "a NAT gateway is its public address",
      [],
      "nat-0a",
      "blocked: it stops at NAT gateway nat-0a: lets nothing in",
    ],
    ["its interface as well", [], "eni-0a7", "blocked: it stops at NAT gateway nat-0a: lets nothing in"],
  ])("%s", (_, changes, to, says) => {
    expect(why(changes, "internet", to)).toContain(says);
  });
});

describe("inside", () => {
  it("an interface is its private address, by which groups know it", () => {
    expect(why([], "i-0eb", "eni-0a0", "8080/tcp")).toContain("pass");
    expect(why([], "eni-0eb", "i-0a0", "8080/tcp")).toContain("pass");
  });

  it("a NAT gateway takes nothing, and asks nobody", () => {
    expect(why([], "i-0a0", "nat-0a")).toContain("blocked: it stops at NAT gateway nat-0a");
    for (const name of ["nat-0a", "eni-0a7", "54.0.0.7"]) {
      expect(() => why([], name, "internet")).toThrow(QuestionError);
      expect(() => why([], name, "internet")).toThrow(`${name} is nat-0a's, which opens no connections`);
    }
  });

  it("somebody without IPv4 asks the internet by IPv6", () => {
    const v6 = fields("NetworkInterfaces", "eni-0eb", {
      PrivateIpAddress: undefined,
      PrivateIpAddresses: [],
      Association: undefined,
    });
    const noV4 = fields("Instances", "i-0eb", { PrivateIpAddress: undefined });
    expect(why([v6, noV4], "i-0eb", "internet")).toContain("pass");
    expect(why([v6, noV4], "internet", "i-0eb")).toContain("pass");
  });
});

describe("what several have", () => {
  it("says nothing of who asks, and names who may be meant", () => {
    const asked = (): string => why([], "10.0.10.10", "internet");
    expect(asked).toThrow(QuestionError);
    expect(asked).toThrow("10.0.10.10 may be i-0a0 in vpc-0a or i-0dd in vpc-0d: say which by its id");
  });

  it("is whoever has the address where the packet gets to", () => {
    expect(why([], "i-0eb", "10.0.10.10", "8080/tcp")).toContain("pass");
    expect(why([], "i-0eb", "10.0.10.10", "22/tcp")).toContain(
      "blocked: it stops at network interface of i-0a0",
    );
    expect(why([], "i-0dd", "10.0.10.10", "22/tcp")).toContain("pass");
    expect(why([], "i-0fa", "10.0.10.10", "22/tcp")).toContain("blocked: it stops at peering pcx-0bc");
  });

  it("as a Name tag is refused on both sides", () => {
    const both = [tag("i-0eb", "web"), tag("i-0a0", "web")];
    for (const [from, to] of [
      ["web", "internet"],
      ["i-0db", "web"],
    ] as const)
      expect(() => why(both, from, to)).toThrow("web may be i-0eb or i-0a0: say which by its id");
  });
});

it("an id goes before a Name tag that looks like one", () => {
  expect(why([tag("i-0eb", "i-0a0")], "i-0a0", "internet", "8080/tcp")).toContain("pass");
  expect(why([tag("i-0eb", "i-0a0")], "internet", "i-0a0")).toContain(
    "blocked: it stops at egress-only gateway",
  );
});
