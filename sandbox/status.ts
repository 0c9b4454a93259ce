/** What of a sandbox runs now. */
import { readdirSync } from "node:fs";
import { countResources } from "./interrupted.ts";
import { readMode } from "./mode.ts";
import { namespaceName, sandboxPaths, type SandboxPaths, type ServiceName } from "./paths.ts";
import { readPlugins, type PluginUse } from "./plugins.ts";
import { findService } from "./service.ts";
import { serviceNames } from "./supervise.ts";
import { titledMachines, type RunningMachine } from "./titles.ts";

export interface ServiceStatus {
  readonly name: ServiceName;
  /** `undefined` where it does not run. */
  readonly pid: number | undefined;
  readonly details: Readonly<Record<string, string | number>>;
}

export interface SandboxStatus {
  readonly folder: string;
  /** `undefined` where there is no sandbox. */
  readonly packets: boolean | undefined;
  readonly services: readonly ServiceStatus[];
  readonly providers: readonly PluginUse[];
  /** Roles of the network namespaces, sorted. */
  readonly namespaces: readonly string[];
  readonly machines: readonly RunningMachine[];
  /** Resources in the stack's state, counted as `pulumi preview` does. */
  readonly resources: number;
}

/** Which services belong to a sandbox of this kind. */
function expectedServices(packets: boolean): readonly ServiceName[] {
  return packets ? serviceNames : ["aws", "cloudflare"];
}

export async function sandboxStatus(paths: SandboxPaths = sandboxPaths()): Promise<SandboxStatus> {
  const packets = readMode(paths)?.packets;
  return {
    folder: paths.root,
    packets,
    services: expectedServices(packets ?? false).map((name) => {
      const record = findService(name, paths);
      return { name, pid: record?.pid, details: record?.details ?? {} };
    }),
    providers: readPlugins(paths),
    namespaces: namespaceRoles(paths),
    machines: await titledMachines(paths),
    resources: countResources(paths),
  };
}

/** Roles of the namespaces that exist now. */
export function namespaceRoles(paths: SandboxPaths = sandboxPaths()): readonly string[] {
  const prefix = namespaceName("", paths.root);
  try {
    const names = readdirSync("/run/netns").filter((name) => name.startsWith(prefix));
    return names.map((name) => name.slice(prefix.length)).sort();
  } catch {
    return [];
  }
}
