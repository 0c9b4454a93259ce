/** What becomes of output that nobody takes. */

/**
 * A reader that has seen enough (`| head -1`) is no error, and what runs goes on without it; a disk that is full is one.
 * Without this either would end the process with a stack.
 */
export function tolerateClosedOutput() {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === "EPIPE") return;
      process.exitCode = 1;
      if (stream === process.stdout)
        process.stderr.write(`the output could not be written: ${error.message}\n`);
    });
  }
}
