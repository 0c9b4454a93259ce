/** The sandbox's own package repository beside the image's: read by apt itself. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { prepareRepository } from "../../../sandbox/hosts/repository.ts";

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

test("apt finds the image's packages and the connector's stand-in, and its program", async () => {
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
  const program = join(folder, "program");
  writeFileSync(program, "#!/bin/sh\necho not cloudflared\n");
  chmodSync(program, 0o755);

  await prepareRepository(image, join(folder, "own"), "an authority\n", program);
  // And again, over what is there.
  await prepareRepository(image, join(folder, "own"), "an authority\n", program);
  apt(folder, "update");
  apt(folder, "download", "given", "cloudflared");
  const unpack = "dpkg-deb --extract cloudflared_*.deb out && out/usr/bin/cloudflared";
  expect(spawnSync("sh", ["-ec", unpack], { cwd: folder, encoding: "utf8" }).stdout).toBe(
    "not cloudflared\n",
  );
  const trusted = join(folder, "out", "usr", "share", "cloudflared", "edge-ca.pem");
  expect(readFileSync(trusted, "utf8")).toBe("an authority\n");
  expect(readFileSync(join(folder, "own", "Packages"), "utf8")).toContain("which it is not");

  await expect(prepareRepository(image, join(folder, "own"), "", join(folder, "nothing"))).rejects.toThrow(
    "npm run agent",
  );
});
