/** What an update has left behind: the stack's outputs, every resource in the state, and every file of every host. */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { mustRunPulumi } from "../../sandbox/engine.ts";
import { machineFolders } from "../../sandbox/hosts/folders.ts";
import type { SandboxPaths } from "../../sandbox/paths.ts";
import { titledMachines } from "../../sandbox/titles.ts";

export interface ResourceSnapshot {
  readonly type: string;
  /** The last part of its URN. */
  readonly name: string;
  readonly id: string;
  readonly inputs: Json;
  readonly outputs: Json;
}

export interface FileSnapshot {
  readonly kind: "file" | "folder" | "link" | "removed" | "other";
  /** Four octal digits. */
  readonly mode: string;
  /** Numbers of user and group; names depend on the machine that looks. */
  readonly owner: string;
  /** A file's text, of which bytes that are no text give a hash only; a link's target. */
  readonly content: string;
}

export interface Snapshot {
  /** What the sandbox has made before the update and given to the program, by what it is. */
  readonly given: ReadonlyMap<string, string>;
  readonly outputs: Json;
  /** By URN. */
  readonly resources: ReadonlyMap<string, ResourceSnapshot>;
  /** By the host's title, then by path. */
  readonly hosts: ReadonlyMap<string, ReadonlyMap<string, FileSnapshot>>;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

interface Exported {
  readonly deployment: {
    readonly resources: readonly {
      readonly urn: string;
      readonly type: string;
      readonly id?: string;
      readonly inputs?: Json;
      readonly outputs?: Json;
    }[];
  };
}

/** Secrets as `{secret: …}`, so that what one run keeps secret and the other does not is a difference. */
function readable(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(readable);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Readonly<Record<string, Json>>;
  if (fields[signatureKey] === secretSignature && typeof fields.plaintext === "string") {
    return { secret: readable(JSON.parse(fields.plaintext) as Json) };
  }
  return Object.fromEntries(Object.entries(fields).map(([key, each]) => [key, readable(each)]));
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf8", { fatal: true }).decode(bytes);
  } catch {
    return `sha256 ${createHash("sha256").update(bytes).digest("hex")}`;
  }
}

/** Everything that a machine has written over its image; a device number 0/0 stands for what it has removed. */
function readFiles(upper: string, folder = ""): [string, FileSnapshot][] {
  return readdirSync(join(upper, folder)).flatMap((name): [string, FileSnapshot][] => {
    const path = `${folder}/${name}`;
    const file = join(upper, path);
    const status = lstatSync(file, { throwIfNoEntry: false });
    if (status === undefined) return [];
    const mode = (status.mode & 0o7777).toString(8).padStart(4, "0");
    const owner = `${status.uid}:${status.gid}`;
    const entry = (kind: FileSnapshot["kind"], content: string): [string, FileSnapshot] => [
      path,
      { kind, mode, owner, content },
    ];
    if (status.isDirectory()) return [entry("folder", ""), ...readFiles(upper, path)];
    if (status.isSymbolicLink()) return [entry("link", readlinkSync(file))];
    if (status.isFile()) return [entry("file", textOf(readFileSync(file)))];
    return [entry(status.isCharacterDevice() && status.rdev === 0 ? "removed" : "other", "")];
  });
}

/** Public keys without their comment: the operator's and the Pis'; and the account at the simulated Cloudflare. */
function givenValues(paths: SandboxPaths): ReadonlyMap<string, string> {
  const keys = readdirSync(paths.keys).filter((name) => name.endsWith(".pub"));
  const text = (name: string): string => readFileSync(join(paths.keys, name), "utf8").trim();
  return new Map([
    ...keys.sort().map((name): [string, string] => [name, text(name).split(" ").slice(0, 2).join(" ")]),
    ["cloudflare account", text("cloudflare-account")],
  ]);
}

/** Looks at a sandbox that is up. */
export async function takeSnapshot(paths: SandboxPaths): Promise<Snapshot> {
  const options = { paths };
  const outputs = await mustRunPulumi(["stack", "output", "--json", "--show-secrets"], options);
  const exported = await mustRunPulumi(["stack", "export", "--show-secrets"], options);
  const { deployment } = JSON.parse(exported) as Exported;
  const machines = await titledMachines(paths);
  return {
    given: givenValues(paths),
    outputs: JSON.parse(outputs) as Json,
    resources: new Map(
      deployment.resources
        .map(({ urn, type, id = "", inputs = {}, outputs: given = {} }): [string, ResourceSnapshot] => [
          urn,
          {
            type,
            name: urn.slice(urn.lastIndexOf("::") + 2),
            id,
            inputs: readable(inputs),
            outputs: readable(given),
          },
        ])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    hosts: new Map(
      machines.map(({ name, title }) => [title, new Map(readFiles(machineFolders(name, paths).upper))]),
    ),
  };
}
