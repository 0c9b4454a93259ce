import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prepareFolder } from "../../../sandbox/folder.ts";
import { settleMode } from "../../../sandbox/mode.ts";
import { sandboxPaths, serviceSocket, type SandboxPaths } from "../../../sandbox/paths.ts";
import { processStartTicks } from "../../../sandbox/service.ts";
import { roadnet as runRoadnet, type Outcome } from "./roadnet.ts";

let paths: SandboxPaths;
let server: Server | undefined;
beforeEach(() => {
  paths = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-cli-")));
  prepareFolder(paths);
  mkdirSync(paths.run);
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(paths.root, { recursive: true });
});

/** Runs `roadnet` on the test's sandbox. */
function roadnet(...args: readonly string[]): Promise<Outcome> {
  return runRoadnet(args, { env: { ROADNET_SANDBOX_DIR: paths.root, NO_COLOR: "1" } });
}

interface Call {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

/** Answers on a service's socket, and makes this process pass for the service. */
async function serve(name: "aws" | "cloudflare", status: number, answer: unknown): Promise<Call[]> {
  const calls: Call[] = [];
  server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      calls.push({ method: request.method ?? "", url: request.url ?? "", body });
      response.writeHead(status).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((ready) => server?.listen(serviceSocket(paths, name), ready));
  const record = { pid: process.pid, startTicks: processStartTicks(process.pid), details: {} };
  writeFileSync(join(paths.run, `${name}.json`), JSON.stringify(record));
  return calls;
}

describe("exit codes", () => {
  it.each([
    [["--help"], 0],
    [["--version"], 0],
    [["sandbox", "drift", "--help"], 0],
    [["sandbox", "status"], 1],
    [["nonsense"], 2],
    [["sandbox", "nonsense"], 2],
    [["sandbox", "describe"], 2],
    [["sandbox", "describe", "/tmp/x", "--nonsense"], 2],
    [["sandbox", "describe", "/nonexistent/x"], 2],
    [["sandbox", "exec", "--", "true"], 2],
    [["sandbox", "logs"], 2],
    [["sandbox", "logs", "aws"], 2],
    [["sandbox", "providers"], 2],
    [["sandbox", "logs", "--lines", "none"], 2],
    [["sandbox", "drift", "aws", "delete"], 2],
    [["sandbox", "drift", "internet", "delete"], 2],
    [["sandbox", "drift", "aws", "break", "--region", "r", "--id", "i"], 2],
    [["sandbox", "drift", "aws", "modify", "--region", "r", "--id", "i"], 2],
    [["sandbox", "drift", "aws", "create", "--region", "r", "--set", "{}"], 2],
    [["sandbox", "drift", "aws", "delete", "--region", "r", "--id", "i", "--set", "{}"], 2],
    [["sandbox", "drift", "aws", "delete", "--region", "r", "--id", "i", "--zone", "z"], 2],
    [["sandbox", "drift", "cloudflare", "create", "--kind", "record", "--zone", "z"], 2],
    [["sandbox", "drift", "cloudflare", "delete", "--zone", "z"], 2],
    [["sandbox", "drift", "cloudflare", "delete", "--kind", "zones", "--zone", "z"], 2],
    [["sandbox", "drift", "cloudflare", "delete", "--kind", "record", "--zone", "z"], 2],
    [["sandbox", "drift", "cloudflare", "delete", "--kind", "record", "--zone", "z", "--name", "n"], 2],
    [["sandbox", "drift", "cloudflare", "delete", "--kind", "zone", "--zone", "z", "--name", "n"], 2],
    [["sandbox", "fail", "aws", "flood"], 2],
    [["sandbox", "fail", "internet", "drop"], 2],
    [["sandbox", "fail", "aws"], 2],
    [["sandbox", "fail", "aws", "hold", "--when", "never"], 2],
    [["sandbox", "fail", "aws", "hold", "--seconds", "-1"], 2],
    [["sandbox", "fail", "aws", "hold", "--times", "0"], 2],
    [["sandbox", "fail", "aws", "--list", "--clear"], 2],
    [["sandbox", "fail", "aws", "--list", "--nth", "2"], 2],
  ])("%j is %d", async (args, code) => {
    expect((await roadnet(...args)).code).toBe(code);
  });

  it("come with one sentence on standard error, and a stack only on demand", async () => {
    const { stdout, stderr } = await roadnet("sandbox", "exec", "--", "true");
    expect(stdout).toBe("");
    expect(stderr).toBe(`roadnet: There is no sandbox in ${paths.root} yet: run \`npm start\`.\n`);
    expect((await roadnet("--verbose", "sandbox", "exec", "--", "true")).stderr).toContain("    at ");
  });

  it("every command's help has an example", async () => {
    const commands = ["up", "down", "status", "describe", "providers", "exec", "drift", "fail", "logs"];
    const helps = await Promise.all(commands.map((command) => roadnet("sandbox", command, "--help")));
    for (const { stdout } of helps) {
      expect(stdout).toMatch(/Examples?:\n {2}\S/);
    }
  });
});

describe("status", () => {
  it("is machine-readable with --json, before or after the command or its group", async () => {
    for (const args of [
      ["--json", "sandbox", "status"],
      ["sandbox", "--json", "status"],
      ["sandbox", "status", "--json"],
    ]) {
      const { stdout } = await roadnet(...args);
      expect(JSON.parse(stdout)).toMatchObject({ folder: paths.root, resources: 0, machines: [] });
    }
  });

  it("names what does not run", async () => {
    settleMode({ packets: false }, paths);
    await serve("aws", 200, {});
    const { code, stdout } = await roadnet("sandbox", "status");
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`services +aws +process ${process.pid}\n +cloudflare +does not run\n`));
  });
});

