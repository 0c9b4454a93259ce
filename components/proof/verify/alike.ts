/** Who need not be asked for twice: members of one class of hosts are treated alike, at each of their addresses. */
import { endpointClasses } from "../classes/endpoints.ts";
import type { World } from "../world/model.ts";
import type { Parties, Party } from "./parties.ts";

/** By the number of a party, and of a target: a number that it shares with those it is alike. */
export interface Alike {
  readonly senders: readonly number[];
  readonly targets: readonly number[];
}

/** Gives everything with one name one number. */
function numbered(names: readonly string[]): number[] {
  const numbers = new Map<string, number>();
  return names.map((name) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
}

/** A pair of two members of one class is alike any other such pair: nobody asks itself. */
export function alikeIn({ all, targets }: Parties, world: World): Alike {
  const members = endpointClasses(world).flatMap((each) =>
    each.kind === "host" ? each.members.map((member) => [member, each.key] as const) : [],
  );
  const classes = new Map(members.map(([{ host }, key]) => [host, key]));
  const places = new Map(
    members.map(([{ host, addresses }]) => [
      host,
      new Map(addresses.map((address, place) => [address, place])),
    ]),
  );
  // Devices of a segment are one party already, and so is each part of the internet.
  const nameOf = (party: Party): string => {
    switch (party.kind) {
      case "host":
        return `host ${classes.get(party.plan.key) ?? party.plan.key}`;
      case "devices":
        return `devices ${party.segment.key}`;
      case "internet":
        return `internet ${party.part.address}`;
    }
  };
  return {
    senders: numbered(all.map(nameOf)),
    targets: numbered(
      targets.map(({ party, address }) => {
        const place = party.kind === "host" ? places.get(party.plan.key)?.get(address) : undefined;
        return `${nameOf(party)} at ${place ?? address}`;
      }),
    ),
  };
}
