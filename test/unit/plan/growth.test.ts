/** Whatever is added to a network, what was there stays as it was; and every plan holds together. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cidrIncludes, overlaps, rangeOf } from "../../../components/config/ip.ts";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { cidrSlug } from "../../../components/plan/keys.ts";
import type { HostPlan, NetworkPlan, PlanSymbol, RouteTarget } from "../../../components/plan/model.ts";
import { documentSymbols } from "../../../components/plan/document.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { renderTemplate, symbolsOf } from "../../../components/plan/render.ts";
import { grown, growth, reordered, type Growth } from "./growth.ts";
import { namedSymbol, planOf } from "./subject.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`plan growth: ROADNET_SEED=${seed}`);
const options = { seed, numRuns: 60 };

const prod = planOf("prod");
const planGrown = (change: Growth): NetworkPlan => planNetwork(grown(change), "prod");

/** Everything with a key, as text, host files apart. Route tables are their routes. */
function keyed(plan: NetworkPlan): [key: string, text: string][] {
  const regions = plan.regions.flatMap((region) => [
    { key: `region ${region.key}`, awsRegion: region.awsRegion, cidr: region.cidr },
    ...region.subnets.map((subnet) => ({ ...subnet, key: `subnet ${subnet.key}` })),
    ...region.natGateways.map((nat) => ({ ...nat, key: `nat ${nat.key}` })),
    ...region.routeTables.flatMap(({ routes }) =>
      routes.map((route) => ({ ...route, key: `route ${route.key}` })),
    ),
    ...[region.flowLog ?? []].flat().map((log) => ({ ...log, key: `flow log ${log.key}` })),
    ...region.gatewayEndpoints.map(({ key, service }) => ({ key: `endpoint ${key}`, service })),
    ...region.gatewayEndpoints.flatMap(({ key, routeTables }) =>
      routeTables.map((table) => ({ key: `endpoint ${key} in ${table}` })),
    ),
    // A further zone's subnet joins the group, which keeps its name.
    ...[region.databaseSubnetGroup ?? []]
      .flat()
      .map(({ key, name }) => ({ key: `subnet group ${key}`, name })),
    ...[region.outboundEndpoint ?? []]
      .flat()
      .map((each) => ({ ...each, key: `outbound endpoint ${each.key}` })),
    ...region.networkAcls.flatMap((acl) =>
      acl.rules.map((rule) => ({
        ...rule,
        key: `acl ${acl.key} ${rule.direction} ${rule.protocol} ${rule.ports?.from ?? rule.icmpType ?? ""} ${cidrSlug(rule.cidr)}`,
      })),
    ),
    ...region.securityGroups.map(({ key, name, description }) => ({
      key: `group ${key}`,
      name,
      description,
    })),
    ...region.securityGroups.flatMap(({ rules }) =>
      rules.map((rule) => ({ ...rule, key: `rule ${rule.key}` })),
    ),
  ]);
  const others = [
    // What a peering waits for is no part of it.
    ...plan.peerings.map((peering) => ({ ...peering, after: undefined, key: `peering ${peering.key}` })),
    ...plan.sites.map((site) => ({ ...site, key: `site ${site.key}` })),
    ...plan.zones.flatMap(({ records }) =>
      records.map((record) => ({ ...record, key: `record ${record.key}` })),
    ),
    ...plan.privateZones.flatMap(({ name, homeRegion, joiningRegions, recordSets }) => [
      { key: `private zone ${name}`, homeRegion },
      ...joiningRegions.map((region) => ({ key: `private zone ${name} in ${region}` })),
      ...recordSets.map((set) => ({ ...set, key: `private record ${set.key}` })),
    ]),
    ...plan.hosts.map(({ generation, firstGeneration, ...host }) => ({
      ...host,
      key: `host ${host.key}`,
      files: generation.files.map(({ path }) => path),
      firstFiles: firstGeneration?.files.map(({ path }) => path),
    })),
    ...plan.vpn.hubs.map((hub) => ({ ...hub, key: `hub ${hub.host}` })),
    ...plan.vpn.peers.map((peer) => ({ ...peer, key: `peer ${peer.host}` })),
  ];
  return [...regions, ...others].map((item) => [item.key, JSON.stringify(item)]);
}

