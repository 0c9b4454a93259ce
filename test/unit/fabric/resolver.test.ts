import { describe, expect, it } from "vitest";
import { changeLines, nothing } from "../../../sandbox/fabric/commands.ts";
import { parseDescribe } from "../../../sandbox/fabric/describe.ts";
import { desiredState } from "../../../sandbox/fabric/desired.ts";
import { resolverSources } from "../../../sandbox/fabric/resolver.ts";
import type { FabricState, NamespaceState } from "../../../sandbox/fabric/state.ts";
import { loadWorld } from "../../../sandbox/fabric/world.ts";
import { ipv6Regions } from "../../sandbox/fabric-ipv6-world.ts";
import { testRegions } from "../../sandbox/fabric-world.ts";
import { describeJson, rule, type Json } from "./describe-json.ts";

type Regions = ReturnType<typeof testRegions>;

const vpcs = ["vpc-east", "vpc-far", "vpc-west"];

function withEndpoint(
  change: Json = {},
  alter: (regions: Regions) => void = () => undefined,
  regions: Regions = testRegions(),
): FabricState {
  alter(regions);
  const west = regions["us-west-2"];
  west.SecurityGroups.push({ GroupId: "sg-resolver", VpcId: "vpc-west" });
  west.SecurityGroupRules.push(
    rule("sg-resolver", "egress", "udp", [8600, 8600], { CidrIpv4: "10.0.10.11/32" }),
  );
  west.NetworkInterfaces.push({
    NetworkInterfaceId: "eni-out",
    SubnetId: "subnet-private",
    VpcId: "vpc-west",
    PrivateIpAddress: "10.0.10.200",
    Description: "Route 53 Resolver: rslvr-out-1:rni-1",
    SourceDestCheck: true,
    Groups: [{ GroupId: "sg-resolver" }],
    ...change,
  });
  return desiredState(parseDescribe(describeJson(regions)), loadWorld(), (role) => role);
}

function namespaceOf(state: FabricState, role: string): NamespaceState {
  const found = state.namespaces.find((each) => each.role === role);
  if (found === undefined) throw new Error(`there is no ${role}`);
  return found;
}

function linksOf(state: FabricState, role: string): string[] {
  return state.links
    .flatMap(({ a, b, kind }) => [
      { near: a, far: b, kind },
      { near: b, far: a, kind },
    ])
    .filter(({ near }) => near.namespace === role)
    .map(({ near, far, kind }) => `${near.name} ${kind} ${far.namespace} ${far.name}`)
    .sort();
}

describe("the resolvers' namespace", () => {
  const state = withEndpoint();
  const resolver = namespaceOf(state, "rslv");
  const sources = resolverSources(vpcs);

  it("has a line to every VPC's router, to each endpoint's interface, and to the internet", () => {
    expect(linksOf(state, "rslv")).toEqual([
      "d-vpc-east line vpc-east dns",
      "d-vpc-far line vpc-far dns",
      "d-vpc-west line vpc-west dns",
      "dns line inet x-rslv",
      "e-eni-out line vpc-west e-eni-out",
    ]);
  });

  it("tells VPCs by the addresses under which their questions come, and believes no other", () => {
    expect(new Set(sources.values()).size).toBe(3);
    const router = namespaceOf(state, "vpc-west");
    const source = sources.get("vpc-west") ?? "";
    expect(source).toMatch(/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./);
    expect(router.nft).toContain(`  oifname "dns" snat to ${source}`);
    expect(router.nft).toContain("  meta mark 83 dnat to 169.254.169.253");
    expect(resolver.nft).toContain(`    "d-vpc-west" . ${source},`);
    expect(resolver.routes).toContainEqual({
      destination: `${source}/32`,
      table: 254,
      type: "unicast",
      device: "d-vpc-west",
    });
    expect(resolver.nft).toContain('  iifname "d-*" iifname . ip saddr != @owned drop');
  });

  it("sends what comes from an endpoint's address by its interface, and all else to the internet", () => {
    expect(resolver.addresses).toContainEqual({ device: "e-eni-out", cidr: "10.0.10.200/32" });
    const [only, ...others] = resolver.rules;
    expect(others).toEqual([]);
    expect(resolver.routes.filter(({ destination }) => destination === "0.0.0.0/0")).toEqual([
      { destination: "0.0.0.0/0", table: 254, type: "unicast", device: "dns" },
      { destination: "0.0.0.0/0", table: only?.table, type: "unicast", device: "e-eni-out" },
    ]);
    expect(changeLines({ before: nothing(resolver), after: resolver }).add).toContain(
      `rule add pref 200 from 10.0.10.200 lookup ${only?.table} protocol 73`,
    );
  });

  it("asks from no address that two VPCs have, and says so", () => {
    const far = { NetworkInterfaceId: "eni-other", SubnetId: "subnet-far", VpcId: "vpc-far" };
    const described = {
      Description: "Route 53 Resolver: rslvr-out-2:rni-1",
      SourceDestCheck: true,
      Groups: [],
    };
    const state = withEndpoint({}, ({ "eu-west-1": { NetworkInterfaces } }) =>
      NetworkInterfaces.push({ ...far, ...described, PrivateIpAddress: "10.0.10.200" }),
    );
    const { addresses, rules } = namespaceOf(state, "rslv");
    expect(addresses.filter(({ cidr }) => cidr === "10.0.10.200/32")).toEqual([]);
    expect(rules).toEqual([]);
    expect(state.problems).toEqual([
      "eni-other cannot forward: eni-out of another VPC has its address, 10.0.10.200, too",
      "eni-out cannot forward: eni-other of another VPC has its address, 10.0.10.200, too",
    ]);
  });

  it("is nobody's way anywhere, and takes nothing from the internet and from endpoints but answers", () => {
    expect(resolver.sysctls).toContainEqual({ path: "net/ipv4/ip_forward", value: "0" });
    expect(resolver.nft).toContain("  type filter hook forward priority 0; policy drop;");
    const accepted = resolver.nft.filter((line) => line.endsWith(" accept"));
    expect(accepted.map((line) => line.trim())).toEqual([
      'iifname "lo" accept',
      "ct state established accept",
      "ct state related accept",
      'iifname "d-*" ip daddr 169.254.169.253 udp dport 53 accept',
      'iifname "d-*" ip daddr 169.254.169.253 tcp dport 53 accept',
    ]);
  });
});

