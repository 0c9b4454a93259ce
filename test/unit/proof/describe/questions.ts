/** Questions to the network in `network.ts`. */
import {
  describeWorld,
  type DescribedWorld,
  type DescribeOptions,
} from "../../../../components/proof/describe/build.ts";
import { Prover } from "../../../../components/proof/prover.ts";
import { isAddress, parseAddress } from "../../../../components/proof/sets/addresses.ts";
import { parseTraffic } from "../../../../components/proof/sets/traffic.ts";
import type { Source } from "../../../../components/proof/world/source.ts";
import type { Change } from "./changes.ts";
import { machines, network, type Machine } from "./network.ts";

export function describedWith(changes: readonly Change[], options: DescribeOptions = {}): DescribedWorld {
  const of = network();
  for (const change of changes) change(of);
  return describeWorld([{ name: "export.json", text: JSON.stringify(of) }], options);
}

/** Somebody on the internet. */
export const stranger = "198.51.100.9";

function sourceOf({ world }: DescribedWorld, name: string): Source {
  const machine = machines[name as keyof typeof machines];
  if (isAddress(name)) return { kind: "internet", address: parseAddress(name) };
  const host = (machine as Machine | undefined)?.id ?? name;
  if (!world.hosts.has(host)) throw new Error(`there is no ${name}`);
  return { kind: "host", host };
}

function targetOf(name: string): string {
  const [key = "", suffix = "address"] = name.split(" ");
  const machine = machines[key as keyof typeof machines] as (Machine & Record<string, unknown>) | undefined;
  return machine === undefined ? name : String(machine[suffix]);
}

/** `pass`, or what stops it: `blocked PLACE: REASON`, `unknown PLACE: REASON`. */
export function verdict(described: DescribedWorld, from: string, dest: string, traffic: string): string {
  const prover = new Prover(described.world);
  const asked = described.world.table.id(parseTraffic(traffic));
  const answer = prover.ask(sourceOf(described, from), parseAddress(targetOf(dest)), asked);
  if (answer.traffic === asked) return "pass";
  const stop = prover.stopOf(answer);
  const side = answer.back === undefined || answer.forward.stop !== undefined ? "" : "the answer: ";
  return `${answer.possible === 0 ? "blocked" : "unknown"} ${side}${stop?.place ?? ""}: ${stop?.reason ?? ""}`;
}
