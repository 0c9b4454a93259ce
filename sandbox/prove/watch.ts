/**
 * Where packets were last seen. For as long as something is watched, every namespace of the sandbox has a table that
 * only remembers which probes came to it, were taken there and went on, by the source port that each probe has to
 * itself; answers are found by the same port as their destination.
 */
import { forEachBounded } from "../fabric/apply.ts";
import type { Kernel } from "../fabric/kernel.ts";
import type { ProbeProtocol } from "./prober.ts";

const table = "roadnet_watch";

/** As many namespaces are worked on at once. */
const concurrency = 4;

const moments = ["came", "taken", "left"] as const;
type Moment = (typeof moments)[number];

const directions = ["there", "back"] as const;
export type Direction = (typeof directions)[number];

/** Ahead of all other chains of a hook, and behind all others: what a gate drops came, and is neither taken nor left. */
const hooks: readonly (readonly [hook: string, priority: number, moment: Moment])[] = [
  ["prerouting", -400, "came"],
  ["output", -400, "came"],
  ["input", 400, "taken"],
  ["postrouting", 400, "left"],
];

function setName(moment: Moment, direction: Direction, isEcho: boolean): string {
  return `${moment}_${direction}${isEcho ? "_echo" : ""}`;
}

function ruleset(from: number, to: number): string {
  const sets = moments.flatMap((moment) =>
    directions.flatMap((direction) => [
      `set ${setName(moment, direction, false)} { type inet_service; size 65535; flags dynamic; }`,
      `set ${setName(moment, direction, true)} { typeof icmp id; size 65535; flags dynamic; }`,
    ]),
  );
  const chains = hooks.map(([hook, priority, moment]) => {
    const add = (direction: Direction, isEcho: boolean, key: string): string =>
      `add @${setName(moment, direction, isEcho)} { ${key} }`;
    return [
      `chain ${hook} {`,
      `  type filter hook ${hook} priority ${priority}; policy accept;`,
      `  meta l4proto { tcp, udp } th sport ${from}-${to} ${add("there", false, "th sport")}`,
      `  meta l4proto { tcp, udp } th dport ${from}-${to} ${add("back", false, "th dport")}`,
      `  icmp type echo-request ${add("there", true, "icmp id")}`,
      `  icmp type echo-reply ${add("back", true, "icmp id")}`,
      "}",
    ].join("\n");
  });
  return [`table inet ${table} {`, ...sets, ...chains, "}"].join("\n");
}

/** What nft says of a set: a bare number, or an element with more to it. */
type ShownElement = number | { readonly elem: { readonly val: number } };

interface ShownTable {
  readonly nftables: readonly {
    readonly set?: { readonly name: string; readonly elem?: readonly ShownElement[] };
  }[];
}

/** What one namespace saw, by the names of the sets above. */
type Seen = ReadonlyMap<string, ReadonlySet<number>>;

async function read(kernel: Kernel, role: string): Promise<Seen> {
  const text = await kernel.execute(role, ["nft", "--json", "list", "table", "inet", table]);
  return new Map(
    (JSON.parse(text) as ShownTable).nftables.flatMap(({ set }) => {
      if (set === undefined) return [];
      const elements = (set.elem ?? []).map((each) => (typeof each === "number" ? each : each.elem.val));
      return [[set.name, new Set(elements)]];
    }),
  );
}

export interface Trail {
  /** Roles that the packets came to, or began in. */
  readonly came: readonly string[];
  /** Those of them from which they went no further: they ended there. */
  readonly ended: readonly string[];
}

export type Trails = (direction: Direction, protocol: ProbeProtocol, sourcePort: number) => Trail;

function trailOf(roles: readonly string[], seen: ReadonlyMap<string, Seen>): Trails {
  return (direction, protocol, port) => {
    const has = (role: string, moment: Moment): boolean =>
      seen
        .get(role)
        ?.get(setName(moment, direction, protocol === "echo"))
        ?.has(port) ?? false;
    const came = roles.filter((role) => has(role, "came"));
    return { came, ended: came.filter((role) => !has(role, "left") && !has(role, "taken")) };
  };
}

/** Takes the tables away again, also those that a program has left that was killed. */
export async function endWatch(kernel: Kernel, roles: readonly string[]): Promise<void> {
  await forEachBounded(roles, concurrency, async (role) => {
    await kernel.tryExecute(role, ["nft", "delete", "table", "inet", table]);
  });
}

/**
 * Watches all namespaces while packets are sent whose source ports lie in the range. Where a source port is translated
 * on the way, that packet's trail ends there.
 */
export async function watchPackets<T>(
  kernel: Kernel,
  roles: readonly string[],
  [from, to]: readonly [from: number, to: number],
  send: () => Promise<T>,
): Promise<{ readonly result: T; readonly trails: Trails }> {
  const seen = new Map<string, Seen>();
  const text = `table inet ${table}\ndelete table inet ${table}\n`;
  try {
    await forEachBounded(roles, concurrency, async (role) => {
      await kernel.execute(role, ["nft", "--file", "-"], `${text}${ruleset(from, to)}\n`);
    });
    const result = await send();
    await forEachBounded(roles, concurrency, async (role) => {
      seen.set(role, await read(kernel, role));
    });
    return { result, trails: trailOf(roles, seen) };
  } finally {
    await endWatch(kernel, roles);
  }
}
