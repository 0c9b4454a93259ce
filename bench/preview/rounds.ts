/** Rounds: both sides by turns, each from nothing to a network that is up, and then once more with nothing to do. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectName, type Bed, type EngineRun } from "./bed.ts";
import { declaredIn, differences, type Declared, type ExportedStack } from "./declared.ts";
import { flatProgram } from "./flat.ts";
import { networkOf } from "./network.ts";

export type Side = "ours" | "flat";

/** In the order in which a turn takes them. */
export const phases = ["preview", "up", "previewAgain", "upAgain"] as const;
export type Phase = (typeof phases)[number];

const unchanged = "--expect-no-changes";
const commands: Readonly<Record<Phase, readonly string[]>> = {
  preview: ["preview"],
  up: ["up", "--yes", "--skip-preview"],
  previewAgain: ["preview", unchanged],
  upAgain: ["up", "--yes", "--skip-preview", unchanged],
};

export interface Round {
  readonly side: Side;
  readonly runs: Readonly<Record<Phase, EngineRun>>;
}

export interface SizeResult {
  readonly regions: number;
  readonly peerings: number;
  /** What both sides have: everything that a provider makes. */
  readonly resources: number;
  /** What ours has besides. */
  readonly components: number;
  /** When it was measured, in ISO 8601. */
  readonly at: string;
  readonly rounds: readonly Round[];
}

export type Progress = (line: string) => void;

const program = join(import.meta.dirname, "program.ts");

async function makeOurs(bed: Bed, regions: number): Promise<number> {
  const network = networkOf(await bed.network(), regions) as { readonly peerings?: readonly unknown[] };
  const configuration = { ...(await bed.configuration()), [`${projectName}:network`]: network };
  await bed.makeProject("ours", { main: "index.ts", configuration });
  await writeFile(join(bed.folder("ours"), "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(
    join(bed.folder("ours"), "index.ts"),
    `import ${JSON.stringify(pathToFileURL(program).href)};\n`,
  );
  return network.peerings?.length ?? 0;
}

/** Plain JavaScript, which spares the other side what stripping types takes. */
async function makeFlat(bed: Bed, declared: readonly Declared[]): Promise<void> {
  await bed.makeProject("flat", { main: "index.js" });
  await writeFile(join(bed.folder("flat"), "package.json"), JSON.stringify({ type: "module" }));
  for (const [name, text] of flatProgram(declared)) await writeFile(join(bed.folder("flat"), name), text);
}

interface Turn {
  readonly round: Round;
  readonly exported: ExportedStack;
}

async function playTurn(bed: Bed, side: Side, progress: Progress): Promise<Turn> {
  await bed.begin(side);
  const runs: Partial<Record<Phase, EngineRun>> = {};
  for (const phase of phases) {
    const run = await bed.run(side, commands[phase]);
    progress(
      `${side}, ${phase}: ${run.wallSeconds.toFixed(1)} s, of which the program ${run.programCpuSeconds.toFixed(1)} s of processor time`,
    );
    runs[phase] = run;
  }
  return { round: { side, runs: runs as Record<Phase, EngineRun> }, exported: await bed.exportStack(side) };
}

function verify(ours: readonly Declared[], { exported, round }: Turn): void {
  const different = differences(ours, declaredIn(exported));
  if (different.length === 0) return;
  const some = different.slice(0, 5).join("\n");
  throw new Error(`a turn of ${round.side} has brought up something else than the first of ours:\n${some}`);
}

/**
 * Plays so many rounds with so many regions: ours, flat, flat, ours, …, so that neither always comes first. The flat
 * program is made of what the first turn of ours has declared.
 *
 * @param onRound called when both sides have taken as many turns, with what has been played so far
 * @throws where a run fails, changes something that it should not, or where a turn ends with other resources
 */
export async function playSize(
  bed: Bed,
  regions: number,
  rounds: number,
  { progress, onRound }: { readonly progress: Progress; readonly onRound: (soFar: SizeResult) => void },
): Promise<void> {
  const say: Progress = (line) => {
    progress(`${regions} regions, ${line}`);
  };
  const peerings = await makeOurs(bed, regions);
  const first = await playTurn(bed, "ours", say);
  const declared = declaredIn(first.exported);
  await makeFlat(bed, declared);
  const components = (first.exported.deployment.resources ?? []).filter(
    ({ custom }) => custom !== true,
  ).length;
  const played: Round[] = [first.round];
  for (let index = 0; index < rounds; index += 1) {
    const order: readonly Side[] =
      index === 0 ? ["flat"] : index % 2 === 1 ? ["flat", "ours"] : ["ours", "flat"];
    for (const side of order) {
      const turn = await playTurn(bed, side, say);
      verify(declared, turn);
      played.push(turn.round);
    }
    const at = new Date().toISOString();
    const counts = { regions, peerings, resources: declared.length, components: components - 1 };
    onRound({ ...counts, at, rounds: [...played] });
  }
}