describe("the interface of an outbound endpoint", () => {
  it("has its groups' gates and its subnet's routes, as every interface of the VPC", () => {
    const router = namespaceOf(withEndpoint(), "vpc-west");
    expect(router.nft).toContain('  iifname "e-eni-out" jump egress_e_eni_out');
    expect(router.nft).toContain('  oifname "e-eni-out" jump ingress_e_eni_out');
    expect(router.nft).toContain("  ip daddr 10.0.10.11/32 udp dport 8600 accept");
    expect(router.nft).toContain('    "e-eni-out" . 10.0.10.200,');
    const table = router.rules.find(({ fromDevice }) => fromDevice === "e-eni-api")?.table;
    expect(router.rules).toContainEqual({ priority: 200, table, fromDevice: "e-eni-out" });
    // It answers no ARP, so that it needs no gateway there.
    expect(router.addresses.filter(({ device }) => device === "e-eni-out")).toEqual([]);
    const flows = router.flows;
    expect(Object.keys(flows?.gates ?? {})).toContain("e-eni-out");
    expect(Object.keys(flows?.gates ?? {})).not.toContain("n-nat-west");
  });

  it("has IPv4 alone in a VPC with IPv6, and the gates of both", () => {
    const state = withEndpoint({}, undefined, ipv6Regions());
    expect(state.problems).toEqual([]);
    const router = namespaceOf(state, "vpc-west");
    const gate = router.nft6?.indexOf("chain egress_e_eni_out {") ?? -1;
    expect(router.nft6?.slice(gate, gate + 2)).toEqual(["chain egress_e_eni_out {", "}"]);
    expect(router.nft6).toContain('  iifname "e-eni-out" jump egress_e_eni_out');
    expect(router.nft).toContain("  ip daddr 10.0.10.11/32 udp dport 8600 accept");
    const ways = router.routes.filter(({ device }) => device === "e-eni-out");
    expect([...new Set(ways.map(({ destination }) => destination))]).toEqual(["10.0.10.200/32"]);
    const { addresses, nft6, sysctls } = namespaceOf(state, "rslv");
    expect(addresses.filter(({ cidr }) => cidr.includes(":"))).toEqual([]);
    expect(nft6).toBeUndefined();
    expect(sysctls).toContainEqual({ path: "net/ipv6/conf/all/disable_ipv6", value: "1" });
  });

  it("is told by what Route 53 Resolver calls it: other interfaces without an instance stay dark", () => {
    const state = withEndpoint({ Description: "of something else" });
    expect(linksOf(state, "rslv")).not.toContain("e-eni-out line vpc-west e-eni-out");
    expect(namespaceOf(state, "rslv").rules).toEqual([]);
    expect(namespaceOf(state, "vpc-west").nft.join("\n")).not.toContain("e-eni-out");
  });
});

describe("the internet", () => {
  it("knows the resolvers as one more customer, with one address of its own", () => {
    const inet = namespaceOf(withEndpoint(), "inet");
    const ways = inet.routes
      .filter(({ device }) => device === "x-rslv")
      .map(({ destination }) => destination);
    expect(ways).toEqual([expect.stringMatching(/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\..*\/32$/)]);
    expect([...resolverSources(vpcs).values()].map((each) => `${each}/32`)).not.toContain(ways[0]);
    expect(inet.nft.filter((line) => line.includes('"d-'))).toEqual([]);
    const { nft, nft6 } = namespaceOf(withEndpoint({}, undefined, ipv6Regions()), "inet");
    const lines = [...nft, ...(nft6 ?? [])];
    expect(lines.filter((line) => /"(d-|x-rslv)/.test(line))).toEqual([
      `    "x-rslv" . ${ways[0]?.replace("/32", "")},`,
    ]);
  });
});
