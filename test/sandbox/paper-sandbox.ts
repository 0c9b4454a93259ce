/**
 * A sandbox of a test's own, without packets: the real engine against the simulated clouds, with hosts made of files.
 * It can be up beside any other sandbox.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createProgress } from "../../scripts/lib/progress.mjs";
import { sandboxDown } from "../../sandbox/down.ts";
import { runPulumi, stackName, type PulumiResult, type RunPulumiOptions } from "../../sandbox/engine.ts";
import { sandboxPaths, serviceSocket, type SandboxPaths } from "../../sandbox/paths.ts";
import { AwsClient } from "../../sandbox/services/aws/client.ts";
import { CloudflareControl } from "../cloudflare-control.ts";
import { sandboxUp } from "../../sandbox/up.ts";
import type { StackState } from "./cloud-state.ts";

const cli = resolve(import.meta.dirname, "..", "..", "cli", "main.ts");

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
}

export class PaperSandbox {
  readonly paths: SandboxPaths;
  readonly aws: AwsClient;
  readonly cloudflare: CloudflareControl;
  readonly #progress = createProgress({ write: () => true });

  private constructor(folder: string) {
    this.paths = sandboxPaths(folder);
    this.aws = new AwsClient(serviceSocket(this.paths, "aws"));
    this.cloudflare = new CloudflareControl(this.paths);
  }

  /** Everything is started, and nothing deployed. */
  static async start(name: string): Promise<PaperSandbox> {
    const sandbox = new PaperSandbox(mkdtempSync(join(tmpdir(), `roadnet-${name}-`)));
    await sandboxUp({
      paths: sandbox.paths,
      packets: false,
      deploy: false,
      progress: sandbox.#progress,
    });
    // What else is being tested meanwhile may make hosts slow, and these tests are not about that.
    sandbox.editConfiguration([['askSeconds: "20"', 'askSeconds: "60"']]);
    return sandbox;
  }

  async remove(): Promise<void> {
    await sandboxDown({ paths: this.paths, progress: this.#progress, purge: true });
  }

  /** Runs the engine to its end. */
  pulumi(args: readonly string[], options: RunPulumiOptions = {}): Promise<PulumiResult> {
    const timeoutSeconds = 900;
    return runPulumi([...args, "--color", "never"], {
      timeoutSeconds,
      ...options,
      paths: this.paths,
      packets: false,
    });
  }

  /** Like {@link pulumi}. @throws Error with what it printed, unless it ended well */
  async mustPulumi(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.pulumi(args);
    if (exitCode !== 0)
      throw new Error(`pulumi ${args.join(" ")} ended with ${exitCode}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  async up(): Promise<void> {
    await this.mustPulumi("up", "--yes", "--skip-preview", "--suppress-outputs");
  }

  async destroy(): Promise<void> {
    await this.mustPulumi("destroy", "--yes", "--skip-preview");
    // As bringing the sandbox up does: new instances are not to find the files of the old ones.
    rmSync(this.paths.rendered, { recursive: true, force: true });
  }

  /** Runs `roadnet`; `onStart` gets the id of its process. */
  async roadnet(args: readonly string[], onStart?: (pid: number) => void): Promise<CommandResult> {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", cli, ...args], {
      env: { ...process.env, ROADNET_SANDBOX_DIR: this.paths.root },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    if (child.pid !== undefined) onStart?.(child.pid);
    const exitCode = await new Promise<number>((done, fail) => {
      child.once("error", fail);
      child.once("close", (code) => {
        done(code ?? -1);
      });
    });
    return { exitCode, output };
  }

  async state(): Promise<StackState> {
    return JSON.parse(await this.mustPulumi("stack", "export")) as StackState;
  }

  /** Replaces texts in the stack's configuration; each must be there. */
  editConfiguration(edits: readonly (readonly [from: string, to: string])[]): void {
    const file = join(this.paths.project, `Pulumi.${stackName}.yaml`);
    let text = readFileSync(file, "utf8");
    for (const [from, to] of edits) {
      if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)}`);
      text = text.replaceAll(from, to);
    }
    writeFileSync(file, text);
  }
}
