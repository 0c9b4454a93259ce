/** Paths as Pulumi's `config set --path` takes them. */
import { expect, it } from "vitest";
import { formatPath } from "../../../components/config/problem.ts";
import { told } from "./subject.ts";

it.each([
  [["regions", "us-west", "subnets", "public", 1], ".regions.us-west.subnets.public[1]"],
  [["wireguard", "peers", "edge-home/lucidia"], '.wireguard.peers["edge-home/lucidia"]'],
  [["dns", "zones", 'a "b" c', "managed"], '.dns.zones["a \\"b\\" c"].managed'],
  // A backslash stands for itself there, unless a quote follows.
  [["owner", "a\\b"], '.owner["a\\b"]'],
])("%j", (path, written) => {
  expect(formatPath(path)).toBe(`blackroad-network:network${written}`);
});

it("escapes quotes in what is reported", () => {
  expect(told(['regions us"west', {}]).map(([path]) => path)).toContain('regions["us\\"west"]');
});