/** What is on each host, by host and path; what is no file, by the name of the document's part. */
function contents(plan: NetworkPlan): [key: string, text: string][] {
  return plan.hosts.flatMap(({ key, generation: { files, ...rest } }) => [
    ...files.map(({ path, content }): [string, string] => [
      `${key} ${path}`,
      renderTemplate(content, namedSymbol),
    ]),
    ...Object.entries(rest).map(([part, value]): [string, string] => [
      `${key} ${part}`,
      JSON.stringify(value),
    ]),
  ]);
}

/** What of prod's may differ after a growth: what names what was added. */
function mayDiffer(change: Growth, key: string): boolean {
  const namesHubs =
    /^edge-home\/(?:(?:lucidia|blackroad-pi) (?:tunnels|chains|\/etc\/unbound\/unbound\.conf)|lucidia-alt \/etc\/unbound\/unbound\.conf)$/;
  // A rack is open to hubs and their regions: its gateway, its storage's SSH, its towers.
  const opensToHubs =
    /^coral-reef\/(?:gateway (?:chains|listens|tunnels|\/etc\/unbound\/unbound\.conf)|node-\d (?:chains|listens)|storage chains)$/;
  if (change.regions.some(({ hub }) => hub) && (namesHubs.test(key) || opensToHubs.test(key))) return true;
  if (change.pis > 0 && /\/hub-1 (?:tunnels|chains)$/.test(key)) return true;
  // Prometheus asks whoever is new.
  if (change.apis > 0 && /^us-west\/prometheus-1 (?:\/etc\/prometheus\/prometheus\.yml|sends)$/.test(key))
    return true;
  const balancers = ["us-west/lb-1 /etc/nginx/nginx.conf", "us-west/lb-2 /etc/haproxy/haproxy.cfg"];
  return change.apis > 0 && balancers.includes(key);
}

describe("a network that grows", () => {
  it("keeps every key, and what stands under it", () => {
    fc.assert(
      fc.property(growth, (change) => {
        const after = new Map(keyed(planGrown(change)));
        for (const [key, text] of keyed(prod)) expect([key, after.get(key)]).toEqual([key, text]);
      }),
      options,
    );
  });

  it("keeps the files of hosts that have nothing to do with it", () => {
    fc.assert(
      fc.property(growth, (change) => {
        const after = new Map(contents(planGrown(change)));
        const changed = contents(prod).filter(([key, text]) => after.get(key) !== text);
        expect(changed.map(([key]) => key).filter((key) => !mayDiffer(change, key))).toEqual([]);
      }),
      options,
    );
  });

  it("has files that differ where something was added that they name", () => {
    const region = { zones: 1, privateSubnets: 0, databaseSubnets: 0, nat: "none", peeredWith: [] } as const;
    const change = { regions: [{ ...region, hub: true }], zones: 0, apis: 1, pis: 1, texts: 0 };
    const after = new Map(contents(planGrown(change)));
    expect(
      contents(prod)
        .filter(([key, text]) => after.get(key) !== text)
        .map(([key]) => key)
        .filter((key) => mayDiffer(change, key)),
    ).toHaveLength(2 * 3 + 1 + 2 * 2 + 2 + (4 + 3 * 2 + 1) + 2);
  });

  it("does not depend on the order of maps", () => {
    fc.assert(
      fc.property(growth, (change) => {
        const config = grown(change);
        expect(planNetwork(parseNetworkConfig(reordered(config)), "prod")).toEqual(
          planNetwork(config, "prod"),
        );
      }),
      { ...options, numRuns: 20 },
    );
  });
});

/** Whether the thing that a route of the region leads to exists. */
function exists(plan: NetworkPlan, regionKey: string, target: RouteTarget): boolean {
  const region = plan.regions.find(({ key }) => key === regionKey);
  switch (target.kind) {
    case "internet-gateway":
      return true;
    case "egress-only-gateway":
      return region?.ipv6?.egressOnlyGateway !== undefined;
    case "nat-gateway":
      return region?.natGateways.some(({ key }) => key === target.nat) === true;
    case "peering":
      return plan.peerings.some(
        ({ key, requester, accepter }) => key === target.peering && [requester, accepter].includes(regionKey),
      );
    case "instance":
      return plan.hosts.some(
        ({ key, site, instance }) =>
          key === target.host && site === regionKey && instance?.sourceDestCheck === false,
      );
  }
}

