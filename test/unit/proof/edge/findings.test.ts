/** What is wrong with names, tunnels and load balancers, whoever asks: each rule fires, and does not on the stacks. */
import { describe, expect, it } from "vitest";
import { edgeFindings, edgeRules } from "../../../../components/proof/edge/findings.ts";
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import { planNetwork } from "../../../../components/plan/plan.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { absent, type Change } from "../../config/subject.ts";
import { configOf, proverOf } from "../subject.ts";
import { named, spoiled, withGeneration, withIngress, withOutput, withRules } from "./subject.ts";

const home = "edge-home/lucidia";

function found(prover: Prover): [rule: string, message: string][] {
  return edgeFindings(prover).map(({ rule, message }) => [rule, message]);
}

const records = "dns zones blackroad.io records 8";
const aliases: Change = [records, { name: "lost", type: "CNAME", content: "nobody.blackroad.io" }];
const stopped: Change = [records, { name: "vpn-page", type: "A", host: "us-west/lb-1", proxied: true }];
const noConsul: Change = ["dns private outboundEndpoints eu-west", absent];

/** eu-west's endpoint has a group that lets nothing out. */
function withClosedEndpoint(plan: NetworkPlan): NetworkPlan {
  const regions = plan.regions.map((region) => ({
    ...region,
    securityGroups: region.securityGroups.map((group) =>
      group.key === "eu-west/dns-outbound" ? { ...group, rules: [] } : group,
    ),
  }));
  return { ...plan, regions };
}

/** All aliases of the private zones lead to a name that is not there. */
function withLostAliases(plan: NetworkPlan): NetworkPlan {
  const privateZones = plan.privateZones.map((zone) => ({
    ...zone,
    recordSets: zone.recordSets.map((set) =>
      set.type === "CNAME" ? { ...set, values: ["nobody.blackroad.internal"] } : set,
    ),
  }));
  return { ...plan, privateZones };
}

const cases: readonly (readonly [keyof typeof edgeRules, () => Prover, RegExp])[] = [
  [
    "edge/unread",
    () =>
      spoiled((plan) =>
        withGeneration(plan, "us-west/hub-1", (generation) => ({
          ...generation,
          files: generation.files.map((file) =>
            file.path === "/etc/unbound/unbound.conf"
              ? { ...file, content: [...file.content, "\nauth-zone:\n    zonefile: x\n"] }
              : file,
          ),
        })),
      ),
    /^unbound on us-west\/hub-1: zonefile is not understood$/,
  ],
  [
    "edge/name-leads-nowhere",
    () => named(aliases),
    /^lost.blackroad.io leads nowhere: .*nobody.blackroad.io$/,
  ],
  [
    "edge/private-name-leads-nowhere",
    () => spoiled(withClosedEndpoint),
    /^agent-service.blackroad.internal leads nowhere for the hosts of eu-west/,
  ],
  [
    "edge/origin-stops",
    () => spoiled((plan) => withRules(plan, "us-west/lb-1", "input", ["tcp dport 443 drop"]), stopped),
    /^nobody answers for vpn-page.blackroad.io: us-west\/lb-1, nftables/,
  ],
  [
    "edge/endpoint-down",
    () => spoiled((plan) => withRules(plan, "eu-west/lb-1", "input", ["tcp dport 443 drop"])),
    /^the monitor of api.blackroad.io finds eu-west-lb-1 down, and all of pool eu-west is: eu-west\/lb-1, nft/,
  ],
  [
    "edge/tunnel-half",
    () => spoiled((plan) => withOutput(plan, home, ["udp dport 7844 drop"])),
    /does not reach region1.v2.argotunnel.com by udp, region2.v2.argotunnel.com by udp: edge-home/,
  ],
  [
    "edge/tunnel-down",
    () => spoiled((plan) => withOutput(plan, home, ["udp dport 7844 drop", "tcp dport 7844 drop"])),
    /^the connector of blackroad-tunnel does not reach/,
  ],
  [
    "edge/ingress-stops",
    () => named(["cloudflare tunnels blackroad-tunnel ingress 1 service", "http://localhost:9999"]),
    /^dashboard.blackroad.io is not served by .*9999: edge-home\/lucidia: nothing of the plan listens on 9999/,
  ],
  [
    "edge/ingress-unused",
    () =>
      spoiled((plan) =>
        withIngress(plan, ["ws.blackroad.io", "http://localhost:8080"], [undefined, "http_status:404"]),
      ),
    /^nothing leads ws.blackroad.io into blackroad-tunnel$/,
  ],
];

describe("findings of the edge", () => {
  it.each(["prod", "dev", "sandbox"])("are none on %s", (stack) => {
    expect(found(proverOf(planNetwork(configOf(stack), stack)))).toEqual([]);
  });

  it.each(cases)("%s", (rule, prover, message) => {
    const told = found(prover()).filter(([each]) => each === rule);
    expect(told.map(([, text]) => text)).toContainEqual(expect.stringMatching(message));
  });

  it("leave a region alone that forwards nothing, as long as some other does", () => {
    expect(found(named(noConsul))).toEqual([]);
    const lost = found(spoiled(withLostAliases, noConsul)).map(([, message]) => message);
    for (const region of ["us-west", "eu-west"]) {
      expect(lost).toContainEqual(
        expect.stringMatching(`^agent-service.* leads nowhere for the hosts of ${region}: `),
      );
    }
  });

  it("are about a rule's service where it takes one path alone, or whatever no other takes", () => {
    const prover = spoiled((plan) =>
      withIngress(
        plan,
        ["dashboard.blackroad.io", "http_status:403", "^/admin"],
        ["dashboard.blackroad.io", "http://localhost:9998", "^/metrics"],
        ["dashboard.blackroad.io", "http://localhost:3000"],
        ["dashboard.blackroad.io", "http://localhost:9999"],
        [undefined, "http://localhost:9997"],
      ),
    );
    const stops = found(prover).filter(([rule]) => rule === "edge/ingress-stops");
    expect(stops.map(([, message]) => / listens on (\d+)/.exec(message)?.[1])).toEqual(["9998", "9997"]);
  });

  it("have a test for each rule", () => {
    expect(cases.map(([rule]) => rule).sort()).toEqual(Object.keys(edgeRules).sort());
  });

  it("say of a pool what is still up in it", () => {
    const prover = spoiled((plan) => withRules(plan, "us-west/lb-1", "input", ["tcp dport 443 drop"]));
    expect(found(prover)).toEqual([
      ["edge/endpoint-down", expect.stringMatching(/finds us-west-lb-1 down: us-west\/lb-1/)],
    ]);
  });
});
