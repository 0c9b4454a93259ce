import { fileURLToPath } from "node:url";

import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { AskRequest, AskRoute, Question, SshTarget } from "./ask-host.ts";
import { keysOutOfReach, parseKeysSeen, type KeysSeen } from "./keys.ts";
import { parseObservation, type Observation } from "./observation.ts";
import { Slots } from "./slots.ts";

/** A route with what only the platform knows. */
export interface AskedRoute {
  readonly name: string;
  readonly target: pulumi.Input<SshTarget>;
  readonly proxy: pulumi.Input<SshTarget> | undefined;
}

/** An update goes on trying, since a tunnel may have come up only just now; a preview waits for the slowest host. */
const updatePatienceSeconds = 30;

/**
 * Hosts that are asked at the same time. Each takes a process of Node.js and one or two of ssh, some 80 MiB together,
 * so that a fleet of any size is asked in the same memory; and two cores are busy with fewer.
 */
const slots = new Slots(16);

const program = fileURLToPath(new URL("ask-host.ts", import.meta.url));

/** A host, how it is reached, and what must have been done before an update asks it. */
export interface AskedHost {
  readonly host: string;
  readonly routes: readonly AskedRoute[];
  /** For one try, until the answer is there. */
  readonly seconds: number;
  /** A preview asks at once: it can only see what is there now, and must not call every host behind a changed hub unknown. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * Asks a host what a document would mean to it. Changes nothing there, and does not fail where the host cannot be
 * reached.
 */
export function askHost(asked: AskedHost, document: pulumi.Input<string>): pulumi.Output<Observation> {
  const question = pulumi.output(document).apply((text): Question => ({ document: text }));
  // What the agent tells is masked; the document that it was asked about is not, and made the answer a secret.
  return pulumi.unsecret(answerOf(asked, question)).apply((line) => parseObservation(asked.host, line));
}

/** Asks a host what its keys are called. Changes nothing there, and does not fail where it cannot be reached. */
export function askKeys(
  asked: AskedHost,
  keys: { readonly tunnel: boolean; readonly paths: readonly string[] },
): pulumi.Output<KeysSeen> {
  return answerOf(asked, { keys }).apply((line) => parseKeysSeen(asked.host, line));
}

/** What is known of a host's keys where nobody is asked. */
export function unaskedKeys(): pulumi.Output<KeysSeen> {
  return pulumi.output(keysOutOfReach());
}

function answerOf(
  { host, routes, seconds, after }: AskedHost,
  question: pulumi.Input<Question>,
): pulumi.Output<string> {
  const isPreview = pulumi.runtime.isDryRun();
  const stdin = pulumi.all([routes.map(resolveRoute), question]).apply(([known, what]) =>
    JSON.stringify({
      host,
      routes: known,
      seconds,
      patienceSeconds: isPreview ? 0 : updatePatienceSeconds,
      question: what,
    } satisfies AskRequest),
  );
  // In a slot it waits for nothing but the host, or those who hold one could wait for those who do not get one.
  const known = pulumi.all([stdin, ...(isPreview ? [] : after.map(({ urn }) => urn))]);
  return known.apply(async ([text]) => {
    const { stdout } = await slots.run(() =>
      local.run({
        command: program,
        interpreter: [process.execPath, "--disable-warning=ExperimentalWarning"],
        stdin: text ?? "",
        logging: "none",
        addPreviousOutputInEnv: false,
      }),
    );
    return stdout;
  });
}

/** The route with everything that only the platform knows. */
export function resolveRoute({ name, target, proxy }: AskedRoute): pulumi.Output<AskRoute> {
  return pulumi
    .all([target, proxy])
    .apply(([own, between]) => ({ name, ...own, ...(between === undefined ? {} : { proxy: between }) }));
}
