/** No stand-in outlives the engine that started it. */

const parentCheckMilliseconds = 500;

/**
 * The environment variable by which the plugin's wrapper script names the engine. The script reads it when the engine
 * has just started it; this module, once Node.js has loaded, a second later, when that engine may have died already.
 */
export const parentVariable = "ROADNET_PLUGIN_PARENT";

function takeParent(): number {
  const told = Number(process.env[parentVariable]);
  // It is nothing to the commands that a plugin runs.
  Reflect.deleteProperty(process.env, parentVariable);
  return Number.isInteger(told) && told > 0 ? told : process.ppid;
}

/**
 * Calls back once when the engine that started this process is gone. The engine kills its plugins when it ends by
 * itself; one that was killed cannot, and a plugin waiting for it would live forever.
 */
export function whenParentEnds(ended: () => void): void {
  const parent = takeParent();
  const timer = setInterval(() => {
    // A process whose parent has died belongs to the first one.
    if (process.ppid === parent && parent !== 1) return;
    clearInterval(timer);
    ended();
  }, parentCheckMilliseconds);
  timer.unref();
}
