/** Writes docs/deviations.md: `npm run docs`. */
import { writeFileSync } from "node:fs";
import { deviationsFile, renderDeviations } from "./deviations.ts";

writeFileSync(deviationsFile, await renderDeviations());
