/** The two web sites of the sandbox's internet, told apart by the Host header. */
import type { Log } from "../log.ts";
import { createReadStream, statSync, type Stats } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { resolve, sep } from "node:path";

export const PAGE_HOST = "page.sandbox.test";
export const PACKAGES_HOST = "packages.sandbox.test";
/** Path below which the package repository is served. */
const REPOSITORY = "/debian/";

function hostOf(request: IncomingMessage): string {
  return (request.headers.host ?? "").toLowerCase().replace(/:\d+$/, "");
}

function sendText(response: ServerResponse, status: number, text: string, type = "text/plain"): void {
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "content-length": Buffer.byteLength(text),
  });
  // Node leaves the body out by itself where the request was HEAD.
  response.end(text);
}

function sendPage(request: IncomingMessage, response: ServerResponse): void {
  // A visitor behind NAT sees the address of its NAT here.
  const visitor = request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "unknown";
  const title = "A page on the sandbox's internet";
  const page = `<!doctype html>\n<title>${title}</title>\n<h1>${title}</h1>\n<p>You come from ${visitor}.</p>\n`;
  sendText(response, 200, page, "text/html");
}

/** The file that a path means; `undefined` if there is none, or if it lies outside of the folder. */
function fileAt(folder: string, path: string): { file: string; stats: Stats } | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (!decoded.startsWith(REPOSITORY) || decoded.includes("\0")) {
    return undefined;
  }
  const root = resolve(folder);
  const file = resolve(root, `./${decoded.slice(REPOSITORY.length)}`);
  const stats = statSync(file, { throwIfNoEntry: false });
  return file.startsWith(root + sep) && stats?.isFile() === true ? { file, stats } : undefined;
}

function sendFile(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? "/", `http://${PACKAGES_HOST}`).pathname;
  const found = fileAt(folder, path);
  if (found === undefined) {
    sendText(response, 404, `There is no ${path} here.\n`);
    return;
  }
  const { file, stats } = found;
  // HTTP dates have whole seconds.
  const modified = Math.floor(stats.mtimeMs / 1000) * 1000;
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  if (since >= modified) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": stats.size,
    "last-modified": new Date(modified).toUTCString(),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  createReadStream(file)
    .on("error", () => response.destroy())
    .pipe(response);
}

/** @param packages folder of the repository that is served as `http://packages.sandbox.test/debian/` */
export function createWebServer(packages: string, log: Log = () => undefined): Server {
  return createServer((request, response) => {
    response.once("finish", () => {
      const { statusCode } = response;
      if (statusCode >= 400) {
        const { remoteAddress = "" } = request.socket;
        log(`${remoteAddress} ${request.method ?? ""} ${hostOf(request)}${request.url ?? ""}: ${statusCode}`);
      }
    });
    if (request.method !== "GET" && request.method !== "HEAD") {
      sendText(response, 405, "This server only reads out.\n");
      return;
    }
    const host = hostOf(request);
    if (host === PAGE_HOST) {
      sendPage(request, response);
    } else if (host === PACKAGES_HOST) {
      sendFile(packages, request, response);
    } else {
      sendText(response, 421, `${host} is not served here, only ${PAGE_HOST} and ${PACKAGES_HOST}.\n`);
    }
  });
}
