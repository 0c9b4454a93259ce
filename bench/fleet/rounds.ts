/** Rounds: both sides by turns on machines that have just been made. */
import { inNetwork, measure, type Measurement } from "../lib/measure.ts";
import { Ansible } from "./ansible.ts";
import { Engine } from "./engine.ts";
import { fleetHosts, type FleetHost } from "./hosts.ts";
import { verify } from "./verify.ts";
import type { World } from "./world.ts";

export type Side = "ours" | "ansible";

/** One run over all hosts, with how many SSH connections each host has taken for it. */
export interface Run extends Measurement {
  /** The most that any host has taken. */
  readonly connections: number;
}

export interface Round {
  readonly side: Side;
  /** Onto machines that have the packages and nothing else. */
  readonly first: Run;
  /** Once more, with nothing to do. */
  readonly again: Run;
}

export interface SizeResult {
  readonly hosts: number;
  /** When it was measured, in ISO 8601. */
  readonly at: string;
  readonly rounds: readonly Round[];
}

export interface Contestants {
  readonly world: World;
  readonly engine: Engine;
  readonly ansible: Ansible;
  readonly progress: (line: string) => void;
}

interface Player {
  readonly begin: (hosts: readonly FleetHost[]) => Promise<void>;
  /** @throws where it is to change nothing and has changed something. */
  readonly run: (isAgain: boolean) => Promise<void>;
  /** Between two runs. */
  readonly end: () => Promise<void>;
  /** Its processes on the hosts. */
  readonly isHostProcess: (name: string) => boolean;
}

function ours({ engine }: Contestants): Player {
  return {
    begin: (hosts) => engine.begin(hosts),
    run: (isAgain) => engine.update(isAgain),
    end: () => Promise.resolve(),
    // An agent that was just uploaded runs under the name of its hash.
    isHostProcess: (name) => name.startsWith("reef-agent") || /^run-[0-9a-f]+$/.test(name),
  };
}

function theirs({ ansible }: Contestants): Player {
  return {
    begin: (hosts) => ansible.begin(hosts),
    run: async (isAgain) => {
      const changed = [...(await ansible.play())].filter(([, tasks]) => tasks > 0);
      if (isAgain && changed.length > 0) throw new Error(`Ansible has changed ${changed.join(", ")}`);
    },
    end: () => ansible.hangUp(),
    isHostProcess: (name) => name.startsWith("python3"),
  };
}

async function measuredRun(
  { world }: Contestants,
  player: Player,
  hosts: readonly FleetHost[],
  isAgain: boolean,
): Promise<Run> {
  const before = await world.connections(hosts);
  const watched = { isDriver: inNetwork(world.network), isHostProcess: player.isHostProcess };
  const { measurement } = await measure(watched, () => player.run(isAgain));
  await player.end();
  const after = await world.connections(hosts);
  const taken = after.map((count, index) => count - (before[index] ?? 0));
  return { ...measurement, connections: Math.max(...taken) };
}

async function playRound(contestants: Contestants, side: Side, hosts: readonly FleetHost[]): Promise<Round> {
  const { world, progress } = contestants;
  const player = side === "ours" ? ours(contestants) : theirs(contestants);
  await world.reset(hosts, progress);
  await player.begin(hosts);
  progress(`${side}: first run on ${hosts.length} hosts`);
  const first = await measuredRun(contestants, player, hosts, false);
  progress(`${side}: looking at the hosts`);
  await verify(world, hosts);
  progress(`${side}: run with nothing to do on ${hosts.length} hosts`);
  const again = await measuredRun(contestants, player, hosts, true);
  await verify(world, hosts);
  return { side, first, again };
}

/**
 * Plays so many rounds with so many hosts: ours, theirs, theirs, ours, …, so that neither always comes first.
 *
 * @param onRound called after each side's turn, with what has been played so far
 * @throws where a run fails, changes something that it should not, or leaves a host other than planned.
 */
export async function playSize(
  contestants: Contestants,
  count: number,
  rounds: number,
  onRound: (round: Round, soFar: SizeResult) => void,
): Promise<void> {
  const hosts = fleetHosts(count, contestants.world.operatorKey);
  const played: Round[] = [];
  for (let index = 0; index < rounds; index += 1) {
    const order: readonly Side[] = index % 2 === 0 ? ["ours", "ansible"] : ["ansible", "ours"];
    for (const side of order) {
      const round = await playRound(contestants, side, hosts);
      played.push(round);
      onRound(round, { hosts: count, at: new Date().toISOString(), rounds: [...played] });
    }
  }
  await contestants.world.remove(hosts);
}
