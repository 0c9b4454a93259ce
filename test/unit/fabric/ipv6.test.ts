/** IPv6 in what the fabric wants of the kernel: there where a described VPC has it, and nowhere else. */
import { describe, expect, it } from "vitest";
import { parseDescribe } from "../../../sandbox/fabric/describe.ts";
import { desiredState } from "../../../sandbox/fabric/desired.ts";
import { isAllowed, type Flow } from "../../../sandbox/fabric/flows.ts";
import type { FabricState, NamespaceState } from "../../../sandbox/fabric/state.ts";
import { loadWorld } from "../../../sandbox/fabric/world.ts";
import { IPV6, ipv6Regions } from "../../sandbox/fabric-ipv6-world.ts";
import type { Regions } from "../../sandbox/fabric-probe.ts";
import { testRegions } from "../../sandbox/fabric-world.ts";
import { describeJson } from "./describe-json.ts";

const stateOf = (regions: Regions): FabricState =>
  desiredState(parseDescribe(describeJson(regions)), loadWorld(), (role) => role);

function namespaceOf(state: FabricState, role: string): NamespaceState {
  const found = state.namespaces.find((each) => each.role === role);
  if (found === undefined) throw new Error(`there is no ${role}`);
  return found;
}

/** Roles of namespaces with anything of IPv6 in them. */
const withIpv6 = ({ namespaces }: FabricState): string[] =>
  namespaces
    .filter(
      ({ addresses, routes, rules, nft6, sysctls }) =>
        nft6 !== undefined ||
        addresses.some(({ cidr }) => cidr.includes(":")) ||
        routes.some(({ destination }) => destination.includes(":")) ||
        rules.some(({ family }) => family === "ip6") ||
        sysctls.some(({ path, value }) => path.endsWith("disable_ipv6") && value === "0"),
    )
    .map(({ role }) => role)
    .sort();

describe("IPv6", () => {
  it("is nowhere without a VPC that has it", () => {
    const state = stateOf(testRegions());
    expect(withIpv6(state)).toEqual([]);
    expect(state.links.some(({ b }) => b.name === "eigw")).toBe(false);
  });

  it("is in VPCs that have it, in instances with an address, and on the internet", () => {
    const state = stateOf(ipv6Regions());
    expect(state.problems).toEqual([]);
    expect(withIpv6(state)).toEqual(
      ["h-i-api", "h-i-database", "h-i-east", "h-i-web", "inet", "stranger", "vpc-east", "vpc-west"].sort(),
    );
    const inet = namespaceOf(state, "inet");
    const ways = inet.routes.filter(({ destination }) => destination.includes(":"));
    expect(Object.fromEntries(ways.map(({ destination, device }) => [destination, device]))).toEqual({
      [`${IPV6.web}/128`]: "i-vpc-west",
      [`${IPV6.api}/128`]: "o-vpc-west",
      [`${IPV6.database}/128`]: "o-vpc-west",
      [`${IPV6.stranger}/128`]: "x-stranger",
    });
  });

  it("leads nowhere from a table without a default route, and out by the subnet's own gateway", () => {
    const { routes, rules } = namespaceOf(stateOf(ipv6Regions()), "vpc-west");
    const tableOf = (device: string): number | undefined =>
      rules.find((rule) => rule.family === "ip6" && rule.fromDevice === device)?.table;
    const defaults = (device: string): string[] =>
      routes
        .filter(({ destination, table }) => destination === "::/0" && table === tableOf(device))
        .map((route) => route.device ?? route.type);
    expect(defaults("e-eni-web")).toEqual(["igw"]);
    expect(defaults("e-eni-api")).toEqual(["eigw"]);
    const main = routes.filter(({ destination, table }) => destination === "::/0" && table === 254);
    expect(main).toMatchObject([{ type: "unreachable" }]);
  });

  it("ends connections whose permission is gone, and keeps the others", () => {
    const regions = ipv6Regions();
    const west = namespaceOf(stateOf(regions), "vpc-west");
    const flow = (source: string, destination: string, destinationPort: number): Flow => ({
      protocol: 6,
      source,
      destination,
      answerFrom: destination,
      answerTo: source,
      sourcePort: 40_000,
      destinationPort,
    });
    const allowed = (state: NamespaceState, one: Flow): boolean => {
      if (state.flows === undefined) throw new Error("the router has no policy");
      return isAllowed(one, state, state.flows);
    };
    expect(allowed(west, flow(IPV6.stranger, IPV6.web, 80))).toBe(true);
    expect(allowed(west, flow(IPV6.stranger, IPV6.web, 81))).toBe(false);
    expect(allowed(west, flow(IPV6.web, IPV6.api, 8080))).toBe(true);
    expect(allowed(west, flow(IPV6.api, IPV6.page, 80))).toBe(true);
    expect(allowed(west, flow(IPV6.api, IPV6.page, 81))).toBe(false);
    regions["us-west-2"].EgressOnlyInternetGateways = [];
    const without = namespaceOf(stateOf(regions), "vpc-west");
    expect(allowed(without, flow(IPV6.api, IPV6.page, 80))).toBe(false);
  });
});
