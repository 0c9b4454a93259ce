/** Where both sides run: a sandbox without packets, whose simulated clouds are empty at the beginning of each turn. */
import { mkdtempSync, symlinkSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "yaml";
import { createProgress } from "../../scripts/lib/progress.mjs";
import { sandboxDown } from "../../sandbox/down.ts";
import { mustRunPulumi, stackName } from "../../sandbox/engine.ts";
import { sandboxPaths, type SandboxPaths } from "../../sandbox/paths.ts";
import { readPlugins } from "../../sandbox/plugins.ts";
import { startService, stopService } from "../../sandbox/supervise.ts";
import { sandboxUp, serviceStarts } from "../../sandbox/up.ts";
import { measure, withVariable, type Measurement } from "../lib/measure.ts";
import type { ExportedStack } from "./declared.ts";
import { accountQuotas, type WrittenNetwork } from "./network.ts";

export const checkout = resolve(import.meta.dirname, "..", "..");
export const projectName = "blackroad-network";
const probe = join(import.meta.dirname, "probe.mjs");

/** Thousands of resources by a stand-in on a busy machine. */
const timeoutSeconds = 3600;

/** One run of the engine. */
export interface EngineRun extends Measurement {
  /** Of the process that runs the program: its memory at its peak, its processor time. */
  readonly programMiB: number;
  readonly programCpuSeconds: number;
  /** From the start of that process until the program's modules are loaded; zero where the program does not say. */
  readonly loadedSeconds: number;
  /** Its processor time until then. */
  readonly loadedCpuSeconds: number;
}

/** What `probe.mjs` leaves behind. */
interface Seen {
  readonly peakMiB: number;
  readonly cpuSeconds: number;
  readonly loadedSeconds: number;
  readonly loadedCpuSeconds: number;
}

/** A stack's configuration by its full keys. */
export type StackConfiguration = Readonly<Record<string, unknown>>;

export interface ProjectOptions {
  /** The program's file in the folder. */
  readonly main: string;
  /** Whether Pulumi's own way with TypeScript runs it. */
  readonly isTypeScript?: boolean;
  readonly configuration?: StackConfiguration;
}

export class Bed {
  readonly #root = mkdtempSync(join(tmpdir(), "roadnet-bench-"));
  /** By project. */
  readonly #typeScript = new Map<string, boolean>();
  readonly #progress = createProgress({ write: () => true });
  readonly #paths: SandboxPaths = sandboxPaths(join(this.#root, "sandbox"));

  /** Brings a sandbox up, without a stack in it. */
  async setUp(): Promise<void> {
    process.env.ROADNET_AWS_QUOTAS = JSON.stringify(accountQuotas);
    await sandboxUp({ paths: this.#paths, packets: false, deploy: false, progress: this.#progress });
  }

  async tearDown(): Promise<void> {
    await sandboxDown({ paths: this.#paths, progress: this.#progress, purge: true });
    await rm(this.#root, { recursive: true, force: true });
  }

  /** Which provider plugins there are, such as `aws 7.48.0 (stand-in)`. */
  get providers(): string {
    const used = readPlugins(this.#paths).filter(({ name }) => name !== "command");
    return used.map(({ name, version, kind }) => `${name} ${version} (${kind})`).join(", ");
  }

  /** The sandbox's own configuration, with this sandbox's keys in it. */
  async configuration(): Promise<StackConfiguration> {
    const text = await readFile(join(this.#paths.project, `Pulumi.${stackName}.yaml`), "utf8");
    return (parse(text) as { readonly config: StackConfiguration }).config;
  }

  async network(): Promise<WrittenNetwork> {
    return (await this.configuration())[`${projectName}:network`] as WrittenNetwork;
  }

  folder(name: string): string {
    return join(this.#root, name);
  }

  /** Makes a project in a folder of its own; packages are found there as in the checkout. */
  async makeProject(name: string, options: ProjectOptions): Promise<void> {
    const { main, isTypeScript = false, configuration = {} } = options;
    const folder = this.folder(name);
    await mkdir(folder, { recursive: true });
    const runtime = { name: "nodejs", options: { typescript: isTypeScript } };
    await writeFile(join(folder, "Pulumi.yaml"), stringify({ name: projectName, main, runtime }));
    await writeFile(join(folder, "stack.yaml"), stringify({ config: configuration }));
    this.#typeScript.set(name, isTypeScript);
    await rm(join(folder, "node_modules"), { force: true });
    symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
  }

  /** Empty clouds, and a new stack of the project. */
  async begin(name: string): Promise<void> {
    const paths = this.#paths;
    const starts = serviceStarts(paths, undefined);
    for (const start of starts) await stopService(start.name, paths);
    for (const folder of [paths.aws, paths.cloudflare, paths.state, paths.rendered]) {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    for (const start of starts) await startService(start, paths);
    const folder = this.folder(name);
    const stack = await readFile(join(folder, "stack.yaml"), "utf8");
    await writeFile(join(folder, `Pulumi.${stackName}.yaml`), stack, { mode: 0o600 });
    await this.#pulumi(name, ["stack", "init", stackName, "--secrets-provider", "passphrase"]);
  }

  /**
   * Runs the engine on the project's stack, and measures it. The state is written once, at the end: a backend of files
   * writes all of it after every step otherwise, which takes most of the time of a large stack, on either side.
   */
  async run(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<EngineRun> {
    const seenFile = join(this.#root, "seen.json");
    await rm(seenFile, { force: true });
    const watched = {
      isDriver: withVariable("PULUMI_HOME", this.#paths.pulumiHome),
      isHostProcess: () => false,
    };
    const probing = {
      PULUMI_SKIP_CHECKPOINTS: "true",
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${pathToFileURL(probe).href}`.trim(),
      ROADNET_BENCH_PROBE: seenFile,
      ROADNET_BENCH_TYPESCRIPT: String(this.#typeScript.get(name)),
    };
    const { measurement } = await measure(watched, () => this.#pulumi(name, args, { ...env, ...probing }));
    const seen = JSON.parse(await readFile(seenFile, "utf8")) as Seen;
    const { peakMiB: programMiB, cpuSeconds: programCpuSeconds, ...loaded } = seen;
    return { ...measurement, programMiB, programCpuSeconds, ...loaded };
  }

  async exportStack(name: string): Promise<ExportedStack> {
    const text = await this.#pulumi(name, ["stack", "export", "--show-secrets"]);
    return JSON.parse(text) as ExportedStack;
  }

  #pulumi(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const options = { paths: this.#paths, packets: false, cwd: this.folder(name), timeoutSeconds, env };
    return mustRunPulumi([...args, "--color", "never"], options);
  }
}
