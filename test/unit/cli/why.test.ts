/** `roadnet why`: exit codes, and both shapes of what it prints. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderVerdict } from "../../../cli/why/render.ts";
import type { Verdict } from "../../../components/proof/ask/answer.ts";
import { ask, networkWith, subjectOf } from "../proof/ask/subject.ts";
import { roadnet } from "./roadnet.ts";

const plain = (_: number, text: string): string => text;
const prod = subjectOf(networkWith());

describe("roadnet why", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "roadnet-why-"));
    writeFileSync(join(folder, "Pulumi.none.yaml"), "config: {}\n");
    writeFileSync(
      join(folder, "Pulumi.wrong.yaml"),
      "config: { 'blackroad-network:network': { owner: X } }\n",
    );
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    [
      ["us-west/api-1", "redis-1", "6379/tcp"],
      0,
      "pass  us-west/api-1 -> us-west/redis-1, 6379/tcp (stack prod)",
    ],
    [["internet", "us-west/hub-1", "22/tcp"], 1, "blocked  internet -> us-west/hub-1, 22/tcp (stack prod)"],
    [["9.8.7.6", "us-west/hub-1", "22/tcp"], 2, "unknown  9.8.7.6 -> us-west/hub-1, 22/tcp (stack prod)"],
    [["lucidia", "us-west/hub-1", "22/tcp", "--stack", "dev"], 0, "(stack dev)"],
    [["internet", "us-west/lb-1", "443/tcp", "--stack", "sandbox"], 0, "(stack sandbox)"],
  ])("%j ends with %i", async (args, code, says) => {
    const told = await roadnet(["why", ...args], { env: { NO_COLOR: "1" } });
    expect(told.stdout).toContain(says);
    expect(told.stdout).not.toContain("\u001b");
    expect(told.code).toBe(code);
  });

  it.each([
    [["redis-1", "us-west/api-1", "6379"], "6379 is no traffic: say which protocol, such as 6379/tcp."],
    [["redis-2", "us-west/api-1", "6379/tcp"], "there is no redis-2: did you mean redis-1?"],
    [["redis-1", "us-west/api-1"], "missing required argument 'port/proto'"],
    [["redis-1", "us-west/api-1", "all", "--direction", "back"], "argument 'back' is invalid"],
    [["redis-1", "us-west/api-1", "all", "--stack", "staging"], "There is no stack staging"],
    [["a", "b", "all", "--stack", "none", "--cwd", "FOLDER"], "has no config with blackroad-network:network"],
    [["a", "b", "all", "--stack", "wrong", "--cwd", "FOLDER"], "The network's configuration has"],
  ])("%j is a wrong question", async (args, says) => {
    const given = args.map((word) => (word === "FOLDER" ? folder : word));
    const { code, stdout, stderr } = await roadnet(["why", ...given]);
    expect(stderr).toContain(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("prints JSON where it is asked for, with lines of the stack's file", async () => {
    const { code, stdout } = await roadnet(["why", "us-west/lb-1", "redis-1", "6379/tcp", "--json"]);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(code).toBe(1);
    expect(verdict).toMatchObject({
      verdict: "blocked",
      direction: "both",
      return: [],
      change: { to: "pass", edits: [{ action: "add", path: "securityGroups.database.ingress" }] },
    });
    expect(verdict.reason).toContain("no ingress rule matches");
    expect(verdict.forward.at(-1)).toMatchObject({ stops: true, gate: { verdict: "drop" } });
    expect(verdict.forward.every(({ path, line }) => path === "" || typeof line === "number")).toBe(true);
  });
});

describe("a verdict in words", () => {
  const words = (line: string): string => renderVerdict(ask(prod, line), "stack prod", plain).join("\n");

  it("shows an example only of several kinds of traffic", () => {
    expect(words("us-west/api-1 redis-1 TCP/6379")).not.toContain("As an example");
    expect(words("us-west/api-1 redis-1 ICMP")).not.toContain("As an example");
    expect(words("us-west/api-1 redis-1 6379/tcp,9100/tcp")).toContain("As an example, 6379/tcp:");
  });

  it("numbers the hops, and says where addresses change", () => {
    const text = words("us-west/api-1 internet 443/tcp");
    expect(text).toContain("There: 10.0.10.11 -> ");
    expect(text).toContain("Back: ");
    expect(text).toContain("      now public-address of us-west/nat/us-west-2a -> ");
    expect(text).toContain("To block it:\n  remove security group us-west/updates");
    expect(text).toContain(
      "The stack's file cannot be changed to that effect: hosts.eu-west.api-1.securityGroups let",
    );
    expect(words("us-west/hub-1 lucidia 9999/udp")).toContain("The stack's file has no option for that");
  });

  it("lists what is stopped of several kinds of traffic, and shows one", () => {
    const text = words("us-west/lb-1 us-west/api-1 8080-8083/tcp");
    expect(text).toContain("only 8080-8081/tcp of it passes");
    expect(text).toContain("  stopped  8082-8083/tcp\n           by us-west/api-1, nftables, chain input");
    expect(text).toContain("As an example, 8082/tcp:");
  });

  it("says so where no change is known, and where the way there alone was asked for", () => {
    expect(words("internet edge-home 22/tcp")).toContain(
      "No change is known that would let it pass: what stops it is not the program's to change",
    );
    const there = words("us-west/api-1 redis-1 6379/tcp forward");
    expect(there).toContain("6379/tcp, the way there alone (stack prod)");
    expect(there).not.toContain("Back:");
  });

  it("has nothing but the reason where it cannot be told", () => {
    expect(words("us-west/api-1 10.0.0.2 53/udp")).toBe(
      "unknown  us-west/api-1 -> 10.0.0.2, 53/udp (stack prod)\n  10.0.0.2 is Amazon's DNS server",
    );
  });

  it("is in colour on a terminal", () => {
    const painted = renderVerdict(
      ask(prod, "internet us-west/hub-1 22/tcp"),
      "t",
      (code, text) => `<${code}>${text}`,
    );
    expect(painted[0]).toMatch(/^<31>blocked/);
    expect(painted.join("\n")).toContain("<31>   2  us-west/public");
  });
});
