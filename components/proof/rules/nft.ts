/** A host's own nftables table as gates: which packets a chain lets through, given where they come from. */
import type { ChainPlan } from "../../plan/generation.ts";
import type { AddressSet, SymbolSpace } from "../sets/addresses.ts";
import { difference, union, unionAll } from "../sets/intervals.ts";
import { allTraffic, linuxPorts } from "../sets/traffic.ts";
import { isNobody, narrow, type GateRule, type GateRules, type Origin, type Side } from "./gate.ts";
import {
  everywhere,
  matchesInterface,
  readNftRule,
  type AddressMatch,
  type ConnectionState,
  type NftRule,
} from "./nft-text.ts";

/** What is known of packets at a chain besides their addresses and traffic. */
export interface ChainContext {
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly state: ConnectionState;
}

interface ReadChain {
  readonly plan: ChainPlan;
  readonly rules: readonly NftRule[];
}

/** Chains may jump to each other; nft allows no more. */
const deepest = 16;

const read = new Map<string, NftRule>();

/** The same rules stand on many hosts. */
function rule(text: string): NftRule {
  const known = read.get(text) ?? readNftRule(text);
  read.set(text, known);
  return known;
}

export class NftTable {
  readonly #chains: ReadonlyMap<string, ReadChain>;
  readonly #space: SymbolSpace;

  /**
   * Equal tables of many hosts are one; whoever tells of a decision adds whose it is.
   * @throws Error where a rule is not understood
   */
  constructor(chains: readonly ChainPlan[], space: SymbolSpace) {
    const known = chains.map((plan): [string, ReadChain] => [
      plan.name,
      { plan, rules: plan.rules.map(rule) },
    ]);
    this.#chains = new Map(known);
    this.#space = space;
  }

  /** The chains of a hook, in the order in which packets meet them. */
  hooked(at: NonNullable<ChainPlan["hook"]>["at"], type: "filter" | "nat"): string[] {
    const rank = (priority: string): number => priorities[priority] ?? Number(priority);
    return [...this.#chains.values()]
      .flatMap(({ plan }) =>
        plan.hook?.at === at && plan.hook.type === type ? [{ ...plan, hook: plan.hook }] : [],
      )
      .sort((a, b) => rank(a.hook.priority) - rank(b.hook.priority))
      .map(({ name }) => name);
  }

  /** The chain as a gate's rules. */
  rules(chain: string, context: ChainContext): GateRules {
    const { plan } = this.#chain(chain);
    const policy = plan.hook?.policy ?? "accept";
    const otherwise = { verdict: policy, origin: this.#origin(chain, `policy ${policy}`) } as const;
    return { rules: this.#flatten(chain, context, otherwise), otherwise };
  }

  /** Whether packets between the two networks' interfaces are hidden behind the host, and by which rule. */
  masquerade(context: ChainContext): GateRules | undefined {
    const chains = this.hooked("postrouting", "nat");
    const found = chains.flatMap((name) =>
      this.#chain(name).rules.flatMap((each): GateRule[] =>
        each.action.kind === "masquerade" ? this.#gateRules(name, each, context, "accept") : [],
      ),
    );
    if (found.length === 0) return undefined;
    return {
      rules: found,
      otherwise: { verdict: "drop", origin: this.#origin("postrouting", "no masquerade") },
    };
  }

  #chain(name: string): ReadChain {
    const found = this.#chains.get(name);
    if (found === undefined) throw new Error(`no nftables chain is called ${name}`);
    return found;
  }

  #origin(chain: string, text: string): Origin {
    return { where: `nftables, chain ${chain}`, rule: text, path: "" };
  }

  /**
   * The chain and those that it leads to as one list.
   * @param after what the packet meets where it falls out of the chain, the policy apart
   */
  #flatten(
    chain: string,
    context: ChainContext,
    end: GateRules["otherwise"],
    after: readonly GateRule[] = [],
    depth = 0,
  ): readonly GateRule[] {
    if (depth > deepest) throw new Error(`the nftables chain ${chain} leads to itself`);
    return this.#chain(chain).rules.reduceRight<readonly GateRule[]>((rest, each) => {
      const { action } = each;
      if (action.kind === "accept" || action.kind === "drop") {
        return [...this.#gateRules(chain, each, context, action.kind), ...rest];
      }
      if (action.kind !== "jump" && action.kind !== "goto") return rest;
      const [outer] = this.#gateRules(chain, each, context, "accept");
      if (outer === undefined) return rest;
      const isJump = action.kind === "jump";
      const next = isJump ? [...rest, ...after] : after;
      const inner = this.#flatten(action.chain, context, end, next, depth + 1);
      // What falls out of a chain that was gone to goes on where this chain was jumped from.
      const gone = isJump ? inner : [...inner, ...after, { ...outer, ...end }];
      return [...gone.map((one) => within(outer, one)), ...rest];
    }, []);
  }

  #gateRules(chain: string, each: NftRule, context: ChainContext, verdict: "accept" | "drop"): GateRule[] {
    if (!matchesInterface(each.iif, context.iif) || !matchesInterface(each.oif, context.oif)) return [];
    if (each.states !== undefined && !each.states.includes(context.state)) return [];
    if (each.sourcePorts?.every(isUnusual) === true) return [];
    const from = this.#side(each.from);
    const to = this.#side(each.to);
    if (isNobody(from) || isNobody(to)) return [];
    return [{ from, to, traffic: each.traffic, verdict, origin: this.#origin(chain, each.text) }];
  }

  #side(matches: readonly AddressMatch[]): Side | undefined {
    return matches.reduce<Side | undefined>((side, match) => narrow(side, this.#matched(match)), undefined);
  }

  #matched({ networks, isFilledLater, negated }: AddressMatch): Side {
    const named: AddressSet = isFilledLater
      ? []
      : unionAll(networks.map((text) => this.#space.network(text)));
    const undecided = isFilledLater ? [] : unionAll(networks.map((text) => this.#space.undecided(text)));
    if (!negated) return { addresses: named, undecided: difference(undecided, named) };
    return {
      addresses: difference(everywhere, union(named, undecided)),
      undecided: difference(undecided, named),
    };
  }
}

/** nft's names of priorities. */
const priorities: Readonly<Record<string, number>> = {
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};

/** Whether clients never take a source port of the range. */
function isUnusual([from, to]: readonly [number, number]): boolean {
  return to < linuxPorts.from || from > linuxPorts.to;
}

function within(outer: GateRule, inner: GateRule): GateRule {
  return {
    ...inner,
    from: narrow(outer.from, inner.from),
    to: narrow(outer.to, inner.to),
    traffic: difference(inner.traffic, difference(allTraffic, outer.traffic)),
  };
}
