/** An update told in short: how many resources are done, what is under way, and what went wrong. */
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

/** `urn:pulumi:stack::project::parent$type::name` → `name`. */
function resourceName(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

const verbs: Readonly<Record<string, string>> = {
  create: "creating",
  "create-replacement": "replacing",
  update: "updating",
  delete: "deleting",
  "delete-replaced": "deleting",
  refresh: "refreshing",
  read: "reading",
};

export class EngineProgress {
  #done = 0;
  readonly #underWay = new Map<string, string>();
  readonly #problems: string[] = [];
  #changes: Readonly<Record<string, number>> = {};

  /** Errors and warnings, in order, each once. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Number of resources by what happened to them: `{same: 3, create: 2}`; empty until the update has ended. */
  get changes(): Readonly<Record<string, number>> {
    return this.#changes;
  }

  see(event: EngineEvent): void {
    const before = event.resourcePreEvent?.metadata;
    const after = event.resOutputsEvent?.metadata ?? event.resOpFailedEvent?.metadata;
    if (before !== undefined && before.op !== "same") {
      this.#underWay.set(before.urn, before.op);
    }
    if (after !== undefined) {
      this.#underWay.delete(after.urn);
      this.#done++;
    }
    const diagnostic = event.diagnosticEvent;
    if (diagnostic !== undefined && ["error", "warning"].includes(diagnostic.severity)) {
      this.#addProblem(diagnostic.urn, diagnostic.message);
    }
    if (event.summaryEvent !== undefined) {
      this.#changes = event.summaryEvent.resourceChanges;
    }
  }

  #addProblem(urn: string | undefined, message: string): void {
    const text = message.replaceAll(/<\{%[^%]*%\}>/g, "").trim();
    const line = urn ? `${resourceName(urn)}: ${text}` : text;
    if (text !== "" && !this.#problems.includes(line)) {
      this.#problems.push(line);
    }
  }

  /** One line: `57 resources done, creating us-west/hub-1 and 3 more`. */
  line(): string {
    const [first] = this.#underWay;
    const done = `${this.#done} resources done`;
    if (first === undefined) {
      return done;
    }
    const [urn, op] = first;
    const more = this.#underWay.size > 1 ? ` and ${this.#underWay.size - 1} more` : "";
    return `${done}, ${verbs[op] ?? op} ${resourceName(urn)}${more}`;
  }

  /** `created 210, updated 3, unchanged 4`, or `nothing to do` where everything was as it should be. */
  summary(): string {
    const words: Readonly<Record<string, string>> = {
      create: "created",
      update: "updated",
      delete: "deleted",
    };
    const changed = Object.entries(this.#changes).filter(([op, count]) => op !== "same" && count > 0);
    if (changed.length === 0) {
      return `nothing to do: all ${this.#changes.same ?? 0} resources are as they should be`;
    }
    const parts = changed.map(([op, count]) => `${words[op] ?? op} ${count}`);
    return [...parts, `unchanged ${this.#changes.same ?? 0}`].join(", ");
  }
}
