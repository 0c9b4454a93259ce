/** What is on Coral-Reef towers, and on their rack's gateway and storage. */
import type { GenerationPart, SendPlan } from "./generation.ts";
import { alerts } from "./host/alerts.ts";
import { statisticsPort } from "./host/balancer.ts";
import { coturn } from "./host/coturn.ts";
import { etcd, etcdClientPort, etcdMetricsPort } from "./host/etcd.ts";
import { exporterPort } from "./host/exporter.ts";
import { iscsiInitiator, iscsiTarget } from "./host/iscsi.ts";
import { apiPort, networkConfiguration, type TowerMode } from "./host/network-yaml.ts";
import { nfsClient, nfsServer } from "./host/nfs.ts";
import { accessPoint, addressService, usbGadget, usbInterface } from "./host/point-to-point.ts";
import { prometheus, prometheusPort, type ScrapeTarget } from "./host/prometheus.ts";
import { outboundTable, webRtc } from "./host/tower-firewall.ts";
import { towerFront } from "./host/tower-front.ts";
import { apiScheme, towerStandIn } from "./host/tower-stand-in.ts";
import { sortedEntries } from "./keys.ts";
import { missing, networkOf, placeAt, tunnelAddressOf, type Place } from "./place.ts";
import type { RackMember, RackPlan } from "./rack.ts";
import { isRackGateway, memberAt, rackAt, towerConfig, towerManagementAddress } from "./tower-links.ts";

/** Tunnel addresses of the hubs, from which the operator comes. */
function hubTunnels({ config }: Place): string[] {
  return sortedEntries(config.wireguard.hubs).map(([, { address }]) => address);
}

/** What the tower itself carries: the USB cable's network, and its access point's. */
function ownNetworks(place: Place): string[] {
  const { usbNetwork, wifi } = towerConfig(place);
  return [usbNetwork, ...(wifi === undefined ? [] : [wifi.network])];
}

/** The document's "LAN/VPN": the LAN, and whatever comes through the tunnels, which the hubs' regions do as well. */
function lanAndVpn({ config }: Place, lan: string): string[] {
  const vpcs = sortedEntries(config.wireguard.hubs).flatMap(
    ([region]) => config.regions[region]?.vpcCidr ?? [],
  );
  return [lan, config.wireguard.network, ...vpcs];
}

/** Who may use a tower's API. */
function clientsOf(place: Place): string[] {
  const { mode } = towerConfig(place);
  const own = ownNetworks(place);
  if (mode === "local") return [...own, networkOf(place)];
  const lan = mode === "cluster" ? rackAt(place).vlans.api.network : networkOf(place);
  return [...lanAndVpn(place, lan), ...own];
}

/** The document's "Management" and "Monitoring": from where SSH and measurements are asked for. */
export function managementNetworks(place: Place): string[] {
  const rack = place.config.sites[place.site]?.rack;
  const near = rack?.vlans.management.network ?? networkOf(place);
  const own = place.host.tower === undefined ? [] : ownNetworks(place);
  return [near, ...own, ...hubTunnels(place)];
}

const defaultWeight = 100;

function etcdMembers(rack: RackPlan) {
  return rack.towers.map(({ name, addresses }) => ({ name, address: addresses.cluster }));
}

function modeOf(place: Place): TowerMode {
  const { config, site, address, name } = place;
  const { mode, management, rateLimit, p2p } = towerConfig(place);
  switch (mode) {
    case "local":
      return { mode, address };
    case "server": {
      const gateway = config.sites[site]?.gateway ?? missing(place.key, "router");
      return { mode, address, gateway, management, rateLimit };
    }
    case "cluster": {
      const rack = rackAt(place);
      const { addresses } = memberAt(place, rack);
      const { type, path } = rack.config.storage;
      return {
        mode,
        cluster: rack.config.cluster,
        node: name,
        etcd: etcdMembers(rack).map((member) => `${member.address}:${etcdClientPort}`),
        nodes: rack.towers.map((tower) => ({ name: tower.name, address: tower.addresses.api })),
        address: addresses.api,
        clusterAddress: addresses.cluster,
        clusterMtu: rack.vlans.cluster.mtu,
        storage: { type, server: rack.storage.addresses.storage, path },
      };
    }
    case "p2p_hub":
      return { mode, p2p };
  }
}

function rackTargets(place: Place, rack: RackPlan): ScrapeTarget[] {
  const { towers, storage, gateway } = rack;
  const target = (job: string, { name }: RackMember, address: string, port: number): ScrapeTarget => ({
    job,
    host: name,
    address,
    port,
    scheme: "http",
  });
  const gatewayTunnel = tunnelAddressOf(placeAt(place.config, gateway.key)) ?? gateway.addresses.management;
  return [
    ...[...towers, storage].map((host) => target("node", host, host.addresses.management, exporterPort)),
    target("node", gateway, gatewayTunnel, exporterPort),
    target("haproxy", gateway, gateway.addresses.management, statisticsPort),
    ...towers.flatMap((tower) => [
      target("gateway", tower, tower.addresses.api, apiPort),
      target("etcd", tower, tower.addresses.management, etcdMetricsPort),
      target("prometheus", tower, tower.addresses.management, prometheusPort),
    ]),
  ];
}

