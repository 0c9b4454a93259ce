/**
 * The package repository of one sandbox: that of the image, by links, and the packages that Debian does not have and
 * that something of ours stands in for.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { sha256, writeRelease } from "./image.ts";
import { runOrThrow } from "./run.ts";

/** What runs instead of cloudflared, which only Cloudflare's own repository has. `npm run agent` builds it. */
const connector = resolve(import.meta.dirname, "../../edge/dist/cloudflared-stand-in");

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

function control(version: string): string {
  return `Package: cloudflared
Version: ${version}
Architecture: ${architectures[process.arch] ?? process.arch}
Maintainer: blackroad-network <noreply@sandbox.test>
Section: net
Priority: optional
Description: the sandbox's stand-in for cloudflared, which it is not
`;
}

/**
 * Builds the package into the folder; its version names what is in it. Returns its file name.
 *
 * @param authority in PEM, what the program trusts: cloudflared has Cloudflare's own built in
 */
async function buildConnector(folder: string, program: string, authority: string): Promise<string> {
  const contents = createHash("sha256")
    .update(await sha256(program))
    .update(authority);
  const version = `0~sandbox.${contents.digest("hex").slice(0, 12)}`;
  const work = join(folder, "work");
  const files = {
    control: join(work, "DEBIAN", "control"),
    program: join(work, "usr", "bin", "cloudflared"),
    authority: join(work, "usr", "share", "cloudflared", "edge-ca.pem"),
  };
  for (const file of Object.values(files)) await mkdir(dirname(file), { recursive: true });
  await writeFile(files.control, control(version));
  await copyFile(program, files.program);
  await writeFile(files.authority, authority);
  // The connector is nobody's administrator.
  await chmod(dirname(files.authority), 0o755);
  await chmod(files.authority, 0o644);
  const name = `cloudflared_${version}.deb`;
  await runOrThrow(["dpkg-deb", "--build", "--root-owner-group", work, join(folder, name)]);
  await rm(work, { recursive: true });
  return name;
}

/** The package's paragraph of a repository's index. */
async function indexEntry(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  const fields = await runOrThrow(["dpkg-deb", "--field", file]);
  const { size } = await stat(file);
  return `\n${fields.trimEnd()}\nFilename: ./${name}\nSize: ${size}\nSHA256: ${await sha256(file)}\n`;
}

/**
 * Makes the repository anew, beside its place and renamed into it, so that it is found whole.
 *
 * @param image folder of the image's packages
 * @param folder where the sandbox's are to be
 * @param authority the edge's, in PEM
 */
export async function prepareRepository(
  image: string,
  folder: string,
  authority: string,
  program: string = connector,
): Promise<void> {
  if (!existsSync(program)) throw new Error(`${program} is missing: \`npm run agent\` builds it`);
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  for (const name of await readdir(image)) {
    if (name.endsWith(".deb")) await symlink(join(image, name), join(draft, name));
  }
  const name = await buildConnector(draft, program, authority);
  await copyFile(join(image, "Packages"), join(draft, "Packages"));
  await appendFile(join(draft, "Packages"), await indexEntry(draft, name));
  await writeRelease(draft);
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
}
