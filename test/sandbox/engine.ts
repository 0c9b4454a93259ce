/** The real engine with stand-in plugins, in a PULUMI_HOME and a backend of its own. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const checkout = resolve(import.meta.dirname, "../..");

export interface Run {
  readonly code: number | null;
  /** Both streams. */
  readonly output: string;
}

export interface TestEngine {
  readonly folder: string;
  /** Writes the program, plain JavaScript in CommonJS. */
  program(source: string): Promise<void>;
  pulumi(...args: string[]): Promise<Run>;
  /** Like {@link pulumi}, but a failure is an error with everything that was printed. */
  succeed(...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

async function installPlugin(home: string, name: string, version: string): Promise<void> {
  const folder = join(home, "plugins", `resource-${name}-v${version}`);
  await mkdir(folder, { recursive: true });
  const main = join(checkout, "sandbox/providers", name, "main.ts");
  const wrapper = `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${main}' "$@"\n`;
  await writeFile(join(folder, `pulumi-resource-${name}`), wrapper, { mode: 0o755 });
}

/** `plugins` maps a provider's name to the SDK version for which it stands in. */
export async function startEngine(
  plugins: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv = {},
): Promise<TestEngine> {
  const folder = await mkdtemp(join(tmpdir(), "roadnet-engine-"));
  const home = join(folder, "home");
  const project = join(folder, "project");
  await mkdir(join(folder, "state"), { recursive: true });
  await mkdir(project, { recursive: true });
  for (const [name, version] of Object.entries(plugins)) await installPlugin(home, name, version);
  await symlink(join(checkout, "node_modules"), join(project, "node_modules"));
  await writeFile(join(project, "Pulumi.yaml"), "name: trial\nruntime:\n  name: nodejs\n");
  await writeFile(join(project, "package.json"), '{"name": "trial", "main": "index.js"}\n');

  const pulumi = (...args: string[]) =>
    new Promise<Run>((done, fail) => {
      const child = spawn("pulumi", [...args, "--non-interactive", "--color=never"], {
        cwd: project,
        env: {
          ...process.env,
          PULUMI_HOME: home,
          PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
          PULUMI_CONFIG_PASSPHRASE: "trial",
          PULUMI_SKIP_UPDATE_CHECK: "1",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
          ...environment,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const chunks: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
      child.once("error", fail);
      child.once("close", (code) => {
        done({ code, output: Buffer.concat(chunks).toString() });
      });
    });
  const succeed = async (...args: string[]) => {
    const { code, output } = await pulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  };
  await succeed("stack", "init", "trial");
  return {
    folder,
    program: (source) => writeFile(join(project, "index.js"), source),
    pulumi,
    succeed,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
