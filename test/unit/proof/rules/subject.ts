/** Gates by themselves, asked in words. */
import type { NetworkPlan, SecurityRulePlan } from "../../../../components/plan/model.ts";
import { Gate, type GateRule, type GateRules, type Side } from "../../../../components/proof/rules/gate.ts";
import { networks, parseAddress, type SymbolSpace } from "../../../../components/proof/sets/addresses.ts";
import { nowhere } from "../../../../components/proof/sets/intervals.ts";
import { formatTraffic, parseTraffic, TrafficTable } from "../../../../components/proof/sets/traffic.ts";
import { Ipv6Networks } from "../../../../components/proof/world/ipv6.ts";

/** The networks of one region, `us-west`, which Amazon has not given yet: the proof's own stand for them. */
export const ipv6 = new Ipv6Networks({
  regions: [{ key: "us-west", subnets: [] }],
} as unknown as NetworkPlan);

/** An address of that network. */
export const ofUsWest = "2000:0:0::7";

/** These networks, all of which are known. */
export function side(...texts: readonly string[]): Side {
  return { addresses: networks(texts), undecided: nowhere };
}

/** `accept 10.0.0.0/8 > 192.168.4.0/24 22/tcp`; `any` for a side that is not looked at. */
export function ruleOf(text: string): GateRule {
  const [verdict = "", from = "", , to = "", traffic = ""] = text.split(" ");
  return {
    from: from === "any" ? undefined : side(from),
    to: to === "any" ? undefined : side(to),
    traffic: parseTraffic(traffic),
    verdict: verdict === "accept" ? "accept" : "drop",
    origin: { where: "test", rule: text, path: "" },
  };
}

export function gateOf(otherwise: "accept" | "drop", ...rules: readonly (string | GateRule)[]): AskedGate {
  const origin = { where: "test", rule: `policy ${otherwise}`, path: "" };
  const read = rules.map((rule) => (typeof rule === "string" ? ruleOf(rule) : rule));
  return new AskedGate({ rules: read, otherwise: { verdict: otherwise, origin } });
}

/** A gate that understands addresses and answers in words. */
export class AskedGate {
  readonly gate: Gate;
  readonly #table = new TrafficTable();
  readonly #space: SymbolSpace | undefined;

  constructor(rules: GateRules, space?: SymbolSpace) {
    this.gate = new Gate(rules, this.#table);
    this.#space = space;
  }

  /** An address, or a symbol's name. */
  #point(text: string): number | bigint {
    const symbol = [...(this.#space?.symbols() ?? [])].find(({ name }) => name === text);
    return symbol?.point ?? parseAddress(text);
  }

  /** What passes. */
  accepts(from: string, to: string): string {
    return formatTraffic(this.#table.set(this.gate.passage(this.#point(from), this.#point(to)).accepted));
  }

  /** What nobody can tell of. */
  undecided(from: string, to: string): string {
    return formatTraffic(this.#table.set(this.gate.passage(this.#point(from), this.#point(to)).undecided));
  }

  /** `accept: RULE` */
  decides(from: string, to: string, traffic: string): string {
    const kind = parseTraffic(traffic)[0] ?? 0;
    const { verdict, origin } = this.gate.decision(this.#point(from), this.#point(to), kind);
    return `${verdict}: ${origin.rule}`;
  }

  /** Every rule that lets it pass. */
  acceptors(from: string, to: string, traffic: string): string[] {
    const kind = parseTraffic(traffic)[0] ?? 0;
    return this.gate.acceptors(this.#point(from), this.#point(to), kind).map(({ rule }) => rule);
  }
}

/** A security group's rule, with what tests of others do not look at filled in. */
export function groupRule(rule: Partial<SecurityRulePlan>): SecurityRulePlan {
  return {
    key: "",
    direction: "ingress",
    protocol: "tcp",
    ports: undefined,
    peer: { kind: "cidr", cidr: "0.0.0.0/0" },
    description: "",
    ...rule,
  };
}
