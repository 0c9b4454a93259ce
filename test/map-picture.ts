/** Writes docs/map.png, the map of prod with a way from the home lab into a region: `npm run docs`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { mapData } from "../cli/map/data.ts";
import { pageOf } from "../cli/map/make.ts";
import { openWorld } from "../cli/proof/input.ts";
import { openBrowser } from "./browser.ts";

const question = "#from=edge-home/lucidia&to=us-west/api-1&traffic=8080/tcp";
const viewport = { width: 1500, height: 1300 };

const folder = mkdtempSync(join(tmpdir(), "map-picture-"));
const file = join(folder, "map.html");
const data = mapData(await openWorld({ stack: "prod" }), { options: "--stack prod", findings: true });
writeFileSync(file, await pageOf(data));
const { browser, close } = await openBrowser();
try {
  const page = await browser.newPage({ viewport, colorScheme: "light", reducedMotion: "reduce" });
  await page.goto(pathToFileURL(file).href + question);
  await page.waitForSelector("html:not([data-busy]) #verdict:not([hidden])");
  await page.screenshot({ path: resolve(import.meta.dirname, "..", "docs", "map.png") });
} finally {
  await close();
  rmSync(folder, { recursive: true });
}
