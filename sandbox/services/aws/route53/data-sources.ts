/** Data sources of Route 53: `aws.route53.getZone`, `getRecords`, `getResolverEndpoint` and `getResolverRule`. */
import { fromTagList, type Ec2 } from "../ec2/account.ts";
import { ProviderError } from "../errors.ts";
import { flag, object, objects, text, texts, type Json, type Properties } from "../json.ts";
import { only } from "../lists.ts";
import { homeOfGlobals } from "../regions.ts";
import type { ResolverEndpoint } from "../route53resolver/endpoints.ts";
import { withoutDot } from "../types/names.ts";
import { qualified, zoneIdOf, type HostedZone } from "./hosted-zone.ts";
import { nameServersOf, recordSetsOf } from "./record-sets.ts";

type DataSource = (ec2: Ec2, args: Properties) => Properties;

function homeOf(ec2: Ec2): Ec2 {
  const home = ec2.in(homeOfGlobals);
  if (home === undefined) throw new Error(`there is no ${homeOfGlobals}`);
  return home;
}

function hasTags(record: Pick<HostedZone, "Tags">, wanted: Record<string, Json>): boolean {
  const tags = fromTagList(record.Tags);
  return Object.entries(wanted).every(([key, value]) => tags[key] === value);
}

/** zone_data_source.go: by its id, or the only one with this name, these tags and this VPC. */
function findZone(home: Ec2, args: Properties): HostedZone {
  const [id, name, vpc] = [text(args, "zoneId"), text(args, "name"), text(args, "vpcId")];
  if (id !== undefined) {
    const zone = home.get("hosted-zones", id);
    if (zone === undefined)
      throw new ProviderError(`reading Route 53 Hosted Zone (${id}): couldn't find resource`);
    return zone;
  }
  // Those of the sandbox are all private.
  const isPrivate = vpc !== undefined || flag(args, "privateZone") === true;
  const wanted = object(args, "tags") ?? {};
  const found = home.list(
    "hosted-zones",
    (zone) =>
      isPrivate &&
      (name === undefined || zone.Name === qualified(name)) &&
      (vpc === undefined || zone.VPCs.some(({ VPCId }) => VPCId === vpc)) &&
      hasTags(zone, wanted),
  );
  return only(found, "Route 53 Hosted Zone");
}

function getZone(ec2: Ec2, args: Properties): Properties {
  const home = homeOf(ec2);
  const zone = findZone(home, args);
  const [id, nameServers] = [zoneIdOf(zone), nameServersOf(home, zone)];
  return {
    arn: `arn:aws:route53:::hostedzone/${id}`,
    callerReference: zone.CallerReference,
    comment: zone.Config.Comment,
    id,
    linkedServiceDescription: "",
    linkedServicePrincipal: "",
    name: withoutDot(zone.Name),
    nameServers,
    primaryNameServer: nameServers[0] ?? "",
    privateZone: true,
    resourceRecordSetCount: recordSetsOf(home, id).length,
    tags: fromTagList(zone.Tags),
    zoneId: id,
  };
}

/** records_data_source.go: names with a dot at their end, as the API tells them. */
function getRecords(ec2: Ec2, args: Properties): Properties {
  const home = homeOf(ec2);
  const [zoneId = "", pattern = ""] = [text(args, "zoneId"), text(args, "nameRegex")];
  if (home.get("hosted-zones", zoneId) === undefined) {
    throw new ProviderError(`listing Route 53 Records (${zoneId}): NoSuchHostedZone`);
  }
  const found = recordSetsOf(home, zoneId).filter(({ Name }) => new RegExp(pattern).test(Name));
  return {
    id: zoneId,
    resourceRecordSets: found.map(({ Name, Type, TTL, ResourceRecords }) => ({
      name: Name,
      resourceRecords: ResourceRecords.map(({ Value }) => ({ value: Value })),
      ttl: TTL,
      type: Type,
    })),
  };
}

/** What filters of `ListResolverEndpoints` can look at (API_route53resolver_Filter.html). */
function filterable(endpoint: ResolverEndpoint): Readonly<Record<string, readonly string[]>> {
  return {
    Direction: [endpoint.Direction],
    HostVPCId: [endpoint.HostVPCId],
    Name: [endpoint.Name],
    SecurityGroupIds: endpoint.SecurityGroupIds,
    Status: [endpoint.Status],
  };
}

/** The resolver's own words where a search finds none, or too many. */
function single<T>(found: readonly T[], noun: string): T {
  const [first, ...others] = found;
  if (first === undefined) throw new ProviderError(`no Route53 Resolver ${noun} matched`);
  if (others.length > 0) {
    throw new ProviderError(
      `${found.length} Route53 Resolver ${noun}s matched; use additional constraints to reduce matches to a single ${noun}`,
    );
  }
  return first;
}

function getResolverEndpoint(ec2: Ec2, args: Properties): Properties {
  const id = text(args, "resolverEndpointId");
  const passes = (endpoint: ResolverEndpoint): boolean =>
    objects(args, "filters").every((filter) => {
      const name = text(filter, "name") ?? "";
      const values = filterable(endpoint)[name];
      if (values === undefined) {
        throw new ProviderError(`the sandbox's AWS does not know the filter ${JSON.stringify(name)}`);
      }
      return texts(filter, "values").some((value) => values.includes(value));
    });
  const found = ec2.list("resolver-endpoints", (each) => each.Id === (id ?? each.Id) && passes(each));
  const endpoint = single(found, "Endpoint");
  return {
    arn: endpoint.Arn,
    direction: endpoint.Direction,
    id: endpoint.Id,
    ipAddresses: endpoint.Addresses.map(({ Ip }) => Ip),
    name: endpoint.Name,
    protocols: endpoint.Protocols,
    resolverEndpointId: endpoint.Id,
    resolverEndpointType: endpoint.ResolverEndpointType,
    rniEnhancedMetricsEnabled: false,
    status: endpoint.Status,
    targetNameServerMetricsEnabled: false,
    vpcId: endpoint.HostVPCId,
  };
}

function getResolverRule(ec2: Ec2, args: Properties): Properties {
  const given = (name: string, value: string): boolean => (text(args, name) ?? value) === value;
  const found = ec2.list(
    "resolver-rules",
    (each) =>
      given("resolverRuleId", each.Id) &&
      given("domainName", withoutDot(each.DomainName)) &&
      given("name", each.Name) &&
      given("resolverEndpointId", each.ResolverEndpointId) &&
      given("ruleType", each.RuleType),
  );
  const rule = single(found, "Rule");
  return {
    arn: rule.Arn,
    domainName: withoutDot(rule.DomainName),
    id: rule.Id,
    name: rule.Name,
    ownerId: rule.OwnerId,
    resolverEndpointId: rule.ResolverEndpointId,
    resolverRuleId: rule.Id,
    ruleType: rule.RuleType,
    shareStatus: rule.ShareStatus,
    tags: fromTagList(rule.Tags),
    targetIps: rule.TargetIps.map(({ Ip, Port, Protocol }) => ({
      ip: Ip,
      ipv6: "",
      port: Port,
      protocol: Protocol,
    })),
  };
}

export const route53DataSources: Readonly<Record<string, DataSource>> = {
  "aws:route53/getRecords:getRecords": getRecords,
  "aws:route53/getResolverEndpoint:getResolverEndpoint": getResolverEndpoint,
  "aws:route53/getResolverRule:getResolverRule": getResolverRule,
  "aws:route53/getZone:getZone": getZone,
};
