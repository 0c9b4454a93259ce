/** Questions whose destination is a DNS name: as whoever asks resolves it, and over Cloudflare's edge where it leads there. */
import { askName, speaks, type NameAnswer } from "../edge/ask.ts";
import type { Connection, Leg } from "../edge/legs.ts";
import type { Served } from "../edge/balancer.ts";
import type { NameStop } from "../edge/public-dns.ts";
import { resolve } from "../edge/resolve.ts";
import { Prover } from "../prover.ts";
import { formatKind, formatTraffic } from "../sets/traffic.ts";
import { lowest, type Point } from "../sets/intervals.ts";
import type { Source } from "../world/source.ts";
import type { ServedBy, Subject, Verdict } from "./answer.ts";

import { noLines, tell, type Hop, type LineOf } from "./hops.ts";
import { Directory } from "./directory.ts";
import { QuestionError, type Endpoint } from "./endpoint.ts";
import { questionTraffic } from "./traffic.ts";
import type { Outcome, Question } from "./verdict.ts";

type ByAddress = (subject: Subject, question: Question) => Verdict;

interface Scene {
  readonly prover: Prover;
  readonly question: Question;
  readonly from: Endpoint;
  /** The ends in words, before anything is resolved. */
  readonly ends: Hop["before"];
  readonly lineOf: LineOf;
}

/** What was decided without a packet, or what stops it there. */
function decided({ ends, lineOf }: Scene, { place, reason, path }: NameStop, stops: boolean): Hop {
  const line = path === "" ? undefined : lineOf(path);
  return { place, action: reason, gate: undefined, stops, path, line, before: ends, after: ends };
}

function opens({ from, to, traffic }: Connection): NameStop {
  return { place: from, reason: `opens a connection to ${to}, ${formatKind(traffic)}`, path: "" };
}

interface Ways {
  readonly forward: Hop[];
  readonly return: Hop[];
}

/** Connections one after the other there, and their answers the other way round. */
function waysOf(scene: Scene, legs: readonly Leg[]): Ways {
  const ways: Ways = { forward: [], return: [] };
  for (const leg of legs) {
    if (leg.kind === "decision") {
      ways.forward.push(decided(scene, { ...leg, reason: leg.what }, false));
      continue;
    }
    const { direction } = scene.question;
    const told = tell(scene.prover, leg.answer, leg, direction, scene.lineOf);
    ways.forward.push(decided(scene, opens(leg), false), ...told.forward);
    ways.return.unshift(...told.return);
  }
  return ways;
}

function servedBy({ pool, endpoint, by, verdict, stop, down }: Served): ServedBy {
  const reason = stop ?? down;
  return {
    pool,
    endpoint,
    by,
    verdict,
    reason: reason === undefined ? "it answers" : `${reason.place}: ${reason.reason}`,
  };
}

const ranks: readonly Outcome[] = ["blocked", "unknown", "pass"];

function reasonOf({ verdict, stop, servers }: NameAnswer): string {
  if (stop !== undefined) {
    const how = verdict === "unknown" ? "hangs on" : "stops at";
    return `${how} ${stop.place}: ${stop.reason}`;
  }
  if (servers.length === 0) return "Cloudflare's edge answers by itself";
  const who = servers.map(({ by }) => by).join(", or ");
  return `it is answered by ${who}`;
}

/** The one kind of traffic that a request is made by. */
function portOf(question: Question): Point {
  const asked = questionTraffic(question.traffic);
  const first = lowest(asked);
  if (first === undefined || asked.length !== 2 || Number(asked[1]) - Number(first) !== 1) {
    throw new QuestionError(
      `${question.to} leads to Cloudflare: ask about one port, such as 443/tcp, not ${formatTraffic(asked)}`,
    );
  }
  return first;
}

function overEdge(scene: Scene, name: string, sources: readonly Source[]): Verdict {
  const { question, from, prover, ends } = scene;
  const traffic = portOf(question);
  const answers = sources.map((source) => askName(prover, source, name, traffic, { path: question.path }));
  const [answer] = answers.sort((a, b) => ranks.indexOf(a.verdict) - ranks.indexOf(b.verdict));
  if (answer === undefined) throw new QuestionError(`nothing is sent from ${from.name}`);
  const server = answer.servers.find(({ verdict }) => verdict === answer.verdict) ?? answer.servers[0];
  const ways = waysOf(scene, [...answer.legs, ...(server?.legs ?? [])]);
  const { stop, verdict } = answer;
  if (stop !== undefined && !ways.forward.concat(ways.return).some(({ stops }) => stops))
    ways.forward.push(decided(scene, stop, true));
  const shown = formatKind(traffic);
  return {
    verdict,
    ...{ from: ends.from, to: name, traffic: question.traffic, direction: question.direction },
    passes: verdict === "pass" ? shown : "nothing",
    stopped: verdict === "blocked" && stop !== undefined ? [{ traffic: shown, ...stop }] : [],
    shown,
    forward: ways.forward,
    return: question.direction === "forward" ? [] : ways.return,
    reason: reasonOf(answer),
    change: null,
    noChange: "it is looked for only where packets go straight to an address",
    conditions: answer.conditions,
    servers: answer.servers.map(servedBy),
    then: answer.then.map(servedBy),
  };
}

/** How an address is asked about: a public one that nobody knows yet by whose it is. */
function addressName(prover: Prover, address: Point): string {
  const text = prover.world.space.textOf(address);
  const owner = prover.world.publicOwners.get(address);
  return owner?.kind === "eni" ? `${owner.eni.host}:public` : text;
}

/**
 * Answers a question about a name.
 * @param byAddress answers the same question about an address
 * @throws {QuestionError} where the question is wrong
 */
export function answerByName(
  subject: Subject,
  question: Question,
  name: string,
  byAddress: ByAddress,
): Verdict {
  const { world, aliases, lineOf = noLines } = subject;
  const prover = new Prover(world);
  const directory = new Directory(world, aliases);
  const from = directory.find(question.from);
  const sources = directory.sources(from, false);
  const ends = { from: from.name, to: name };
  const scene: Scene = { prover, question: { ...question, to: name }, from, ends, lineOf };
  const [source] = sources;
  if (source === undefined)
    throw new QuestionError(from.kind === "unseen" ? from.why : `${from.name} sends nothing`);
  const { found, decisions } = resolve(prover, source, name);
  if (found.kind !== "addresses") return overEdge(scene, name, sources);
  // Anybody on the internet is somebody of either family.
  const isAnybody = from.kind === "internet" && from.address === undefined;
  const usable = found.addresses.filter((address) => isAnybody || speaks(prover, source, address));
  const verdicts = usable.map((address) =>
    byAddress(subject, { ...question, to: addressName(prover, address) }),
  );
  const [worst] = verdicts.sort((a, b) => ranks.indexOf(a.verdict) - ranks.indexOf(b.verdict));
  if (worst === undefined) return overEdge(scene, name, sources);
  const looked = decisions.map((each) => decided(scene, { ...each, reason: each.what }, false));
  return { ...worst, to: name, forward: [...looked, ...worst.forward] };
}
