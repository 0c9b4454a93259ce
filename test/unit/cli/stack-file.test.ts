/** A stack's file as commands read it by themselves: stand-ins, and where values stand. */
import { describe, expect, it } from "vitest";
import { parsePath, shortPath } from "../../../cli/path.ts";
import { parseStackFile } from "../../../cli/stack-file.ts";

const text = `config:
  blackroad-network:network:
    account: { id: REPLACE-ME }
    hosts:
      us-west:
        api-1: { address: REPLACE-ME }
    securityGroups:
      public:
        ingress:
          - { port: 443, protocol: tcp, source: 0.0.0.0/0 }
          - { port: 80, protocol: tcp, source: 0.0.0.0/0 }
    dns:
      zones:
        blackroad.io:
          records: [{ name: ws }, { name: vpn }]
`;

describe("a stack's file", () => {
  const file = parseStackFile(text, "stack.yaml", ["id"]);

  it("has stand-ins where they are allowed, and tells where", () => {
    expect(file.unfilled).toEqual(["account.id"]);
    expect(file.network).toMatchObject({
      account: { id: "000000000000" },
      hosts: { "us-west": { "api-1": { address: "REPLACE-ME" } } },
    });
  });

  it.each([
    ["account.id", 3],
    ["hosts.us-west.api-1", 6],
    ["hosts.us-west.api-1.address", 6],
    ["securityGroups.public.ingress", 9],
    ["securityGroups.public.ingress[1]", 11],
    ["securityGroups.public.ingress[1].source", 11],
    ['dns.zones["blackroad.io"].records[1].name', 15],
    ["dns.zones.blackroad.io.records[1].name", 15],
    ["blackroad-network:network.hosts.us-west", 5],
    // What is not written stands where what is above it does.
    ["hosts.us-west.api-2", 5],
    ["securityGroups.public.egress[3]", 8],
  ])("%s is on line %i", (path, line) => {
    expect(file.lineOf(path)).toBe(line);
  });

  it.each([
    ["a: [", "is no YAML"],
    ["", "has no config with blackroad-network:network"],
    ["config: {}", "has no config with blackroad-network:network"],
    ["config: 3", "has no config with blackroad-network:network"],
  ])("%j is none", (wrong, says) => {
    expect(() => parseStackFile(wrong, "stack.yaml", [])).toThrow(`stack.yaml ${says}`);
  });
});

it.each([
  ["hosts.us-west.api-1", ["hosts", "us-west", "api-1"]],
  ["securityGroups.public.ingress[0]", ["securityGroups", "public", "ingress", 0]],
  ['dns.zones["blackroad.io"].records[2]', ["dns", "zones", "blackroad.io", "records", 2]],
  ["", []],
])("the path %j has its parts", (text, parts) => {
  expect(parsePath(text)).toEqual(parts);
  expect(shortPath(parts)).toBe(text);
});
