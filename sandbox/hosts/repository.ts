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

/** The programs that stand in for others'; `npm run agent` builds them. */
export interface StandIns {
  /** Runs instead of cloudflared, which only Cloudflare's own repository has. */
  readonly connector: string;
  /** Runs instead of BlackRoad's services, which only the owner's repository has. */
  readonly service: string;
}

const dist = resolve(import.meta.dirname, "../../edge/dist");

export const builtStandIns: StandIns = {
  connector: join(dist, "cloudflared-stand-in"),
  service: join(dist, "service-stand-in"),
};

/** A package of one program. */
interface StandInPackage {
  /** Also the program's name. */
  readonly name: string;
  readonly section: string;
  readonly description: string;
  readonly program: string;
  /** Contents by path, readable by everybody. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Whatever the stack calls its packages, these are what the world has for it.
 *
 * @param authority in PEM, what the connector trusts: cloudflared has Cloudflare's own built in
 */
function packagesOf({ connector, service }: StandIns, authority: string): StandInPackage[] {
  return [
    {
      name: "cloudflared",
      section: "net",
      description: "the sandbox's stand-in for cloudflared, which it is not",
      program: connector,
      files: { "usr/share/cloudflared/edge-ca.pem": authority },
    },
    ...["blackroad-api", "blackroad-ollama", "blackroad-vault"].map((name) => ({
      name,
      section: "web",
      description: "the sandbox's stand-in for BlackRoad's services, none of which it is",
      program: service,
      files: {},
    })),
  ];
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

function control({ name, section, description }: StandInPackage, version: string): string {
  return `Package: ${name}
Version: ${version}
Architecture: ${architectures[process.arch] ?? process.arch}
Maintainer: blackroad-network <noreply@sandbox.test>
Section: ${section}
Priority: optional
Description: ${description}
`;
}

/** Names what is in the package, so that what has changed is installed anew. */
async function versionOf({ program, files }: StandInPackage): Promise<string> {
  const contents = createHash("sha256").update(await sha256(program));
  for (const [path, text] of Object.entries(files)) contents.update(`${path}\0${text}`);
  return `0~sandbox.${contents.digest("hex").slice(0, 12)}`;
}

/** Builds the package into the folder. Returns its file name. */
async function buildPackage(folder: string, made: StandInPackage): Promise<string> {
  const version = await versionOf(made);
  const work = join(folder, "work");
  const program = join(work, "usr", "bin", made.name);
  const texts = { "DEBIAN/control": control(made, version), ...made.files };
  await mkdir(dirname(program), { recursive: true });
  await copyFile(made.program, program);
  for (const [path, text] of Object.entries(texts)) {
    const file = join(work, path);
    await mkdir(dirname(file), { recursive: true });
    // What runs as nobody's administrator reads them.
    await chmod(dirname(file), 0o755);
    await writeFile(file, text);
    await chmod(file, 0o644);
  }
  const name = `${made.name}_${version}.deb`;
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
  standIns: StandIns = builtStandIns,
): Promise<void> {
  for (const program of [standIns.connector, standIns.service]) {
    if (!existsSync(program)) throw new Error(`${program} is missing: \`npm run agent\` builds it`);
  }
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  for (const name of await readdir(image)) {
    if (name.endsWith(".deb")) await symlink(join(image, name), join(draft, name));
  }
  await copyFile(join(image, "Packages"), join(draft, "Packages"));
  for (const made of packagesOf(standIns, authority)) {
    await appendFile(join(draft, "Packages"), await indexEntry(draft, await buildPackage(draft, made)));
  }
  await writeRelease(draft);
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
}
