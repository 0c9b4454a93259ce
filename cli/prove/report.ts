/** What came of a comparison, as data and in words. */
import type { Prover } from "../../components/proof/prover.ts";
import type { ProbeProtocol } from "../../sandbox/prove/prober.ts";
import type { Trail } from "../../sandbox/prove/watch.ts";
import { expectationOf, type Difference, type PairCount } from "./compare.ts";
import type { Findings } from "./conduct.ts";
import { reasonOf, type Reason } from "./verdicts.ts";

/** What packets have shown. */
export interface Shown {
  readonly verdict: "pass" | "blocked";
  readonly reason: string;
}

/** Probes of one protocol between two, about which packets and the proof differ in the same way. */
export interface Disagreement {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly kind: string;
  readonly protocol: ProbeProtocol;
  /** The reasons are those of the first. */
  readonly ports: readonly number[];
  readonly proof: Reason;
  readonly packets: Shown;
}

export interface ProveReport {
  readonly agrees: boolean;
  readonly seed: number;
  /** `changed` asks what has changed since packets agreed last, and a sample of the rest. */
  readonly mode: "all" | "changed";
  readonly pairs: readonly PairCount[];
  /** Questions, each a protocol and port between an asker and an address. */
  readonly asked: number;
  readonly passed: number;
  /** Packets that were sent for them. */
  readonly sent: number;
  readonly differing: number;
  readonly disagreements: readonly Disagreement[];
  readonly milliseconds: number;
}

function trailWords({ came, ended }: Trail, titles: ReadonlyMap<string, string>): string {
  const named = (roles: readonly string[]): string =>
    roles.map((role) => titles.get(role) ?? role).join(", ");
  if (came.length === 0) return "was seen nowhere";
  return ended.length === 0
    ? `came to ${named(came)}, and was lost between two of them`
    : `ended at ${named(ended)}`;
}

function shownOf(difference: Difference, findings: Findings, titles: ReadonlyMap<string, string>): Shown {
  const { sighting, protocol } = difference;
  const { answered, arrived, refused, strayed } = sighting;
  if (answered)
    return { verdict: "pass", reason: `${arrived ?? "somebody"} took it, and its answer came back` };
  const blocked = (reason: string): Shown => ({ verdict: "blocked", reason });
  if (strayed !== undefined) return blocked(`${strayed} answered instead`);
  if (refused !== undefined) return blocked(`the sender's own kernel refused it: ${refused}`);
  const seen = findings.lastSeen(difference);
  const trail = (direction: "there" | "back"): string =>
    seen === undefined
      ? "was not watched"
      : trailWords(seen.trails(direction, protocol, seen.source), titles);
  return arrived === undefined
    ? blocked(`the question ${trail("there")}`)
    : blocked(`${arrived} took it; its answer ${trail("back")}`);
}

/** What differences have in common that are told as one. */
function groupKey({ question, protocol, port, sighting }: Difference): string {
  const { asker, target, verdict } = question;
  return JSON.stringify([
    asker.name,
    target.owner,
    target.address,
    protocol,
    expectationOf(verdict, target, protocol, port),
    sighting,
  ]);
}

export function disagreementsOf(
  prover: Prover,
  findings: Findings,
  titles: ReadonlyMap<string, string>,
): Disagreement[] {
  const groups = new Map<string, Difference[]>();
  for (const difference of findings.differences) {
    const key = groupKey(difference);
    groups.set(key, [...(groups.get(key) ?? []), difference]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { asker, target } = first.question;
    return [
      {
        from: asker.name,
        to: target.owner,
        address: target.address,
        kind: target.kind,
        protocol: first.protocol,
        ports: group.map(({ port }) => port),
        proof: reasonOf(prover, asker, target, first.protocol, first.port),
        packets: shownOf(first, findings, titles),
      },
    ];
  });
}

/** `21-23, 80` */
export function formatPorts(ports: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const port of [...ports].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last?.[1] === port - 1) last[1] = port;
    else runs.push([port, port]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}

function disagreementLines(
  { from, to, address, protocol, ports, proof, packets }: Disagreement,
  hasSteps: boolean,
): string[] {
  const what = protocol === "echo" ? "echo" : `${formatPorts(ports)}/${protocol}`;
  return [
    `${from} to ${to} (${address}) ${what}`,
    `  proof    ${proof.verdict}: ${proof.reason}${proof.path === "" ? "" : ` [${proof.path}]`}`,
    ...(hasSteps ? proof.steps.map((step) => `             ${step}`) : []),
    `  packets  ${packets.verdict}: ${packets.reason}`,
  ];
}

/** Of as many disagreements the proof's steps are told to people; of all others the reasons, and `--json` has all. */
const mostWithSteps = 40;

/** A line for each asker, with every other that it asked. */
function pairLines(pairs: readonly PairCount[]): string[] {
  const askers = [...new Set(pairs.map(({ from }) => from))];
  return askers.map((from) => {
    const own = pairs.filter((pair) => pair.from === from);
    const sum = (pick: (pair: PairCount) => number): number => own.reduce((all, pair) => all + pick(pair), 0);
    const differing = sum((pair) => pair.differing);
    const counts = `${own.length} others, ${sum((pair) => pair.asked)} asked, ${sum((pair) => pair.passed)} pass`;
    return `${from.padEnd(36)} ${counts}${differing === 0 ? "" : `, ${differing} DIFFER`}`;
  });
}

export function reportLines(report: ProveReport): string[] {
  const { pairs, asked, passed, sent, differing, disagreements, seed, milliseconds } = report;
  const found =
    differing === 0 ? "packets agree with the proof" : `${differing} differ, in ${disagreements.length} ways`;
  return [
    ...pairLines(pairs),
    ...disagreements.flatMap((each, index) => ["", ...disagreementLines(each, index < mostWithSteps)]),
    "",
    `${pairs.length} pairs, ${asked} questions of which ${passed} pass, ${sent} packets in ` +
      `${(milliseconds / 1000).toFixed(1)} s, seed ${seed}: ${found}`,
  ];
}
