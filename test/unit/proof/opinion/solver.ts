/**
 * Z3 as a second opinion: it is asked in SMT-LIB 2.6 whether a packet exists that the proof and the platform's
 * documentation treat differently. "unsat" is a proof that there is none, over all addresses, protocols and ports.
 */
import { init, Z3_lbool } from "z3-solver";

/** A question by itself: declarations, and what a packet would have to meet for the two to disagree. */
export interface Question {
  readonly about: string;
  readonly script: string;
}

export class Solver {
  readonly #api: Awaited<ReturnType<typeof init>>;

  private constructor(api: Awaited<ReturnType<typeof init>>) {
    this.#api = api;
  }

  static async start(): Promise<Solver> {
    return new Solver(await init());
  }

  /** Z3's threads would keep the process alive. */
  end(): void {
    (this.#api.em as { PThread: { terminateAllThreads: () => void } }).PThread.terminateAllThreads();
  }

  /** A packet, as Z3 prints it; `undefined` where there is none. @throws Error where Z3 cannot tell. */
  async #packet({ about, script }: Question): Promise<string | undefined> {
    const { Z3 } = this.#api;
    const config = Z3.mk_config();
    const context = Z3.mk_context(config);
    Z3.del_config(config);
    try {
      const solver = Z3.mk_solver(context);
      Z3.solver_inc_ref(context, solver);
      // Not `eval_smtlib2_string`: it lets a thread read the text after the text has been freed.
      Z3.solver_from_string(context, solver, script);
      const answer = await Z3.solver_check(context, solver);
      if (answer === Z3_lbool.Z3_L_FALSE) return undefined;
      if (answer === Z3_lbool.Z3_L_UNDEF) {
        throw new Error(`Z3 cannot tell (${Z3.solver_get_reason_unknown(context, solver)}): ${about}`);
      }
      return Z3.model_to_string(context, Z3.solver_get_model(context, solver));
    } finally {
      Z3.del_context(context);
    }
  }

  /** Questions for which a packet exists, each with the packet. @throws Error where Z3 cannot tell. */
  async disagreements(questions: readonly Question[]): Promise<string[]> {
    const found: string[] = [];
    for (const question of questions) {
      const packet = await this.#packet(question);
      if (packet !== undefined) found.push(`${question.about}\n${packet}`);
    }
    return found;
  }
}
