/**
 * Asks the providers what a killed update really made. The questions run as a throw-away Pulumi program of their own
 * (own local state, deleted afterwards), so they go through the same providers, configuration and credentials as the
 * stack, and can create nothing: the program only calls functions.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as aws from "@pulumi/aws";
import * as cloudflare from "@pulumi/cloudflare";
import { LocalWorkspace, type ConfigMap } from "@pulumi/pulumi/automation/index.js";
import { configure } from "./configure.ts";
import { answerNames } from "./route53.ts";
import {
  endpointRouteTableId,
  type NamedType,
  type OwnedType,
  type Question,
  routeId,
  type TaggedType,
  urnTag,
} from "./questions.ts";

/** For each URN asked about, the ids under which a matching resource exists. */
export type Answers = Readonly<Record<string, readonly string[]>>;

interface TagQuestion {
  readonly region: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Where a type has no list function, the only one is asked for, and there may be none. */
async function atMostOne(found: Promise<string>, none: RegExp): Promise<string[]> {
  try {
    return [await found];
  } catch (error) {
    if (none.test(String(error))) return [];
    throw error;
  }
}

async function internetGateways(question: TagQuestion): Promise<string[]> {
  const gateway = aws.ec2.getInternetGateway(question);
  return atMostOne(
    gateway.then(({ internetGatewayId }) => internetGatewayId),
    /no matching EC2 Internet Gateway/i,
  );
}

async function vpcEndpoints(question: TagQuestion): Promise<string[]> {
  const endpoint = aws.ec2.getVpcEndpoint({ ...question, state: "available" });
  return atMostOne(
    endpoint.then(({ id }) => id),
    /no matching EC2 VPC Endpoint/i,
  );
}

/**
 * How resources of a type are found by their tags: through EC2's own lists, which know of a resource within seconds.
 * The tagging API takes minutes, and goes on naming what has long been deleted.
 */
const finders: Readonly<Record<TaggedType, (question: TagQuestion) => Promise<string[]>>> = {
  "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": (question) =>
    byTaggingApi("egress-only-internet-gateway", question),
  "aws:ec2/eip:Eip": async (question) => (await aws.ec2.getEips(question)).allocationIds,
  "aws:ec2/flowLog:FlowLog": (question) => byTaggingApi("vpc-flow-log", question),
  "aws:ec2/instance:Instance": async ({ region, tags }) => {
    const instanceStateNames = ["pending", "running", "stopping", "stopped"];
    return (await aws.ec2.getInstances({ region, instanceTags: tags, instanceStateNames })).ids;
  },
  "aws:ec2/internetGateway:InternetGateway": internetGateways,
  "aws:ec2/natGateway:NatGateway": async (question) => {
    const filters = [{ name: "state", values: ["pending", "available"] }];
    return (await aws.ec2.getNatGateways({ ...question, filters })).ids;
  },
  "aws:ec2/networkAcl:NetworkAcl": async (question) => (await aws.ec2.getNetworkAcls(question)).ids,
  "aws:ec2/routeTable:RouteTable": async (question) => (await aws.ec2.getRouteTables(question)).ids,
  "aws:ec2/securityGroup:SecurityGroup": async (question) => (await aws.ec2.getSecurityGroups(question)).ids,
  "aws:ec2/subnet:Subnet": async (question) => (await aws.ec2.getSubnets(question)).ids,
  "aws:ec2/vpc:Vpc": async (question) => (await aws.ec2.getVpcs(question)).ids,
  "aws:ec2/vpcEndpoint:VpcEndpoint": vpcEndpoints,
  "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": async (question) => {
    const values = ["initiating-request", "pending-acceptance", "provisioning", "active"];
    const filters = [{ name: "status-code", values }];
    return (await aws.ec2.getVpcPeeringConnections({ ...question, filters })).ids;
  },
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": securityGroupRules,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": securityGroupRules,
};

/** Of types that no function of the provider lists. */
async function byTaggingApi(type: string, { region, tags }: TagQuestion): Promise<string[]> {
  const { resourceTagMappingLists: found } = await aws.resourcegroupstaggingapi.getResources({
    region,
    resourceTypeFilters: [`ec2:${type}`],
    tagFilters: Object.entries(tags).map(([key, value]) => ({ key, values: [value] })),
  });
  return found.map(({ resourceArn }) => resourceArn.slice(resourceArn.lastIndexOf("/") + 1));
}

async function securityGroupRules(question: TagQuestion): Promise<string[]> {
  return (await aws.vpc.getSecurityGroupRules(question)).ids;
}

async function idsByTag({ type, region, stack, hash }: Question & { ask: "aws-tag" }): Promise<string[]> {
  return finders[type]({ region, tags: { stack, [urnTag]: hash } });
}

type Owned = Question & { readonly ask: "cloudflare-owned" };

function idsOf<T extends { readonly id: string }>(
  results: readonly T[],
  isIt: (result: T) => boolean,
): string[] {
  return results.filter(isIt).map(({ id }) => id);
}

/** How Cloudflare's objects are found in the lists of the account or zone that they belong to. */
const ownedFinders: Readonly<Record<OwnedType, (question: Owned) => Promise<string[]>>> = {
  "cloudflare:index/loadBalancer:LoadBalancer": async ({ owner, key }) => {
    const { results } = await cloudflare.getLoadBalancers({ zoneId: owner });
    return idsOf(results, ({ name }) => name === key);
  },
  "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": async ({ owner, key }) => {
    const { results } = await cloudflare.getLoadBalancerMonitors({ accountId: owner });
    return idsOf(results, ({ description }) => description === key);
  },
  "cloudflare:index/loadBalancerPool:LoadBalancerPool": async ({ owner, key }) => {
    const { results } = await cloudflare.getLoadBalancerPools({ accountId: owner });
    return idsOf(results, ({ name }) => name === key);
  },
  "cloudflare:index/ruleset:Ruleset": async ({ owner, key }) => {
    const { rulesets } = await cloudflare.getRulesets({ zoneId: owner });
    return idsOf(rulesets, ({ kind, phase }) => kind === "zone" && phase === key);
  },
  "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": async ({ owner, key }) => {
    const { results } = await cloudflare.getZeroTrustAccessApplications({ accountId: owner });
    return idsOf(results, ({ domain }) => domain === key);
  },
  "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": async ({ owner, key }) => {
    const { results } = await cloudflare.getZeroTrustAccessPolicies({ accountId: owner });
    return idsOf(results, ({ name }) => name === key);
  },
  "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": async ({ owner, key }) => {
    // Cloudflare goes on listing tunnels that were deleted.
    const question = { accountId: owner, name: key, isDeleted: false };
    const { results } = await cloudflare.getZeroTrustTunnelCloudflareds(question);
    return idsOf(results, ({ name }) => name === key);
  },
};

/** Whether what was found says all that was to be said; it may say more. */
function says(found: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => String(found[name]) === String(value));
}

