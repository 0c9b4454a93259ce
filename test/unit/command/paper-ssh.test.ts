/** Asking hosts made of files, by the `ssh` of the operator who has only such; and hosts that answer on a tunnel. */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { ask, routeArguments, type AskRoute } from "../../../components/hosts/ask-host.ts";
import { parseObservation } from "../../../components/hosts/observation.ts";
import { onPaper } from "../../../sandbox/providers/command/paper.ts";
import { commandResources } from "../../../sandbox/providers/command/resources.ts";
import type { ResourceHandler } from "../../../sandbox/providers/shared/shell.ts";
import { create, failure } from "./run.ts";
import { newSshKey } from "./ssh-host.ts";

const operatorPrograms = resolve(import.meta.dirname, "../../../sandbox/providers/command/paper-operator");
const lan = "192.0.2.38";
const tunnel = "198.51.100.10";
const hostKey = newSshKey().public.split(" ").slice(0, 2).join(" ");

let hosts: string;
let command: ResourceHandler;

beforeEach(() => {
  hosts = mkdtempSync(join(tmpdir(), "roadnet-paper-ssh-"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(hosts, { recursive: true });
  });
  vi.stubEnv("PATH", [operatorPrograms, process.env.PATH].join(delimiter));
  vi.stubEnv("ROADNET_PAPER_HOSTS", hosts);
  vi.stubEnv("ROADNET_NODE", process.execPath);
  const found = commandResources(onPaper(hosts)).find(
    ({ table }) => table.token === "command:remote:Command",
  );
  if (found === undefined) throw new Error("there is no remote command");
  command = found;
});

/** As the provider does. */
async function say(text: string, stdin = "", host = lan): Promise<string> {
  const { state } = await create(command, {
    connection: { host, user: "admin", hostKey },
    create: text,
    stdin,
  });
  return state.stdout as string;
}

const route = (more: Partial<AskRoute> = {}): AskRoute => ({
  ...{ name: "way", user: "admin", host: lan, hostKey },
  ...more,
});

/** As the program does, with another command. */
function ssh(words: readonly string[], stdin = "") {
  const { status, stdout, stderr } = spawnSync("ssh", words, { input: stdin, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("the operator's ssh", () => {
  test("runs a command on a host that was met, with its standard input and its exit code", async () => {
    await say("true");
    const words = [...routeArguments(route(), 5), `echo "$USER $ROADNET_ROOT"; cat; echo no >&2; exit 7`];
    expect(ssh(words, "in\n")).toEqual({
      status: 7,
      stdout: `admin ${join(hosts, lan)}\nin`,
      stderr: "no",
    });
    expect(ssh([...routeArguments(route(), 5), "true"])).toMatchObject({ status: 0 });
  });

  test("has no route to a host that was never met, and makes none up", () => {
    expect(ssh([...routeArguments(route(), 5), "true"])).toEqual({
      status: 255,
      stdout: "",
      stderr: `ssh: connect to host ${lan} port 22: No route to host\n`,
    });
    expect(existsSync(join(hosts, lan))).toBe(false);
  });

  test("knows a host by its key alone", async () => {
    await say("true");
    const other = newSshKey().public.split(" ").slice(0, 2).join(" ");
    const { status, stdout, stderr } = ssh([...routeArguments(route({ hostKey: other }), 5), "echo in"]);
    expect({ status, stdout }).toEqual({ status: 255, stdout: "" });
    expect(stderr).toContain("host key mismatch");
  });

  test("takes the options that the program has, also those of a proxy, and refuses others", async () => {
    await say("true");
    const proxied = route({ proxy: { user: "ops", host: "192.0.2.1", hostKey } });
    expect(ssh([...routeArguments(proxied, 5), "echo in"])).toMatchObject({ status: 0, stdout: "in" });
    const { status, stderr } = ssh(["-L", "80:x:80", ...routeArguments(route(), 5), "true"]);
    expect({ status, refused: stderr.includes("-L") }).toEqual({ status: 255, refused: true });
  });

  test("says that there are no such hosts where none are wanted", () => {
    vi.stubEnv("ROADNET_PAPER_HOSTS", undefined);
    expect(ssh([...routeArguments(route(), 5), "true"])).toMatchObject({
      status: 255,
      stderr: "ssh: there are no hosts made of files here\n",
    });
  });
});

const document = JSON.stringify({
  format: "reef-generation/1",
  host: "edge-home/lucidia",
  confirmSeconds: 60,
  management: [{ name: "way", address: lan }],
  files: [],
  packages: ["wireguard-tools"],
  wireguard: [
    {
      ...{ interface: "wg0", addresses: [`${tunnel}/24`], mtu: 1420 },
      ...{ privateKeyFile: "/etc/wireguard/private.key", peers: [] },
    },
  ],
});

async function bringUpTunnel(host = lan): Promise<void> {
  await say(
    `mkdir -p "$ROADNET_ROOT/etc/wireguard"; wg genkey >"$ROADNET_ROOT/etc/wireguard/private.key"`,
    "",
    host,
  );
  const outcome = JSON.parse(
    await say("sudo -n reef-agent apply --json --by way --number 1", document, host),
  ) as {
    readonly token: string;
  };
  await say(`sudo -n reef-agent confirm ${outcome.token} --path way`, "", host);
}

describe("a host made of files", () => {
  const asked = async (host: string) =>
    parseObservation(
      "h",
      JSON.stringify(
        await ask({
          host: "h",
          routes: [route({ host })],
          seconds: 10,
          patienceSeconds: 0,
          question: { document },
        }),
      ),
    );

  test("is asked as others are", async () => {
    expect(await asked(lan)).toMatchObject({ kind: "unreachable" });
    await say("true");
    expect(await asked(lan)).toMatchObject({ kind: "asked", report: { attempt: 0, inOrder: false } });
    await bringUpTunnel();
    expect(await asked(lan)).toMatchObject({
      kind: "asked",
      reachedBy: "way",
      report: { attempt: 1, inOrder: true, numbers: { way: 1 }, difference: [], drift: [] },
    });
  });

  test("answers on its tunnel's address once the tunnel is up, and is the same host there", async () => {
    await say("true");
    expect(await asked(tunnel)).toMatchObject({ kind: "unreachable" });
    await bringUpTunnel();
    expect(readlinkSync(join(hosts, tunnel))).toBe(lan);
    expect(await asked(tunnel)).toMatchObject({ kind: "asked", report: { inOrder: true } });
    await say("echo by tunnel >$ROADNET_ROOT/note", "", tunnel);
    expect(readFileSync(join(hosts, lan, "note"), "utf8")).toBe("by tunnel\n");
    expect(lstatSync(join(hosts, tunnel)).isSymbolicLink()).toBe(true);
  });

  test("takes the tunnel's address over from the machine that had it before", async () => {
    await bringUpTunnel();
    const newer = "192.0.2.39";
    await bringUpTunnel(newer);
    expect(readlinkSync(join(hosts, tunnel))).toBe(newer);
    await say("echo newer >$ROADNET_ROOT/note", "", tunnel);
    expect(existsSync(join(hosts, newer, "note"))).toBe(true);
  });

  test("keeps its own folder where another says that it has its address in a tunnel", async () => {
    await say("true", "", tunnel);
    await bringUpTunnel();
    expect(lstatSync(join(hosts, tunnel)).isDirectory()).toBe(true);
    await say("true", "", tunnel);
  });

  test("lets the agent's exit code through", async () => {
    await say("true");
    expect(await failure(say("sudo -n reef-agent plan --json", "nonsense"))).toContain("status 2");
  });
});
