/** A network with changes in it, planned and proven anew. */
import { parseNetworkConfig } from "../../../config/parse.ts";
import type { NetworkPlan } from "../../../plan/model.ts";
import { planNetwork } from "../../../plan/plan.ts";
import { Prover } from "../../prover.ts";
import { buildWorld } from "../../world/build.ts";
import { Directory } from "../directory.ts";
import { find, judge, worst, type Judged, type Question } from "../verdict.ts";
import type { Candidate, Editable, Patch } from "./model.ts";

function isWritten({ edit }: Patch): boolean {
  return edit.level === "configuration";
}

export class Draft {
  readonly #editable: Editable;
  readonly patches: readonly Patch[];
  /** Of the configuration alone, which many drafts have in common. */
  #written: NetworkPlan | undefined;
  #plan: NetworkPlan | undefined;
  #prover: Prover | undefined;

  constructor(editable: Editable, patches: readonly Patch[] = [], written?: NetworkPlan) {
    this.#editable = editable;
    this.patches = patches;
    this.#written = patches.some(isWritten) ? written : (editable.plan ?? written);
  }

  /** @param prover of the network that is asked about */
  static of(editable: Editable, prover: Prover): Draft {
    const draft = new Draft(editable);
    if (editable.plan !== undefined) draft.#prover = prover;
    return draft;
  }

  with(candidate: Candidate): Draft {
    const patches = [...this.patches, ...candidate];
    return new Draft(this.#editable, patches, candidate.some(isWritten) ? undefined : this.#planned());
  }

  without(patch: Patch): Draft {
    const patches = this.patches.filter((one) => one !== patch);
    return new Draft(this.#editable, patches, isWritten(patch) ? undefined : this.#planned());
  }

  /** The configuration with the changes in it. */
  get network(): unknown {
    return this.patches.reduce((network, patch) => patch.network(network), this.#editable.network);
  }

  #planned(): NetworkPlan {
    return (this.#written ??= planNetwork(parseNetworkConfig(this.network), this.#editable.stack));
  }

  /** @throws {ConfigError} where the configuration does not take the changes */
  get plan(): NetworkPlan {
    return (this.#plan ??= this.patches.reduce((plan, patch) => patch.plan(plan), this.#planned()));
  }

  get prover(): Prover {
    return (this.#prover ??= new Prover(buildWorld(this.plan)));
  }

  /**
   * What the proof says of the question then. Names are looked up anew: a host may have got a public address.
   * @throws {ConfigError} where the configuration does not take the changes
   */
  judge(question: Question): Judged | undefined {
    const { prover } = this;
    const { pairs, asked } = find(new Directory(prover.world), question);
    return worst(pairs.map((pair) => judge(prover, pair, asked, question.direction)));
  }
}
