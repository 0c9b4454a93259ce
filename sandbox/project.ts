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
}

function readYaml(file: string): Document {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new SandboxError(`${file} is missing: the checkout is not complete.`);
  }
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new SandboxError(`${file}: ${problem.message}`);
  }
  return document;
}

/** The stack file with this machine's keys in it. */
export function fillStack(text: string, keys: MachineKeys): Document {
  const document = parseDocument(text);
  document.setIn([...networkPath, "operator", "authorizedKeys"], [keys.operator]);
  document.setIn(["config", "blackroad-network:cloudflareAccountId"], keys.cloudflareAccount);
  const sites = document.getIn([...networkPath, "hosts"]);
  if (!isMap(sites)) {
    throw new SandboxError(`Pulumi.${stackName}.yaml has no map of hosts in blackroad-network:network.`);
  }
  for (const { key: site, value: hosts } of sites.items) {
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
  const stack = fillStack(readFileSync(join(checkout, file), "utf8"), keys);
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