async function recordIds(question: Question & { ask: "cloudflare-record" }): Promise<string[]> {
  const { zoneId, name, type, content, data } = question;
  const { results } = await cloudflare.getDnsRecords({ zoneId, name: { exact: name }, type });
  return idsOf(results, (record) =>
    data === undefined ? record.content === content : says({ ...record.data }, data),
  );
}

/** A name is the group's id. Somebody else's of that name has other subnets, and is not ours to adopt. */
async function dbSubnetGroups(question: Question & { ask: "aws-db-subnet-group" }): Promise<string[]> {
  const { region, name, subnetIds } = question;
  const group = aws.rds.getSubnetGroup({ region, name });
  const found = await atMostOne(
    group.then((each) => JSON.stringify([...each.subnetIds].sort())),
    /couldn't find resource|DBSubnetGroupNotFound/i,
  );
  return found[0] === JSON.stringify([...subnetIds].sort()) ? [name] : [];
}

type Named = Question & { readonly ask: "aws-named" };

/** Whether the tags are those that the program gives the very resource that is asked about. */
function hasTagsOf({ stack, hash }: Named, tags: Readonly<Record<string, string>>): boolean {
  return tags.stack === stack && tags[urnTag] === hash;
}

/** Whether what has the question's name is ours. */
const namedFinders: Readonly<Record<NamedType, (question: Named) => Promise<boolean>>> = {
  "aws:cloudwatch/logGroup:LogGroup": async (question) => {
    const { region, name } = question;
    const { tags } = await aws.cloudwatch.getLogGroup({ name, ...(region === undefined ? {} : { region }) });
    return hasTagsOf(question, tags);
  },
  // No function of the provider tells a profile's tags; but nobody else puts a role of ours into one.
  "aws:iam/instanceProfile:InstanceProfile": async ({ name, stack }) => {
    const { roleName } = await aws.iam.getInstanceProfile({ name });
    return roleName !== "" && (await aws.iam.getRole({ name: roleName })).tags.stack === stack;
  },
  "aws:iam/role:Role": async (question) =>
    hasTagsOf(question, (await aws.iam.getRole({ name: question.name })).tags),
};

