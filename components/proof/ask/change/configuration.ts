/** Changes of a stack's configuration by path. */
import { formatPath, networkKey, type Path } from "../../../config/problem.ts";
import type { Patch } from "./model.ts";

/** A path as people read it: without the network's key. */
export function pathText(path: Path): string {
  return formatPath(path).slice(networkKey.length).replace(/^\./, "");
}

/** YAML on one line. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return `{ ${entries.map(([key, inner]) => `${key}: ${flow(inner)}`).join(", ")} }`;
  }
  const text = String(value);
  return typeof value === "string" && !/^[A-Za-z0-9][\w./:-]*$/.test(text) ? JSON.stringify(text) : text;
}

export function valueAt(network: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    network,
  );
}

/** A copy with another value at the path; what is missing on the way there is made. */
function put(root: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return change(root);
  if (Array.isArray(root))
    return root.map((item: unknown, at) => (at === part ? put(item, rest, change) : item));
  const map = (typeof root === "object" && root !== null ? root : {}) as Record<string | number, unknown>;
  return { ...map, [part]: put(map[part], rest, change) };
}

const same = <Value>(value: Value): Value => value;

/** One more element of a list. */
export function addTo(path: Path, value: unknown): Patch {
  return {
    edit: { level: "configuration", action: "add", path: pathText(path), value: flow(value) },
    network: (network) =>
      put(network, path, (list) => [...(Array.isArray(list) ? (list as unknown[]) : []), value]),
    plan: same,
  };
}

export function set(path: Path, value: unknown): Patch {
  return {
    edit: { level: "configuration", action: "set", path: pathText(path), value: flow(value) },
    network: (network) => put(network, path, () => value),
    plan: same,
  };
}

/**
 * Without elements of lists. Each takes those behind it up, so the last of a list goes first: paths are of the
 * configuration as it is.
 */
export function removeAll(network: unknown, paths: readonly Path[]): Patch[] {
  const index = (path: Path): number => Number(path.at(-1));
  return [...paths]
    .sort((a, b) => index(b) - index(a))
    .map((path) => ({
      edit: {
        level: "configuration",
        action: "remove",
        path: pathText(path),
        value: flow(valueAt(network, path)),
      },
      network: (before) =>
        put(before, path.slice(0, -1), (list) =>
          Array.isArray(list) ? list.filter((_, at) => at !== path.at(-1)) : list,
        ),
      plan: same,
    }));
}
