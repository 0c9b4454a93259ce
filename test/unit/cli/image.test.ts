/** `roadnet image`: what it writes where, and what it leaves alone. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeImage } from "../../../cli/image/write.ts";
import { operatorKey } from "../config/stack.ts";
import { roadnet, type Outcome } from "./roadnet.ts";

let folder: string;
let output: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-image-"));
  output = join(folder, "bootfs");
  // As its owner has it before the first boot: the keys are known, host keys and images are not.
  const stack = readFileSync("Pulumi.prod.yaml", "utf8").replace(
    "authorizedKeys: [REPLACE-ME]",
    `authorizedKeys: ["${operatorKey}"]`,
  );
  expect(stack).toContain(operatorKey);
  writeFileSync(join(folder, "Pulumi.prod.yaml"), stack);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function image(host: string, ...options: readonly string[]): Promise<Outcome> {
  return roadnet(["image", host, "--cwd", folder, "--output", output, ...options]);
}

const words =
  "systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target";

const read = (name: string): string => readFileSync(join(output, name), "utf8");

describe("roadnet image", () => {
  it("makes the folder and writes Trixie's files, before anybody knows the host key", async () => {
    const { code, stdout } = await image("edge-home/lucidia");
    expect(code).toBe(0);
    expect(readdirSync(output).sort()).toEqual(["meta-data", "network-config", "ssh", "user-data"]);
    expect(read("user-data")).toContain(operatorKey);
    expect(stdout).toContain("hosts.edge-home.lucidia.bootstrap.hostKey");
  });

  it("overwrites nothing unless it is told to", async () => {
    mkdirSync(output);
    writeFileSync(join(output, "user-data"), "mine");
    const refused = await image("edge-home/lucidia");
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toBe(
      `roadnet: ${output} has user-data already: --force replaces what is there.\n`,
    );
    expect(readdirSync(output)).toEqual(["user-data"]);
    expect(read("user-data")).toBe("mine");
    expect((await image("edge-home/lucidia", "--force")).code).toBe(0);
    expect(read("user-data")).toContain("lucidia.edge-home");
  });

  it("says what Bookworm's command line must have where it does not see it", async () => {
    const { stdout } = await image("edge-home/lucidia", "--release", "bookworm");
    expect(stdout).toContain(`  ${words}\n`);
  });

  it("adds it once where it sees it", () => {
    mkdirSync(output);
    writeFileSync(join(output, "cmdline.txt"), "console=tty1 root=PARTUUID=1-02 rootwait\n");
    const rendered = { files: [{ name: "ssh", content: "" }], commandLine: words };
    expect(() => writeImage(rendered, output, false)).toThrow(
      `${output} has cmdline.txt already: --force replaces what is there, and adds to cmdline.txt.`,
    );
    expect(read("cmdline.txt")).not.toContain("systemd.run");
    for (let count = 0; count < 2; count++) {
      expect(writeImage(rendered, output, true)).toEqual({
        files: [join(output, "ssh"), join(output, "cmdline.txt")],
        commandLine: "",
      });
      expect(read("cmdline.txt")).toBe(`console=tty1 root=PARTUUID=1-02 rootwait ${words}\n`);
    }
  });

  it("prints JSON where it is asked for", async () => {
    const { stdout } = await image("edge-home/lucidia-alt", "--json");
    expect(JSON.parse(stdout)).toEqual({
      host: "edge-home/lucidia-alt",
      release: "trixie",
      files: ["ssh", "user-data", "network-config", "meta-data"].map((name) => join(output, name)),
      commandLine: "",
    });
  });

  it("names the machines where it is asked for something else", async () => {
    const rack = ["gateway", "node-1", "node-2", "node-3", "storage"].map((name) => `coral-reef/${name}`);
    const lab = ["blackroad-pi", "lucidia", "lucidia-alt"].map((name) => `edge-home/${name}`);
    for (const host of ["us-west/api-1", "lucidia"]) {
      const { code, stderr } = await image(host);
      expect(code).toBe(2);
      expect(stderr).toBe(
        `roadnet: ${host} is no machine at a site of the stack prod: its machines are ${[...rack, ...lab].join(", ")}.\n`,
      );
    }
  });

  it("says what is wrong with the stack's file, or that there is none", async () => {
    expect((await image("edge-home/lucidia", "--stack", "staging")).stderr).toBe(
      `roadnet: There is no stack staging: ${join(folder, "Pulumi.staging.yaml")} does not exist.\n`,
    );
    const file = join(folder, "Pulumi.prod.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(operatorKey, "REPLACE-ME"));
    const { code, stderr } = await image("edge-home/lucidia");
    expect(code).toBe(1);
    expect(stderr).toContain("network.operator.authorizedKeys[0]\n    still says REPLACE-ME");
    expect(stderr).toContain("has 1 problem:");
  });
});
