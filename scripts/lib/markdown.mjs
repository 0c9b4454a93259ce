/** Reports in Markdown that programs write: formatted as the checks want every file. */
import { writeFileSync } from "node:fs";

/**
 * Needs the installed packages, so it must not be called before they are there.
 *
 * @param {string} file
 * @param {string} text
 */
export async function writeMarkdown(file, text) {
  const prettier = await import("prettier");
  const style = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...style, parser: "markdown" }));
}
