/** Whether what AWS describes of a plan's network says the same as the plan, wherever AWS alone decides. */
import type { NetworkPlan } from "../../../../components/plan/model.ts";
import type { DescribedWorld } from "../../../../components/proof/describe/build.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { formatAddress, isV6Point, parseAddress } from "../../../../components/proof/sets/addresses.ts";
import {
  difference,
  intersection,
  isEmpty,
  keyOf,
  union,
  unionAll,
  type Point,
} from "../../../../components/proof/sets/intervals.ts";
import {
  echoRequest,
  icmpTraffic,
  formatTraffic,
  portTraffic,
  type TrafficSet,
} from "../../../../components/proof/sets/traffic.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import type { Eni, World } from "../../../../components/proof/world/model.ts";
import type { Source } from "../../../../components/proof/world/source.ts";
import { stranger } from "./questions.ts";

/** Every port that a rule names, with its neighbours, and echoes. */
function interesting({ regions }: NetworkPlan): TrafficSet {
  const ports = regions
    .flatMap(({ securityGroups }) => securityGroups.flatMap(({ rules }) => rules))
    .flatMap(({ ports: range }) => (range === undefined ? [] : [range.from, range.to]))
    .flatMap((port) => [port - 1, port, port + 1])
    .filter((port) => port >= 0 && port < 65536);
  const named = [...new Set(ports)].flatMap((port) => [portTraffic("tcp", port), portTraffic("udp", port)]);
  return union(unionAll(named), echoRequest);
}

/** The plan's world in which hosts let everything pass that is for them: AWS alone decides. */
function withOpenHosts(world: World): World {
  const hosts = new Map([...world.hosts].map(([key, host]) => [key, { ...host, gates: () => [] }]));
  return { ...world, hosts };
}

/** The same instance in both worlds. */
interface Twin {
  readonly key: string;
  readonly id: string;
  readonly planned: Eni;
  readonly described: Eni;
}

function twinsOf(plan: NetworkPlan, world: World, { world: other }: DescribedWorld): Twin[] {
  return plan.hosts.flatMap((host) => {
    if (host.instance === undefined) return [];
    const address = parseAddress(host.address);
    const planned = world.regions.get(host.site)?.enis.get(address);
    const described = [...other.regions.values()]
      .map(({ enis }) => enis.get(address))
      .find((eni) => eni !== undefined);
    if (planned === undefined || described === undefined) throw new Error(`${host.key} is not described`);
    return [{ key: host.key, id: described.host, planned, described }];
  });
}

interface Asked {
  readonly what: string;
  readonly plan: readonly [Source, Point];
  readonly described: readonly [Source, Point];
}

function* questions(twins: readonly Twin[], beyond: readonly Point[]): Iterable<Asked> {
  const internet: Source = { kind: "internet", address: parseAddress(stranger) };
  const host = (key: string): Source => ({ kind: "host", host: key });
  for (const to of twins) {
    const ends = [
      [to.planned.address, to.described.address, "private"],
      [to.planned.publicAddress, to.described.publicAddress, "public"],
      [to.planned.ipv6, to.described.ipv6, "IPv6"],
    ] as const;
    for (const [planned, described, name] of ends) {
      if ((planned === undefined) !== (described === undefined))
        throw new Error(`${to.key} has no ${name} address in one world`);
      if (planned === undefined || described === undefined) continue;
      if (name === "public")
        yield { what: `internet -> ${to.key}`, plan: [internet, planned], described: [internet, described] };
      for (const from of twins) {
        if (from === to) continue;
        yield {
          what: `${from.key} -> ${to.key} (${name})`,
          plan: [host(from.key), planned],
          described: [host(from.id), described],
        };
      }
    }
    for (const address of [parseAddress(stranger), ...beyond])
      yield {
        what: `${to.key} -> ${formatAddress(address)}`,
        plan: [host(to.key), address],
        described: [host(to.id), address],
      };
  }
}

export interface Comparison {
  readonly asked: number;
  /** Questions that the plan answers by what a host does, and that have no answer without it. */
  readonly open: number;
  readonly disagreements: readonly string[];
}

/** Compares all pairs of instances, the internet, and what is behind hosts that forward. */
export function compare(plan: NetworkPlan, described: DescribedWorld): Comparison {
  const world = withOpenHosts(buildWorld(plan));
  const provers = [new Prover(world), new Prover(described.world)] as const;
  const named = interesting(plan);
  const outside = plan.hosts
    .filter(({ instance }) => instance === undefined)
    .map(({ address }) => parseAddress(address));
  const vpn = [...world.hosts.values()].flatMap(({ links }) =>
    [...links.values()].flatMap(({ attachment }) =>
      attachment.kind === "tunnel" ? [attachment.tunnel.address] : [],
    ),
  );
  const disagreements: string[] = [];
  let asked = 0;
  let open = 0;
  for (const one of questions(twinsOf(plan, world, described), [...outside, ...vpn])) {
    asked++;
    // No packet carries the other family's ICMP.
    const other = isV6Point(one.described[1]) ? "icmp" : "icmpv6";
    const wanted = difference(named, icmpTraffic(other));
    const [planned, seen] = [provers[0].ask(...one.plan), provers[1].ask(...one.described)];
    const [a, sure, possible] = [
      world.table.set(planned.traffic),
      described.world.table.set(seen.traffic),
      described.world.table.set(seen.possible),
    ].map((set) => intersection(set, wanted)) as [TrafficSet, TrafficSet, TrafficSet];
    const isOpen = keyOf(sure) !== keyOf(possible);
    if (isOpen) open++;
    // Without an answer nothing may pass that the plan stops, and nothing may be stopped that it lets pass.
    const agrees = isOpen
      ? isEmpty(sure) && keyOf(intersection(a, possible)) === keyOf(a)
      : keyOf(a) === keyOf(sure);
    if (agrees) continue;
    const [more, less] = [difference(a, possible), difference(sure, a)].map(formatTraffic);
    const why = provers[1].stopOf(seen)?.reason ?? "";
    disagreements.push(`${one.what}: the plan alone lets ${more} pass, the export alone ${less} (${why})`);
  }
  return { asked, open, disagreements };
}
