import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sandboxPaths, type SandboxPaths } from "../../../sandbox/paths.ts";
import {
  findInFolder,
  installPlugins,
  pluginTable,
  providerNames,
  providerWish,
  readPlugins,
  type PluginUse,
  type ProviderName,
} from "../../../sandbox/plugins.ts";
import { processStartTicks } from "../../../sandbox/service.ts";
import { sdkVersion } from "../../../sandbox/providers/shared/version.ts";

let folder: string;
let paths: SandboxPaths;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-plugins-"));
  paths = sandboxPaths(join(folder, "sandbox"));
  mkdirSync(paths.pulumiHome, { recursive: true });
});
afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

/** A folder of official plugins, as PULUMI_PLUGIN_DIR names it. */
function officialFolder(names: readonly ProviderName[], below = ""): string {
  const parent = join(folder, "official");
  for (const name of names) {
    const plugin = join(parent, below, `resource-${name}-v${sdkVersion(name)}`);
    mkdirSync(plugin, { recursive: true });
    writeFileSync(join(plugin, `pulumi-resource-${name}`), "#!/bin/sh\necho official\n", { mode: 0o755 });
  }
  return parent;
}

function placed(name: ProviderName): string {
  return join(
    paths.pulumiHome,
    "plugins",
    `resource-${name}-v${sdkVersion(name)}`,
    `pulumi-resource-${name}`,
  );
}

function kinds(uses: readonly PluginUse[]): Record<string, string> {
  return Object.fromEntries(uses.map(({ name, kind }) => [name, kind]));
}

const standIns = { ROADNET_PROVIDERS: "stand-ins" };

describe("stand-ins", () => {
  it("are installed at the SDK's version to the digit, for every provider", async () => {
    const uses = await installPlugins({ packets: true, paths, environment: standIns });
    expect(uses.map(({ name }) => name)).toEqual([...providerNames]);
    for (const { name, kind, version } of uses) {
      expect(kind).toBe("stand-in");
      const sdk = readFileSync(join("node_modules", "@pulumi", name, "package.json"), "utf8");
      expect(version).toBe((JSON.parse(sdk) as { version: string }).version);
      expect(readFileSync(placed(name), "utf8")).toContain(`sandbox/providers/${name}/main.ts`);
    }
    expect(readPlugins(paths)).toEqual(uses);
  });

  it.skipIf(process.platform === "win32").each(["random", "cloudflare", "aws"] as const)(
    "%s ends where the engine that started it died while it was loading",
    async (name) => {
      await installPlugins({ packets: true, paths, environment: standIns });
      // The shell is the engine: it starts the plugin and is gone before Node.js has loaded.
      const script = '"$0" >/dev/null 2>&1 & echo $!; sleep 0.02';
      const pid = Number(execFileSync("sh", ["-c", script, placed(name)], { encoding: "utf8" }));
      expect(processStartTicks(pid)).toBeDefined();
      try {
        await vi.waitFor(() => {
          expect(processStartTicks(pid)).toBeUndefined();
        }, 15_000);
      } finally {
        if (processStartTicks(pid) !== undefined) process.kill(pid, "SIGKILL");
      }
    },
  );

  it("run this Node.js, also from a path with quotes and spaces", async () => {
    await installPlugins({ packets: true, paths, environment: standIns });
    const wrapper = readFileSync(placed("tls"), "utf8");
    const probe = wrapper.replace(/'[^']*main\.ts'/, "-p 'process.execPath'");
    const file = join(folder, "it's a probe");
    writeFileSync(file, probe, { mode: 0o755 });
    expect(execFileSync(file, { encoding: "utf8" }).trim()).toBe(process.execPath);
  });

  it("leave no half-made folder behind", async () => {
    await installPlugins({ packets: true, paths, environment: standIns });
    await installPlugins({ packets: true, paths, environment: standIns });
    expect(readdirSync(join(paths.pulumiHome, "plugins"))).toHaveLength(providerNames.length);
  });
});