function expectRoutesToHold(plan: NetworkPlan): void {
  for (const { key: regionKey, routeTables, subnets, natGateways } of plan.regions) {
    for (const { key, routes } of routeTables) {
      expect(subnets.some(({ routeTable }) => routeTable === key)).toBe(true);
      const destinations = routes.map(({ destination }) => destination);
      expect(new Set(destinations).size).toBe(destinations.length);
      for (const { target } of routes)
        expect([target, exists(plan, regionKey, target)]).toEqual([target, true]);
    }
    for (const { routeTable } of subnets) expect(routeTables.map(({ key }) => key)).toContain(routeTable);
    for (const nat of natGateways) {
      const subnet = subnets.find(({ key }) => key === nat.subnet);
      expect(subnet?.tier).toBe("public");
      expect(cidrIncludes(subnet?.cidr ?? "", nat.address)).toBe(true);
      expect(plan.hosts.map(({ address }) => address)).not.toContain(nat.address);
    }
  }
}

function expectHostsToHold(plan: NetworkPlan): void {
  const hosts = new Map(plan.hosts.map((host) => [host.key, host]));
  const groups = plan.regions.flatMap(({ securityGroups }) => securityGroups.map(({ key }) => key));
  const subnets = new Map(
    plan.regions.flatMap((region) => region.subnets.map((subnet) => [subnet.key, subnet])),
  );
  for (const host of plan.hosts) {
    for (const group of host.instance?.securityGroups ?? []) expect(groups).toContain(group);
    if (host.instance !== undefined) {
      const subnet = subnets.get(host.instance.subnet);
      expect(subnet !== undefined && cidrIncludes(subnet.cidr, host.address)).toBe(true);
    }
    const { via } = host.management;
    if (via !== undefined) expect(hosts.get(via)?.role).toBe("hub");
    const paths = host.generation.files.map(({ path }) => path);
    expect(paths).toEqual([...new Set(paths)].sort());
  }
  const templates = [...plan.zones.flatMap(({ records }) => records.map(({ content = [] }) => content))];
  for (const symbol of [
    ...templates.flatMap(symbolsOf),
    ...plan.hosts.flatMap(({ generation }) => documentSymbols(generation)),
  ]) {
    expect([symbol, isAnswered(plan, hosts, symbol)]).toEqual([symbol, true]);
  }
}

function isAnswered(plan: NetworkPlan, hosts: ReadonlyMap<string, HostPlan>, symbol: PlanSymbol): boolean {
  switch (symbol.kind) {
    case "ipv6-network":
      return plan.regions.some(
        ({ key, ipv6, subnets }) =>
          ipv6 !== undefined && (key === symbol.of || subnets.some((subnet) => subnet.key === symbol.of)),
      );
    case "ipv6-address":
      return hosts.get(symbol.host)?.instance?.ipv6Number !== undefined;
    case "public-address":
      return hosts.get(symbol.host)?.instance?.elasticIp === true;
    case "wireguard-public-key":
      return hosts.get(symbol.host)?.tunnelAddress !== undefined;
    case "certificate":
      return (
        hosts.get(symbol.host)?.generation.certificates.some(({ name }) => name === symbol.name) === true
      );
    case "tunnel-id":
    case "tunnel-secret":
      return plan.cloudflare.tunnels.some(({ name }) => name === symbol.tunnel);
    case "cloudflare-account":
      return plan.cloudflare.tunnels.length > 0;
    case "ca-certificate":
    case "shared-secret":
      return true;
  }
}

describe("every plan", () => {
  it("has subnets that do not overlap, and keys that stand for one thing", () => {
    fc.assert(
      fc.property(growth, (change) => {
        const plan = planGrown(change);
        const ranges = plan.regions.flatMap(({ subnets }) => subnets.map(({ cidr }) => rangeOf(cidr)));
        const clashes = ranges.filter((range, index) =>
          ranges.slice(0, index).some((other) => overlaps(range, other)),
        );
        expect(clashes).toEqual([]);
        const keys = keyed(plan).map(([key]) => key);
        expect(keys.length).toBe(new Set(keys).size);
      }),
      options,
    );
  });

  it("routes to what exists only, once to each destination", () => {
    fc.assert(
      fc.property(growth, (change) => {
        expectRoutesToHold(planGrown(change));
      }),
      options,
    );
  });

  it("has hosts whose subnets, groups, hubs and symbols exist", () => {
    fc.assert(
      fc.property(growth, (change) => {
        expectHostsToHold(planGrown(change));
      }),
      options,
    );
  });
});
