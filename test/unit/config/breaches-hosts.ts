/** Wrong edits about the VPN, hosts, racks and towers. */
import { homeWith } from "../plan/towers.ts";
import { breach, type Breach, type Edits } from "./stack-file.ts";
import { hostKey } from "./stack.ts";

/** What stands in for Consul on us-west's api-1 until the mesh is built, and leads to both regions' api-1. */
const standIn = "dns.private.forwardingRules.consul.standIn";

const roamer = (address: string): object => ({
  role: "vpn-peer",
  address,
  instanceType: "t3.nano",
  securityGroups: ["hub"],
  elasticIp: true,
});

const camp = {
  awsRegion: "us-west-2",
  vpcCidr: "10.130.0.0/16",
  availabilityZones: ["us-west-2a"],
  subnets: { public: ["10.130.1.0/24"] },
  ami: "ami-0123456789abcdef0",
};

/** A further home with a tower. */
const home = (tower: object): Edits => Object.fromEntries(homeWith(tower));

const realm = { mode: "p2p_hub", p2p: { domain: "reef.example" } };

const vpnBreaches: readonly Breach[] = [
  breach("hubsAreHosts", { "wireguard hubs eu-west host": "hub-2" }, "wireguard.hubs.eu-west.host"),
  breach(
    "peersAreHosts",
    { "wireguard peers edge-home/lucidia-alt": { address: "10.200.0.12" } },
    'wireguard.peers["edge-home/lucidia-alt"]',
  ),
  breach(
    "tunnelHostsAreListed",
    { "wireguard peers edge-home/blackroad-pi": undefined },
    "hosts.edge-home.blackroad-pi.role",
  ),
  breach("managementHubExists", { "wireguard managementHub": "us-wes" }, "wireguard.managementHub"),
  breach(
    "tunnelAddressesFit",
    { "wireguard peers edge-home/lucidia address": "10.201.0.10" },
    'wireguard.peers["edge-home/lucidia"].address',
  ),
  breach(
    "routesAreDistinct",
    { "wireguard peers edge-home/blackroad-pi routes": ["192.168.4.0/24"] },
    'wireguard.peers["edge-home/lucidia"].routes[0]',
  ),
  breach(
    "routesLeadHome",
    { "wireguard peers edge-home/lucidia routes 1": "10.200.0.64/28" },
    'wireguard.peers["edge-home/lucidia"].routes[1]',
  ),
  breach(
    "tunnelsSpareOwnLan",
    {
      "hosts us-west roamer": roamer("10.0.1.35"),
      "wireguard peers us-west/roamer": { address: "10.200.0.12" },
    },
    'wireguard.peers["us-west/roamer"]',
  ),
  breach(
    "routesDoNotCrossPeerings",
    {
      "regions camp": camp,
      "hosts camp": { roamer: roamer("10.130.1.30") },
      "wireguard peers camp/roamer": { address: "10.200.0.12", routes: ["10.130.1.0/24"] },
      "peerings 1": ["camp", "us-west"],
    },
    'wireguard.peers["camp/roamer"].routes[0]',
  ),
  breach("tunnelsFitPath", { "wireguard mtu": 8500 }, ["wireguard.mtu", "aws/path-mtu"]),
  breach(
    "masqueradeHasRoutes",
    { "wireguard peers edge-home/blackroad-pi masquerade": true },
    'wireguard.peers["edge-home/blackroad-pi"].masquerade',
  ),
  breach(
    "endpointsResolve",
    { "wireguard hubs us-west endpoint": "vpn-us.blackroad.io" },
    "wireguard.hubs.us-west.endpoint",
  ),
  breach(
    "endpointsResolve",
    { "dns zones blackroad.io records 1": { name: "vpn", type: "A", host: "us-west/hub-1", proxied: true } },
    ['dns.zones["blackroad.io"].records[1].proxied', "cloudflare/proxied-ports"],
  ),
  breach(
    "endpointsResolve",
    { "dns zones blackroad.io records 8": { name: "vpn", type: "A", host: "us-west/lb-1" } },
    'dns.zones["blackroad.io"].records[8]',
  ),
];

