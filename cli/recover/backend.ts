/** Where a stack's state is kept, which decides whether its locks can be seen from here. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const filePrefix = "file://";

/**
 * The folder of a file backend, by Pulumi's own rules: `~` is the home folder, a relative path starts at the working
 * folder, and what follows a `?` is options. `undefined` for any other backend.
 *
 * @param url as `PULUMI_BACKEND_URL` or `pulumi whoami` say it
 * @param cwd where `pulumi` runs
 */
export function fileBackendFolder(url: string, cwd: string): string | undefined {
  if (!url.startsWith(filePrefix)) return undefined;
  const path = url.slice(filePrefix.length).replace(/\?.*$/, "");
  return path.startsWith("~") ? join(homedir(), path.slice(1)) : resolve(cwd, path);
}

/** A backend's kind, such as `s3://`: the whole URL may hold a password. */
export function backendKind(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0] ?? "an unknown backend";
}

/** Whether `pulumi` refused because the stack is locked, or because another update of it is under way. */
export function isLockRefusal(said: string): boolean {
  return /currently locked by|another update is currently in progress/i.test(said);
}
