/** Chromium, for the tests that look at pages: Debian's, where there is none. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "../lib/progress.mjs";
import { browserPackages } from "../lib/versions.mjs";
import { ensureDebianPackages, missingPackages } from "./debian.mjs";

/** What a Chromium is called. Ubuntu's is a snap, which sees neither temporary folders nor network namespaces. */
const names = ["chromium", "google-chrome-stable", "google-chrome"];

/** @returns {string | undefined} the path of the first that is there */
export function findBrowser(/** @type {string} */ path = process.env.PATH ?? "") {
  const files = names.flatMap((name) => path.split(delimiter).map((folder) => join(folder, name)));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * @param {(detail: string) => void} say
 * @returns {Promise<string>} what was found or done, for the user
 */
export async function ensureBrowser(say) {
  const found = findBrowser();
  if (found !== undefined && (await missingPackages(browserPackages)).includes("chromium")) {
    return `found ${found}`;
  }
  try {
    return await ensureDebianPackages(browserPackages, say);
  } catch (error) {
    if (!(error instanceof SetupError) || !/Unable to locate|no installation candidate/.test(error.message)) {
      throw error;
    }
    return `none: this system's archive has no Chromium, and none is on PATH (${names.join(", ")}); tests of pages are skipped`;
  }
}
