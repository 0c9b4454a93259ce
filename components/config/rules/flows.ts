/** Flows name what is there. */
import { readEndpoint, type Endpoint } from "../flows.ts";
import { suggestion, type Path } from "../problem.ts";
import { items, lacks, lacksHost, names, type Finding, type LooseConfig } from "./rule.ts";

const kinds = ["intended", "accepted"] as const;
const sides = ["from", "to", "traffic"] as const;

/** A flow with an empty list says nothing, and would hold for ever. */
export function* flowsAreComplete(config: LooseConfig): Iterable<Finding> {
  for (const kind of kinds) {
    for (const [index, flow] of items(config.flows?.[kind])) {
      for (const side of sides) {
        if (flow[side]?.length !== 0) continue;
        const message = "is empty: such a flow says nothing. Name at least one, or take the flow away.";
        yield { path: ["flows", kind, index, side], message };
      }
    }
  }
}

/** An end that nobody is would hide a mistake: the flow would be kept by nobody. */
export function* flowEndsExist(config: LooseConfig): Iterable<Finding> {
  for (const kind of kinds) {
    for (const [index, flow] of items(config.flows?.[kind])) {
      for (const side of ["from", "to"] as const) {
        for (const [at, text] of items(flow[side])) {
          const endpoint = readEndpoint(text);
          if (endpoint !== undefined) yield* endProblems(config, endpoint, ["flows", kind, index, side, at]);
        }
      }
    }
  }
}

function* endProblems(config: LooseConfig, endpoint: Endpoint, path: Path): Iterable<Finding> {
  if (endpoint.kind === "host" && lacksHost(config, endpoint.host)) {
    const [place = ""] = endpoint.host.split("/");
    const known = names(config.hosts?.[place]).map((name) => `${place}/${name}`);
    yield {
      path,
      message: `names no host: there is no ${endpoint.host}; ${suggestion(endpoint.host, known)}`,
    };
  }
  if (endpoint.kind === "group" && lacks(config.securityGroups, endpoint.group)) {
    const known = names(config.securityGroups).map((name) => `sg-${name}`);
    const message = `names no security group: there is no securityGroups.${endpoint.group}; ${suggestion(`sg-${endpoint.group}`, known)}`;
    yield { path, message };
  }
  if (endpoint.kind === "role" && !hasRole(config, endpoint.role)) {
    yield { path, message: `names nobody: no host has the role ${endpoint.role}. Use the role of a host.` };
  }
  const place = "place" in endpoint ? endpoint.place : undefined;
  if (place !== undefined && lacks({ ...config.regions, ...config.sites }, place)) {
    const known = [...names(config.regions), ...names(config.sites)];
    yield { path, message: `names no region and no site: there is no ${place}; ${suggestion(place, known)}` };
  }
}

/** Whether a host has the role, or one that is malformed might. */
function hasRole(config: LooseConfig, role: string): boolean {
  const hosts = Object.values(config.hosts ?? {}).flatMap((place) => Object.values(place ?? {}));
  return hosts.some((host) => host?.role === undefined || host.role === role);
}
