/** What is wrong with a site of the world although each of its values is well formed. */
import { blockHas } from "./blocks.ts";
import { formatAddress, parseBlock } from "./ipv4.ts";
import { deviceTowards, gatewayOf, linksOf, networksOf, networkWith } from "./site-networks.ts";
import type { Site, SiteMachine } from "./world.ts";

export interface Fault {
  /** Keys below the site. */
  readonly path: readonly string[];
  readonly message: string;
}

export function* siteFaults(site: Site): Iterable<Fault> {
  const known = Object.values(networksOf(site))
    .map(({ network }) => network)
    .join(", ");
  for (const who of ["gateway", "operatorAddress"] as const) {
    if (networkWith(site, site[who]) === undefined) {
      yield { path: [who], message: `${site[who]} is not in ${known}` };
    }
  }
  yield* networkFaults(site);
  for (const [who, machine] of Object.entries(site.machines)) {
    for (const { path, message } of machineFaults(site, machine)) {
      yield { path: ["machines", who, ...path], message };
    }
  }
}

/** Whether two blocks have addresses in common; then one of them has the other's first. */
function overlap(a: string, b: string): boolean {
  const first = (block: string): string => formatAddress(parseBlock(block).base);
  return blockHas(a, first(b)) || blockHas(b, first(a));
}

function* networkFaults(site: Site): Iterable<Fault> {
  const named = Object.entries(site.networks ?? {});
  for (const [index, [name, { network }]] of named.entries()) {
    const other = named.slice(0, index).find(([, earlier]) => overlap(earlier.network, network));
    const wider = parseBlock(network).prefixLength < parseBlock(site.network).prefixLength;
    if (wider || !overlap(site.network, network)) {
      yield { path: ["networks", name], message: `${network} is not a part of ${site.network}` };
    } else if (other !== undefined) {
      yield { path: ["networks", name], message: `${network} overlaps ${other[0]}, ${other[1].network}` };
    }
  }
}

function* machineFaults(site: Site, machine: SiteMachine): Iterable<Fault> {
  const links = Object.entries(linksOf(machine));
  for (const [device, { network: name, address }] of links) {
    const network = name === undefined ? undefined : networksOf(site)[name]?.network;
    // Of a machine with one link it is the machine's own address that is wrong.
    const path = machine.links === undefined ? ["address"] : ["links", device];
    if (name !== undefined && network === undefined) {
      yield { path, message: `there is no network ${name}` };
    } else if (address !== undefined && (network === undefined || !blockHas(network, address))) {
      yield { path, message: `${address} is not in ${network ?? "any network"}` };
    }
  }
  if (!links.some(([, { address }]) => address === machine.address)) {
    yield { path: ["address"], message: `${machine.address} is on none of the machine's links` };
  }
  const gateway = gatewayOf(site, machine);
  if (deviceTowards(site, machine, gateway) === undefined) {
    yield { path: ["gateway"], message: `${gateway} is in none of the machine's networks` };
  }
}
