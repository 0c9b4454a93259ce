/** A verdict in words. Pure: colours come as a function. */
import type { Verdict } from "../../components/proof/ask/answer.ts";
import type { Edit } from "../../components/proof/ask/change/model.ts";
import type { Hop } from "../../components/proof/ask/hops.ts";

/** Puts a text in a colour of ANSI's, by its number, or leaves it as it is. */
export type Paint = (colour: number, text: string) => string;

const [red, green, yellow, dim] = [31, 32, 33, 2];

const colours: Readonly<Record<Verdict["verdict"], number>> = { pass: green, blocked: red, unknown: yellow };

/** Where the stack's file says it. */
function place({ path, line }: Pick<Hop, "path" | "line">): string {
  if (path === "") return "";
  return line === undefined ? `  [${path}]` : `  [${path}, line ${line}]`;
}

function actionOf({ action, gate }: Hop): string {
  return gate === undefined ? action : `${gate.verdict} by ${gate.name}: ${gate.rule}`;
}

function hopLines(hop: Hop, index: number, paint: Paint): string[] {
  const number = String(index + 1).padStart(4);
  const { before, after } = hop;
  const text = `${number}  ${hop.place}: ${actionOf(hop)}`;
  const isTranslated = before.from !== after.from || before.to !== after.to;
  return [
    `${hop.stops ? paint(red, text) : text}${paint(dim, place(hop))}`,
    ...(isTranslated ? [`      now ${after.from} -> ${after.to}`] : []),
  ];
}

function wayLines(title: string, hops: readonly Hop[], paint: Paint): string[] {
  const [first] = hops;
  if (first === undefined) return [];
  return [
    "",
    `${title}: ${first.before.from} -> ${first.before.to}`,
    ...hops.flatMap((hop, index) => hopLines(hop, index, paint)),
  ];
}

function partLines({ stopped, passes }: Verdict): string[] {
  if (stopped.length < 2 && passes === "nothing") return [];
  return stopped.flatMap(({ traffic, place: where, reason }) => [
    `  stopped  ${traffic}`,
    `           by ${where}: ${reason}`,
  ]);
}

function servedLines(title: string, list: Verdict["servers"]): string[] {
  return list.map(({ pool, endpoint, by, reason }, index) => {
    const place = pool === undefined ? "" : `pool ${pool}, `;
    return `  ${(index === 0 ? title : "").padEnd(9)} ${place}${endpoint}: ${by}: ${reason}`;
  });
}

/** Who answers by a name, and on which conditions. */
function nameLines({ servers, then, conditions }: Verdict): string[] {
  const isChoice = servers.length + then.length > 1;
  return [
    ...conditions.map((condition) => `  provided that ${condition}`),
    ...(isChoice ? [...servedLines("served by", servers), ...servedLines("then", then)] : []),
  ];
}

function editLine({ action, path, line, value }: Edit): string[] {
  const verb = { add: "add to", remove: "remove", set: "set" }[action];
  return [`  ${verb} ${path}${line === undefined ? "" : ` (line ${line})`}`, `      ${value}`];
}

function changeLines({ change, noChange, verdict }: Verdict): string[] {
  if (verdict === "unknown") return [];
  const wanted = verdict === "pass" ? "block it" : "let it pass";
  if (change === null)
    return ["", `No change is known that would ${wanted}: ${noChange ?? "none was found"}`];
  const own = change.edits.filter(({ level }) => level === "configuration");
  const compiled = change.edits.filter(({ level }) => level === "program");
  const all = change.edits.length > 1 ? ", all of it" : "";
  return [
    "",
    `To ${wanted}${all}:`,
    ...own.flatMap(editLine),
    ...compiled.flatMap(editLine),
    ...programLines(compiled.length > 0, own.length > 0, change.refused),
  ];
}

/** Why it is not all in the stack's file. */
function programLines(isCompiled: boolean, isWritten: boolean, refused: string | undefined): string[] {
  if (!isCompiled) return [];
  if (refused !== undefined) return [`  The stack's file cannot be changed to that effect: ${refused}.`];
  const what = isWritten
    ? "For what names no line the stack's file has no option"
    : "The stack's file has no option for that";
  return [`  ${what}: the program compiles it from the hosts' roles.`];
}

/** @param title what was asked, such as `stack prod` */
export function renderVerdict(verdict: Verdict, title: string, paint: Paint): string[] {
  const { from, to, traffic, direction, shown } = verdict;
  const only = direction === "forward" ? ", the way there alone" : "";
  const ways = [...wayLines("There", verdict.forward, paint), ...wayLines("Back", verdict.return, paint)];
  return [
    `${paint(colours[verdict.verdict], verdict.verdict)}  ${from} -> ${to}, ${traffic}${only} (${title})`,
    `  ${verdict.reason}`,
    ...partLines(verdict),
    ...nameLines(verdict),
    ...(ways.length > 0 && shown !== traffic && traffic !== "icmp" ? ["", `As an example, ${shown}:`] : []),
    ...ways,
    ...changeLines(verdict),
  ];
}
