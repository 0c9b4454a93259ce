/** What packets have shown, over as many rounds as were asked. */
import { echoPort, probeProtocols, type ProbeAnswer, type ProbeProtocol } from "./prober.ts";

interface Gathered {
  readonly answered: Set<number>;
  readonly arrived: Map<number, string>;
  readonly refused: Map<number, string>;
  readonly strayed: Map<number, string>;
}

/** What became of one probe, at its best. */
export interface Sighting {
  readonly answered: boolean;
  /** The node that took it; `undefined` where nobody saw it, which an answer may make up for. */
  readonly arrived: string | undefined;
  /** Why the sender's own kernel did not send it. */
  readonly refused: string | undefined;
  /** Who answered in place of the address that was asked. */
  readonly strayed: string | undefined;
}

function nothing(): Gathered {
  return { answered: new Set(), arrived: new Map(), refused: new Map(), strayed: new Map() };
}

function join(into: Map<number, string>, more: ReadonlyMap<number, string>): void {
  for (const [port, value] of more) into.set(port, value);
}

/** The evidence about one question. A packet may get lost, but none arrives that was not let through: any round counts. */
export class Evidence {
  readonly #gathered: Readonly<Record<ProbeProtocol, Gathered>> = {
    tcp: nothing(),
    udp: nothing(),
    echo: nothing(),
  };

  add(answer: ProbeAnswer): void {
    for (const protocol of probeProtocols) {
      const { answered, arrived, refused, strayed } = this.#gathered[protocol];
      for (const port of answer[protocol].answered) answered.add(port);
      join(arrived, answer[protocol].arrived);
      join(refused, answer[protocol].refused);
      join(strayed, answer[protocol].strayed);
    }
  }

  of(protocol: ProbeProtocol, port: number = echoPort): Sighting {
    const { answered, arrived, refused, strayed } = this.#gathered[protocol];
    return {
      answered: answered.has(port),
      arrived: arrived.get(port),
      refused: refused.get(port),
      strayed: strayed.get(port),
    };
  }
}
