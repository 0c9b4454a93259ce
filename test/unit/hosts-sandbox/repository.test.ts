/** The sandbox's own package repository beside the image's: read by apt itself. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { prepareRepository, type StandIns } from "../../../sandbox/hosts/repository.ts";

function apt(folder: string, ...args: readonly string[]): string {
  const state = join(folder, "apt");
  for (const part of ["lists/partial", "cache/archives/partial", "etc"])
    mkdirSync(join(state, part), { recursive: true });
  writeFileSync(join(state, "status"), "");
  writeFileSync(join(state, "sources.list"), `deb [trusted=yes] file:${join(folder, "own")} ./\n`);
  const options = [
    `Dir::Etc::sourcelist=${join(state, "sources.list")}`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State=${state}`,
    `Dir::State::status=${join(state, "status")}`,
    `Dir::State::lists=${join(state, "lists")}`,
    `Dir::Cache=${join(state, "cache")}`,
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  const { status, stdout, stderr } = spawnSync("apt-get", [...options, ...args], {
    encoding: "utf8",
    cwd: folder,
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

function program(folder: string, says: string): string {
  const file = join(folder, says.replaceAll(" ", "-"));
  writeFileSync(file, `#!/bin/sh\necho ${says}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("apt finds the image's packages and those of the stand-ins, with their programs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rn-repository-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const image = join(folder, "image");
  const work = join(folder, "given", "DEBIAN");
  mkdirSync(work, { recursive: true });
  mkdirSync(image);
  const control =
    "Package: given\nVersion: 1\nArchitecture: all\nMaintainer: a <a@a.test>\nDescription: given\n";
  writeFileSync(join(work, "control"), control);
  const build =
    "dpkg-deb --build --root-owner-group given image/given_1_all.deb && cd image && dpkg-scanpackages . > Packages";
  expect(spawnSync("sh", ["-ec", build], { cwd: folder, encoding: "utf8" }).status).toBe(0);
  const standIns: StandIns = {
    connector: program(folder, "not cloudflared"),
    service: program(folder, "none of the services"),
  };
  const own = join(folder, "own");
  await prepareRepository(image, own, "an authority\n", standIns);
  // And again, over what is there.
  await prepareRepository(image, own, "an authority\n", standIns);
  apt(folder, "update");
  apt(folder, "download", "given", "cloudflared", "blackroad-api", "blackroad-vault");
  for (const [name, says] of [
    ["cloudflared", "not cloudflared"],
    ["blackroad-api", "none of the services"],
    ["blackroad-vault", "none of the services"],
  ]) {
    const unpack = `dpkg-deb --extract ${name}_*.deb out && out/usr/bin/${name}`;
    expect(spawnSync("sh", ["-ec", unpack], { cwd: folder, encoding: "utf8" }).stdout).toBe(`${says}\n`);
  }
  const trusted = join(folder, "out", "usr", "share", "cloudflared", "edge-ca.pem");
  expect(readFileSync(trusted, "utf8")).toBe("an authority\n");
  const index = readFileSync(join(own, "Packages"), "utf8");
  expect([index, index]).toEqual([
    expect.stringContaining("cloudflared, which it is not"),
    expect.stringContaining("services, none of which it is"),
  ]);

  const missing = { ...standIns, service: join(folder, "nothing") };
  await expect(prepareRepository(image, own, "", missing)).rejects.toThrow("npm run agent");
});
