import { fileURLToPath } from "node:url";

import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { AskRequest, AskRoute, SshTarget } from "./ask-host.ts";
import { parseObservation, type Observation } from "./observation.ts";

/** A route with what only the platform knows. */
export interface AskedRoute {
  readonly name: string;
  readonly target: pulumi.Input<SshTarget>;
  readonly proxy: pulumi.Input<SshTarget> | undefined;
}

/** In a preview, which waits for the slowest host. */
const previewSeconds = 5;

/** In an update a tunnel may have come up only just now. */
const updateTries = 6;

const program = fileURLToPath(new URL("ask-host.ts", import.meta.url));

/**
 * Asks a host what a document would mean to it. Changes nothing there, and does not fail where the host cannot be
 * reached.
 * @param after what must have been done before an update asks. A preview asks at once: it can only see what is
 * there now, and must not call every host behind a changed hub unknown.
 */
export function askHost(
  host: string,
  routes: readonly AskedRoute[],
  document: pulumi.Input<string>,
  after: readonly pulumi.Resource[],
): pulumi.Output<Observation> {
  const isPreview = pulumi.runtime.isDryRun();
  const stdin = pulumi.all([routes.map(resolveRoute), document]).apply(([known, text]) =>
    JSON.stringify({
      routes: known,
      seconds: previewSeconds,
      tries: isPreview ? 1 : updateTries,
      document: text,
    } satisfies AskRequest),
  );
  const answer = local.runOutput(
    {
      command: program,
      interpreter: [process.execPath, "--disable-warning=ExperimentalWarning"],
      stdin,
      logging: "none",
      addPreviousOutputInEnv: false,
    },
    isPreview ? {} : { dependsOn: [...after] },
  );
  // What the agent tells is masked; the document that it was asked about is not, and made the answer a secret.
  return pulumi.unsecret(answer.stdout).apply((text) => parseObservation(host, text));
}

/** The route with everything that only the platform knows. */
export function resolveRoute({ name, target, proxy }: AskedRoute): pulumi.Output<AskRoute> {
  return pulumi
    .all([target, proxy])
    .apply(([own, between]) => ({ name, ...own, ...(between === undefined ? {} : { proxy: between }) }));
}
