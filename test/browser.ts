/**
 * A browser that can reach nobody: Chromium in a network namespace of its own, in which not even loopback is up. What is
 * looked at is a file.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { findBrowser } from "../scripts/steps/browser.mjs";

/** For what hangs: a machine that has other things to do is only slow. */
export const patience = 300_000;

export interface OpenBrowser {
  readonly browser: Browser;
  readonly close: () => Promise<void>;
}

/** @throws Error where there is no Chromium: `npm test` installs it */
export async function openBrowser(): Promise<OpenBrowser> {
  const program = findBrowser();
  if (program === undefined) throw new Error("There is no Chromium on PATH: npm test installs it.");
  const folder = mkdtempSync(join(tmpdir(), "browser-"));
  const file = join(folder, "chromium");
  const user = process.getuid?.() === 0 ? "" : "--user --map-root-user ";
  writeFileSync(file, `#!/bin/sh\nexec unshare ${user}--net -- '${program}' "$@"\n`);
  chmodSync(file, 0o755);
  try {
    // Root's Chromium has no sandbox of its own; what it shows is ours.
    const browser = await chromium.launch({
      executablePath: file,
      chromiumSandbox: false,
      timeout: patience,
    });
    const close = async (): Promise<void> => {
      await browser.close();
      rmSync(folder, { recursive: true });
    };
    return { browser, close };
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
}
