/** All rules, in the order in which their findings are told. */
import * as addresses from "./addresses.ts";
import * as balancers from "./balancers.ts";
import * as dns from "./dns.ts";
import * as guard from "./guard.ts";
import * as hosts from "./hosts.ts";
import * as mail from "./mail.ts";
import * as networks from "./networks.ts";
import * as quotas from "./quotas.ts";
import type { Rule } from "./rule.ts";
import * as racks from "./racks.ts";
import * as securityGroups from "./security-groups.ts";
import * as towers from "./towers.ts";
import * as tunnels from "./tunnels.ts";
import * as wireguard from "./wireguard.ts";

export type { Finding } from "./rule.ts";

/** Those that look at the guard alone. */
export const guardRules: readonly Rule[] = [guard.approvalsEnd, guard.approvalsAreDistinct];

export const rules: readonly Rule[] = [
  networks.operatorExists,
  networks.operatorIsNarrow,
  networks.operatorKeysAreDistinct,
  addresses.regionsHaveSlots,
  addresses.vpcsSpareSlots,
  networks.vpcsSpareDocker,
  networks.placesDoNotOverlap,
  networks.placesHaveOneName,
  networks.zonesBelongToRegion,
  addresses.tiersHaveRoom,
  addresses.zonesHaveSlots,
  networks.subnetsFit,
  addresses.subnetsSpareSlots,
  networks.subnetsHaveZones,
  networks.databaseTiersSpanZones,
  networks.endpointsAreDistinct,
  networks.natHasSubnets,
  addresses.natZonesExist,
  networks.peeringsJoinRegions,
  networks.siteAddressesFit,
  networks.operatorsStandOnSite,
  securityGroups.groupNamesAreFree,
  securityGroups.groupRegionsExist,
  securityGroups.portsFitProtocols,
  securityGroups.groupReferencesExist,
  securityGroups.rulesAreDistinct,
  securityGroups.groupsAreWithinQuota,
  quotas.groupQuotasExist,
  quotas.vpcsAreWithinQuota,
  quotas.elasticIpsAreWithinQuota,
  quotas.natGatewaysAreWithinQuota,
  quotas.vpcPartsAreWithinQuota,
  wireguard.hubsAreHosts,
  wireguard.peersAreHosts,
  wireguard.tunnelHostsAreListed,
  wireguard.managementHubExists,
  wireguard.tunnelAddressesFit,
  wireguard.routesAreDistinct,
  wireguard.routesLeadHome,
  wireguard.tunnelsSpareOwnLan,
  wireguard.routesDoNotCrossPeerings,
  wireguard.tunnelsFitPath,
  wireguard.masqueradeHasRoutes,
  wireguard.endpointsResolve,
  hosts.hostPlacesExist,
  hosts.instancesAreComplete,
  hosts.machinesAreComplete,
  hosts.instanceAddressesFit,
  hosts.instanceAddressesAreDistinct,
  hosts.instanceGroupsExist,
  hosts.publicAddressesFit,
  hosts.instancesReachPackages,
  hosts.instancesHaveHubs,
  hosts.loadBalancersHaveApis,
  hosts.lanMembersAreBehindPeers,
  hosts.optionsFitHosts,
  hosts.servicePortsAreFree,
  hosts.canaryExists,
  racks.racksHaveGateways,
  racks.rackNetworksFit,
  racks.rackAddressesFit,
  racks.vlansHaveOneId,
  racks.racksHaveOneStorage,
  racks.clustersHaveThreeNodes,
  racks.gatewayServicesHaveFreePorts,
  towers.towersAreComplete,
  towers.towersStandWhereTheyCan,
  towers.towerPortsAreDistinct,
  towers.managementAddressesFit,
  towers.towerNetworksAreFree,
  towers.relaysFit,
  towers.realmsAreDistinct,
  dns.recordsHaveContent,
  dns.contentsFitTypes,
  dns.addressesArePublic,
  dns.namesAreBelowZone,
  dns.proxyingFits,
  dns.namesAreProxiedAsAWhole,
  dns.proxiedServicesAreHttp,
  dns.optionsFitTypes,
  dns.recordsAreDistinct,
  mail.targetsResolve,
  mail.mailPoliciesAreRead,
  mail.authoritiesAreNamed,
  tunnels.connectorsCanDial,
  tunnels.ingressFits,
  tunnels.ingressNamesAreOurs,
  tunnels.tunnelNamesStayInside,
  balancers.poolsHaveOrigins,
  balancers.fallbacksArePools,
  balancers.balancerNamesAreFree,
  balancers.balancerNamesAreExact,
  balancers.balancersFitProxying,
  balancers.balancersAreWithinLimits,
  balancers.accessIsInTheWay,
  ...guardRules,
];
