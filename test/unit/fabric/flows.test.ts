import { describe, expect, it } from "vitest";
import { changeLines, linkKey } from "../../../sandbox/fabric/commands.ts";
import { parseDescribe } from "../../../sandbox/fabric/describe.ts";
import { desiredState } from "../../../sandbox/fabric/desired.ts";
import {
  flowArguments,
  isAllowed,
  parseFlow,
  removedLines,
  type Flow,
} from "../../../sandbox/fabric/flows.ts";
import type { NamespaceState, Route } from "../../../sandbox/fabric/state.ts";
import { loadWorld } from "../../../sandbox/fabric/world.ts";
import { testRegions } from "../../sandbox/fabric-world.ts";
import { describeJson } from "./describe-json.ts";

const TCP =
  "ipv4     2 tcp      6 431999 ESTABLISHED src=192.0.2.66 dst=198.18.1.10 sport=40000 dport=80 src=10.0.1.10 dst=192.0.2.66 sport=80 dport=40000 [ASSURED] mark=0 use=1";
const PING =
  "ipv4     2 icmp     1 29 src=10.0.10.11 dst=10.1.10.11 type=8 code=0 id=77 src=10.1.10.11 dst=10.0.10.11 type=0 code=0 id=77 mark=0 use=1";

describe("parseFlow", () => {
  it("reads both directions of a line", () => {
    expect(parseFlow(TCP)).toEqual({
      protocol: 6,
      source: "192.0.2.66",
      destination: "198.18.1.10",
      answerFrom: "10.0.1.10",
      answerTo: "192.0.2.66",
      sourcePort: 40000,
      destinationPort: 80,
    });
    expect(parseFlow(PING)?.icmp).toEqual({ type: 8, code: 0, id: 77 });
    expect(parseFlow("conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.")).toBeUndefined();
  });

  it("tells conntrack what to delete", () => {
    const flow = parseFlow(PING);
    expect(flow && flowArguments(flow).join(" ")).toBe(
      "--family ipv4 --proto 1 --orig-src 10.0.10.11 --orig-dst 10.1.10.11 --icmp-type 8 --icmp-code 0 --icmp-id 77",
    );
    const ipv6 = parseFlow(
      "ipv6     10 icmpv6   58 29 src=2001:db8::a dst=2001:db8::b type=128 code=0 id=9 " +
        "src=2001:db8::b dst=2001:db8::a type=129 code=0 id=9",
    );
    expect(ipv6 && flowArguments(ipv6).join(" ")).toBe(
      "--family ipv6 --proto 58 --orig-src 2001:db8::a --orig-dst 2001:db8::b --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 9",
    );
  });
});

describe("isAllowed", () => {
  const state = desiredState(parseDescribe(describeJson(testRegions())), loadWorld(), (role) => role);
  const west = state.namespaces.find(({ role }) => role === "vpc-west");

  function allowed(source: string, destination: string, port: number, change: Partial<Flow> = {}): boolean {
    if (west?.flows === undefined) {
      throw new Error("the router has no policy");
    }
    const flow = {
      protocol: 6,
      source,
      destination,
      answerFrom: destination,
      answerTo: source,
      destinationPort: port,
    };
    return isAllowed({ ...flow, ...change }, west, west.flows);
  }

  it.each([
    ["both gates open", true, "10.0.1.10", "10.0.10.11", 8080, {}],
    ["no ingress", false, "10.0.1.20", "10.0.10.11", 8080, {}],
    ["no egress", false, "10.0.10.11", "10.0.10.12", 9999, {}],
    ["another protocol", false, "10.0.1.10", "10.0.10.11", 8080, { protocol: 17 }],
    ["through the IGW", true, "192.0.2.66", "198.18.1.10", 80, { answerFrom: "10.0.1.10" }],
    ["through the IGW, closed port", false, "192.0.2.66", "198.18.1.10", 81, { answerFrom: "10.0.1.10" }],
    ["an address that moved", false, "192.0.2.66", "198.18.1.99", 80, { answerFrom: "10.0.1.10" }],
    ["out by the IGW", true, "10.0.1.10", "192.0.2.80", 80, { answerTo: "198.18.1.10" }],
    ["out under a lost address", false, "10.0.1.10", "192.0.2.80", 80, { answerTo: "198.18.1.99" }],
    ["out by NAT", true, "10.0.10.11", "192.0.2.80", 80, {}],
    ["out by NAT, no egress", false, "10.0.10.11", "192.0.2.80", 443, {}],
    ["to what the hub forwards", true, "10.0.10.11", "10.200.0.10", 8080, {}],
    ["from what the hub forwards", true, "10.200.0.10", "10.0.10.11", 8080, {}],
    ["over peering", true, "10.0.10.11", "10.1.10.11", 8080, {}],
    ["from an endpoint that is gone", false, "10.0.10.77", "10.0.10.12", 9999, {}],
    ["to the resolver", true, "10.0.10.12", "10.0.0.2", 53, { protocol: 17, answerFrom: "169.254.169.253" }],
  ] as const)("%s: %s", (_, verdict, source, destination, port, change) => {
    expect(allowed(source, destination, port, change)).toBe(verdict);
  });
});

describe("removedLines", () => {
  it("tells equal lines of different chains apart", () => {
    const before = ["chain a {", "  tcp dport 80 accept", "}", "chain b {", "  tcp dport 80 accept", "}"];
    const after = ["chain a {", "  tcp dport 80 accept", "  tcp dport 81 accept", "}", "chain b {", "}"];
    expect(removedLines(before, after)).toEqual(["chain b { tcp dport 80 accept"]);
    expect(removedLines(before, before)).toEqual([]);
  });
});

describe("changeLines", () => {
  const empty: NamespaceState = {
    role: "x",
    exclusive: true,
    sysctls: [],
    bridges: [],
    addresses: [],
    routes: [],
    rules: [],
    nft: [],
  };
  const way = (device: string): Route => ({
    destination: "10.0.0.0/8",
    table: 1000,
    type: "unicast",
    device,
  });

  it("replaces a route in place, and removes only what is gone", () => {
    const before = {
      ...empty,
      addresses: [{ device: "e-a", cidr: "10.0.1.1/32" }],
      routes: [way("e-a"), { destination: "0.0.0.0/0", table: 1000, type: "blackhole" as const }],
      rules: [{ priority: 200, table: 1000, fromDevice: "e-a" }],
    };
    const after = {
      ...empty,
      routes: [{ ...way("e-b"), via: "10.0.1.9" }],
      rules: [{ priority: 200, table: 1001, fromDevice: "e-a" }],
    };
    expect(changeLines({ before, after })).toEqual({
      add: [
        "route replace unicast 10.0.0.0/8 table 1000 proto 73 via 10.0.1.9 dev e-b onlink",
        "rule add pref 200 iif e-a lookup 1001 protocol 73",
      ],
      remove: [
        "rule del pref 200 iif e-a lookup 1000 protocol 73",
        "route del blackhole 0.0.0.0/0 table 1000",
        "address del 10.0.1.1/32 dev e-a",
      ],
    });
    expect(changeLines({ before, after: before })).toEqual({ add: [], remove: [] });
  });

  it("a link whose address changed is another link", () => {
    const link = (mac: string) => ({
      a: { namespace: "vpc", name: "e-a" },
      b: { namespace: "h-a", name: "eth0", mac },
      kind: "ethernet" as const,
    });
    expect(linkKey(link("02:00:00:00:00:09"))).not.toBe(linkKey(link("02:00:00:00:00:08")));
  });
});
