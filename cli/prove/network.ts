/** The network of a sandbox's stack as the proof sees it, and of the stack as it was when packets agreed with it last. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NetworkPlan } from "../../components/plan/model.ts";
import { Prover } from "../../components/proof/prover.ts";
import { buildWorld } from "../../components/proof/world/build.ts";
import { stackName } from "../../sandbox/engine.ts";
import { SandboxError } from "../../sandbox/mode.ts";
import type { SandboxPaths } from "../../sandbox/paths.ts";
import { openText } from "../proof/input.ts";

export interface ProvenNetwork {
  readonly plan: NetworkPlan;
  readonly prover: Prover;
}

export function networkOf(plan: NetworkPlan): ProvenNetwork {
  return { plan, prover: new Prover(buildWorld(plan)) };
}

/** @throws {SandboxError} where the text is no stack's file, or its network is refused */
export function readNetwork(text: string, file: string): ProvenNetwork {
  const { world, stack } = openText(text, file, stackName);
  return { plan: stack.plan, prover: new Prover(world) };
}

/** The file of the stack that runs in the sandbox, and what it says. */
export function stackFile(paths: SandboxPaths): { readonly file: string; readonly text: string } {
  const file = join(paths.project, `Pulumi.${stackName}.yaml`);
  try {
    return { file, text: readFileSync(file, "utf8") };
  } catch (error) {
    throw new SandboxError(
      `${file} cannot be read (${(error as Error).message}): \`npm start\` writes it.`,
      2,
    );
  }
}

function provenFile(paths: SandboxPaths): string {
  return join(paths.root, "proven.yaml");
}

/** What the stack said when packets agreed with all of it; `undefined` where they never did. */
export function lastProven(paths: SandboxPaths): string | undefined {
  try {
    return readFileSync(provenFile(paths), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export function rememberProven(paths: SandboxPaths, text: string): void {
  mkdirSync(paths.root, { recursive: true });
  const file = provenFile(paths);
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Tells one text of a stack from another, in few letters. */
export function fingerprint(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
