/** Large networks are compared by hosts that stand for others, and nothing of what differs is lost by it. */
import { expect, it } from "vitest";
import { onlyThose, standIns } from "../../../../components/proof/diff/alike.ts";
import { differencesOf } from "../../../../components/proof/diff/differences.ts";
import { endsOf, flowsOf } from "../../../../components/proof/diff/flows.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import type { World } from "../../../../components/proof/world/model.ts";
import { ingress, type Change } from "../describe/changes.ts";
import { eni, fromNetwork, permission } from "../describe/network.ts";
import { describedWith } from "../describe/questions.ts";

/** Applications beside the first one, from 10.0.10.100 on. */
const many =
  (count: number): Change =>
  (of) => {
    for (let number = 0; number < count; number++) {
      const place = { vpc: "vpc-0a", subnet: "subnet-0a2", groups: ["sg-0a0"] };
      const address = `10.0.${10 + Math.floor((100 + number) / 256)}.${(100 + number) % 256}`;
      of.NetworkInterfaces?.push(eni(`eni-d${number}`, { ...place, address }));
    }
  };

const wider: Change = (of) => {
  for (const subnet of of.Subnets ?? [])
    if (subnet.SubnetId === "subnet-0a2") subnet.CidrBlock = "10.0.8.0/21";
};

const open = ingress("sg-0a0", permission("tcp", 22, 22, fromNetwork("10.0.10.0/24")));

function told(base: World, head: World): string[] {
  const names = standIns(base, head);
  const flows = [base, head].map((world) =>
    flowsOf(new Prover(world), onlyThose(endsOf(world, undefined), names)),
  );
  return differencesOf(flows[0] ?? never(), flows[1] ?? never()).map(
    ({ change, from, to, traffic }) => `${from.join(", ")} -> ${to.join(", ")}: ${change} ${traffic}`,
  );
}

function never(): never {
  throw new Error("there are two networks");
}

it("small ones are not", () => {
  const { world } = describedWith([wider, many(10)]);
  expect(standIns(world, world)).toBeUndefined();
});

it("one stands for all that are alike in both, and one more for what they send each other", () => {
  const [base, head] = [describedWith([wider, many(500)]), describedWith([wider, many(500), open])];
  const names = [...(standIns(base.world, head.world)?.values() ?? [])];
  expect(names.length).toBeLessThan(12);
  // The new rule tells apart whose address is in its network: 156 of them are.
  expect(names).toContain("eni-d1 and 154 like it");
  expect(names).toContain("eni-d157 and 342 like it");
  const lines = told(base.world, head.world);
  expect(lines.join("\n")).toContain("eni-d1 and 154 like it");
  expect(lines.every((line) => line.endsWith("gained 22/tcp") || line.endsWith("lost 8080/tcp"))).toBe(true);
  // Among each other, and to those whose addresses are outside.
  expect(lines).toContain(
    "eni-d1 and 154 like it -> eni-d0, eni-d156, eni-d157 and 342 like it, i-0a0: gained 22/tcp",
  );
  expect(lines.filter((line) => /^[^>]*eni-d15[67][^>]* ->.*gained/.test(line))).toEqual([]);
});

it("a host that comes or goes is like nobody who stays", () => {
  const [base, head] = [describedWith([wider, many(450)]), describedWith([wider, many(451)])];
  const names = standIns(base.world, head.world);
  expect(names?.get("eni-d450")).toBe("eni-d450");
  expect(told(base.world, head.world).every((line) => line.includes("eni-d450"))).toBe(true);
});
