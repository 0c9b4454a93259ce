/** Where probes come from: ports that clients' kernels choose, none of which is asked about. */

/** Linux's `net.ipv4.ip_local_port_range`, with which every kernel comes. */
const first = 32768;
const last = 60999;

export type PortRun = readonly [from: number, to: number];

/**
 * Gives out runs of ports, each once: a connection of one round must not pass for one of an earlier round.
 * @param asked ports that are asked about
 * @param start from 0 to 1, where to begin
 */
export class SourcePorts {
  readonly #asked: ReadonlySet<number>;
  readonly #taken: PortRun[] = [];
  #next: number;

  constructor(asked: ReadonlySet<number>, start: number) {
    this.#asked = asked;
    this.#next = first + Math.floor((last - first) * start);
  }

  /** All that were given out. */
  get taken(): readonly PortRun[] {
    return this.#taken;
  }

  /** @throws Error where no such run is without ports that are asked about */
  take(size: number): PortRun {
    let from = this.#next;
    for (let tried = 0; tried <= last - first;) {
      if (from + size - 1 > last) from = first;
      const clash = this.#clash(from, size);
      if (clash === undefined) {
        this.#next = from + size;
        this.#taken.push([from, from + size - 1]);
        return [from, from + size - 1];
      }
      tried += clash + 1 - from;
      from = clash + 1;
    }
    throw new Error(`there are no ${size} ports in a row that nobody asks about`);
  }

  #clash(from: number, size: number): number | undefined {
    for (let port = from + size - 1; port >= from; port--) if (this.#asked.has(port)) return port;
    return undefined;
  }
}
