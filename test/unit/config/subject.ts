/** Changes to prod's configuration by path, and what the parser says to them. */
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { ConfigError, networkKey, type ConfigProblem } from "../../../components/config/problem.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { filledNetwork } from "./stack.ts";

/** Takes the value at the path away. */
export const absent = Symbol("absent");

/**
 * A path and what is put there. Parts are separated by spaces, because names of zones and hosts hold dots and
 * slashes: `regions us-west subnets public 1`.
 */
export type Change = readonly [path: string, value: unknown];

function container(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new Error(`the test's path ${path} leads nowhere`);
  return value as Record<string, unknown>;
}

function put(root: unknown, [path, value]: Change): unknown {
  const parts = path.split(" ").filter((part) => part !== "");
  const last = parts.pop();
  if (last === undefined) return value;
  const parent = container(
    parts.reduce<unknown>((inner, part) => container(inner, path)[part], root),
    path,
  );
  if (value === absent) Reflect.deleteProperty(parent, last);
  // A copy, since a later change may reach into it.
  else parent[last] = structuredClone(value);
  return root;
}

/** Records one of each kind, so that every test finds one to spoil; and nothing else at Cloudflare. */
const plainZone = {
  managed: true,
  records: [
    { name: "api", type: "A", host: "us-west/lb-1", proxied: true },
    { name: "ws", type: "A", host: "us-west/lb-1" },
    { name: "vpn", type: "A", host: "us-west/hub-1", ttl: 300 },
    { name: "vpn-eu", type: "A", host: "eu-west/hub-1", ttl: 300 },
    { name: "@", type: "TXT", content: "v=spf1 include:_spf.google.com ~all" },
  ],
};

/** Prod's network with a plain zone, nothing private, and the changes made one after the other. */
export function changed(...changes: readonly Change[]): unknown {
  const plain: readonly Change[] = [
    ["dns zones", { "blackroad.io": structuredClone(plainZone) }],
    ["dns private", absent],
    ["cloudflare", absent],
    // Flows are of the whole network, see test/unit/proof/verify.
    ["flows", absent],
  ];
  return [...plain, ...changes].reduce<unknown>(put, structuredClone(filledNetwork("prod")));
}

/** What a preview says is wrong with a configuration; nothing where it is right. */
export function problemsOf(raw: unknown): readonly ConfigProblem[] {
  try {
    planNetwork(parseNetworkConfig(raw), "prod");
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** Problems as the tables of the tests write them: the path without the configuration's key, and the message. */
export function told(...changes: readonly Change[]): [path: string, message: string][] {
  return problemsOf(changed(...changes)).map(({ path, message }) => [
    path.slice(networkKey.length).replace(/^\./, ""),
    message,
  ]);
}

export interface Case {
  readonly rule: string;
  /** What breaks the rule, … */
  readonly wrong: readonly Change[];
  /** … what is then said (path, message), … */
  readonly says: readonly (readonly [path: string, message: string])[];
  /** … and a change like it that does not break any rule. */
  readonly right: readonly Change[];
}

/** Which rules of platforms are broken, and where. */
export function broken(...changes: readonly Change[]): [rule: string, path: string][] {
  return problemsOf(changed(...changes)).flatMap(({ path, rule }): [string, string][] =>
    rule === undefined ? [] : [[rule, path.slice(networkKey.length).replace(/^\./, "")]],
  );
}
