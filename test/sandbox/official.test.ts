/**
 * The same program, once on official plugins and once on stand-ins: the same outputs, the same state and the same
 * files on every host, but for what compare-allowed.ts names. Where no official plugin can be had, it says why.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planOf } from "../unit/plan/subject.ts";
import { run } from "../../sandbox/hosts/run.ts";
import { sandboxPaths } from "../../sandbox/paths.ts";
import { readPlugins, type PluginUse, type ProviderName } from "../../sandbox/plugins.ts";
import { sdkVersion } from "../../sandbox/providers/shared/version.ts";
import { differences } from "./compare.ts";
import { takeSnapshot, type Snapshot } from "./compare-snapshot.ts";

const checkout = resolve(import.meta.dirname, "../..");
const upSeconds = 800;

/** Short, because unix sockets are in there. */
let folder: string;

async function roadnet(environment: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const argv = [process.execPath, join(checkout, "cli", "main.ts"), "sandbox", ...args];
  const options = {
    env: { ...process.env, ROADNET_PROVIDERS: "", ...environment },
    timeoutSeconds: upSeconds,
  };
  const { exitCode, stdout, stderr } = await run(argv, options);
  if (exitCode !== 0) throw new Error(`roadnet sandbox ${args.join(" ")}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** Brings a sandbox up from nothing, looks at it, and removes it again. */
async function trial(
  name: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ snapshot: Snapshot; plugins: readonly PluginUse[] }> {
  const root = join(folder, name);
  const where = { ...environment, ROADNET_SANDBOX_DIR: root };
  try {
    await roadnet(where, "up");
    const paths = sandboxPaths(root);
    return { snapshot: await takeSnapshot(paths), plugins: readPlugins(paths) };
  } finally {
    await roadnet(where, "down", "--purge");
  }
}

/** Puts one of our own programs where an official plugin would be, with what else lies beside those. */
function placePlugin(parent: string, name: ProviderName, version: string, main: string): void {
  const plugin = join(parent, "plugins", `resource-${name}-v${version}`);
  mkdirSync(plugin, { recursive: true });
  const wrapper = `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${main}' "$@"\n`;
  writeFileSync(join(plugin, `pulumi-resource-${name}`), wrapper, { mode: 0o755 });
  writeFileSync(join(plugin, "LICENSE"), "");
  writeFileSync(`${plugin}.lock`, "");
}

function standIn(name: ProviderName): string {
  return join(checkout, "sandbox", "providers", name, "main.ts");
}

let reference: Snapshot;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rn-"));
  const { snapshot, plugins } = await trial("a", { ROADNET_PROVIDERS: "stand-ins", PULUMI_PLUGIN_DIR: "" });
  expect(new Set(plugins.map(({ kind }) => kind))).toEqual(new Set(["stand-in"]));
  reference = snapshot;
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the comparison", () => {
  it("looks at everything: outputs, every resource, and the files of all hosts", () => {
    expect(Object.keys(reference.outputs as object).sort()).toEqual([
      "contractVersion",
      "hosts",
      "hubs",
      "regions",
      "zones",
    ]);
    expect(reference.resources.size).toBeGreaterThan(150);
    expect(reference.hosts.size).toBe(planOf("sandbox").hosts.length);
    const file = reference.hosts.get("lucidia")?.get("/etc/wireguard/wg0.conf");
    expect(file).toMatchObject({ kind: "file", mode: "0600", owner: "0:0" });
    expect(differences(reference, reference)).toEqual([]);
  });

  it("finds what an altered plugin from a partial PULUMI_PLUGIN_DIR does, and nothing else", async () => {
    const given = join(folder, "given");
    const altered = join(import.meta.dirname, "official-altered.ts");
    placePlugin(given, "command", sdkVersion("command"), altered);
    placePlugin(given, "tls", sdkVersion("tls"), standIn("tls"));
    placePlugin(given, "cloudflare", sdkVersion("cloudflare"), standIn("cloudflare"));
    placePlugin(given, "random", "4.18.0", standIn("random"));
    const { snapshot, plugins } = await trial("b", { PULUMI_PLUGIN_DIR: given });
    const kinds = Object.fromEntries(plugins.map(({ name, kind, reason }) => [name, `${kind}: ${reason}`]));
    expect(kinds).toEqual({
      aws: "stand-in: always: the sandbox has no AWS account",
      cloudflare: "official: from PULUMI_PLUGIN_DIR",
      command: "official: from PULUMI_PLUGIN_DIR",
      tls: "official: from PULUMI_PLUGIN_DIR",
      random: `stand-in: PULUMI_PLUGIN_DIR has random 4.18.0, and the SDK asks for ${sdkVersion("random")}`,
    });
    expect(differences(reference, snapshot)).toEqual([
      expect.stringMatching(/^command:remote:Command us-west\/api-1\/apply outputs\.stdout: .* ≠ .*altered/),
      'us-west/api-1 /etc/hosts mode: "0644" ≠ "0640"',
    ]);
  });
});

describe("the official plugins", () => {
  it("yield the same outputs, state and host files as the stand-ins", async ({ skip }) => {
    const uses = JSON.parse(await roadnet({}, "providers", "--check", "--json")) as readonly PluginUse[];
    const available = uses.filter(({ kind }) => kind === "official");
    if (available.length === 0) {
      const reasons = uses
        .filter(({ name }) => name !== "aws")
        .map(({ name, reason }) => `${name}: ${reason}`);
      const sentence = `no official plugin can be had (${reasons.join("; ")})`;
      console.log(`skipped: the comparison with official plugins, ${sentence}`);
      skip(sentence);
    }
    if (process.env.ROADNET_PROVIDERS === "stand-ins") {
      const sentence = "ROADNET_PROVIDERS=stand-ins; `npm test -- --official` compares them";
      console.log(`skipped: the comparison with official plugins, ${sentence}`);
      skip(sentence);
    }
    const names = available.map(({ name, version }) => `${name} ${version}`).join(", ");
    console.log(`compared with stand-ins: ${names}`);
    const { snapshot, plugins } = await trial("c", {});
    expect(plugins.filter(({ kind }) => kind === "official").map(({ name }) => name)).toEqual(
      available.map(({ name }) => name),
    );
    expect(differences(reference, snapshot)).toEqual([]);
  });
});
