/** The page's program: the proof itself with what draws and asks, as one script for browsers. */
import { join } from "node:path";
import { rolldown } from "rolldown";

/** The kinds of networks, each with a program that reads it. */
export type ProgramKind = "stack" | "export";

const folder = join(import.meta.dirname, "page");

/**
 * Bundles the program, always to the same text.
 * @throws Error where a module cannot be read in a browser
 */
export async function bundleProgram(kind: ProgramKind): Promise<string> {
  const bundle = await rolldown({
    input: join(folder, `${kind}.ts`),
    platform: "browser",
    tsconfig: false,
    // What is imported only for a part that the page does not use is left out; none of it has effects of its own.
    treeshake: { moduleSideEffects: false },
    resolve: { alias: { "node:crypto": join(folder, "node-crypto.ts") } },
    transform: { inject: { Buffer: [join(folder, "node-buffer.ts"), "Buffer"] }, target: "es2023" },
    onLog: (level, log, handle) => {
      // A module of Node.js that is left would be missing in the browser.
      if (level === "warn") throw new Error(log.message);
      handle(level, log);
    },
  });
  try {
    const { output } = await bundle.generate({ format: "iife", minify: true });
    const [chunk, ...more] = output;
    if (more.length > 0) throw new Error("the page's program is in more than one piece");
    return chunk.code;
  } finally {
    await bundle.close();
  }
}
