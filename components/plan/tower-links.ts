/** The interfaces of towers, and of their rack's gateway and storage. */
import type { GenerationPart, InterfacePlan } from "./generation.ts";
import { addressedLink, links, trunk, type AnsweringLink } from "./host/links.ts";
import { missing, networkOf, type Place } from "./place.ts";
import { rackOf, type RackMember, type RackPlan, type VlanName, type VlanPlan } from "./rack.ts";

/** A host's links, and by which of them it reaches the internet. */
export interface HostLinks {
  readonly part: GenerationPart;
  readonly uplink: string;
}

export function rackAt(place: Place): RackPlan {
  return rackOf(place.config, place.site) ?? missing(place.key, "rack to stand in");
}

export function towerConfig({ host, key }: Place) {
  return host.tower ?? missing(key, "tower's options");
}

/** Whether the host is the gateway of its site's rack. */
export function isRackGateway({ config, site, name }: Place): boolean {
  return config.sites[site]?.rack?.gateway === name;
}

/** The host among those of its rack. */
export function memberAt(place: Place, rack: RackPlan): RackMember {
  const all = [rack.gateway, rack.storage, ...rack.towers];
  return all.find(({ key }) => key === place.key) ?? missing(place.key, "place in its rack");
}

function vlanLink(vlan: VlanPlan, member: RackMember, link: string, gateway?: RackMember): InterfacePlan {
  return addressedLink({
    name: vlan.interface,
    address: member.addresses[vlan.name],
    network: vlan.network,
    mtu: vlan.mtu,
    gateway: gateway?.addresses[vlan.name],
    vlan: { link, id: vlan.id },
  });
}

/** A VLAN whose members answer through their gateway there, whatever the default route is. */
function answering(vlan: VlanPlan, member: RackMember, gateway: RackMember): AnsweringLink {
  return {
    name: vlan.interface,
    address: member.addresses[vlan.name],
    network: vlan.network,
    gateway: gateway.addresses[vlan.name],
    table: vlan.id,
  };
}

/**
 * What a tower opens by itself (packages, names, time) leaves by the management VLAN; clients are answered by the
 * API's; the cluster's and the storage's lead nowhere else.
 */
function clusterLinks(place: Place): HostLinks {
  const rack = rackAt(place);
  const { ports } = towerConfig(place);
  const { management, api, cluster, storage } = rack.vlans;
  const member = memberAt(place, rack);
  const data = [api, cluster, storage];
  const interfaces = [
    trunk(
      ports.primary,
      data.map(({ mtu }) => mtu),
    ),
    trunk(ports.management, [management.mtu]),
    vlanLink(management, member, ports.management, rack.gateway),
    ...data.map((vlan) => vlanLink(vlan, member, ports.primary)),
  ];
  return { part: links(interfaces, [answering(api, member, rack.gateway)]), uplink: management.interface };
}

/** One wired link on the site's LAN, as the document draws it: 1GbE at home, 10GbE for a hub. */
function lanLinks(place: Place): HostLinks {
  const { config, site, address } = place;
  const { mode, ports, management } = towerConfig(place);
  const gateway = config.sites[site]?.gateway ?? missing(place.key, "router");
  const network = networkOf(place);
  const name = mode === "p2p_hub" ? ports.primary : ports.secondary;
  const primary = addressedLink({ name, address, network, gateway });
  if (mode !== "server" || management === undefined) return { part: links([primary], []), uplink: name };
  const apart = {
    name: `vlan${management.vlan}`,
    address: management.address,
    network,
    gateway,
    table: management.vlan,
  };
  // The document gives both links one network: with its prefix, either could take what is meant for the other.
  const interfaces = [
    primary,
    trunk(ports.management, [1500]),
    addressedLink({
      name: apart.name,
      address: management.address,
      network: `${management.address}/32`,
      vlan: { link: ports.management, id: management.vlan },
    }),
  ];
  return { part: links(interfaces, [apart]), uplink: name };
}

export function towerLinks(place: Place): HostLinks {
  return towerConfig(place).mode === "cluster" ? clusterLinks(place) : lanLinks(place);
}

export function storageLinks(place: Place, port: string): HostLinks {
  const rack = rackAt(place);
  const { management, storage } = rack.vlans;
  const member = memberAt(place, rack);
  const interfaces = [
    trunk(port, [management.mtu, storage.mtu]),
    vlanLink(management, member, port, rack.gateway),
    vlanLink(storage, member, port),
  ];
  return { part: links(interfaces, []), uplink: management.interface };
}

const routed: readonly VlanName[] = ["management", "api"];

/** The gateway is in the VLANs that lead somewhere, and in no other. */
export function gatewayLinks(place: Place): HostLinks {
  const rack = rackAt(place);
  const { uplink, ports } = rack.config;
  const gateway = place.config.sites[place.site]?.gateway;
  const vlans = routed.map((name) => rack.vlans[name]);
  const interfaces = [
    addressedLink({ name: ports.uplink, address: uplink.address, network: uplink.network, gateway }),
    trunk(
      ports.trunk,
      vlans.map(({ mtu }) => mtu),
    ),
    ...vlans.map((vlan) => vlanLink(vlan, rack.gateway, ports.trunk)),
  ];
  return { part: links(interfaces, []), uplink: ports.uplink };
}

/** Where monitoring finds a tower. The program comes by the LAN, since that is where the VPN peer stands. */
export function towerManagementAddress(place: Place): string {
  const { mode, management } = towerConfig(place);
  return mode === "server" && management !== undefined ? management.address : place.address;
}
