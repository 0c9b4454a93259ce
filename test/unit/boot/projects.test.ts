import { globSync } from "node:fs";
import { matchesGlob, resolve } from "node:path";
import { expect, it } from "vitest";
import config from "../../../vitest.config.ts";

interface Project {
  readonly test: {
    readonly name: string;
    readonly include: readonly string[];
    readonly exclude?: readonly string[];
  };
}

const files = globSync("test/**/*.test.ts", { cwd: resolve(import.meta.dirname, "../../..") });
const projects = (config as { readonly test: { readonly projects: readonly Project[] } }).test.projects;

function matches(file: string, globs: readonly string[] = []): boolean {
  return globs.some((glob) => matchesGlob(file, glob));
}

it("each test file is in one project", () => {
  const homes = files.map((file) => [
    file,
    projects.filter(({ test }) => matches(file, test.include) && !matches(file, test.exclude)).length,
  ]);
  // Where stand-ins are asked for it is left out.
  expect(homes.filter(([file, count]) => count !== 1 && file !== "test/sandbox/official.test.ts")).toEqual(
    [],
  );
});

it("each file that a project names is there", () => {
  const named = projects.flatMap(({ test }) => test.include);
  expect(named.filter((glob) => !files.some((file) => matches(file, [glob])))).toEqual([]);
});