const hostBreaches: readonly Breach[] = [
  breach("hostPlacesExist", { "hosts us-east": {} }, "hosts.us-east"),
  breach(
    "instancesAreComplete",
    { "hosts us-west api-1 instanceType": undefined },
    "hosts.us-west.api-1.instanceType",
  ),
  breach(
    "machinesAreComplete",
    { "hosts edge-home lucidia-alt bootstrap": undefined },
    "hosts.edge-home.lucidia-alt.bootstrap",
  ),
  breach(
    "instanceAddressesFit",
    { "hosts us-west api-1 address": "10.0.10.3" },
    ["hosts.us-west.api-1.address", "aws/reserved-addresses"],
    standIn,
  ),
  breach(
    "instanceAddressesFit",
    { "hosts us-west api-1 address": "10.0.12.11" },
    "hosts.us-west.api-1.address",
    standIn,
  ),
  breach(
    "instanceAddressesAreDistinct",
    { "hosts us-west lb-1 address": "10.0.1.10" },
    "hosts.us-west.lb-1.address",
  ),
  breach(
    "instanceGroupsExist",
    { "hosts us-west api-1 securityGroups 0": "intern" },
    "hosts.us-west.api-1.securityGroups[0]",
  ),
  breach(
    "instanceGroupsExist",
    {
      "hosts us-west api-1 securityGroups": [
        "internal",
        "ssh-from-hub",
        "updates",
        "monitoring",
        "public",
        "database",
      ],
    },
    ["hosts.us-west.api-1.securityGroups", "aws/quota-groups-per-interface"],
  ),
  breach("publicAddressesFit", { "hosts us-west api-1 elasticIp": true }, "hosts.us-west.api-1.elasticIp"),
  breach("instancesReachPackages", { "regions eu-west nat": "none" }, [
    "hosts.eu-west.api-1.address",
    "aws/peering-not-transitive",
  ]),
  breach(
    "instancesReachPackages",
    { "regions eu-west nat": "none", peerings: [] },
    "hosts.eu-west.api-1.address",
    "dns.private.forwardingRules.consul.targets[0]",
  ),
  breach(
    "instancesHaveHubs",
    {
      "wireguard hubs eu-west": undefined,
      "hosts eu-west hub-1": undefined,
      "dns zones blackroad.io records 2 host": "eu-west/lb-1",
    },
    "hosts.eu-west.api-1",
    "hosts.eu-west.lb-1",
  ),
  breach(
    "loadBalancersHaveApis",
    { "hosts eu-west api-1": undefined },
    "hosts.eu-west.lb-1",
    `${standIn}.agent-service[1]`,
    `${standIn}.memory-service[1]`,
  ),
  breach(
    "hostsSpareNatAddress",
    { "hosts eu-west lb-1 address": "10.1.2.254" },
    "hosts.eu-west.lb-1.address",
  ),
  breach(
    "sessionManagerHasWay",
    {
      "regions camp": {
        ...camp,
        subnets: { public: ["10.130.1.0/24"], private: ["10.130.10.0/24"] },
        sessionManager: true,
      },
      "hosts camp roamer": roamer("10.130.1.35"),
      "wireguard peers camp/roamer": { address: "10.200.0.12", routes: ["10.130.10.0/24"] },
      "hosts camp tagalong": {
        role: "lan-member",
        behind: "roamer",
        address: "10.130.10.11",
        instanceType: "t3.nano",
        securityGroups: ["hub"],
      },
      "quotas elasticIpsPerRegion": 6,
    },
    ["hosts.camp.tagalong.address", "aws/session-manager-endpoints"],
  ),
  breach(
    "sessionManagerIsLetOut",
    { "hosts us-west api-1 securityGroups": ["internal", "ssh-from-hub", "monitoring"] },
    ["hosts.us-west.api-1.securityGroups", "aws/session-manager-endpoints"],
  ),
  breach(
    "lanMembersAreBehindPeers",
    { "hosts edge-home lucidia-alt behind": "blackroad-pi" },
    "hosts.edge-home.lucidia-alt.behind",
  ),
  breach("servicesAreComplete", { "hosts us-west vault-1 services": {} }, "hosts.us-west.vault-1.services"),
  breach("optionsFitHosts", { "hosts us-west api-1 software": "agents" }, "hosts.us-west.api-1.software"),
  breach("optionsFitHosts", { "hosts us-west api-1 balancer": "haproxy" }, "hosts.us-west.api-1.balancer"),
  breach(
    "servicePortsAreFree",
    { "hosts edge-home lucidia services metrics": 9100 },
    "hosts.edge-home.lucidia.services.metrics",
  ),
  breach("canaryExists", { rollout: { canary: "us-west/hub-9" } }, "rollout.canary"),
];

