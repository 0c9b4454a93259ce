/** Requests to the sandbox's services on their unix sockets. */
import { request } from "node:http";
import { SandboxError } from "./mode.ts";
import { sandboxPaths, serviceSocket, type SandboxPaths, type ServiceName } from "./paths.ts";
import { findService } from "./service.ts";

const timeoutMilliseconds = 30_000;

/**
 * Sends one request and resolves with the answer's JSON.
 *
 * @throws {SandboxError} with exit code 2 if the service does not run, and with 1 and its own words if it refuses
 */
export async function askService(
  service: ServiceName,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
  paths: SandboxPaths = sandboxPaths(),
): Promise<unknown> {
  if (findService(service, paths) === undefined) {
    throw new SandboxError(`The sandbox's ${service} service does not run: \`npm start\` starts it.`, 2);
  }
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: serviceSocket(paths, service),
        method,
        path,
        timeout: timeoutMilliseconds,
        headers: { "content-type": "application/json" },
      },
      (response) => {
        let received = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (received += chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, text: received });
        });
        response.on("error", reject);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("it did not answer in time")));
    outgoing.on("error", (error) => {
      reject(new SandboxError(`The sandbox's ${service} service could not be asked: ${error.message}.`, 2));
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const answer: unknown = text === "" ? undefined : JSON.parse(text);
  if (status >= 400) {
    const { error } = (answer ?? {}) as { error?: unknown };
    const words = typeof error === "string" ? error : text;
    throw new SandboxError(`The ${service} service refuses: ${words}`);
  }
  return answer;
}
