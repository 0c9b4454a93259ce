/**
 * Every write of the stack's state, as it happens. The engine writes it whole whenever it begins or ends an operation,
 * so what a killed engine leaves is always one of these.
 */
import { readFileSync, watch } from "node:fs";
import { join } from "node:path";
import type { PendingOperation } from "../../cli/recover/state.ts";
import { stackName } from "../../sandbox/engine.ts";
import type { SandboxPaths } from "../../sandbox/paths.ts";

interface Checkpoint {
  readonly checkpoint: {
    readonly latest?: { readonly pending_operations?: readonly PendingOperation[] };
  };
}

function folderOf(paths: SandboxPaths): string {
  return join(paths.state, ".pulumi", "stacks", "blackroad-network");
}

/**
 * Calls `onWrite` after each write.
 * @returns a function that ends it
 */
export function watchState(paths: SandboxPaths, onWrite: () => void): () => void {
  const name = `${stackName}.json`;
  // A new state is moved into its place.
  const watcher = watch(folderOf(paths), (event, file) => {
    if (event === "rename" && file === name) onWrite();
  });
  return () => {
    watcher.close();
  };
}

/** The operations that are under way in the state as it is on disk now. */
export function notesOnDisk(paths: SandboxPaths): readonly PendingOperation[] {
  const text = readFileSync(join(folderOf(paths), `${stackName}.json`), "utf8");
  return (JSON.parse(text) as Checkpoint).checkpoint.latest?.pending_operations ?? [];
}
