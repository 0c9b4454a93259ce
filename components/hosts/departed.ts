/** Hosts that are deleted: they are given up, and those that were out of reach then, whenever they are seen again. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { NetworkPlan } from "../plan/model.ts";
import { resolveRoute, type AskedRoute } from "./asking.ts";
import { departedFile, type DepartedHost, type LeaveRequest } from "./leave-host.ts";

const program = fileURLToPath(new URL("leave-host.ts", import.meta.url));

/** Beside the stack's file, from the program's working directory: it belongs to the stack as that one does. */
function departedFolder(): string {
  return `Pulumi.${pulumi.getStack()}.departed`;
}

/**
 * What happens when a host is deleted. Its creation does nothing, and neither does a change: a machine that is replaced
 * has gone already, and the new one must not be given up in its place.
 */
export function departure(
  host: string,
  routes: readonly AskedRoute[],
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const stdin = pulumi
    .all(routes.map(resolveRoute))
    .apply((known) =>
      JSON.stringify({ host, routes: known, folder: departedFolder() } satisfies LeaveRequest),
    );
  return new local.Command(
    `${host}/leave`,
    {
      // Not this program's own path of Node.js, which is another one for the next operator.
      interpreter: ["node", "--disable-warning=ExperimentalWarning"],
      delete: relative(process.cwd(), program),
      stdin,
      addPreviousOutputInEnv: false,
    },
    opts,
  );
}

function readDeparted(folder: string): readonly DepartedHost[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      const record = JSON.parse(readFileSync(file, "utf8")) as DepartedHost;
      if ((record.format as string) !== "roadnet-departed/1") {
        throw new pulumi.RunError(`${file}: the format "${record.format}" is not known`);
      }
      return record;
    });
}

/**
 * Tries again to give up hosts that were out of reach when they were deleted; a preview says which those are. One that
 * is in the plan again is no longer among them.
 */
export function cleanUpDeparted({ hosts }: NetworkPlan): void {
  const folder = departedFolder();
  const planned = new Set(hosts.map(({ key }) => key));
  for (const { host, routes, triedAt } of readDeparted(folder)) {
    if (planned.has(host)) {
      if (!pulumi.runtime.isDryRun()) rmSync(departedFile(folder, host), { force: true });
    } else if (pulumi.runtime.isDryRun()) {
      void pulumi.log.warn(
        `${host} is deleted, but was out of reach on ${triedAt.slice(0, 10)} and still has its configuration: an update tries again`,
      );
    } else {
      const answer = local.runOutput({
        command: program,
        interpreter: [process.execPath, "--disable-warning=ExperimentalWarning"],
        stdin: JSON.stringify({ host, routes, folder } satisfies LeaveRequest),
        logging: "none",
        addPreviousOutputInEnv: false,
      });
      answer.stdout.apply((said) => void pulumi.log.warn(said.trim()));
    }
  }
}