describe("describe", () => {
  it("writes a file per region and kind", async () => {
    const vpcs = { Vpcs: [{ VpcId: "vpc-1" }] };
    const regions = { "us-west-2": { vpcs, subnets: { Subnets: [] } } };
    const roles = { Roles: [{ RoleName: "writer" }] };
    await serve("aws", 200, { revision: 3, regions, global: { roles } });
    const target = join(paths.root, "out", "cloud");
    const { code, stdout } = await roadnet("sandbox", "describe", target);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `3 files of 1 regions in ${target}\n` });
    expect(readdirSync(join(target, "us-west-2")).sort()).toEqual(["subnets.json", "vpcs.json"]);
    expect(JSON.parse(readFileSync(join(target, "us-west-2", "vpcs.json"), "utf8"))).toEqual(vpcs);
    expect(JSON.parse(readFileSync(join(target, "global", "roles.json"), "utf8"))).toEqual(roles);
  });

  // In /proc nothing can be made, not even by root, and a recursive mkdir there never ends.
  it.each(["/proc/nowhere/cloud", "/dev/null/cloud"])("says that it cannot write to %s", async (target) => {
    await serve("aws", 200, { revision: 3, regions: { "us-west-2": { vpcs: { Vpcs: [] } } }, global: {} });
    const { code, stderr } = await roadnet("sandbox", "describe", target);
    expect(code).toBe(2);
    expect(stderr).toContain(`Nothing can be written to ${target}: `);
  });
});

