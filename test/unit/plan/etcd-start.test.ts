/** The program that starts etcd on a tower, run with an etcd and an etcdctl that write down what they are told. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { hostOf, planOf } from "./subject.ts";
import { textOf } from "./towers.ts";

const tower = hostOf(planOf("prod"), "coral-reef/node-3");
const config = textOf(tower, "/etc/etcd/etcd.yml");
const dataFolder = (parse(config) as { readonly "data-dir": string })["data-dir"];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-etcd-"));
  for (const name of ["bin", "etc", "run", "data"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "etc/etcd.yml"), config);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function put(name: string, script: string): void {
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/sh\n${script}`);
  chmodSync(path, 0o755);
}

/** @param list what the other members say of the cluster; `undefined` where they do not answer */
function start(
  list: string | undefined,
  failing = "none",
): { exitCode: number | null; told: string[]; state: unknown } {
  const log = join(folder, "log");
  put("etcd", `echo "etcd $*" >>${log}`);
  put(
    "etcdctl",
    `while [ "$1" != member ]; do shift; done
echo "$*" >>${log}
[ "$2" != ${failing} ] || exit 1
[ "$2" != list ] || ${list === undefined ? "exit 1" : `printf '%s\\n' '${list}'`}`,
  );
  const script = textOf(tower, "/usr/local/lib/blackroad/etcd-start")
    .replaceAll("/etc/etcd/", `${folder}/etc/`)
    .replaceAll(dataFolder, `${folder}/data`);
  const { status } = spawnSync("sh", ["-c", script], {
    env: { PATH: `${folder}/bin:${process.env.PATH ?? ""}`, RUNTIME_DIRECTORY: join(folder, "run") },
  });
  const written = join(folder, "run/etcd.yml");
  const read = existsSync(written) ? (parse(readFileSync(written, "utf8")) as Record<string, unknown>) : {};
  const told = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  return { exitCode: status, told, state: read["initial-cluster-state"] };
}

function row(id: string, status: "started" | "unstarted", number: 1 | 2 | 3): string {
  const name = status === "started" ? `node-${number}` : "";
  const [peer, client] = [2380, 2379].map((port) => `https://10.64.30.${9 + number}:${port}`);
  return `${id}, ${status}, ${name}, ${peer ?? ""}, ${client ?? ""}, false`;
}

const others = `${row("a1", "started", 1)}\n${row("b2", "started", 2)}`;

describe("etcd's start", () => {
  const started = (): string => `etcd --config-file ${join(folder, "run/etcd.yml")}`;
  const add = "member add node-3 --peer-urls https://10.64.30.12:2380";

  it("asks nobody where there are data", () => {
    mkdirSync(join(folder, "data/member"));
    expect(start(others)).toEqual({ exitCode: 0, told: [started()], state: "new" });
  });

  it("begins a cluster with the others while none answers", () => {
    expect(start(undefined)).toEqual({ exitCode: 0, told: ["member list", started()], state: "new" });
  });

  it("joins where it is expected and has never been", () => {
    const { told, state } = start(`${others}\n${row("c3", "unstarted", 3)}`);
    expect([told, state]).toEqual([["member list", started()], "existing"]);
  });

  it("becomes a new member where the cluster knows it and its data are gone", () => {
    const { told, state } = start(`${others}\n${row("c3", "started", 3)}`);
    expect([told, state]).toEqual([["member list", "member remove c3", add, started()], "existing"]);
  });

  it("enters itself where it was killed between leaving and entering", () => {
    const { told, state } = start(others);
    expect([told, state]).toEqual([["member list", add, started()], "existing"]);
  });

  it.each(["remove", "add"])("does not start where it cannot %s, and is told to try again", (failing) => {
    const { exitCode, told, state } = start(`${others}\n${row("c3", "started", 3)}`, failing);
    expect(exitCode).not.toBe(0);
    expect(told).not.toContain(started());
    expect(state).toBeUndefined();
  });
});
