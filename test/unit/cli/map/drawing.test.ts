/** What is drawn of a network: everything of it, once. */
import { describe, expect, it } from "vitest";
import { spoken } from "../../../../cli/map/svg.ts";
import { stationsOf, boxOfPlace } from "../../../../cli/map/way.ts";
import { answer, type Verdict } from "../../../../components/proof/ask/answer.ts";
import { QuestionError } from "../../../../components/proof/ask/endpoint.ts";
import { subjectOf } from "../../../../cli/proof/input.ts";
import { allBoxes, dataOf, describedNetwork, ends, names, prodWith } from "./subject.ts";

const opened = prodWith();
const { drawing } = dataOf(opened);
const boxes = allBoxes(drawing);
const ids = new Set(boxes.map(({ id }) => id));
const isDrawn = (id: string): boolean => ids.has(id);
const childrenOf = (id: string): string[] =>
  boxes.find((box) => box.id === id)?.children.map((child) => child.id) ?? [];

describe("the drawing of prod", () => {
  it("has every host, subnet, NAT gateway, network of a site, name and tunnel, once", () => {
    const { plan } = opened.stack;
    const wanted = [
      ...plan.hosts.map(({ key }) => `host:${key}`),
      ...plan.regions.flatMap((region) => [
        `region:${region.key}`,
        ...region.subnets.map(({ key }) => `subnet:${key}`),
        ...region.natGateways.map(({ key }) => `nat:${key}`),
      ]),
      ...[...opened.world.segments.keys()].map((key) => `segment:${key}`),
      ...plan.sites.map(({ key }) => `site:${key}`),
      ...plan.cloudflare.tunnels.map(({ name }) => `tunnel:${name}`),
      ...plan.cloudflare.loadBalancers.map(({ name }) => `balancer:${name}`),
      "name:ws.blackroad.io",
      "zone:blackroad.io",
      "edge:",
      "internet:",
      "operator:",
      "vpn:",
    ];
    expect(wanted.filter((id) => !ids.has(id))).toEqual([]);
    expect(boxes.length).toBe(ids.size);
  });

  it("has hosts where they stand, in an order for people", () => {
    expect(childrenOf("subnet:us-west/private/us-west-2a")).toEqual([
      "host:us-west/api-1",
      "host:us-west/api-2",
      "host:us-west/api-3",
      expect.stringMatching(/^interface:us-west\/dns-outbound/),
      "host:us-west/ollama-1",
      "host:us-west/prometheus-1",
      "host:us-west/redis-1",
      "host:us-west/vault-1",
    ]);
    expect(childrenOf("region:us-west")).toEqual([
      "gateway:internet us-west",
      "tier:us-west/public",
      "tier:us-west/private",
      "tier:us-west/database",
    ]);
    // A tower stands in four VLANs: it is itself where its site knows it, and else an interface.
    const ofNode = boxes.filter(({ label }) => label === "node-1");
    expect(ofNode.map(({ kind, detail }) => `${kind} ${detail}`)).toEqual([
      "host 10.64.10.10",
      "interface 10.64.20.10",
      "interface 10.64.30.10",
      "interface 10.64.40.10",
    ]);
  });

  it("has lines for peerings, members of the VPN and tunnels", () => {
    const members = opened.stack.plan.hosts.filter(({ generation }) => generation.tunnels.length > 0);
    expect(drawing.lines).toEqual([
      { kind: "peering", from: "region:eu-west", to: "region:us-west" },
      ...members.map(({ key }) => ({ kind: "vpn", from: `host:${key}`, to: "vpn:" })),
      { kind: "tunnel", from: "tunnel:blackroad-tunnel", to: "host:edge-home/lucidia" },
    ]);
  });

  it("names each box by what is written in it, and hosts by their place too", () => {
    const spokenOf = new Map(boxes.map((box) => [box.id, spoken(box)]));
    for (const { id, label, detail } of boxes) {
      expect(spokenOf.get(id)).toContain(label);
      expect(spokenOf.get(id)).toContain(detail);
    }
    expect(spokenOf.get("host:us-west/hub-1")).toBe(
      "us-west/hub-1, host, hub, in the VPN as 10.200.0.1, has a public address, forwards, 10.0.1.10",
    );
  });

  it("calls nothing by what a question does not understand", () => {
    const subject = { ...subjectOf(opened), editable: undefined };
    const asked = boxes.filter(({ ask }) => ask !== "");
    expect(asked.length).toBeGreaterThan(40);
    for (const { ask } of asked) {
      const question = { from: "us-west/hub-1", to: ask, traffic: "443/tcp", direction: "forward" } as const;
      expect(() => answer(subject, question), ask).not.toThrow();
    }
  });

  it("does not say where the operator is if nobody has", () => {
    const unknown = dataOf({ ...opened, stack: { ...opened.stack, unfilled: ["operator.cidrs[0]"] } });
    const detail = (data: typeof unknown): string | undefined =>
      allBoxes(data.drawing).find(({ id }) => id === "operator:")?.detail;
    expect([detail(unknown), detail(dataOf(opened))]).toEqual(["nobody has said where", "203.0.113.7/32"]);
  });
});

