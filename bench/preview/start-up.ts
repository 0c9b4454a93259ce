/** How long the program's modules take to load: by Node.js, which strips types, and by Pulumi's default, ts-node. */
import { cpSync, symlinkSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkout, projectName, type Bed, type EngineRun } from "./bed.ts";
import type { Progress } from "./rounds.ts";

/** Both keep what they have compiled, and compile again only what has changed since. */
export const ways = ["ours", "ours with its cache", "ts-node", "ts-node with its cache"] as const;
export type Way = (typeof ways)[number];

export interface StartUp {
  readonly way: Way;
  readonly run: EngineRun;
}

interface Start {
  /** Its project. */
  readonly project: "strip" | "ts-node";
  /** Whether the one before it has left its cache. */
  readonly isCached: boolean;
}

const starts: Readonly<Record<Way, Start>> = {
  ours: { project: "strip", isCached: false },
  "ours with its cache": { project: "strip", isCached: true },
  "ts-node": { project: "ts-node", isCached: false },
  "ts-node with its cache": { project: "ts-node", isCached: true },
};

/** The program with a call of the probe as its first statement: when that runs, all modules are loaded. */
async function markedProgram(): Promise<string> {
  const text = await readFile(join(checkout, "index.ts"), "utf8");
  const end = text.lastIndexOf("\n", text.search(/^(?!import|\s|\}|$)/m));
  if (end < 0) throw new Error("index.ts has no statement after its imports");
  const mark = `(Reflect.get(globalThis, "roadnetProgramBegins") as () => void)();`;
  return `${text.slice(0, end)}\n${mark}\n${text.slice(end)}`;
}

/**
 * A module of the program as CommonJS has it, which is what Pulumi's ts-node compiles to: imports name no ending, and
 * a module's own place is another variable's matter. What a module does as a program of its own is left out: it waits
 * at the top level, and is no part of a start-up.
 */
export function asCommonJs(text: string): string {
  return text
    .replaceAll(/(from|import) ("\.\.?\/[^"]*)\.ts"/g, '$1 $2"')
    .replaceAll("import.meta.url", 'require("node:url").pathToFileURL(__filename)')
    .replace(/^if \(import\.meta\.main\) \{\n[^]*?^\}\n/m, "");
}

async function makeStrip(bed: Bed): Promise<void> {
  const folder = bed.folder("strip");
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(folder, "index.ts"), await markedProgram());
  symlinkSync(join(checkout, "components"), join(folder, "components"));
}

/** The checkout's own settings, but for those that only go with whole ECMAScript modules or without output. */
async function tsconfig(): Promise<unknown> {
  const own = JSON.parse(await readFile(join(checkout, "tsconfig.json"), "utf8")) as {
    readonly compilerOptions: Readonly<Record<string, unknown>>;
  };
  const left = [
    ...["noEmit", "allowImportingTsExtensions", "verbatimModuleSyntax", "incremental", "tsBuildInfoFile"],
    ...["allowJs", "checkJs", "noUnusedLocals"],
  ];
  const options = Object.entries(own.compilerOptions).filter(([name]) => !left.includes(name));
  return { compilerOptions: Object.fromEntries(options), include: ["index.ts"] };
}

async function makeTsNode(bed: Bed): Promise<void> {
  const folder = bed.folder("ts-node");
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(await tsconfig()));
  await writeFile(join(folder, "index.ts"), asCommonJs(await markedProgram()));
  cpSync(join(checkout, "components"), join(folder, "components"), { recursive: true });
  const names = await readdir(join(folder, "components"), { recursive: true });
  for (const name of names.filter((each) => each.endsWith(".ts"))) {
    const file = join(folder, "components", name);
    await writeFile(file, asCommonJs(await readFile(file, "utf8")));
  }
  symlinkSync(join(checkout, "edge"), join(folder, "edge"));
}

async function makeProjects(bed: Bed): Promise<void> {
  // The whole program with its hosts, which a preview asks nothing.
  const configuration = { ...(await bed.configuration()), [`${projectName}:askHosts`]: "false" };
  await bed.makeProject("strip", { main: "index.ts", configuration });
  await makeStrip(bed);
  await bed.makeProject("ts-node", { main: "index.ts", isTypeScript: true, configuration });
  await makeTsNode(bed);
}

/** Where each keeps what it has compiled: Node.js where it is told to, and nowhere for ts-node, which has its own. */
function cachesOf(project: Start["project"], folder: string): Readonly<Record<string, string>> {
  return project === "strip"
    ? { NODE_COMPILE_CACHE: join(folder, "node") }
    : { TMPDIR: folder, NODE_DISABLE_COMPILE_CACHE: "1" };
}

/** Previews the sandbox's own network from nothing, in each way so many times. */
export async function playStartUps(bed: Bed, rounds: number, progress: Progress): Promise<StartUp[]> {
  await makeProjects(bed);
  const played: StartUp[] = [];
  for (let index = 0; index < rounds; index += 1) {
    const [ours, oursCached, theirs, theirsCached] = ways;
    const pairs = [[ours, oursCached] as const, [theirs, theirsCached] as const];
    for (const way of (index % 2 === 0 ? pairs : pairs.toReversed()).flat()) {
      const { project, isCached } = starts[way];
      const caches = bed.folder(`${project}-cache`);
      if (!isCached) await rm(caches, { recursive: true, force: true });
      await mkdir(caches, { recursive: true });
      await bed.begin(project);
      const run = await bed.run(project, ["preview"], cachesOf(project, caches));
      progress(`start-up, ${way}: ${run.loadedSeconds.toFixed(2)} s until the modules are loaded`);
      played.push({ way, run });
    }
  }
  return played;
}
