/** The agent's programs, which `npm run agent` builds from `edge/`. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

import * as pulumi from "@pulumi/pulumi";

export type Architecture = "amd64" | "arm64";

export interface AgentBuild {
  /** From the program's working directory, so that the state does not depend on where the checkout lies. */
  readonly path: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

const builds = new Map<Architecture, AgentBuild>();

/**
 * The agent for hosts of an architecture.
 * @throws {pulumi.RunError} where it has not been built.
 */
export function agentFor(architecture: Architecture): AgentBuild {
  const known = builds.get(architecture);
  if (known !== undefined) return known;
  const file = fileURLToPath(new URL(`../../edge/dist/reef-agent-linux-${architecture}`, import.meta.url));
  if (!existsSync(file)) {
    throw new pulumi.RunError(
      `${relative(process.cwd(), file)} is missing: build it with \`npm run agent\`.`,
    );
  }
  const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
  const build = { path: relative(process.cwd(), file), sha256 };
  builds.set(architecture, build);
  return build;
}