function answers(): Verdict[] {
  const subject = { ...subjectOf(opened), editable: undefined };
  const questions = ends.flatMap((from) =>
    [...ends, ...names].flatMap((to) =>
      ["443/tcp", "51820/udp", "all"].map((traffic) => ({ from, to, traffic })),
    ),
  );
  return questions.flatMap((question) => {
    try {
      return [answer(subject, { ...question, direction: "both" })];
    } catch (error) {
      if (error instanceof QuestionError) return [];
      throw error;
    }
  });
}

describe("the places of ways", () => {
  const all = answers();
  const hops = all.flatMap((verdict) => [...verdict.forward, ...verdict.return]);

  // How the proof calls places is told in words: what is renamed there must be found here again.
  it("are boxes of the drawing, but for what is nowhere", () => {
    const places = [...new Set(hops.map(({ place }) => place))];
    const nowhere = places.filter((place) => boxOfPlace(place, isDrawn) === undefined);
    expect(
      nowhere.filter(
        (place) => !/^(DNS|private zone .*|peering .*|nobody|the answer|the asker)$/.test(place),
      ),
    ).toEqual([]);
    expect(places.length).toBeGreaterThan(40);
  });

  it("are what they are called", () => {
    const at = (place: string): string | undefined => boxOfPlace(place, isDrawn);
    expect([
      at("network interface of us-west/api-1"),
      at("route table of us-west/public/us-west-2a"),
      at("internet gateway of us-west"),
      at("NAT gateway us-west/nat/us-west-2a"),
      at("router of edge-home"),
      at("wg0 of edge-home/lucidia"),
      at("unbound of us-west/hub-1"),
      at("a device in edge-home/192.168.4.0/24"),
      at("resolver of VPC us-west"),
      at("Cloudflare's edge"),
      at("tunnel blackroad-tunnel"),
      at("us-west/private/us-west-2a"),
    ]).toEqual([
      "host:us-west/api-1",
      "subnet:us-west/public/us-west-2a",
      "gateway:internet us-west",
      "nat:us-west/nat/us-west-2a",
      "router:edge-home",
      "host:edge-home/lucidia",
      "host:us-west/hub-1",
      "device:edge-home/192.168.4.0/24",
      "region:us-west",
      "edge:",
      "tunnel:blackroad-tunnel",
      "subnet:us-west/private/us-west-2a",
    ]);
  });

  it("are stations with every hop's number, in order", () => {
    for (const { forward } of all) {
      const stations = stationsOf(forward, isDrawn);
      const numbers = stations.flatMap((station) => station.hops);
      const drawnHops = forward.flatMap(({ place }, index) =>
        boxOfPlace(place, isDrawn) === undefined ? [] : [index + 1],
      );
      expect(numbers).toEqual(drawnHops);
      expect(stations.some(({ stops }) => stops)).toBe(
        forward.some(({ stops, place }) => stops && boxOfPlace(place, isDrawn) !== undefined),
      );
    }
  });
});

describe("the drawing of a network that AWS described", () => {
  it("has VPCs with their subnets, instances by their Name tags, and NAT gateways", () => {
    const described = describedNetwork();
    const all = allBoxes(dataOf(described).drawing);
    expect(all.filter(({ kind }) => kind === "region").map(({ label }) => label)).toEqual([
      ...described.world.regions.keys(),
    ]);
    expect(
      all
        .filter(({ kind }) => kind === "host")
        .map(({ ask }) => ask)
        .sort(),
    ).toEqual([...described.world.hosts.keys()].sort());
    const [host] = all.filter(({ kind }) => kind === "host");
    expect(host === undefined ? "" : spoken(host)).toBe(
      `${host?.label ?? ""}, ${host?.ask ?? ""}, host, has a public address, ${host?.detail ?? ""}`,
    );
    expect(all.filter(({ kind }) => kind === "nat").map(({ id }) => id)).toEqual(["nat:nat-0a"]);
  });
});
