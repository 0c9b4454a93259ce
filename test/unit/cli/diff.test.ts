/** `roadnet diff`: files and revisions, and every shape of what it prints. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderMarkdown, renderText, type Compared } from "../../../cli/diff/render.ts";
import { filledFile } from "../config/stack.ts";
import { roadnet, type Outcome } from "./roadnet.ts";

describe("roadnet diff", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "roadnet-diff-"));
    const git = (...args: readonly string[]): void => {
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder });
    };
    const text = filledFile("prod");
    writeFileSync(join(folder, "Pulumi.prod.yaml"), text);
    git("init", "-q");
    git("add", ".");
    git("commit", "-q", "-m", "before");
    const head = text.replace(
      "source: sg-internal, description: Redis",
      "source: 10.0.0.0/8, description: Redis",
    );
    expect(head).not.toBe(text);
    writeFileSync(join(folder, "Pulumi.prod.yaml"), head);
    writeFileSync(join(folder, "wrong.yaml"), text.replace("owner: ", "Owner: "));
    writeFileSync(join(folder, "broken.yaml"), `${text}\n  more: [1,\n`);
    writeFileSync(join(folder, "renamed.yaml"), text.replaceAll("redis-1", "cache-1"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const diff = (...args: readonly string[]): Promise<Outcome> =>
    roadnet(["diff", ...args, "--cwd", folder], { env: { NO_COLOR: "1" } });

  const row = "us-west/hub-1, us-west/lb-1, us-west/lb-2";

  it("compares a revision with the file as it is", async () => {
    const { code, stdout } = await diff("HEAD:Pulumi.prod.yaml", "Pulumi.prod.yaml");
    expect(stdout).toBe(
      `Flows from HEAD:Pulumi.prod.yaml to Pulumi.prod.yaml: 1 gained\n  ${row} -> us-west/redis-1: +6379/tcp\n`,
    );
    expect(code).toBe(0);
  });

  it("has a table for a pull request, JSON, and an exit code where one is asked for", async () => {
    const files = ["HEAD:Pulumi.prod.yaml", "Pulumi.prod.yaml"];
    const markdown = await diff(...files, "--markdown", "--exit-code");
    expect(markdown.code).toBe(1);
    expect(markdown.stdout).toContain(`| gained | ${row} | us-west/redis-1 | 6379/tcp |\n`);
    const json = await diff(...files, "--json");
    expect(JSON.parse(json.stdout)).toEqual({
      base: "HEAD:Pulumi.prod.yaml",
      head: "Pulumi.prod.yaml",
      renamed: [],
      differences: [
        { change: "gained", from: row.split(", "), to: ["us-west/redis-1"], traffic: "6379/tcp" },
      ],
      undecided: [],
    });
    const same = await diff("Pulumi.prod.yaml", "Pulumi.prod.yaml", "--exit-code", "--markdown");
    expect(same).toMatchObject({
      code: 0,
      stdout: "No flow is gained or lost from `Pulumi.prod.yaml` to `Pulumi.prod.yaml`.\n",
    });
  });

  it("knows a host by its address where only its name is another", async () => {
    const { stdout } = await diff("HEAD:Pulumi.prod.yaml", "renamed.yaml");
    expect(stdout).toBe(
      "No flow is gained or lost from HEAD:Pulumi.prod.yaml to renamed.yaml.\nus-west/redis-1 is called us-west/cache-1 now.\n",
    );
  });

  it.each([
    ["HEAD:Pulumi.nowhere.yaml", "git has no HEAD:Pulumi.nowhere.yaml"],
    ["nobody:Pulumi.prod.yaml", "git has no nobody:Pulumi.prod.yaml"],
    ["Pulumi.nowhere.yaml", "Pulumi.nowhere.yaml does not exist"],
    [".", ". is a folder: name the stack's file in it"],
    ["wrong.yaml", "wrong.yaml: The network's configuration has 2 problems:\n"],
    ["broken.yaml", "broken.yaml is no YAML: "],
  ])("%s cannot be compared", async (name, says) => {
    const { code, stderr } = await diff(name, "Pulumi.prod.yaml");
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/:\n$/);
    expect(code).toBe(2);
  });
});

describe("differences in words", () => {
  const many = Array.from({ length: 8 }, (_, index) => `r/h-${index}`);
  const compared: Compared = {
    base: "a",
    head: "b",
    renamed: [{ from: "r/old", to: "r/new" }],
    differences: [
      { change: "gained", from: many, to: ["r/x"], traffic: "1/tcp" },
      { change: "lost", from: ["every host of r"], to: ["internet"], traffic: "everything" },
    ],
    undecided: ["r/x -> r/y", "r/y -> r/x"],
  };

  it("name a few ends, and count the others", () => {
    const text = renderText(compared, (code, line) => `<${code}>${line}`);
    expect(text).toEqual([
      "Flows from a to b: 1 gained, 1 lost",
      "r/old is called r/new now.",
      "<32>  r/h-0, r/h-1, r/h-2, r/h-3, r/h-4, r/h-5 and 2 more -> r/x: +1/tcp",
      "<31>  every host of r -> internet: -everything",
      "Not all can be told, and counts as stopped what cannot: r/x -> r/y and 1 more.",
    ]);
  });

  it("are a table in markdown", () => {
    expect(renderMarkdown(compared)).toEqual([
      "**Flows: 1 gained, 1 lost** from `a` to `b`",
      "",
      "`r/old` is called `r/new` now.",
      "",
      "| | From | To | Traffic |",
      "| --- | --- | --- | --- |",
      "| gained | r/h-0, r/h-1, r/h-2, r/h-3, r/h-4, r/h-5 and 2 more | r/x | 1/tcp |",
      "| lost | every host of r | internet | everything |",
      "",
      "Not all can be told, and counts as stopped what cannot: r/x -> r/y and 1 more.",
    ]);
  });

  it("never only count who stands outside", () => {
    const outside = {
      ...compared,
      differences: [
        { change: "gained", from: ["r/x"], to: [...many, "internet", "operator"], traffic: "1/tcp" },
      ],
    } as const;
    expect(renderText(outside, (_, line) => line)[2]).toBe(
      "  r/x -> internet, operator, r/h-0, r/h-1, r/h-2, r/h-3 and 4 more: +1/tcp",
    );
  });

  it("keep what means something in markdown from meaning it", () => {
    const odd = {
      ...compared,
      base: "a`b.yaml",
      renamed: [],
      undecided: [],
      differences: [{ change: "lost", from: ["web | old"], to: ["r/x"], traffic: "1/tcp" }],
    } as const;
    const lines = renderMarkdown(odd);
    expect(lines[0]).toBe("**Flows: 1 lost** from `` a`b.yaml `` to `b`");
    expect(lines.at(-1)).toBe("| lost | web \\| old | r/x | 1/tcp |");
  });
});
