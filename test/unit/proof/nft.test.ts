import { expect, it } from "vitest";
import { Gate } from "../../../components/proof/rules/gate.ts";
import { NftTable } from "../../../components/proof/rules/nft.ts";
import { SymbolSpace } from "../../../components/proof/sets/addresses.ts";
import { TrafficTable } from "../../../components/proof/sets/traffic.ts";

/** Whether a packet that no rule names passes the base chain. */
function passes(
  policy: "accept" | "drop",
  base: readonly string[],
  others: Record<string, string[]>,
): boolean {
  const hook = { type: "filter", at: "input", priority: "filter", policy } as const;
  const chains = Object.entries(others).map(([name, rules]) => ({ name, hook: undefined, rules }));
  const table = new NftTable([{ name: "base", hook, rules: base }, ...chains], new SymbolSpace());
  const rules = table.rules("base", { iif: "eth0", oif: undefined, state: "new" });
  return new Gate(rules, new TrafficTable()).passage(1, 2).accepted === 1;
}

it.each([
  ["a jump comes back to the rule behind it", "drop", ["jump a", "accept"], { a: [] }, true],
  ["a goto does not: the policy decides", "drop", ["goto a", "accept"], { a: [] }, false],
  [
    "a goto within a jump comes back behind the jump",
    "drop",
    ["jump a", "accept"],
    { a: ["goto b", "drop"], b: [] },
    true,
  ],
  ["and what stands behind the jump may drop", "accept", ["jump a", "drop"], { a: ["goto b"], b: [] }, false],
  ["what is gone to decides first", "accept", ["jump a", "accept"], { a: ["goto b"], b: ["drop"] }, false],
] as const)("%s", (_, policy, base, others, isPassing) => {
  expect(passes(policy, base, others as unknown as Record<string, string[]>)).toBe(isPassing);
});
