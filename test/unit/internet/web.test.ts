import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWebServer, PACKAGES_HOST, PAGE_HOST } from "../../../sandbox/services/internet/web.ts";

const folder = mkdtempSync(join(tmpdir(), "rn-web-"));
const repository = join(folder, "packages");
let server: Server;

beforeAll(async () => {
  mkdirSync(join(repository, "pool"), { recursive: true });
  writeFileSync(join(repository, "pool", "a_1.0~rc+1_all.deb"), "a package");
  utimesSync(join(repository, "pool", "a_1.0~rc+1_all.deb"), 1_700_000_000.5, 1_700_000_000.5);
  writeFileSync(join(folder, "secret"), "not to be read");
  server = createWebServer(repository);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request as it is written: the path is not tidied up. */
async function get(host: string, path: string, more: Record<string, string> = {}, method = "GET") {
  const { port } = server.address() as AddressInfo;
  return await new Promise<Answer>((resolve, reject) => {
    request({ host: "127.0.0.1", port, method, path, headers: { host, ...more } }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    })
      .on("error", reject)
      .end();
  });
}

describe("the internet's web server", () => {
  it("tells a visitor of the page where it comes from", async () => {
    const { status, body } = await get(PAGE_HOST, "/");
    expect([status, /come from ([\d.]+)\./.exec(body)?.[1]]).toEqual([200, "127.0.0.1"]);
  });

  it("serves the repository's files, whole or by their head", async () => {
    const path = "/debian/pool/a_1.0~rc%2b1_all.deb";
    const whole = await get(`${PACKAGES_HOST}:80`, path);
    expect([whole.status, whole.body, whole.headers["content-length"]]).toEqual([200, "a package", "9"]);
    const head = await get(PACKAGES_HOST, path, {}, "HEAD");
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([200, "", "9"]);
    const modified = whole.headers["last-modified"] ?? "";
    expect((await get(PACKAGES_HOST, path, { "if-modified-since": modified })).status).toBe(304);
    const earlier = new Date(Date.parse(modified) - 1000).toUTCString();
    expect((await get(PACKAGES_HOST, path, { "if-modified-since": earlier })).status).toBe(200);
  });

  it.each([
    "/debian/../secret",
    "/debian/%2e%2e/secret",
    "/debian/..%2fsecret",
    "/debian//etc/passwd",
    "/debian/%00",
    "/debian/%zz",
    "/debian/",
    "/debian/pool",
    "/secret",
  ])("has nothing at %s", async (path) => {
    expect((await get(PACKAGES_HOST, path)).status).toBe(404);
  });

  it("serves no other site, and writes nothing", async () => {
    expect((await get("192.0.2.80", "/")).status).toBe(421);
    expect((await get(PAGE_HOST, "/", {}, "POST")).status).toBe(405);
  });
});
