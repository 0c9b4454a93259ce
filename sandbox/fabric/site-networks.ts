/** A site's networks, and which of a machine's links leads where: the world with what it leaves unsaid. */
import { blockHas } from "./blocks.ts";
import type { Site, SiteLink, SiteMachine, SiteNetwork } from "./world.ts";

/** Name of the one network of a site that is not divided. */
const WHOLE_LAN = "lan";

/** Networks by name: those that the site names, or its LAN as a whole. */
export function networksOf(site: Site): Readonly<Record<string, SiteNetwork>> {
  return site.networks ?? { [WHOLE_LAN]: { network: site.network } };
}

/** A machine's links by interface: those that it names, or one on the LAN. */
export function linksOf(machine: SiteMachine): Readonly<Record<string, SiteLink>> {
  return machine.links ?? { eth0: { network: WHOLE_LAN, address: machine.address } };
}

/** Name of the network in which an address lies; `undefined` where it is in none. */
export function networkWith(site: Site, address: string): string | undefined {
  return Object.entries(networksOf(site)).find(([, { network }]) => blockHas(network, address))?.[0];
}

/** The interface of a machine by which it reaches an address of the site directly. */
export function deviceTowards(site: Site, machine: SiteMachine, address: string): string | undefined {
  const wanted = networkWith(site, address);
  return Object.entries(linksOf(machine)).find(
    ([, { network, address: own }]) => wanted !== undefined && network === wanted && own !== undefined,
  )?.[0];
}

/** Bits of the prefix of the network in which an address lies. */
export function prefixLengthAt(site: Site, address: string): number {
  const name = networkWith(site, address);
  const network = name === undefined ? site.network : (networksOf(site)[name]?.network ?? site.network);
  return Number(network.split("/")[1]);
}

/** Where a machine sends what it has no link to. */
export function gatewayOf(site: Site, machine: SiteMachine): string {
  return machine.gateway ?? site.gateway;
}
