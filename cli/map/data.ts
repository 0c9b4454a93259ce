/** All that the page is given: the drawing, what was found, and what its proof reads the network from. */
import { isClean } from "../../components/proof/verify/model.ts";
import { problemCount, type Place } from "../../components/proof/verify/report.ts";
import { verifyUnmeant } from "../../components/proof/verify/unmeant.ts";
import { verify } from "../../components/proof/verify/verify.ts";
import { exportData } from "../../components/proof/describe/data.ts";
import { formatAddress } from "../../components/proof/sets/addresses.ts";
import { subjectOf, type DescribedOrigin, type OpenedWorld, type StackOrigin } from "../proof/input.ts";
import { drawingOf } from "./drawing.ts";
import { marksOf, ofFinding } from "./marks.ts";
import { boxesOf, type ExportSource, type MapData, type Mark, type StackSource } from "./model.ts";
import { withoutOwner } from "./withhold.ts";

function stackSource(opened: OpenedWorld, { name, network, lines }: StackOrigin): StackSource {
  const { unknownOperator } = subjectOf(opened);
  return {
    kind: "stack",
    stack: name,
    network: withoutOwner(network),
    lines,
    unknownOperator: unknownOperator === undefined ? undefined : formatAddress(unknownOperator),
  };
}

function exportSource({ export: described, clients }: DescribedOrigin): ExportSource {
  return { kind: "export", ...exportData(described), clients };
}

interface Found {
  readonly marks: readonly Mark[];
  readonly verified: string;
}

/** Of a network of which nobody has said what is meant. */
function foundUnmeant({ world }: OpenedWorld, isDrawn: (id: string) => boolean): Found {
  const { findings, undecided } = verifyUnmeant(world);
  const place: Place = (path) => (path === "" ? "beyond the network" : path);
  const marks = findings.map((finding) => ofFinding(finding, place, isDrawn));
  const counted = marks.length === 1 ? "1 finding" : `${marks.length} findings`;
  const doubt = undecided === 0 ? "" : `; of ${undecided} pairs nobody can tell what passes`;
  const said = marks.length === 0 ? "no route leads nowhere, and no answer gets lost" : counted;
  return { marks, verified: `${said}${doubt}` };
}

function foundIn(opened: OpenedWorld, origin: StackOrigin, isDrawn: (id: string) => boolean): Found {
  const verification = verify(origin.plan, opened.world);
  const where: Place = (path) => {
    const line = path === "" ? undefined : origin.lineOf(path);
    if (path === "") return "beyond the stack's file";
    return line === undefined ? path : `Pulumi.${origin.name}.yaml:${line}: ${path}`;
  };
  const clean = `everything passes that is meant to${verification.isMeasured ? ", and nothing else" : ""}`;
  const verified = isClean(verification) ? clean : problemCount(verification);
  return { marks: marksOf(verification, where, isDrawn), verified };
}

export interface DataOptions {
  /** What a command line must say for the same network: `--stack prod`. */
  readonly options: string;
  /** Whether `roadnet verify` is asked for findings. */
  readonly findings: boolean;
}

export function mapData(opened: OpenedWorld, { options, findings }: DataOptions): MapData {
  const { world, stack, aliases, described, title } = opened;
  const drawing = drawingOf(world, {
    plan: stack?.plan,
    aliases,
    isOperatorKnown: subjectOf(opened).unknownOperator === undefined,
  });
  const ids = new Set([...boxesOf(drawing.rows.flat())].map(({ id }) => id));
  const isDrawn = (id: string): boolean => ids.has(id);
  const unasked: Found = { marks: [], verified: "nobody has verified it" };
  const found = !findings
    ? unasked
    : stack === undefined
      ? foundUnmeant(opened, isDrawn)
      : foundIn(opened, stack, isDrawn);
  if (stack !== undefined) return { title, options, ...found, drawing, source: stackSource(opened, stack) };
  if (described === undefined) throw new Error(`${title} is neither a stack's network nor an export's`);
  return { title, options, ...found, drawing, source: exportSource(described) };
}
