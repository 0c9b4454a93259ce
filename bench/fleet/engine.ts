/** Our side: the real engine with the program's own components, as an operator runs it. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { run, type RunResult } from "../../sandbox/hosts/run.ts";
import { installPlugins, type PluginUse } from "../../sandbox/plugins.ts";
import type { FleetHost } from "./hosts.ts";
import type { World } from "./world.ts";

const inherited = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR"];
const timeoutSeconds = 1200;

export class Engine {
  readonly #world: World;
  /** How many resources the engine works on at the same time. */
  readonly #parallel: number;
  #plugins: readonly PluginUse[] = [];

  constructor(world: World, parallel: number) {
    this.#world = world;
    this.#parallel = parallel;
  }

  /** Where the provider of SSH commands comes from: Pulumi's own, or the sandbox's stand-in. */
  get provider(): string {
    const use = this.#plugins.find(({ name }) => name === "command");
    return `${use?.kind ?? "no"} ${use?.version ?? ""}`;
  }

  async setUp(): Promise<void> {
    const { paths } = this.#world;
    await mkdir(paths.pulumiHome, { recursive: true });
    await mkdir(paths.project, { recursive: true });
    this.#plugins = await installPlugins({ packets: true, paths });
    const program = relative(paths.project, resolve(import.meta.dirname, "program.ts"));
    const project = {
      name: "bench",
      main: program,
      runtime: { name: "nodejs", options: { typescript: false } },
    };
    await writeFile(join(paths.project, "Pulumi.yaml"), JSON.stringify(project));
  }

  /** Forgets what was applied, and takes the hosts as they are now. */
  async begin(hosts: readonly FleetHost[]): Promise<void> {
    const { paths } = this.#world;
    await rm(paths.state, { recursive: true, force: true });
    await rm(join(paths.project, "Pulumi.bench.yaml"), { force: true });
    await mkdir(paths.state, { recursive: true });
    const known = hosts.map((host) => ({ ...host, hostKey: this.#world.hostKey(host) }));
    await writeFile(this.#hostsFile, JSON.stringify(known));
    await this.#succeed(["stack", "init", "bench"]);
  }

  /**
   * One update, without the preview that a human would want to see first.
   *
   * @param isAgain whether it is an error if anything changes
   */
  async update(isAgain: boolean): Promise<void> {
    const options = ["--yes", "--skip-preview", `--parallel=${this.#parallel}`, "--stack=bench"];
    await this.#succeed(["up", ...options, ...(isAgain ? ["--expect-no-changes"] : [])]);
  }

  get #hostsFile(): string {
    return join(this.#world.paths.project, "hosts.json");
  }

  async #succeed(args: readonly string[]): Promise<void> {
    const { exitCode, stdout, stderr } = await this.#pulumi(args);
    if (exitCode !== 0) {
      const tail = `${stdout}\n${stderr}`.trim().split("\n").slice(-30).join("\n");
      throw new Error(`pulumi ${args.join(" ")} ended with ${exitCode}:\n${tail}`);
    }
  }

  async #pulumi(args: readonly string[]): Promise<RunResult> {
    const { paths, operator, sshAgent } = this.#world;
    const own = Object.fromEntries(
      inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    const command = ["pulumi", `--cwd=${paths.project}`, "--non-interactive", "--color=never", ...args];
    return await run(["ip", "netns", "exec", operator, ...command], {
      timeoutSeconds,
      env: {
        ...own,
        PULUMI_HOME: paths.pulumiHome,
        PULUMI_BACKEND_URL: `file://${paths.state}`,
        PULUMI_CONFIG_PASSPHRASE: "bench",
        PULUMI_SKIP_UPDATE_CHECK: "1",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
        ROADNET_BENCH_HOSTS: this.#hostsFile,
        SSH_AUTH_SOCK: sshAgent,
      },
    });
  }
}
