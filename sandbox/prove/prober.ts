/** Questions to the network by real packets: what is asked, and what `edge/cmd/packet-prober` found. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "../hosts/run.ts";
import { SandboxError } from "../mode.ts";

export const builtProber = resolve(import.meta.dirname, "../../edge/dist/packet-prober");

export const probeProtocols = ["tcp", "udp", "echo"] as const;
export type ProbeProtocol = (typeof probeProtocols)[number];

/** Echoes have no port; where there is one to be named, theirs is this. */
export const echoPort = 0;

/** A network namespace that is asked from, and that packets may arrive in. */
export interface ProbeNode {
  readonly name: string;
  /** The namespace's full name. */
  readonly namespace: string;
}

export interface ProbeQuestion {
  /** Name of a node. */
  readonly from: string;
  readonly to: string;
  readonly ports: Readonly<Record<ProbeProtocol, readonly number[]>>;
}

/** What became of one protocol's probes, by port. What stands nowhere was sent, and seen by nobody again. */
export interface Outcome {
  /** An answer came back, from the address that was asked. */
  readonly answered: ReadonlySet<number>;
  /** The node whose gates let the probe in, whether its answer came back or not. */
  readonly arrived: ReadonlyMap<number, string>;
  /** What the sender's own kernel said where it did not take the probe. */
  readonly refused: ReadonlyMap<number, string>;
  /** The address that answered in place of the one that was asked. */
  readonly strayed: ReadonlyMap<number, string>;
  /** The port that the probe came from, where each had its own. */
  readonly sources: ReadonlyMap<number, number>;
}

export type ProbeAnswer = Readonly<Record<ProbeProtocol, Outcome>>;

export interface ProbeOptions {
  /** Probes in a second, of all together. */
  readonly rate: number;
  /** How long answers may take. */
  readonly waitMilliseconds: number;
  readonly seed: number;
  /** From where on probes may come; none of the ports is to be asked about. */
  readonly sourcePorts: readonly [from: number, to: number];
  /** Gives every probe a source port of its own, by which it can be found on its way. */
  readonly portPerProbe?: boolean;
  readonly say?: ((line: string) => void) | undefined;
  /** Ends the prober at once. */
  readonly signal?: AbortSignal | undefined;
}

/** How the program writes an outcome: Go's empty lists are null. */
interface WrittenOutcome {
  readonly answered: readonly number[] | null;
  readonly arrived: Readonly<Record<string, readonly number[]>> | null;
  readonly refused: Readonly<Record<string, readonly number[]>> | null;
  readonly strayed: Readonly<Record<string, readonly number[]>> | null;
  readonly sources?: Readonly<Record<string, number>>;
}

type WrittenAnswer = Readonly<Record<ProbeProtocol, WrittenOutcome>>;

function byPort(lists: Readonly<Record<string, readonly number[]>> | null): Map<number, string> {
  return new Map(
    Object.entries(lists ?? {}).flatMap(([key, ports]) => ports.map((port): [number, string] => [port, key])),
  );
}

function readOutcome({ answered, arrived, refused, strayed, sources = {} }: WrittenOutcome): Outcome {
  return {
    answered: new Set(answered),
    arrived: byPort(arrived),
    refused: byPort(refused),
    strayed: byPort(strayed),
    sources: new Map(Object.entries(sources).map(([port, source]) => [Number(port), source])),
  };
}

export function countProbes(questions: readonly ProbeQuestion[]): number {
  return questions.reduce(
    (sum, { ports }) => sum + probeProtocols.reduce((own, protocol) => own + ports[protocol].length, 0),
    0,
  );
}

/** Beside the time for sending: for opening sockets, and for a machine that has other things to do. */
const marginSeconds = 120;

/**
 * Sends every question's probes once, and waits for answers.
 *
 * @returns an answer for each question, in their order
 * @throws {SandboxError} if the program is not built, cannot run or has not ended in time; the signal's reason
 */
export async function probe(
  nodes: readonly ProbeNode[],
  questions: readonly ProbeQuestion[],
  options: ProbeOptions,
): Promise<ProbeAnswer[]> {
  if (!existsSync(builtProber)) {
    throw new SandboxError(`${builtProber} is missing: \`npm run agent\` builds it.`, 2);
  }
  const index = new Map(nodes.map(({ name }, at) => [name, at]));
  const request = {
    seed: options.seed,
    rate: options.rate,
    passes: 1,
    waitMilliseconds: options.waitMilliseconds,
    sourcePorts: { from: options.sourcePorts[0], to: options.sourcePorts[1] },
    portPerProbe: options.portPerProbe ?? false,
    nodes: nodes.map(({ name, namespace }) => ({ name, namespace: join("/run/netns", namespace) })),
    questions: questions.map(({ from, to, ports }) => ({
      from: index.get(from) ?? -1,
      to,
      tcp: ports.tcp,
      udp: ports.udp,
      echo: ports.echo.length > 0,
    })),
  };
  const seconds = countProbes(questions) / options.rate + options.waitMilliseconds / 1000;
  const { exitCode, stdout, stderr } = await run([builtProber], {
    stdin: JSON.stringify(request),
    timeoutSeconds: 3 * seconds + marginSeconds,
    signal: options.signal,
    onLine: (line) => {
      if (line.startsWith("sent ")) options.say?.(line);
    },
  });
  if (exitCode !== 0) throw new SandboxError(`The prober failed: ${stderr.trim()}`, 2);
  return (JSON.parse(stdout) as WrittenAnswer[]).map(({ tcp, udp, echo }) => ({
    tcp: readOutcome(tcp),
    udp: readOutcome(udp),
    echo: readOutcome(echo),
  }));
}