const towerBreaches: readonly Breach[] = [
  breach("racksHaveGateways", { "sites coral-reef rack gateway": "gatway" }, "sites.coral-reef.rack.gateway"),
  breach(
    "rackNetworksFit",
    { "sites coral-reef rack vlans storage network": "10.64.30.0/24" },
    "sites.coral-reef.rack.vlans.storage.network",
  ),
  breach(
    "rackAddressesFit",
    { "sites coral-reef nodes node-1": "10.64.20.10" },
    "sites.coral-reef.nodes.node-1",
  ),
  breach(
    "vlansHaveOneId",
    { "sites coral-reef rack vlans storage id": 30 },
    "sites.coral-reef.rack.vlans.storage.id",
  ),
  breach(
    "racksHaveOneStorage",
    { "hosts edge-home lucidia-alt role": "storage" },
    "hosts.edge-home.lucidia-alt.role",
  ),
  breach("clustersHaveThreeNodes", { "hosts coral-reef node-3": undefined }, "sites.coral-reef.rack"),
  breach(
    "gatewayServicesHaveFreePorts",
    { "hosts coral-reef gateway services": { console: 8443 } },
    "hosts.coral-reef.gateway.services.console",
  ),
  breach(
    "towersAreComplete",
    { "hosts coral-reef node-1 tower": undefined },
    "hosts.coral-reef.node-1.tower",
  ),
  breach(
    "towersStandWhereTheyCan",
    { "hosts coral-reef node-1 tower": { mode: "server" } },
    "hosts.coral-reef.node-1.tower.mode",
  ),
  breach(
    "towerPortsAreDistinct",
    { "hosts coral-reef node-1 tower ports": { management: "eth1" } },
    "hosts.coral-reef.node-1.tower.ports.secondary",
  ),
  breach(
    "managementAddressesFit",
    home({ mode: "server", management: { address: "192.168.2.101" } }),
    "hosts.den.reef.tower.management.address",
  ),
  breach(
    "towerNetworksAreFree",
    { "hosts coral-reef node-1 tower usbNetwork": "192.168.4.0/24" },
    "hosts.coral-reef.node-1.tower.usbNetwork",
  ),
  breach(
    "relaysFit",
    home({ mode: "p2p_hub", p2p: { relayPorts: "60000-50000" } }),
    "hosts.den.reef.tower.p2p.relayPorts",
  ),
  breach(
    "realmsAreDistinct",
    {
      ...home(realm),
      "sites den nodes second": "192.168.1.102",
      "hosts den second": {
        role: "tower",
        behind: "pi",
        bootstrap: { user: "admin", hostKey },
        tower: realm,
      },
    },
    "hosts.den.second.tower.p2p.domain",
  ),
];

export const machineBreaches: readonly Breach[] = [...vpnBreaches, ...hostBreaches, ...towerBreaches];