function ownTargets(place: Place): ScrapeTarget[] {
  const { name: host, address } = place;
  const management = towerManagementAddress(place);
  const scheme = apiScheme(towerConfig(place).mode);
  return [
    { job: "node", host, address: management, port: exporterPort, scheme: "http" },
    { job: "prometheus", host, address: management, port: prometheusPort, scheme: "http" },
    { job: "gateway", host, address, port: apiPort, scheme },
  ];
}

/** Every tower of a rack watches all of it, so that none is missed when it is gone. */
function monitoring(place: Place): GenerationPart {
  const { mode } = towerConfig(place);
  const rack = mode === "cluster" ? rackAt(place) : undefined;
  return prometheus({
    address: towerManagementAddress(place),
    site: place.site,
    name: "coral-reef",
    targets: rack === undefined ? ownTargets(place) : rackTargets(place, rack),
    alerts: alerts({
      mounting: rack?.towers.map(({ name }) => name) ?? [],
      clustered: rack !== undefined,
      relaying: mode === "p2p_hub",
    }),
    monitors: managementNetworks(place),
  });
}

function clusterParts(place: Place): GenerationPart[] {
  const rack = rackAt(place);
  const { key, name, hostname } = place;
  const { addresses } = memberAt(place, rack);
  const { type, path } = rack.config.storage;
  const server = rack.storage.addresses.storage;
  const { cluster } = rack.config;
  return [
    etcd({
      key,
      name,
      hostname,
      address: addresses.cluster,
      cluster,
      members: etcdMembers(rack),
      metricsAddress: addresses.management,
      monitors: managementNetworks(place),
    }),
    type === "nfs" ? nfsClient({ server, path }) : iscsiInitiator({ server, cluster, name }),
  ];
}

function linkParts(place: Place): GenerationPart[] {
  const { usbNetwork, wifi } = towerConfig(place);
  const networks = [
    { interface: usbInterface, network: usbNetwork },
    ...(wifi === undefined ? [] : [{ interface: wifi.port, network: wifi.network }]),
  ];
  return [
    usbGadget(place.hostname, usbNetwork),
    ...(wifi === undefined ? [] : [accessPoint(wifi)]),
    addressService(networks),
  ];
}

function sends(place: Place): SendPlan[] {
  return towerConfig(place).mode === "p2p_hub" ? [...outboundTable, webRtc] : [...outboundTable];
}

function addressesOf(place: Place): string[] {
  const { mode, p2p } = towerConfig(place);
  if (mode === "cluster") return [memberAt(place, rackAt(place)).addresses.api, place.address];
  const published = mode === "p2p_hub" ? p2p.publicAddress : undefined;
  return [
    ...new Set([
      place.address,
      towerManagementAddress(place),
      ...(published === undefined ? [] : [published]),
    ]),
  ];
}

export function towerParts(place: Place): GenerationPart[] {
  const { key, hostname, address } = place;
  const { p2p } = towerConfig(place);
  const mode = modeOf(place);
  return [
    networkConfiguration(mode),
    { sends: sends(place) },
    ...linkParts(place),
    ...(mode.mode === "cluster" ? clusterParts(place) : []),
    ...(mode.mode === "p2p_hub" ? [coturn({ key, hostname, address, p2p })] : []),
    monitoring(place),
    towerStandIn({ key, hostname, mode, addresses: addressesOf(place), clients: clientsOf(place) }),
  ];
}

export function storageParts(place: Place): GenerationPart[] {
  const { vlans, config, towers, storage } = rackAt(place);
  const { type, path, diskGiB } = config.storage;
  const address = storage.addresses[vlans.storage.name];
  const clients = towers.map((tower) => ({ name: tower.name, address: tower.addresses.storage }));
  return type === "nfs"
    ? [nfsServer({ address, path, clients: clients.map((client) => client.address) })]
    : [iscsiTarget({ address, path, cluster: config.cluster, diskGiB, towers: clients })];
}

/** What makes a VPN peer the gateway of a rack: it passes on what is meant, and stands in front of the cluster. */
export function rackGatewayParts(place: Place): GenerationPart[] {
  if (!isRackGateway(place)) return [];
  const { vlans, config, towers, gateway } = rackAt(place);
  const { management, api } = vlans;
  const outwards = `iifname "${management.interface}" oifname "${config.ports.uplink}" ip saddr ${management.network}`;
  return [
    {
      sysctls: { "net.ipv4.ip_forward": "1" },
      chains: [
        {
          name: "forward",
          hook: { type: "filter", at: "forward", priority: "filter", policy: "drop" },
          rules: [`${outwards} accept comment "packages, names and time for the rack"`],
        },
        {
          name: "postrouting",
          hook: { type: "nat", at: "postrouting", priority: "srcnat", policy: "accept" },
          // The site's router knows the uplink's network only.
          rules: [`${outwards} masquerade`],
        },
      ],
    },
    towerFront({
      key: place.key,
      hostname: place.hostname,
      address: gateway.addresses.api,
      managementAddress: gateway.addresses.management,
      towers: towers.map(({ name, addresses, tower }) => ({
        name,
        address: addresses.api,
        weight: tower.weight ?? defaultWeight,
      })),
      clients: lanAndVpn(place, api.network),
      monitors: managementNetworks(place),
    }),
  ];
}