describe("drift and fail", () => {
  it("send what the options say", async () => {
    const calls = await serve("aws", 200, {});
    const drift = ["sandbox", "drift", "aws", "modify", "--region", "us-west-2", "--id", "vpc-1"];
    await roadnet(...drift, "--set", '{"enableDnsSupport": false}');
    await roadnet("sandbox", "fail", "aws", "throttle", "--nth", "3", "--match", "CreateRoute");
    await roadnet("sandbox", "fail", "aws", "hold", "--times", "2", "--when", "after", "--seconds", "1.5");
    await roadnet("sandbox", "fail", "aws", "--clear");
    const set = { enableDnsSupport: false };
    expect(calls).toEqual([
      { method: "POST", url: "/drift", body: { region: "us-west-2", action: "modify", id: "vpc-1", set } },
      { method: "POST", url: "/faults", body: { fault: "throttle", nth: 3, match: "CreateRoute" } },
      { method: "POST", url: "/faults", body: { fault: "hold", times: 2, when: "after", seconds: 1.5 } },
      { method: "DELETE", url: "/faults", body: undefined },
    ]);
  });

  it("show what is to go wrong, in a line each", async () => {
    const usual = { fault: "throttle", nth: 3, times: 2, when: "before", seen: 1, state: "waiting" };
    const held = { ...usual, fault: "hold", times: 1, when: "after", seconds: 300, match: "CreateVpc" };
    await serve("cloudflare", 200, {
      faults: [
        { ...usual, id: 1 },
        { ...held, id: 2, state: "applied" },
      ],
      holding: 1,
    });
    const { stdout } = await roadnet("sandbox", "fail", "cloudflare", "--list");
    expect(stdout.split("\n")).toEqual([
      "1  throttle, calls 3 to 4: 1 seen, waiting",
      "2  hold after the change, call 3, 300 s, where CreateVpc: 1 seen, applied",
      "1 held",
      "",
    ]);
  });

  it("create by type and properties, and say what", async () => {
    const calls = await serve("aws", 200, { id: "vpc-2", revision: 4 });
    const type = "aws:ec2/vpc:Vpc";
    const drift = ["sandbox", "drift", "aws", "create", "--region", "us-west-2", "--type", type];
    const { stdout } = await roadnet(...drift, "--set", '{"cidrBlock": "10.9.0.0/16"}');
    const set = { cidrBlock: "10.9.0.0/16" };
    expect(calls.map(({ body }) => body)).toEqual([{ region: "us-west-2", action: "create", type, set }]);
    expect(stdout).toMatch(/^created vpc-2; /);
  });

  it("never take a zone for what a record was meant to be", async () => {
    const calls = await serve("cloudflare", 200, { id: "z1" });
    const drift = ["sandbox", "drift", "cloudflare", "delete", "--zone", "blackroad.io"];
    expect((await roadnet(...drift)).stderr).toContain("drift cloudflare delete needs --kind");
    expect(calls).toEqual([]);
    await roadnet(...drift, "--kind", "zone");
    await roadnet(...drift, "--kind", "record", "--name", "vpn.blackroad.io", "--type", "A");
    expect(calls.map(({ body }) => body)).toEqual([
      { action: "delete", kind: "zone", zone: "blackroad.io" },
      { action: "delete", kind: "record", zone: "blackroad.io", name: "vpn.blackroad.io", type: "A" },
    ]);
  });

  it("pass on why the service refuses", async () => {
    await serve("cloudflare", 404, { error: "there is no zone example.org" });
    const args = ["sandbox", "drift", "cloudflare", "delete", "--kind", "zone", "--zone", "example.org"];
    const { code, stderr } = await roadnet(...args);
    expect(code).toBe(1);
    expect(stderr).toBe("roadnet: The cloudflare service refuses: there is no zone example.org\n");
  });

  it("refuse what is no JSON object before they ask", async () => {
    const args = ["sandbox", "drift", "aws", "modify", "--region", "r", "--id", "i", "--set"];
    expect((await roadnet(...args, "{nope")).stderr).toContain("--set must be JSON");
    expect((await roadnet(...args, "[1]")).stderr).toContain("--set must be a JSON object");
  });
});

describe("exec", () => {
  it("ends as the command ends, in the engine's environment", async () => {
    settleMode({ packets: false }, paths);
    mkdirSync(paths.project);
    writeFileSync(
      join(paths.run, "cloudflare.json"),
      JSON.stringify({
        pid: process.pid,
        startTicks: processStartTicks(process.pid),
        details: { baseUrl: "http://127.0.0.1:1/client/v4" },
      }),
    );
    const script = 'echo "$PULUMI_BACKEND_URL"; pwd; exit 7';
    const { code, stdout } = await roadnet("sandbox", "exec", "--", "sh", "-c", script);
    expect({ code, stdout }).toEqual({ code: 7, stdout: `file://${paths.state}\n${paths.project}\n` });
  });

  it("tells why it does not know a place", async () => {
    settleMode({ packets: true }, paths);
    const { code, stderr } = await roadnet("sandbox", "exec", "--in", "nowhere", "--", "true");
    expect(code).toBe(2);
    expect(stderr).toContain("no machine and no namespace nowhere; nothing of it runs");
  });

  it("leads into no machine where there are no packets", async () => {
    settleMode({ packets: false }, paths);
    const { code, stderr } = await roadnet("sandbox", "exec", "--in", "lucidia", "--", "true");
    expect(code).toBe(2);
    expect(stderr).toContain(`made without packets`);
    expect(stderr).toContain(`${paths.rendered}/by-name`);
  });
});

describe("down", () => {
  it("tells with --json what it took down", async () => {
    const { code, stdout } = await roadnet("sandbox", "down", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ folder: paths.root, purged: false });
  });
});

describe("logs", () => {
  it("prints the end of one, and names them all", async () => {
    settleMode({ packets: false }, paths);
    mkdirSync(paths.log);
    writeFileSync(join(paths.log, "aws.log"), "one\ntwo\nthree\n");
    expect((await roadnet("sandbox", "logs")).stdout).toBe("aws\n");
    expect((await roadnet("sandbox", "logs", "aws", "--lines", "2")).stdout).toBe("two\nthree\n");
  });
});