/** Somebody else's of the same name is not ours to adopt: making ours will be refused, and tell why. */
async function namedIds(question: Named): Promise<string[]> {
  const ours = namedFinders[question.type](question).then((isOurs) => (isOurs ? question.name : ""));
  return (await atMostOne(ours, /couldn't find resource|NoSuchEntity/i)).filter((id) => id !== "");
}

async function answer(question: Question): Promise<readonly string[]> {
  switch (question.ask) {
    case "nothing":
    case "aws-unlisted":
      return [];
    case "aws-hosted-zone":
    case "aws-zone-association":
    case "aws-record-set":
    case "aws-resolver-endpoint":
    case "aws-resolver-rule":
      return answerNames(question);
    case "aws-tag":
      return idsByTag(question);
    case "aws-route": {
      const { region, routeTableId, destination } = question;
      const table = await aws.ec2.getRouteTable({ region, routeTableId });
      return table.routes.some((route) => [route.cidrBlock, route.ipv6CidrBlock].includes(destination))
        ? [routeId(routeTableId, destination)]
        : [];
    }
    case "aws-route-table-association": {
      const { region, routeTableId, subnetId } = question;
      const table = await aws.ec2.getRouteTable({ region, routeTableId });
      return table.associations
        .filter((association) => association.subnetId === subnetId)
        .map((association) => association.routeTableAssociationId);
    }
    case "aws-endpoint-route-table": {
      const { region, vpcEndpointId, routeTableId } = question;
      const { routeTableIds } = await aws.ec2.getVpcEndpoint({ region, id: vpcEndpointId });
      return routeTableIds.includes(routeTableId) ? [endpointRouteTableId(vpcEndpointId, routeTableId)] : [];
    }
    case "aws-db-subnet-group":
      return dbSubnetGroups(question);
    case "aws-named":
      return namedIds(question);
    case "aws-eip-association": {
      const { region, allocationId, instanceId } = question;
      const address = await aws.ec2.getElasticIp({ region, id: allocationId });
      return address.instanceId === instanceId ? [address.associationId] : [];
    }
    case "cloudflare-zone": {
      const zones = await cloudflare.getZones({ name: question.name });
      return zones.results.map(({ id }) => id);
    }
    case "cloudflare-record":
      return recordIds(question);
    case "cloudflare-owned":
      return ownedFinders[question.type](question);
  }
}

/**
 * Answers questions.
 * @param config the stack's provider configuration (`aws:…`, `cloudflare:…`), so that the same account is asked
 * @throws Error if a provider cannot answer; nothing has been changed then
 */
export async function ask(questions: readonly Question[], config: ConfigMap): Promise<Answers> {
  const folder = await mkdtemp(join(tmpdir(), "roadnet-recover-"));
  // What it encrypts cannot be read by anybody afterwards, not even where a killed recovery leaves the folder.
  const passphrase = randomBytes(32).toString("base64url");
  const environment = { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_BACKEND_URL: `file://${folder}` };
  try {
    const stack = await LocalWorkspace.createOrSelectStack(
      {
        projectName: "roadnet-recover",
        stackName: "ask",
        program: async () => {
          const entries = await Promise.all(questions.map(async (q) => [q.urn, await answer(q)] as const));
          return { answers: JSON.stringify(Object.fromEntries(entries)) };
        },
      },
      {
        workDir: folder,
        projectSettings: {
          name: "roadnet-recover",
          runtime: "nodejs",
          backend: { url: `file://${folder}` },
        },
        envVars: environment,
      },
    );
    await configure({ folder, stack: "ask", environment }, config);
    const result = await stack.up({ color: "never", suppressProgress: true });
    return JSON.parse(String(result.outputs.answers?.value)) as Answers;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
