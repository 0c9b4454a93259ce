/**
 * Fewer ends for large networks that AWS described. Hosts that nothing tells apart in the one network and in the other
 * ({@link twinsOf}) gain and lose the same; two of them stand for all, since what one sends to another counts too.
 */
import { twinsOf } from "../verify/twins.ts";
import type { World } from "../world/model.ts";
import type { End } from "./flows.ts";

/** Up to so many hosts all are asked, so that each is named: less than a second for all pairs. */
const mostHosts = 400;

/** By host, its first twin; of hosts that are not there, nothing. */
function kindsOf(world: World): Map<string, string> {
  return new Map(twinsOf(world).flatMap((all) => all.map(({ key }) => [key, all[0]?.key ?? key] as const)));
}

/** The second of a kind stands for the others, and says so. */
function namesOf(kind: readonly string[]): [host: string, name: string][] {
  const [first, second, ...more] = kind;
  return [
    ...(first === undefined ? [] : [[first, first] as [string, string]]),
    ...(second === undefined
      ? []
      : [[second, more.length === 0 ? second : `${second} and ${more.length} like it`] as [string, string]]),
  ];
}

/** Names of the ends that have to be asked in both networks, by the hosts that they are; `undefined` where all have. */
export function standIns(base: World, head: World): ReadonlyMap<string, string> | undefined {
  const hosts = [...new Set([...base.hosts.keys(), ...head.hosts.keys()])];
  if (hosts.length <= mostHosts) return undefined;
  const [before, after] = [kindsOf(base), kindsOf(head)];
  const kinds = Map.groupBy(hosts, (host) => `${before.get(host) ?? ""} ${after.get(host) ?? ""}`);
  return new Map([...kinds.values()].flatMap(namesOf));
}

/** The ends that stand for all. */
export function onlyThose(ends: readonly End[], names: ReadonlyMap<string, string> | undefined): End[] {
  if (names === undefined) return [...ends];
  return ends.flatMap((end) => {
    const name = end.isHost ? names.get(end.name) : end.name;
    return name === undefined ? [] : [{ ...end, name }];
  });
}
