/** Folders that someone has named in the environment, and that may be impossible. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder, and those above it, where there is none. Not by mkdir's own recursion, which never ends where
 * nothing can be made, such as in /proc.
 *
 * @param {string} folder absolute
 * @param {number} mode
 */
export function makeFolder(folder, mode = 0o777) {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) {
      throw Object.assign(new Error(`${folder} is not a folder`), { code: "ENOTDIR", path: folder });
    }
    return;
  }
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another one was faster.
    if (!existsSync(folder)) {
      throw error;
    }
  }
}

/** Words for why a folder cannot be used, from what a system call said. */
export function reasonOf(/** @type {unknown} */ error) {
  const { code, path = "it", message } = /** @type {NodeJS.ErrnoException} */ (error);
  switch (code) {
    case "EACCES":
    case "EPERM":
      return `${path} may not be written by this user`;
    case "EROFS":
      return `${path} is on a read-only file system`;
    case "ENOTDIR":
    case "EEXIST":
      return `${path} is not a folder`;
    case "ENOENT":
      return `nothing can be made at ${path}`;
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    default:
      return message;
  }
}
