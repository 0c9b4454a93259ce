/** A host with an agent and keys, as far as numbers and names go. */
import type { HostPlanReport } from "../../../components/hosts/observation.ts";
import { reportOf } from "./mocked-hosts.ts";

/** What the program wants of the host; equal documents are equal strings. */
export interface Wanted {
  /** Another one is another machine under the same name. */
  readonly machine: string;
  /** Where the tunnel's other end is: a host that knows another one is reached on its LAN only. */
  readonly hub: number;
  readonly version: number;
  /** Whether an operator stands on the LAN. */
  readonly onSite: boolean;
}

export interface Document {
  readonly hub: number;
  readonly text: string;
  readonly paths: readonly string[];
  /** Of which key there is a certificate in it. */
  readonly certified?: string;
}

interface Open {
  readonly document: Document;
  readonly token: string;
  readonly confirmed: Set<string>;
  readonly number: number;
}

/** Each has a number of its own, so that no two are the same, on whatever host. */
let made = 0;
const makeKey = (): string => `key-${++made}`;
const makeName = (): string => (++made).toString(16).padStart(16, "0");

export interface Meeting {
  readonly machine: string;
  readonly keys: string;
  readonly publicKey: string;
}

/** What scripts/meet.sh and scripts/keys.sh work with. */
class SimulatedKeys {
  /** In its file; `undefined` where that is lost. */
  tunnel: string | undefined;
  /** Of the tunnel that runs. */
  running: string | undefined;
  tls: string | undefined;
  #record: { readonly name: string; readonly tunnel: string } | undefined;
  #machine: string | undefined;

  see(hasAgent: boolean): string {
    const isWhole =
      hasAgent &&
      this.#machine !== undefined &&
      this.tls !== undefined &&
      this.#record?.tunnel === this.tunnel;
    return isWhole && this.#record !== undefined ? `kept ${this.#record.name}` : `lost ${makeName()}`;
  }

  meet(name: string, hasAgent: boolean): Meeting {
    if (this.tunnel === undefined || this.tunnel !== this.#record?.tunnel)
      this.tunnel = this.running ?? this.tunnel ?? makeKey();
    if (this.#machine === undefined || !hasAgent) this.#machine = name;
    this.#record = { name, tunnel: this.tunnel };
    return { machine: this.#machine, keys: name, publicKey: this.#record.tunnel };
  }

  loseRecords(): void {
    this.#record = undefined;
    this.#machine = undefined;
  }
}

/** The agent's part: edge/internal/transaction has the real one. */
export class SimulatedHost {
  readonly keys = new SimulatedKeys();
  committed: { readonly number: number; readonly document: Document } | undefined;
  open: Open | undefined;
  drifted = false;
  /** Older than the program: it cannot read the document until a newer one has been applied. */
  isOld = false;
  /** Whether the program's agent lies here, for whoever applies. */
  isUploaded = false;
  #attempt = 0;
  #tokens = 0;
  /** Whether the last generation was reverted, and no apply has come since. */
  #reverted = false;
  readonly #committedTokens = new Set<string>();
  #numbers: Record<string, number> = {};

  /** How often something was changed here. */
  changes = 0;
  /** How often the small first generation took the place of a whole one. */
  stripped = 0;

  get hasAgent(): boolean {
    return this.#attempt > 0;
  }

  get #active(): Document | undefined {
    return this.open?.document ?? this.committed?.document;
  }

  isReachedBy(path: string, { hub, onSite }: Wanted, hubs: ReadonlyMap<number, string>): boolean {
    if (path === "on-site") return onSite;
    const { running } = this.keys;
    return this.#active?.hub === hub && running !== undefined && hubs.get(hub) === running;
  }

  plan(document: Document): HostPlanReport | undefined {
    if (!this.hasAgent) return undefined;
    const inOrder = !this.isOld && !this.#reverted && this.#isInOrder(document);
    return reportOf({
      ...{ attempt: this.#attempt, numbers: this.#numbers, inOrder },
      committed: { number: this.committed?.number ?? 0, digest: this.committed?.document.text ?? "" },
      ...(this.open === undefined ? {} : { open: { number: this.open.number } }),
      ...(this.isOld ? { refused: "it is newer" } : {}),
    });
  }

  #isInOrder({ text }: Document): boolean {
    return this.open === undefined && !this.#hasDrifted && this.committed?.document.text === text;
  }

  get #hasDrifted(): boolean {
    const lacksKey = this.#active?.certified !== undefined && this.keys.tls === undefined;
    return this.drifted || lacksKey || (this.#active !== undefined && this.keys.running === undefined);
  }

  loseNumbers(): void {
    this.#numbers = {};
  }

  /** What was not committed does not outlive a boot, and a tunnel without a key does not come up. */
  reboot(): void {
    this.revert();
    this.keys.running = this.#active === undefined ? undefined : this.keys.tunnel;
  }

  request(): string {
    this.keys.tls ??= makeKey();
    return this.keys.tls;
  }

  /** @throws where the agent would end with another exit code than 0. */
  apply(document: Document, by: string, number: number): string {
    if (!this.isUploaded) throw new Error("the agent's upload is missing");
    const outcome = this.#apply(document, number);
    this.#numbers = { ...this.#numbers, [by]: this.#attempt };
    return JSON.stringify(outcome);
  }

  #apply(document: Document, number: number): { readonly token?: string } {
    if (this.open !== undefined) {
      if (number <= this.#attempt) throw new Error("exit 4: one waits for its confirmation");
      if (this.open.document.text === document.text && !this.#hasDrifted) {
        this.#attempt = number;
        this.open = { ...this.open, token: this.#token(), confirmed: new Set() };
        return { token: this.open.token };
      }
      this.revert();
    }
    this.#reverted = false;
    if (this.#isInOrder(document)) {
      this.#attempt = Math.max(this.#attempt, number);
      return {};
    }
    this.#attempt = Math.max(this.#attempt + 1, number);
    const lacksKey = document.certified !== undefined && this.keys.tls === undefined;
    if (this.refuses || lacksKey || this.keys.tunnel === undefined) {
      this.refuses = false;
      throw new Error("exit 3: nothing was changed");
    }
    this.changes += 1;
    if (document.certified === undefined && this.#active?.certified !== undefined) this.stripped += 1;
    this.drifted = false;
    this.isOld = false;
    this.keys.running = this.keys.tunnel;
    this.open = { document, token: this.#token(), confirmed: new Set(), number: this.#attempt };
    return { token: this.open.token };
  }

  #token(): string {
    this.#tokens += 1;
    return `${this.#attempt}-${this.#tokens}`;
  }

  /** The next apply is refused: its number is used up as well, and what waited is reverted by then. */
  refuses = false;

  confirm(token: string, path: string): void {
    if (token === "none") {
      if (this.open !== undefined) throw new Error("exit 1: one waits for its confirmation");
      return;
    }
    if (this.#committedTokens.has(token)) return;
    if (this.open?.token !== token) throw new Error("exit 1: nothing waits for this token");
    this.open.confirmed.add(path);
    if (!this.open.document.paths.every((name) => this.open?.confirmed.has(name))) return;
    this.committed = { number: this.open.number, document: this.open.document };
    this.#committedTokens.add(token);
    this.open = undefined;
  }

  /** The time to confirm has passed. */
  revert(): void {
    this.#reverted ||= this.open !== undefined;
    this.open = undefined;
    if (this.committed === undefined) this.keys.running = undefined;
  }
}