describe("PULUMI_PLUGIN_DIR", () => {
  it.each(["", "plugins"])("is laid out as plugins or as a PULUMI_HOME (%j)", async (below) => {
    const official = officialFolder(["cloudflare", "command", "tls", "random"], below);
    const environment = { PULUMI_PLUGIN_DIR: official };
    const uses = await installPlugins({ packets: true, paths, environment });
    expect(kinds(uses)).toEqual({
      aws: "stand-in",
      cloudflare: "official",
      command: "official",
      tls: "official",
      random: "official",
    });
    expect(execFileSync(placed("random"), { encoding: "utf8" })).toBe("official\n");
  });

  it("never replaces the simulated AWS, nor hosts made of files", async () => {
    const environment = { PULUMI_PLUGIN_DIR: officialFolder(["aws", "command", "tls"]) };
    vi.stubGlobal("fetch", () => Promise.reject(new Error("offline")));
    const uses = await installPlugins({ packets: false, paths, environment });
    expect(kinds(uses)).toMatchObject({ aws: "stand-in", command: "stand-in", tls: "official" });
  });

  it("must exist", async () => {
    const environment = { PULUMI_PLUGIN_DIR: join(folder, "nowhere") };
    await expect(installPlugins({ packets: true, paths, environment })).rejects.toThrow(
      `PULUMI_PLUGIN_DIR is ${join(folder, "nowhere")}, and there is no such folder.`,
    );
  });

  it("must be a folder", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(
      installPlugins({ packets: true, paths, environment: { PULUMI_PLUGIN_DIR: file } }),
    ).rejects.toThrow(`PULUMI_PLUGIN_DIR is ${file}, and that is no folder: it must be one.`);
  });

  it("counts only for the exact version and a program that can be run", () => {
    const official = officialFolder(["tls"]);
    expect(findInFolder(official, "tls", sdkVersion("tls"))).toBeDefined();
    expect(findInFolder(official, "tls", "5.6.0")).toBeUndefined();
    const file = join(official, `resource-tls-v${sdkVersion("tls")}`, "pulumi-resource-tls");
    rmSync(file);
    writeFileSync(file, "", { mode: 0o644 });
    expect(findInFolder(official, "tls", sdkVersion("tls"))).toBeUndefined();
  });
});

describe("the choice", () => {
  beforeEach(() => {
    vi.stubGlobal("fetch", () => Promise.reject(new Error("offline")));
  });

  it("takes a partial set, and says plainly what a folder has instead of the rest", async () => {
    const official = officialFolder(["command", "tls", "random", "cloudflare"]);
    renameSync(
      join(official, `resource-cloudflare-v${sdkVersion("cloudflare")}`),
      join(official, "resource-cloudflare-v6.17.0"),
    );
    const random = join(official, `resource-random-v${sdkVersion("random")}`);
    writeFileSync(`${random}.partial`, "");
    chmodSync(join(official, `resource-tls-v${sdkVersion("tls")}`, "pulumi-resource-tls"), 0o644);
    const environment = { PULUMI_PLUGIN_DIR: official };
    for (const start of ["first", "second"]) {
      const uses = await installPlugins({ packets: true, paths, environment });
      const told = Object.fromEntries(uses.map(({ name, kind, reason }) => [name, `${kind}: ${reason}`]));
      expect(told, start).toMatchObject({
        cloudflare: "stand-in: PULUMI_PLUGIN_DIR has cloudflare 6.17.0, and the SDK asks for 6.22.1",
        command: "official: from PULUMI_PLUGIN_DIR",
        tls: "stand-in: PULUMI_PLUGIN_DIR has tls 5.6.1 without an executable pulumi-resource-tls",
        random: "stand-in: PULUMI_PLUGIN_DIR has random 4.21.2 as an install that was cut short",
      });
    }
  });

  it("is a stand-in, with the reason, where nothing can be downloaded", async () => {
    const uses = await installPlugins({ packets: true, paths, environment: {} });
    expect(new Set(Object.values(kinds(uses)))).toEqual(new Set(["stand-in"]));
    expect(uses.find(({ name }) => name === "tls")?.reason).toBe("Pulumi's downloads cannot be reached");
  });

  it("stays from start to start, without asking again", async () => {
    const official = officialFolder(["tls"]);
    await installPlugins({ packets: true, paths, environment: { PULUMI_PLUGIN_DIR: official } });
    rmSync(official, { recursive: true });
    vi.stubGlobal("fetch", () => {
      throw new Error("asked again");
    });
    const uses = await installPlugins({ packets: true, paths, environment: {} });
    expect(kinds(uses)).toMatchObject({ tls: "official", random: "stand-in" });
    expect(existsSync(placed("tls"))).toBe(true);
  });

  it("is refused where official ones are demanded and cannot be had", async () => {
    const environment = { ROADNET_PROVIDERS: "official", PULUMI_PLUGIN_DIR: officialFolder(["tls"]) };
    await expect(installPlugins({ packets: true, paths, environment })).rejects.toThrow(
      /cannot be had: cloudflare 6\.22\.1 \(.*\), command 1\.2\.1 \(.*\), random 4\.21\.2 \(/,
    );
  });

  it("knows two wishes and no third", () => {
    expect(providerWish({})).toBeUndefined();
    expect(providerWish({ ROADNET_PROVIDERS: "official" })).toBe("official");
    expect(() => providerWish({ ROADNET_PROVIDERS: "offical" })).toThrow('and is "offical"');
  });
});

it("the table names provider, version, kind and reason", () => {
  const uses: PluginUse[] = [{ name: "aws", version: "7.48.0", kind: "stand-in", reason: "always" }];
  expect(pluginTable(uses)).toEqual(["aws         7.48.0   stand-in  always"]);
});
