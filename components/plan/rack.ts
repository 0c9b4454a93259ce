/** A rack of Coral-Reef towers: who stands in it, and with which address in which VLAN. */
import { formatAddress, parseAddress, rangeOf } from "../config/ip.ts";
import type { HostConfig, NetworkConfig, RackConfig, SiteConfig, TowerConfig } from "../config/schema.ts";
import { sortedEntries } from "./keys.ts";

export type VlanName = keyof RackConfig["vlans"];

/** A VLAN as its members see it. */
export interface VlanPlan {
  readonly name: VlanName;
  readonly id: number;
  readonly network: string;
  /** Bytes. */
  readonly mtu: number;
  /** What the interface is called: `vlan40`. */
  readonly interface: string;
}

/** Addresses by VLAN. */
export type RackAddresses = Readonly<Record<VlanName, string>>;

export interface RackMember {
  /** `coral-reef/node-1` */
  readonly key: string;
  readonly name: string;
  readonly hostname: string;
  /** In each VLAN; a member is not in all of them. */
  readonly addresses: RackAddresses;
}

export interface RackTower extends RackMember {
  readonly tower: TowerConfig;
}

export interface RackPlan {
  /** The site's key. */
  readonly site: string;
  /** The whole rack's network, which is behind its gateway in the VPN. */
  readonly network: string;
  readonly config: RackConfig;
  readonly vlans: Readonly<Record<VlanName, VlanPlan>>;
  readonly gateway: RackMember;
  readonly storage: RackMember;
  /** In the order of their names. */
  readonly towers: readonly RackTower[];
}

const vlanNames: readonly VlanName[] = ["management", "api", "cluster", "storage"];

/** The address with the same place in another network: the storage's .5 is .5 in every VLAN. */
function sameHostIn(network: string, address: string, from: string): string {
  const number = parseAddress(address);
  if (number === undefined) throw new Error(`${address} is no address`);
  return formatAddress(rangeOf(network).first + number - rangeOf(from).first);
}

function vlansOf(rack: RackConfig): Record<VlanName, VlanPlan> {
  const vlan = (name: VlanName): VlanPlan => {
    const { id, network, mtu } = rack.vlans[name];
    return { name, id, network, mtu, interface: `vlan${id}` };
  };
  return {
    management: vlan("management"),
    api: vlan("api"),
    cluster: vlan("cluster"),
    storage: vlan("storage"),
  };
}

/** The rack of a site; `undefined` where the site is none. */
export function rackOf(config: NetworkConfig, site: string): RackPlan | undefined {
  const found = config.sites[site];
  const rack = found?.rack;
  if (found === undefined || rack === undefined) return undefined;
  const member = (name: string): RackMember => memberOf(site, found, rack, name);
  return {
    site,
    network: found.network,
    config: rack,
    vlans: vlansOf(rack),
    gateway: member(rack.gateway),
    storage: member(rack.storage.host),
    towers: sortedEntries(config.hosts[site] ?? {}).flatMap(([name, host]) => towerOf(member, name, host)),
  };
}

function towerOf(member: (name: string) => RackMember, name: string, host: HostConfig): RackTower[] {
  return host.tower === undefined ? [] : [{ ...member(name), tower: host.tower }];
}

function memberOf(site: string, config: SiteConfig, rack: RackConfig, name: string): RackMember {
  const address = config.nodes[name];
  if (address === undefined) throw new Error(`${site}/${name} has no address`);
  const { network } = rack.vlans.management;
  const addresses = Object.fromEntries(
    vlanNames.map((vlan) => [vlan, sameHostIn(rack.vlans[vlan].network, address, network)]),
  ) as unknown as RackAddresses;
  return { key: `${site}/${name}`, name, hostname: `${name}.${site}`, addresses };
}
