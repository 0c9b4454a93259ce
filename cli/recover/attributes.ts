/**
 * The attribute files of a file backend. The engine writes a checkpoint in one piece, but not the `.attrs` file beside
 * it: one that is killed in between leaves it empty, and no `pulumi` command can read the stack any more ("failed to
 * load checkpoint: EOF"). It holds a checksum that nobody needs, and a file without one is read well.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

async function attributeFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(".attrs"))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function isTorn(file: string): Promise<boolean> {
  try {
    JSON.parse(await readFile(file, "utf8"));
    return false;
  } catch (error) {
    return error instanceof SyntaxError;
  }
}

/** The attribute files of one stack that cannot be read, in the file backend rooted at `backend`. */
export async function tornAttributes(backend: string, project: string, stack: string): Promise<string[]> {
  const root = join(backend, ".pulumi");
  const folders = [root, join(root, "stacks", project), join(root, "locks", "organization", project, stack)];
  const files = (await Promise.all(folders.map(attributeFiles))).flat();
  const torn = await Promise.all(files.map(isTorn));
  return files.filter((_, index) => torn[index]);
}
