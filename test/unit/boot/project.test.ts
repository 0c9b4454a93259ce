import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sandboxPaths, type SandboxPaths } from "../../../sandbox/paths.ts";
import { fillStack, prepareProject, type MachineKeys } from "../../../sandbox/project.ts";

const keys: MachineKeys = {
  operator: "ssh-ed25519 AAAA operator",
  hostKey: (name) => `ecdsa-sha2-nistp256 BBBB ${name}`,
  cloudflareAccount: "0123456789abcdef0123456789abcdef",
  originPullAuthority: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
};

interface Stack {
  readonly encryptionsalt?: string;
  readonly config: {
    readonly "blackroad-network:cloudflareAccountId": string;
    readonly "blackroad-network:network": {
      readonly operator: { readonly authorizedKeys: readonly string[] };
      readonly hosts: Record<string, Record<string, { bootstrap?: { hostKey: string } }>>;
    };
  };
}

let paths: SandboxPaths;
beforeEach(() => {
  paths = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-project-")));
});
afterEach(() => {
  rmSync(paths.root, { recursive: true });
});

function stack(): Stack {
  return parse(readFileSync(join(paths.project, "Pulumi.sandbox.yaml"), "utf8")) as Stack;
}

describe("the sandbox's project", () => {
  it("runs the checkout's own program", () => {
    prepareProject(keys, paths);
    const project = parse(readFileSync(join(paths.project, "Pulumi.yaml"), "utf8")) as { main: string };
    expect(resolve(paths.project, project.main)).toBe(resolve("index.ts"));
    expect(existsSync(resolve(paths.project, project.main))).toBe(true);
  });

  it("has this machine's keys wherever the stack file leaves room for them", () => {
    prepareProject(keys, paths);
    const text = readFileSync(join(paths.project, "Pulumi.sandbox.yaml"), "utf8");
    // What is left of the file's placeholders would be one of ours forgotten; comments may still speak of them.
    expect(text.replaceAll(/^ *#.*$/gm, "")).not.toContain("REPLACE-ME");
    const { config } = stack();
    const network = config["blackroad-network:network"];
    expect(network.operator.authorizedKeys).toEqual([keys.operator]);
    const met = Object.values(network.hosts).flatMap((hosts) =>
      Object.entries(hosts).flatMap(([name, { bootstrap }]) =>
        bootstrap ? [[name, bootstrap.hostKey]] : [],
      ),
    );
    const home = ["lucidia", "blackroad-pi", "lucidia-alt"];
    const rack = ["gateway", "storage", "node-1", "node-2", "node-3"];
    expect(met).toEqual([...home, ...rack].map((name) => [name, keys.hostKey(name)]));
    expect(config["blackroad-network:cloudflareAccountId"]).toBe(keys.cloudflareAccount);
  });

  it("keeps the salt of the stack's secrets from start to start", () => {
    prepareProject(keys, paths);
    const file = join(paths.project, "Pulumi.sandbox.yaml");
    writeFileSync(file, `${readFileSync(file, "utf8")}encryptionsalt: v1:abc=:v1:def\n`);
    prepareProject({ ...keys, operator: "ssh-ed25519 CCCC new" }, paths);
    expect(stack().encryptionsalt).toBe("v1:abc=:v1:def");
    expect(stack().config["blackroad-network:network"].operator.authorizedKeys).toEqual([
      "ssh-ed25519 CCCC new",
    ]);
  });
});

describe("a stack file", () => {
  it.each(["config: [", "config: {}\nconfig: {}\n", "config:\n\tx: 1\n"])(
    "that is no YAML is refused: %j",
    (text) => {
      expect(() => fillStack(text, keys)).toThrow(/^Pulumi\.sandbox\.yaml: .* at line \d+, column \d+/);
    },
  );

  it.each(["", "- a\n", "text\n"])("that is no map is refused: %j", (text) => {
    expect(() => fillStack(text, keys)).toThrow("Pulumi.sandbox.yaml must be a map");
  });

  it.each([
    "config: 5\n",
    "config:\n  blackroad-network:network: 7\n",
    "config:\n  blackroad-network:network:\n    operator: [1]\n    hosts: x\n",
  ])("without room for keys is left to the program's check: %j", (text) => {
    const { config } = parse(fillStack(text, keys).toString()) as { config: unknown };
    expect(JSON.stringify(config)).not.toContain(keys.operator);
  });
});
