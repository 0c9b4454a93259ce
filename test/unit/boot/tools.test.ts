import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { missingPackages } from "../../../scripts/steps/debian.mjs";
import { npmCommand, withTools } from "../../../scripts/steps/node.mjs";
import { download, findPulumi, hostWrapper } from "../../../scripts/steps/pulumi.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-tools-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function program(path: string, output: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' '${output}'\n`);
  chmodSync(file, 0o755);
  return file;
}

describe("findPulumi", () => {
  const onPath = (...names: string[]) => {
    vi.stubEnv("PATH", [...names.map((name) => join(folder, name)), "/usr/bin", "/bin"].join(":"));
  };

  it("takes a recent CLI that has its language host beside it", async () => {
    program("good/pulumi", "v3.260.1");
    program("good/pulumi-language-nodejs", "");
    onPath("good");
    expect(await findPulumi()).toEqual({
      folder: join(folder, "good"),
      description: `3.260.1, found in ${join(folder, "good")}`,
    });
  });

  it("follows a link to where the language host is", async () => {
    program("opt/pulumi", "v3.259.0");
    program("opt/pulumi-language-nodejs", "");
    mkdirSync(join(folder, "bin"));
    symlinkSync(join(folder, "opt", "pulumi"), join(folder, "bin", "pulumi"));
    onPath("bin");
    expect((await findPulumi())?.folder).toBe(join(folder, "opt"));
  });

  it("passes over one that is too old, broken or alone", async () => {
    program("old/pulumi", "v3.258.0");
    program("old/pulumi-language-nodejs", "");
    program("broken/pulumi", "segmentation fault");
    program("broken/pulumi-language-nodejs", "");
    program("alone/pulumi", "v3.259.0");
    onPath("old", "broken", "alone");
    expect(await findPulumi()).toBeUndefined();
  });
});

describe("the language host that is built", () => {
  it("is told to load no TypeScript compiler, and gets what the engine tells it", () => {
    const built = program("home of it/pulumi-language-nodejs-built", "");
    writeFileSync(built, '#!/bin/sh\nprintf "%s\\n" "$@"\n');
    const wrapper = join(folder, "home of it", "pulumi-language-nodejs");
    writeFileSync(wrapper, hostWrapper, { mode: 0o755 });
    const said = execFileSync(wrapper, ["127.0.0.1:4242"], { encoding: "utf8" });
    expect(said).toBe("-typescript=false\n127.0.0.1:4242\n");
  });
});

describe("download", () => {
  let server: Server;
  let answer: { status: number; body: string };
  beforeEach(async () => {
    server = createServer((_request, response) => {
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    server.close();
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  it("throws away an archive that has another checksum", async () => {
    answer = { status: 200, body: "not the archive" };
    const refused = await download(folder, () => undefined, url());
    expect(refused).toMatch(/has the SHA-256 [0-9a-f]{64} instead of [0-9a-f]{64} and was thrown away/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says what the server answered", async () => {
    answer = { status: 503, body: "" };
    expect(await download(folder, () => undefined, url())).toBe(`${url()} answered 503`);
  });

  it("says that a server cannot be reached", async () => {
    const address = url();
    await new Promise((resolve) => server.close(resolve));
    expect(await download(folder, () => undefined, address)).toContain("could not be reached");
  });
});

describe("missingPackages", () => {
  it("names those that dpkg does not have installed, in order", async () => {
    program("bin/dpkg-query", "installed socat\nconfig-files nftables\nnot-installed conntrack");
    vi.stubEnv("PATH", `${join(folder, "bin")}:/bin`);
    expect(await missingPackages(["nftables", "socat", "conntrack", "mmdebstrap"])).toEqual([
      "nftables",
      "conntrack",
      "mmdebstrap",
    ]);
  });

  it("says that this is no Debian", async () => {
    vi.stubEnv("PATH", join(folder, "nothing"));
    await expect(missingPackages(["socat"])).rejects.toThrow("not Debian or Ubuntu");
  });
});

describe("withTools", () => {
  it("puts our tools first, once, and leaves out what there is not", () => {
    const { PATH } = withTools(["/ours", undefined], { PATH: "/usr/bin:/ours:/bin" });
    expect(PATH).toBe("/ours:/usr/bin:/bin");
  });

  it("adds its option to the caller's, once", () => {
    const once = withTools([], { NODE_OPTIONS: "--max-old-space-size=512" });
    expect(once.NODE_OPTIONS).toBe("--max-old-space-size=512 --disable-warning=ExperimentalWarning");
    expect(withTools([], once).NODE_OPTIONS).toBe(once.NODE_OPTIONS);
  });
});

describe("npmCommand", () => {
  it("is the npm that runs us, on its own Node.js", () => {
    const script = program("lib/npm-cli.js", "");
    const node = program("bin/node", "");
    const environment = { npm_execpath: script, npm_node_execpath: node };
    expect(npmCommand(environment)).toEqual([node, script]);
  });

  it("is the one on PATH where another tool or none runs us", () => {
    expect(npmCommand({})).toEqual(["npm"]);
    expect(npmCommand({ npm_execpath: "/opt/yarn.js", npm_node_execpath: process.execPath })).toEqual([
      "npm",
    ]);
  });
});
