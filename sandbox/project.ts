/**
 * The Pulumi project that the sandbox runs: the checkout's own program and stack file, with what only this
 * machine knows filled in: the operator's public key, the Pis' host keys and the account at the simulated Cloudflare.
 */
import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { isMap, isScalar, parseDocument, type Document } from "yaml";
import { SandboxError } from "./mode.ts";
import { sandboxPaths, type SandboxPaths } from "./paths.ts";
import { stackName } from "./engine.ts";

const checkout = resolve(import.meta.dirname, "..");
const networkPath = ["config", "blackroad-network:network"];

export interface MachineKeys {
  /** OpenSSH public key of the operator, `ssh-ed25519 AAAA… comment`. */
  readonly operator: string;
  /** OpenSSH public host key of a machine that stands at a site, by the machine's name. */
  readonly hostKey: (name: string) => string;
  /** Id of the account of the simulated Cloudflare. */
  readonly cloudflareAccount: string;
  /** PEM of the authority whose certificate the simulated Cloudflare shows to origins. */
  readonly originPullAuthority: string;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new SandboxError(
      `${file} cannot be read (${(error as Error).message}): the checkout is not complete.`,
    );
  }
}

function readYaml(file: string): Document {
  const text = readText(file);
  return parseYaml(text, file);
}

/** @throws {SandboxError} with everything that is wrong, each with its line and column */
function parseYaml(text: string, file: string): Document {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    throw new SandboxError(`${file}: ${document.errors.map(({ message }) => message.trim()).join("\n")}`);
  }
  if (!isMap(document.contents)) {
    throw new SandboxError(`${file} must be a map, with config in it.`);
  }
  return document;
}

/**
 * The stack file with this machine's keys in it, wherever there is room for them. Whatever else is not as it should be
 * is for the program's own check to tell, which tells all of it.
 */
export function fillStack(text: string, keys: MachineKeys): Document {
  const document = parseYaml(text, `Pulumi.${stackName}.yaml`);
  const fill = (path: readonly string[], value: unknown): void => {
    if (isMap(document.getIn(path.slice(0, -1)))) document.setIn(path, value);
  };
  fill([...networkPath, "operator", "authorizedKeys"], [keys.operator]);
  fill(["config", "blackroad-network:cloudflareAccountId"], keys.cloudflareAccount);
  fill([...networkPath, "cloudflare", "originPullAuthority"], keys.originPullAuthority);
  const sites = document.getIn([...networkPath, "hosts"]);
  for (const { key: site, value: hosts } of isMap(sites) ? sites.items : []) {
    for (const { key: host, value: options } of isMap(hosts) ? hosts.items : []) {
      const names = [site, host].map((key) => (isScalar(key) ? String(key.value) : ""));
      if (isMap(options) && isMap(options.get("bootstrap"))) {
        const path = [...networkPath, "hosts", ...names, "bootstrap", "hostKey"];
        document.setIn(path, keys.hostKey(names[1] ?? ""));
      }
    }
  }
  return document;
}

function writeIfChanged(file: string, text: string): void {
  try {
    if (readFileSync(file, "utf8") === text) {
      return;
    }
  } catch {
    // There is none yet.
  }
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Writes the project; what Pulumi keeps in the stack file (the salt of its secrets) stays from start to start. */
export function prepareProject(keys: MachineKeys, paths: SandboxPaths = sandboxPaths()): void {
  mkdirSync(paths.project, { recursive: true, mode: 0o700 });
  const project = readYaml(join(checkout, "Pulumi.yaml"));
  const program = join(realpathSync(checkout), "index.ts");
  project.set("main", relative(realpathSync(paths.project), program));
  writeIfChanged(join(paths.project, "Pulumi.yaml"), project.toString());

  const file = `Pulumi.${stackName}.yaml`;
  const stack = fillStack(readText(join(checkout, file)), keys);
  const target = join(paths.project, file);
  for (const key of ["encryptionsalt", "secretsprovider"]) {
    const kept = readKept(target, key);
    if (kept !== undefined) {
      stack.set(key, kept);
    }
  }
  writeIfChanged(target, stack.toString());
}

function readKept(file: string, key: string): unknown {
  try {
    return parseDocument(readFileSync(file, "utf8")).get(key);
  } catch {
    return undefined;
  }
}
