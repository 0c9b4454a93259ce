/** Runs other programs: bounded in time, watched line by line, and with an end of output worth showing. */
import { spawn } from "node:child_process";
import { SetupError } from "./progress.mjs";

const keptCharacters = 200_000;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} timeoutSeconds the program is killed when it takes longer
 * @property {(line: string) => void} [onLine] called with every line of both outputs
 *
 * @typedef {object} RunResult
 * @property {number | undefined} code `undefined` where the program was killed or could not be started
 * @property {boolean} timedOut
 * @property {boolean} missing the program does not exist
 * @property {string} stdout at most the last 200,000 characters
 * @property {string} stderr likewise
 */

/**
 * Runs a program to its end; a failure is a result, not an exception.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<RunResult>}
 */
export function run(command, args, options) {
  return new Promise((resolve) => {
    const output = { stdout: "", stderr: "" };
    const startedAt = Date.now();
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutSeconds * 1000,
      killSignal: "SIGKILL",
    });
    for (const name of /** @type {const} */ (["stdout", "stderr"])) {
      let rest = "";
      child[name].setEncoding("utf8");
      child[name].on("data", (/** @type {string} */ text) => {
        output[name] = (output[name] + text).slice(-keptCharacters);
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach((line) => options.onLine?.(line));
      });
    }
    const finish = (/** @type {Partial<RunResult>} */ end) => {
      resolve({ code: undefined, timedOut: false, missing: false, ...output, ...end });
    };
    child.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      finish({ missing: error.code === "ENOENT", stderr: error.message });
    });
    child.on("close", (code, signal) => {
      const timedOut = signal === "SIGKILL" && Date.now() - startedAt >= options.timeoutSeconds * 1000;
      finish(code === null ? { timedOut } : { code });
    });
  });
}

/** The last few lines of what a program printed, for an error message. */
export function lastLines(/** @type {RunResult} */ result, count = 8) {
  const text = `${result.stdout}\n${result.stderr}`.trim();
  return text.split("\n").slice(-count).join("\n");
}

/** Why a program failed, in words for the user, where its output tells. */
export function explainFailure(/** @type {RunResult} */ result) {
  const text = `${result.stdout}\n${result.stderr}`;
  if (/ENOSPC|no space left on device/i.test(text)) {
    return "the disk is full; free some space and try again";
  }
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|Temporary failure resolving|Could not resolve|no such host|network is unreachable|i\/o timeout|connection refused|Failed to establish a new connection/i.test(
      text,
    )
  ) {
    return "a package registry could not be reached; check the network (or the proxy settings) and try again";
  }
  if (
    /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERTIFICATE_VERIFY_FAILED|x509: certificate/.test(
      text,
    )
  ) {
    return "a server's certificate is not trusted here; behind a proxy that re-signs, name its CA in NODE_EXTRA_CA_CERTS (npm), PIP_CERT (pip) and SSL_CERT_FILE (Go)";
  }
  if (result.timedOut) {
    return "it took too long and was stopped";
  }
  if (/EACCES|EPERM|EROFS|Permission denied|Operation not permitted|Read-only file system/i.test(text)) {
    return "this user may not write where it must; run it as the owner of the clone, or clone it as this user";
  }
  return undefined;
}

/**
 * Like `run`, but anything other than success is a {@link SetupError} that begins with `purpose`.
 *
 * @param {string} purpose such as `npm ci`
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 */
export async function mustRun(purpose, command, args, options) {
  const result = await run(command, args, options);
  if (result.code === 0) {
    return result;
  }
  if (result.missing) {
    throw new SetupError(`${purpose} failed: there is no ${command} on this machine.`);
  }
  const reason = explainFailure(result);
  throw new SetupError(
    `${purpose} failed${reason === undefined ? "" : `: ${reason}`}. It printed last:\n${lastLines(result)}`,
  );
}
