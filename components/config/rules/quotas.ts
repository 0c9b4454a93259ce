/** What a stack makes in an AWS account stays within the account's quotas. */
import {
  defaultQuotas,
  mostGroupsPerInterface,
  mostPeeringsPerVpc,
  mostRulesPerInterface,
  type QuotaName,
} from "../quotas.ts";
import type { Path } from "../problem.ts";
import type { RuleId } from "../sources.ts";
import {
  entries,
  items,
  placedHosts,
  subnetsOf,
  type Finding,
  type LooseConfig,
  type LooseRegion,
} from "./rule.ts";

/** The account's quota: what the stack says, or AWS's default. */
export function quotaOf(config: LooseConfig, name: QuotaName): number {
  return config.quotas?.[name] ?? defaultQuotas[name];
}

const ask = (name: QuotaName): string => `Ask AWS for more and set quotas.${name}`;

/** Our regions by the AWS region that they are in: an account has its quotas there. */
function byAwsRegion(config: LooseConfig): Map<string, [string, LooseRegion][]> {
  const groups = new Map<string, [string, LooseRegion][]>();
  for (const [key, region] of entries(config.regions)) {
    if (region.awsRegion === undefined) continue;
    groups.set(region.awsRegion, [...(groups.get(region.awsRegion) ?? []), [key, region]]);
  }
  return groups;
}

/** Every VPC has one internet gateway. */
export function* vpcsAreWithinQuota(config: LooseConfig): Iterable<Finding> {
  const limits = [
    ["vpcsPerRegion", "VPCs", "aws/quota-vpcs"],
    ["internetGatewaysPerRegion", "internet gateways", "aws/quota-internet-gateways"],
  ] as const;
  for (const [awsRegion, regions] of byAwsRegion(config)) {
    for (const [name, what, rule] of limits) {
      const most = quotaOf(config, name);
      for (const [key] of regions.slice(most)) {
        const message = `is one too many: ${awsRegion} would have ${regions.length} ${what}, and the account's quota is ${most}. ${ask(name)}, or use another AWS region.`;
        yield { path: ["regions", key, "awsRegion"], message, rule };
      }
    }
  }
}

/** The zones of a region's NAT gateways. */
function natZonesOf(region: LooseRegion): string[] {
  const zones = items(region.availabilityZones).map(([, zone]) => zone);
  if (region.nat === "single") return region.natZone === undefined ? zones.slice(0, 1) : [region.natZone];
  return region.nat === "perZone" ? zones.slice(0, region.subnets?.private?.length ?? 0) : [];
}

/** Elastic IPs are the hosts' and the NAT gateways'. */
export function* elasticIpsAreWithinQuota(config: LooseConfig): Iterable<Finding> {
  const most = quotaOf(config, "elasticIpsPerRegion");
  for (const [awsRegion, regions] of byAwsRegion(config)) {
    const nats = regions.reduce((sum, [, region]) => sum + natZonesOf(region).length, 0);
    const hosts = placedHosts(config).filter(
      ({ place, host }) => host.elasticIp === true && regions.some(([key]) => key === place),
    );
    const count = nats + hosts.length;
    if (count <= most) continue;
    const last: Path = hosts.at(-1)?.path ?? [];
    const path = last.length > 0 ? [...last, "elasticIp"] : ["regions", regions[0]?.[0] ?? "", "nat"];
    const message = `is one too many: ${awsRegion} would have ${count} Elastic IPs (${nats} of NAT gateways), and the account's quota is ${most}. ${ask("elasticIpsPerRegion")}.`;
    yield { path, message, rule: "aws/quota-elastic-ips" };
  }
}

export function* natGatewaysAreWithinQuota(config: LooseConfig): Iterable<Finding> {
  const most = quotaOf(config, "natGatewaysPerZone");
  for (const [, regions] of byAwsRegion(config)) {
    const inZone = new Map<string, number>();
    for (const [key, region] of regions) {
      for (const zone of natZonesOf(region)) {
        const count = (inZone.get(zone) ?? 0) + 1;
        inZone.set(zone, count);
        if (count <= most) continue;
        const message = `is one too many: ${zone} would have ${count} NAT gateways, and the account's quota is ${most}. ${ask("natGatewaysPerZone")}, or use another zone.`;
        yield { path: ["regions", key, "nat"], message, rule: "aws/quota-nat-gateways" };
      }
    }
  }
}

interface Count {
  readonly path: Path;
  readonly count: number;
  readonly what: string;
  readonly name: QuotaName;
  readonly rule: RuleId;
}

function countsOf(config: LooseConfig): Count[] {
  return entries(config.regions).flatMap(([key, region]): Count[] => {
    const peerings = items(config.peerings).filter(([, pair]) => pair.includes(key)).length;
    const hub = config.wireguard?.hubs?.[key] !== undefined;
    const behind = entries(config.wireguard?.peers).flatMap(([, peer]) => items(peer.routes));
    const endpoints = region.gatewayEndpoints?.length ?? 0;
    const path = ["regions", key];
    return [
      {
        path: [...path, "subnets"],
        count: subnetsOf(key, region).length,
        what: "subnets",
        name: "subnetsPerVpc",
        rule: "aws/quota-subnets",
      },
      {
        path,
        count: peerings,
        what: "peerings",
        name: "activePeeringsPerVpc",
        rule: "aws/quota-peerings",
      },
      {
        path,
        // The default route, one to each peer and each endpoint, and by the hub the VPN with what is behind its peers.
        count: 1 + peerings + endpoints + (hub ? 1 + behind.length : 0),
        what: "routes in a table",
        name: "routesPerTable",
        rule: "aws/quota-routes",
      },
    ];
  });
}

export function* vpcPartsAreWithinQuota(config: LooseConfig): Iterable<Finding> {
  for (const { path, count, what, name, rule } of countsOf(config)) {
    const most = quotaOf(config, name);
    if (count <= most) continue;
    yield {
      path,
      message: `would have ${count} ${what}, and the account's quota is ${most}. ${ask(name)}.`,
      rule,
    };
  }
}

/** AWS raises both quotas of groups only as far as their product allows. */
export function* groupQuotasExist(config: LooseConfig): Iterable<Finding> {
  const groups = quotaOf(config, "securityGroupsPerInterface");
  const rules = quotaOf(config, "rulesPerSecurityGroup");
  const path = ["quotas", "securityGroupsPerInterface"];
  if (groups > mostGroupsPerInterface) {
    const message = `must be at most ${mostGroupsPerInterface}, but is ${groups}: AWS grants nobody more.`;
    yield { path, message, rule: "aws/quota-groups-per-interface" };
  } else if (groups * rules > mostRulesPerInterface) {
    const message = `does not go with rulesPerSecurityGroup: ${groups} groups of ${rules} rules are more than the ${mostRulesPerInterface} that AWS has for an interface.`;
    yield { path, message, rule: "aws/quota-groups-per-interface" };
  }
}

/** No account has more peerings of a VPC, so a stack that counts on them fails at apply. */
export function* peeringQuotaExists(config: LooseConfig): Iterable<Finding> {
  const peerings = quotaOf(config, "activePeeringsPerVpc");
  if (peerings <= mostPeeringsPerVpc) return;
  const path = ["quotas", "activePeeringsPerVpc"];
  const message = `must be at most ${mostPeeringsPerVpc}, but is ${peerings}: AWS grants nobody more.`;
  yield { path, message, rule: "aws/quota-peerings" };
}
