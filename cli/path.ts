/** Paths of values in a stack's file, as text and as keys. */
import { formatPath, networkKey, type Path } from "../components/config/problem.ts";

/** `hosts.us-west.api-1`, `securityGroups.public.ingress[0]`, `dns.zones["blackroad.io"]` */
export function parsePath(text: string): Path {
  const path = text.startsWith(networkKey) ? text.slice(networkKey.length) : text;
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|[^.[\]]+/g)].map(([word, quoted, index]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? word : quoted.replaceAll('\\"', '"');
  });
}

/** A path of the network without the network's key: `regions.us-west`. */
export function shortPath(path: Path): string {
  return formatPath(path).slice(networkKey.length).replace(/^\./, "");
}
