/** Where a sandbox keeps what it knows. Every other module asks here instead of joining paths itself. */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

const checkout = resolve(import.meta.dirname, "..");

/** The services of a sandbox, named as in docs/architecture.md. */
export type ServiceName = "aws" | "cloudflare" | "internet" | "edge" | "resolver" | "fabric";

export interface SandboxPaths {
  /** The sandbox's own folder; everything below is in it. */
  readonly root: string;
  readonly run: string;
  readonly log: string;
  readonly aws: string;
  readonly cloudflare: string;
  readonly pulumiHome: string;
  readonly state: string;
  readonly project: string;
  readonly keys: string;
  readonly hosts: string;
  /** What `http://packages.sandbox.test/debian/` serves. */
  readonly packages: string;
  readonly rendered: string;
}

/** The folder of the sandbox meant by the environment: `$ROADNET_SANDBOX_DIR`, else `.sandbox` in the checkout. */
export function sandboxDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const folder = environment.ROADNET_SANDBOX_DIR;
  // Set to nothing it means nothing: least of all the folder that one happens to be in.
  return resolve(folder === undefined || folder === "" ? join(checkout, ".sandbox") : folder);
}

export function sandboxPaths(root: string = sandboxDirectory()): SandboxPaths {
  return {
    root,
    run: join(root, "run"),
    log: join(root, "log"),
    aws: join(root, "aws"),
    cloudflare: join(root, "cloudflare"),
    pulumiHome: join(root, "pulumi-home"),
    state: join(root, "state"),
    project: join(root, "project"),
    keys: join(root, "keys"),
    hosts: join(root, "hosts"),
    packages: join(root, "packages"),
    rendered: join(root, "rendered"),
  };
}

/** The unix socket on which a service takes requests from other namespaces. */
export function serviceSocket(paths: SandboxPaths, service: ServiceName): string {
  return join(paths.run, `${service}.sock`);
}

/** Six hex digits that tell the sandboxes of one machine apart; part of every namespace's name. */
export function sandboxId(root: string = sandboxDirectory()): string {
  return createHash("sha256").update(root).digest("hex").slice(0, 6);
}

/** The name of one of the sandbox's network namespaces, `rn-1a2b3c-inet`. */
export function namespaceName(role: string, root: string = sandboxDirectory()): string {
  return `rn-${sandboxId(root)}-${role}`;
}
