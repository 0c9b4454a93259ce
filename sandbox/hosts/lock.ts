/** A lock between processes that the kernel gives back when its holder dies. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * Runs `work` while holding an exclusive lock on `file`, which is created and stays.
 *
 * @param waiting told once if another process holds the lock
 * @throws if the lock is not to be had within `timeoutSeconds`
 */
export async function withLock<T>(
  file: string,
  timeoutSeconds: number,
  waiting: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  // The lock is flock(1)'s: `cat` holds it until our end of its standard input is closed, by us or by our death.
  const holder = spawn(
    "flock",
    ["--exclusive", "--timeout", String(timeoutSeconds), file, "sh", "-c", "echo held; exec cat"],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const notice = setTimeout(() => {
    waiting(`waiting for another process that holds ${file}`);
  }, 2000);
  try {
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: holder.stdout }).once("line", () => {
        resolve();
      });
      holder.once("error", (error) => {
        reject(new Error(`flock could not be started: ${error.message}`));
      });
      holder.once("close", () => {
        reject(new Error(`${file} was held by another process for over ${timeoutSeconds} s`));
      });
    });
    clearTimeout(notice);
    return await work();
  } finally {
    clearTimeout(notice);
    holder.stdin.end();
  }
}
