/** Puts the page together. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundleProgram } from "./bundle.ts";
import type { MapData } from "./model.ts";
import { renderPage } from "./page.ts";

/** The page of a network; the same for the same network. */
export async function pageOf(data: MapData): Promise<string> {
  const script = await bundleProgram(data.source.kind);
  const style = readFileSync(join(import.meta.dirname, "page", "style.css"), "utf8");
  return renderPage({ data, script, style });
}
