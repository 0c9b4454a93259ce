/**
 * What the user sees while a step runs: one line per step, and more only when it takes longer than two seconds.
 * On a terminal that is a running line with the elapsed time; elsewhere (CI, a pipe) plain lines at intervals.
 */

const showAfterMilliseconds = 2_000;
const plainIntervalMilliseconds = 20_000;
const spinner = ["|", "/", "-", "\\"];
const nameWidth = 11;

/** @typedef {{isTTY?: boolean | undefined, columns?: number | undefined, write(text: string): unknown}} Stream */

/**
 * Runs `work` under a name and prints its result as `describe` words it (an empty text prints nothing). `say` sets
 * what is being done at the moment; it is shown, with the time since the step began, once that is two seconds.
 *
 * @typedef {<T>(
 *   name: string,
 *   work: (say: (detail: string) => void) => Promise<T>,
 *   describe?: (result: T) => string,
 * ) => Promise<T>} Step
 */

/** Something the user can act on: its message is a sentence that is shown as it is, without a stack. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";

  /**
   * @param {string} message
   * @param {1 | 2} exitCode 1 where something failed, 2 where what was asked for cannot be had on this machine
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** `4 min 52 s`, `12 s`, `0.4 s` */
export function formatDuration(/** @type {number} */ milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Colours only where someone looks at them: a terminal, and NO_COLOR (https://no-color.org) unset. */
export function coloursWanted(
  /** @type {{isTTY?: boolean | undefined}} */ stream,
  /** @type {NodeJS.ProcessEnv} */ environment = process.env,
) {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}

/**
 * What puts a text in a colour of ANSI's, by its number, where someone looks at the stream, and else leaves it as it is.
 *
 * @param {{isTTY?: boolean | undefined}} stream
 * @param {NodeJS.ProcessEnv} environment
 */
export function painter(stream, environment = process.env) {
  const colours = coloursWanted(stream, environment);
  return (/** @type {number} */ code, /** @type {string} */ text) =>
    colours ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/**
 * Shows that a step is still running, until the function it returns is called.
 *
 * @param {{stream: Stream, live: boolean, line: (text: string) => string, detail: () => string}} view
 */
function watch({ stream, live, line, detail }) {
  const startedAt = Date.now();
  let shownAt = 0;
  let drawn = false;
  const tick = () => {
    const elapsed = Date.now() - startedAt;
    if (elapsed < showAfterMilliseconds || detail() === "") {
      return;
    }
    if (live) {
      const mark = spinner[Math.floor(elapsed / 150) % spinner.length];
      const room = Math.max(30, (stream.columns ?? 80) - nameWidth - 20);
      stream.write(`\r\u001b[K${line(`${mark} ${detail().slice(0, room)} ${formatDuration(elapsed)}`)}`);
      drawn = true;
    } else if (Date.now() - shownAt >= plainIntervalMilliseconds) {
      stream.write(`${line(`${detail()} … ${formatDuration(elapsed)}`)}\n`);
      shownAt = Date.now();
    }
  };
  const timer = setInterval(tick, live ? 150 : 500);
  return () => {
    clearInterval(timer);
    if (drawn) {
      stream.write("\r\u001b[K");
    }
    return Date.now() - startedAt;
  };
}

/**
 * The reporter of a program: `step` runs one piece of work under a name.
 *
 * @param {Stream} stream
 * @param {NodeJS.ProcessEnv} environment
 */
export function createProgress(stream = process.stdout, environment = process.env) {
  const paint = painter(stream, environment);
  const live = stream.isTTY === true && environment.TERM !== "dumb" && !environment.CI;

  /** @type {Step} */
  const step = async (name, work, describe = String) => {
    const line = (/** @type {string} */ text) => `  ${paint(36, name.padEnd(nameWidth))} ${text}`;
    let detail = "";
    const stopWatching = watch({ stream, live, line, detail: () => detail });
    try {
      const result = await work((text) => {
        detail = text;
      });
      const took = stopWatching();
      const time = took >= showAfterMilliseconds ? paint(2, ` (${formatDuration(took)})`) : "";
      const text = describe(result);
      if (text !== "") {
        stream.write(`${line(text)}${time}\n`);
      }
      return result;
    } catch (error) {
      stream.write(`${line(paint(31, "failed"))} (${formatDuration(stopWatching())})\n`);
      throw error;
    }
  };

  return {
    step,
    title: (/** @type {string} */ text) => stream.write(`${paint(1, text)}\n`),
    note: (/** @type {string} */ text) => stream.write(`  ${text}\n`),
  };
}

/** @typedef {ReturnType<typeof createProgress>} Progress */
