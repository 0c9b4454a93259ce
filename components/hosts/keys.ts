/** What a host says of the keys that it has made, and what follows from it. */
import { randomBytes } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import type { AskAnswer } from "./ask-host.ts";

export interface KeysSeen {
  /** What they are called: as last time where all are still there, else what they are to be called. */
  readonly name: string;
  /** The management path on which the host answered; `undefined` where it did not. */
  readonly reachedBy: string | undefined;
}

/** Keys of which nothing is known. What is made first has this name; what was made before keeps its own. */
export function keysOutOfReach(): KeysSeen {
  return { name: randomBytes(8).toString("hex"), reachedBy: undefined };
}

/**
 * Reads the line that the asking program printed.
 * @throws Error where it is not what `scripts/keys.sh` says: the name goes into commands.
 */
export function parseKeysSeen(host: string, line: string): KeysSeen {
  const answer = JSON.parse(line) as AskAnswer;
  if ("unreachable" in answer) return keysOutOfReach();
  const { reachedBy, said } = answer;
  const name = /^(?:kept|lost) ([0-9a-f]{16})$/.exec(said)?.[1];
  if (name === undefined)
    throw new Error(`${host}: what it says of its keys cannot be read: ${JSON.stringify(said)}`);
  return { name, reachedBy };
}

/**
 * Has a resource keep the triggers that it has in the state, if so decided before it is registered. The engine, which
 * reads no host back, would take for a change what is only not known. What decides must be among its inputs.
 */
export class Keeping {
  #keeps: boolean;
  readonly #trigger: () => string | undefined;

  /**
   * @param initially what holds where nothing decides, as in a preview that does not know enough to ask.
   * @param trigger one more trigger. It has no place among the inputs: whatever the host is reached through would be
   * taken for a reason to replace the resource.
   */
  constructor(initially: boolean, trigger: () => string | undefined = () => undefined) {
    this.#keeps = initially;
    this.#trigger = trigger;
  }

  decide(keeps: boolean): void {
    this.#keeps = keeps;
  }

  /** For the resource's options. */
  readonly transform: pulumi.ResourceTransform = ({ props, opts }) => {
    const { triggers } = props as { readonly triggers?: pulumi.Input<readonly unknown[]> };
    const more = this.#trigger();
    const ignoreChanges = this.#keeps ? [...(opts.ignoreChanges ?? []), "triggers"] : opts.ignoreChanges;
    return {
      props: more === undefined ? props : { ...props, triggers: withMore(triggers, more) },
      opts: ignoreChanges === undefined ? opts : { ...opts, ignoreChanges },
    };
  };
}

/** What comes from other resources is handed over as an output, which knows them. */
function withMore(
  triggers: pulumi.Input<readonly unknown[]> | undefined,
  more: string,
): pulumi.Input<readonly unknown[]> {
  if (pulumi.Output.isInstance(triggers)) return triggers.apply((known) => [...known, more]);
  return [...((triggers ?? []) as readonly unknown[]), more];
}
