/**
 * Z3 as a second opinion: it is asked in SMT-LIB 2.6 whether a packet exists that the proof and the platform's
 * documentation treat differently. "unsat" is a proof that there is none, over all addresses, protocols and ports.
 */
import { init } from "z3-solver";

/** A question by itself: declarations, and what a packet would have to meet for the two to disagree. */
export interface Question {
  readonly about: string;
  readonly script: string;
}

/** So few at once that Z3's memory stays small. */
const batch = 100;

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

  async #run(script: string): Promise<string> {
    const { Z3 } = this.#api;
    const config = Z3.mk_config();
    const context = Z3.mk_context(config);
    Z3.del_config(config);
    try {
      return (await Z3.eval_smtlib2_string(context, script)).trim();
    } finally {
      Z3.del_context(context);
    }
  }

  /** Questions for which a packet exists, each with the packet. @throws Error where Z3 cannot tell. */
  async disagreements(questions: readonly Question[]): Promise<string[]> {
    const found: string[] = [];
    for (let start = 0; start < questions.length; start += batch) {
      const part = questions.slice(start, start + batch);
      const text = part.map(({ script }) => `(push)\n${script}\n(check-sat)\n(pop)`).join("\n");
      const answers = (await this.#run(text)).split("\n");
      const odd = answers.filter((answer) => answer !== "sat" && answer !== "unsat");
      if (answers.length !== part.length) throw new Error(`Z3 says ${odd.join("; ")}`);
      for (const [index, { about, script }] of part.entries()) {
        if (answers[index] === "unsat") continue;
        if (answers[index] !== "sat")
          throw new Error(`Z3 says ${answers[index] ?? ""} of ${about}\n${script}`);
        found.push(`${about}\n${await this.#run(`${script}\n(check-sat)\n(get-model)`)}`);
      }
    }
    return found;
  }
}
