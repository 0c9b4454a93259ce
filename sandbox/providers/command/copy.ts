/** Copying files to a remote host over SFTP: `remote/copyController.go` of @pulumi/command 1.2.1. */
import { readdirSync, statSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { readFile } from "node:fs/promises";
import type { Client, SFTPWrapper } from "ssh2";
import { Opaque } from "../shared/values.ts";
import type { Value } from "../shared/values.ts";
import { systemErrorText } from "./go-text.ts";

/** The two operations and the question that a copy is made of. */
export interface RemoteFiles {
  /** `undefined` if there is nothing at the path. */
  stat(path: string): Promise<"folder" | "file" | undefined>;
  makeFolder(path: string): Promise<void>;
  write(path: string, content: Buffer): Promise<void>;
}

const noSuchFile = 2;

function callback<T>(start: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null || error === undefined) resolve(value);
      else reject(error);
    });
  });
}

function remoteFiles(sftp: SFTPWrapper): RemoteFiles {
  return {
    stat: async (path) => {
      try {
        const found = await callback<{ isDirectory(): boolean }>((done) => {
          sftp.stat(path, done);
        });
        return found.isDirectory() ? "folder" : "file";
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === noSuchFile) return undefined;
        throw new Error(`failed to stat remote path ${path}: ${systemErrorText(error)}`, { cause: error });
      }
    },
    makeFolder: (path) =>
      callback<undefined>((done) => {
        sftp.mkdir(path, (error) => {
          done(error, undefined);
        });
      }),
    write: (path, content) =>
      callback<undefined>((done) => {
        sftp.writeFile(path, content, (error) => {
          done(error, undefined);
        });
      }),
  };
}

/** The host's files, over a connection that is open already. */
export async function openFiles(client: Client): Promise<RemoteFiles> {
  return remoteFiles(
    await callback<SFTPWrapper>((done) => {
      client.sftp(done);
    }),
  );
}

async function makeFolders(files: RemoteFiles, path: string, failure: string): Promise<void> {
  const missing: string[] = [];
  for (let each = posix.normalize(path); (await files.stat(each)) === undefined; each = posix.dirname(each)) {
    missing.unshift(each);
    if (each === posix.dirname(each)) break;
  }
  for (const each of missing) {
    await files.makeFolder(each).catch((error: unknown) => {
      throw new Error(`${failure} ${path}: ${systemErrorText(error)}`, { cause: error });
    });
  }
}

async function copyFile(files: RemoteFiles, source: string, target: string): Promise<void> {
  await files.write(target, await readFile(source)).catch((error: unknown) => {
    throw new Error(`failed to copy file ${source} to remote path ${target}: ${systemErrorText(error)}`, {
      cause: error,
    });
  });
}

async function copyFolder(files: RemoteFiles, source: string, target: string): Promise<void> {
  const found = await files.stat(target);
  if (found === "file") throw new Error(`remote path ${target} exists but is not a directory`);
  if (found === undefined) await makeFolders(files, target, "failed to create remote directory");
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), posix.join(target, entry.name)];
    if (entry.isDirectory()) await copyFolder(files, from, to);
    else await copyFile(files, from, to);
  }
}

/**
 * A folder with a slash at its end is copied as its content, one without as itself; a file goes into a folder that is
 * there, and otherwise becomes the target. Modes and owners are not copied and nothing is deleted.
 */
async function copyPath(files: RemoteFiles, source: string, remotePath: string): Promise<void> {
  const found = await files.stat(remotePath);
  if (statSync(source).isDirectory()) {
    if (found === undefined) await makeFolders(files, remotePath, "failed to create remote directory");
    const target = source.endsWith("/") ? remotePath : posix.join(remotePath, basename(source));
    await copyFolder(files, source, target);
    return;
  }
  if (found === undefined) {
    await makeFolders(files, posix.dirname(remotePath), "failed to create parent directories for");
  }
  await copyFile(files, source, found === "folder" ? posix.join(remotePath, basename(source)) : remotePath);
}

async function copyText(files: RemoteFiles, content: string, remotePath: string): Promise<void> {
  if ((await files.stat(remotePath)) === "folder") {
    throw new Error(
      `remote path ${remotePath} is a directory; when using a text asset, remotePath must be a file path`,
    );
  }
  await makeFolders(files, posix.dirname(remotePath), "failed to create parent directories for");
  await files.write(remotePath, Buffer.from(content)).catch((error: unknown) => {
    throw new Error(`failed to write text content to remote path ${remotePath}: ${systemErrorText(error)}`, {
      cause: error,
    });
  });
}

/** What is wrong with a source, or nothing: only files, folders and texts can be copied. */
export function refuseSource(
  source: Value,
): { readonly property: string; readonly reason: string } | undefined {
  if (!(source instanceof Opaque) || source.kind === "resource") return undefined;
  const { path, text } = source.fields;
  const hasPath = typeof path === "string" && path !== "";
  if (source.kind === "archive") {
    return hasPath
      ? undefined
      : { property: "archive", reason: "archive must be a path to a file or directory" };
  }
  return hasPath || typeof text === "string"
    ? undefined
    : { property: "asset", reason: "asset must be a path-based file asset or a text asset" };
}

/** Copies an asset or archive; {@link refuseSource} has let it pass. */
export async function copySource(files: RemoteFiles, source: Value, remotePath: string): Promise<void> {
  if (!(source instanceof Opaque)) throw new Error("either asset or archive must be set");
  const { path, text } = source.fields;
  if (typeof path === "string" && path !== "") await copyPath(files, path, remotePath);
  else await copyText(files, typeof text === "string" ? text : "", remotePath);
}

/** Overwrites one file with a local one, without any of the above's care: the deprecated CopyFile. */
export async function copyPlainFile(
  files: RemoteFiles,
  localPath: string,
  remotePath: string,
): Promise<void> {
  await files.write(remotePath, await readFile(localPath));
}
