/** Asks packets the questions, as often as it takes to tell a lost packet from one that is not let through. */
import { Evidence } from "../../sandbox/prove/evidence.ts";
import { forgetConnections } from "../../sandbox/prove/connections.ts";
import { Memory } from "../../sandbox/prove/memory.ts";
import {
  countProbes,
  probe,
  type ProbeNode,
  type ProbeProtocol,
  type ProbeQuestion,
} from "../../sandbox/prove/prober.ts";
import { SourcePorts } from "../../sandbox/prove/source-ports.ts";
import { watchPackets, type Trails } from "../../sandbox/prove/watch.ts";
import type { Kernel } from "../../sandbox/fabric/kernel.ts";
import { compare, differencesOf, type Comparison, type Difference } from "./compare.ts";
import type { Question } from "./questions.ts";

/** The sandbox as packets are sent in it. */
export interface Field {
  readonly kernel: Kernel;
  readonly nodes: readonly ProbeNode[];
  /** Roles of the hosts' namespaces, by name: hosts remember who sent to them. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Roles of all namespaces that packets may pass. */
  readonly roles: readonly string[];
}

export interface Conduct {
  readonly seed: number;
  /** Probes in a second. */
  readonly rate: number;
  readonly say: (line: string) => void;
  /** Ends it in the middle; what the sandbox remembers of it is forgotten all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** Where packets about which the two do not agree were last seen. */
export type LastSeen = (
  difference: Difference,
) => { readonly trails: Trails; readonly source: number } | undefined;

export interface Findings extends Comparison {
  /** Probes that were sent, repeated ones included. */
  readonly sent: number;
  readonly lastSeen: LastSeen;
}

/** How long an answer may take, on a machine that has other things to do. */
const waitMilliseconds = 800;
/** So often what differs is asked once more, slowly, before it counts. */
const secondThoughts = 3;
const slowRate = 500;
/** Beyond the nodes', for those that a program has already. */
const spareSourcePorts = 32;
/** As many differences are looked for on their way; the others are told without it. */
const mostWatched = 400;

const noPorts: Readonly<Record<ProbeProtocol, readonly number[]>> = { tcp: [], udp: [], echo: [] };

function questionOf({ asker, target }: Question, ports: ProbeQuestion["ports"]): ProbeQuestion {
  return { from: asker.name, to: target.address, ports };
}

/** The questions again, without what has been answered. */
function unanswered(questions: readonly Question[], evidence: readonly Evidence[]): ProbeQuestion[] {
  return questions.map((question, index) => {
    const left = (protocol: ProbeProtocol): number[] =>
      question.ports[protocol].filter((port) => evidence[index]?.of(protocol, port).answered !== true);
    return questionOf(question, { tcp: left("tcp"), udp: left("udp"), echo: left("echo") });
  });
}

/** The questions again, as far as packets and the proof differ. */
function differing(questions: readonly Question[], evidence: readonly Evidence[]): ProbeQuestion[] {
  return questions.map((question, index) => {
    const seen = evidence[index];
    const all = seen === undefined ? [] : differencesOf(question, seen);
    const of = (wanted: ProbeProtocol): number[] =>
      all.filter(({ protocol }) => protocol === wanted).map(({ port }) => port);
    return questionOf(question, { tcp: of("tcp"), udp: of("udp"), echo: of("echo") });
  });
}

class Rounds {
  readonly #field: Field;
  readonly #conduct: Conduct;
  readonly #questions: readonly Question[];
  readonly #sourcePorts: SourcePorts;
  readonly #memory: Memory;
  readonly evidence: readonly Evidence[];
  sent = 0;

  constructor(field: Field, questions: readonly Question[], conduct: Conduct) {
    this.#field = field;
    this.#conduct = conduct;
    this.#questions = questions;
    this.#memory = new Memory(field.kernel);
    this.evidence = questions.map(() => new Evidence());
    const asked = new Set(questions.flatMap(({ ports }) => [...ports.tcp, ...ports.udp]));
    // Not from the seed: routers may remember a run of the same seed that was killed.
    this.#sourcePorts = new SourcePorts(asked, Math.random());
  }

  /** Whoever is asked is to have met nobody before. */
  async #forget(questions: readonly Question[]): Promise<void> {
    const owners = new Set(questions.map(({ target }) => target.owner));
    await this.#memory.forget([...owners].flatMap((owner) => this.#field.hosts.get(owner) ?? []));
  }

  /** One round of these, an entry for each question. */
  async ask(probes: readonly ProbeQuestion[], rate: number): Promise<void> {
    const { nodes } = this.#field;
    const indices = probes.flatMap((each, index) => (countProbes([each]) > 0 ? [index] : []));
    const chosen = indices.flatMap((index) => probes[index] ?? []);
    const count = countProbes(chosen);
    if (count === 0) return;
    await this.#forget(indices.flatMap((index) => this.#questions[index] ?? []));
    const answers = await probe(nodes, chosen, {
      rate,
      waitMilliseconds,
      seed: this.#conduct.seed + this.sent,
      sourcePorts: this.#sourcePorts.take(nodes.length + spareSourcePorts),
      say: this.#conduct.say,
      signal: this.#conduct.signal,
    });
    this.sent += count;
    for (const [at, index] of indices.entries()) {
      const answer = answers[at];
      if (answer !== undefined) this.evidence[index]?.add(answer);
    }
  }

  /** Sends what differs once more, each from a port of its own, and watches where it goes. */
  async watch(differences: readonly Difference[]): Promise<LastSeen> {
    const { kernel, nodes, roles } = this.#field;
    const { seed, signal } = this.#conduct;
    if (differences.length === 0) return () => undefined;
    const watched = differences.slice(0, mostWatched);
    const probes = watched.map(({ question, protocol, port }) =>
      questionOf(question, { ...noPorts, [protocol]: [port] }),
    );
    await this.#forget(watched.map(({ question }) => question));
    const sourcePorts = this.#sourcePorts.take(nodes.length + probes.length + spareSourcePorts);
    const options = { rate: slowRate, waitMilliseconds, seed, sourcePorts, portPerProbe: true, signal };
    const { result, trails } = await watchPackets(
      kernel,
      roles,
      sourcePorts,
      async () => await probe(nodes, probes, options),
    );
    this.sent += probes.length;
    const sources = new Map(
      watched.map((difference, at) => [
        difference,
        result[at]?.[difference.protocol].sources.get(difference.port),
      ]),
    );
    return (difference) => {
      const source = sources.get(difference);
      return source === undefined ? undefined : { trails, source };
    };
  }

  /** All rounds; what the sandbox remembers of them is forgotten behind them. */
  async all(): Promise<Findings> {
    try {
      return await this.#all();
    } finally {
      await forgetConnections(this.#field.kernel, this.#field.roles, this.#sourcePorts.taken);
    }
  }

  async #all(): Promise<Findings> {
    const { rate } = this.#conduct;
    await this.ask(
      this.#questions.map((question) => questionOf(question, question.ports)),
      rate,
    );
    await this.ask(unanswered(this.#questions, this.evidence), rate);
    for (let again = 0; again < secondThoughts; again += 1) {
      await this.ask(differing(this.#questions, this.evidence), slowRate);
    }
    const comparison = compare(this.#questions, this.evidence);
    const lastSeen = await this.watch(comparison.differences);
    return { ...comparison, sent: this.sent, lastSeen };
  }
}

/** Sends the questions' probes, and tells where packets and the proof differ. */
export async function askPackets(
  field: Field,
  questions: readonly Question[],
  conduct: Conduct,
): Promise<Findings> {
  return await new Rounds(field, questions, conduct).all();
}
