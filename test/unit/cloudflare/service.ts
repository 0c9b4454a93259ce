/** The simulated Cloudflare as a process of its own, in a sandbox of its own, on loopback ports. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sandboxPaths, type SandboxPaths } from "../../../sandbox/paths.ts";
import { findService } from "../../../sandbox/service.ts";
import { CloudflareControl } from "../../cloudflare-control.ts";

const checkout = resolve(import.meta.dirname, "../../..");

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly success: boolean;
  readonly errors: readonly { readonly code: number; readonly message: string }[];
  /** Null, in fact, where the API refused. */
  readonly result: Readonly<Record<string, unknown>>;
  readonly results: readonly Readonly<Record<string, unknown>>[];
  readonly info: Readonly<Record<string, number>>;
}

export class TestService {
  readonly paths: SandboxPaths;
  readonly control: CloudflareControl;
  #child: ChildProcess | undefined;
  #details: Readonly<Record<string, string | number>> = {};

  constructor() {
    this.paths = sandboxPaths(mkdtempSync(join(tmpdir(), "roadnet-cloudflare-")));
    this.control = new CloudflareControl(this.paths);
  }

  get baseUrl(): string {
    return String(this.#details.baseUrl);
  }

  get dnsPort(): number {
    return Number(String(this.#details.dns).split(":").at(-1));
  }

  get token(): string {
    return readFileSync(join(this.paths.keys, "cloudflare-token"), "utf8").trim();
  }

  async start(dns = "127.0.0.1:0"): Promise<void> {
    const names = join(this.paths.root, "names.json");
    writeFileSync(
      names,
      JSON.stringify({ "page.sandbox.test": "192.0.2.80", "Six.Sandbox.Test.": ["2001:db8::1"] }),
    );
    const main = join(checkout, "sandbox/services/cloudflare/main.ts");
    const edge = ["--edge", "104.16.0.10,104.16.0.11"];
    const args = [main, "--api", "127.0.0.1:0", "--dns", dns, ...edge, "--names", names];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ROADNET_SANDBOX_DIR: this.paths.root },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    const complaints: string[] = [];
    child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk.toString()));
    for (let tries = 0; tries < 200; tries += 1) {
      const record = findService("cloudflare", this.paths);
      if (record !== undefined && record.pid === child.pid) {
        this.#details = record.details;
        return;
      }
      if (child.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`the service did not start: ${complaints.join("")}`);
  }

  /** Ends the process; `SIGKILL` is how a crash looks to it. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Waits until the process ended by itself. */
  async ended(): Promise<NodeJS.Signals | null> {
    const child = this.#child;
    if (child === undefined) throw new Error("the service was never started");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.signalCode;
  }

  async remove(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.paths.root, { recursive: true, force: true });
  }

  /** One API call; `authorization` is a whole header, or null for none. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    authorization: string | null = `Bearer ${this.token}`,
  ): Promise<ApiAnswer> {
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: { "content-type": "application/json", ...(authorization === null ? {} : { authorization }) },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const json = (await response.json()) as Record<string, unknown>;
    const { status, headers } = response;
    return {
      status,
      headers,
      success: json.success as boolean,
      errors: json.errors as ApiAnswer["errors"],
      result: json.result as ApiAnswer["result"],
      results: json.result as ApiAnswer["results"],
      info: json.result_info as ApiAnswer["info"],
    };
  }

  /** Makes a zone and answers its id. */
  async zone(name: string): Promise<string> {
    const { success, result, errors } = await this.call("POST", "/zones", { name });
    if (!success) throw new Error(JSON.stringify(errors));
    return String(result.id);
  }
}
