/** What an instance does at its first boot to be reached by Systems Manager. */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { renderCloudConfig } from "../../../components/hosts/boot-identity.ts";
import { ssmAgentInstall } from "../../../components/hosts/ssm-agent.ts";
import { hostOf, planOf } from "../plan/subject.ts";

interface CloudConfig {
  readonly write_files?: readonly {
    readonly path: string;
    readonly permissions: string;
    readonly content: string;
  }[];
  readonly runcmd?: readonly (readonly string[])[];
}

function cloudConfigOf(stack: string, key: string): CloudConfig {
  const keys = { authorizedKeys: [], privateKey: "private", publicKey: "public" };
  return parse(renderCloudConfig({ ...keys, host: hostOf(planOf(stack), key) })) as CloudConfig;
}

function fileOf({ write_files: files }: CloudConfig, path: string): string {
  const file = files?.find((each) => each.path === path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return file.content;
}

const script = "/usr/local/sbin/install-ssm-agent";
const unit = "install-ssm-agent.service";

describe("the cloud-config", () => {
  it("installs the agent from its region's packages, and lets no boot wait for it", () => {
    const config = cloudConfigOf("prod", "us-west/api-1");
    expect(fileOf(config, script)).toContain(
      '"https://s3.us-west-2.amazonaws.com/amazon-ssm-us-west-2/latest/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb"',
    );
    expect(fileOf(config, `/etc/systemd/system/${unit}`)).toMatch(/^Type=exec$/m);
    expect(config.runcmd).toEqual([["systemctl", "enable", "--now", "--no-block", unit]]);
  });

  it("says nothing of it where the region has no such way in", () => {
    expect(Object.keys(cloudConfigOf("dev", "us-west/hub-1"))).not.toContain("runcmd");
  });
});

describe("the script", () => {
  let folder: string;
  /** Of what was asked for, by path. */
  let served: string[];
  const server = createServer((request, response) => {
    served.push(request.url ?? "");
    response.statusCode = request.url === "/latest/debian_riscv/amazon-ssm-agent.deb" ? 200 : 404;
    response.end("a package");
  });

  beforeEach(async () => {
    served = [];
    folder = mkdtempSync(join(tmpdir(), "ssm-agent-"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });

  afterEach(async () => {
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true });
  });

  /** Runs it with a dpkg of that architecture and an apt-get that says what it got. */
  async function run(architecture: string): Promise<number | null> {
    const fake = (name: string, text: string): void => {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    };
    fake("dpkg", `echo ${architecture}`);
    fake("apt-get", `for file; do :; done; cat -- "$file" >"${folder}/installed"`);
    const { port } = server.address() as AddressInfo;
    const install = ssmAgentInstall(`http://127.0.0.1:${port}/latest`) as CloudConfig;
    writeFileSync(join(folder, "install"), fileOf(install, script));
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env.PATH ?? ""}`,
      TMPDIR: folder,
      no_proxy: "*",
    };
    const child = spawn("sh", [join(folder, "install")], { env, stdio: "ignore" });
    return await new Promise((done) => child.once("exit", done));
  }

  it("fetches and installs the package for the machine's architecture, and leaves nothing", async () => {
    expect(await run("riscv")).toBe(0);
    expect(served).toEqual(["/latest/debian_riscv/amazon-ssm-agent.deb"]);
    expect(readFileSync(join(folder, "installed"), "utf8")).toBe("a package");
    expect(readdirSync(folder).sort()).toEqual(["apt-get", "dpkg", "install", "installed"]);
  });

  it("fails where there is none, so that it is tried again", async () => {
    expect(await run("mips")).not.toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["apt-get", "dpkg", "install"]);
  });
});
