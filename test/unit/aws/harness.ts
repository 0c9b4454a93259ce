/** A simulated AWS in a temporary folder, driven as the engine drives it but without the engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { CheckResult } from "../../../sandbox/services/aws/check.ts";
import type { Difference } from "../../../sandbox/services/aws/diff.ts";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import type { ProviderAnswer } from "../../../sandbox/services/aws/protocol.ts";
import type { ProviderConfig } from "../../../sandbox/services/aws/provider.ts";
import { defaultQuotas, type Quotas } from "../../../sandbox/services/aws/quotas.ts";
import { AwsService } from "../../../sandbox/services/aws/service.ts";

/** A resource as the engine's state has it. */
export interface Made {
  readonly type: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** A refusal: at a check, or from the simulated provider or API. */
export class Refusal extends Error {
  readonly code: string | undefined;
  readonly created: { readonly id: string } | undefined;

  constructor(message: string, code?: string, created?: { readonly id: string }) {
    super(message);
    this.code = code;
    this.created = created;
  }
}

const never = new Promise<void>(() => undefined);

export class TestCloud {
  readonly folder: string;
  readonly service: AwsService;
  config: ProviderConfig = { region: "us-west-2" };
  #serial = 0;

  constructor(quotas: Partial<Quotas> = {}, folder: string = mkdtempSync(join(tmpdir(), "aws-test-"))) {
    this.folder = folder;
    this.service = new AwsService(folder, {
      quotas: { ...defaultQuotas, ...quotas },
      dependencySeconds: 0,
    });
  }

  [Symbol.dispose](): void {
    this.service.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async check(type: string, news: Properties, olds: Properties = {}): Promise<CheckResult> {
    const name = `r${this.#serial++}`;
    return (await this.#ask({ method: "check", ...this.#call(type, name), olds, news })) as CheckResult;
  }

  async checked(type: string, news: Properties, olds: Properties = {}): Promise<Properties> {
    const { inputs, failures } = await this.check(type, news, olds);
    if (failures.length > 0) {
      throw new Refusal(failures.map((failure) => failure.reason).join("\n"), "check");
    }
    return inputs;
  }

  async create(type: string, news: Properties, clientToken = `token-${this.#serial++}`): Promise<Made> {
    const inputs = await this.checked(type, news);
    const call = this.#call(type, "made");
    const request = { method: "create" as const, ...call, inputs, preview: false, clientToken };
    const { id, outputs } = (await this.#ask(request)) as { id: string; outputs: Properties };
    return { type, id, inputs, outputs };
  }

  async diff(made: Made, news: Properties, ignoreChanges: string[] = []): Promise<Difference> {
    const inputs = await this.checked(made.type, news, made.inputs);
    return (await this.#ask({ method: "diff", ...this.#update(made, inputs), ignoreChanges })) as Difference;
  }

  async update(made: Made, news: Properties, preview = false): Promise<Made> {
    const inputs = await this.checked(made.type, news, made.inputs);
    const request = { method: "update" as const, ...this.#update(made, inputs), preview };
    const { id, outputs } = (await this.#ask(request)) as { id: string; outputs: Properties };
    return { type: made.type, id, inputs, outputs };
  }

  async read(made: Made): Promise<Made | undefined> {
    const { type, id, outputs: state, inputs: oldInputs } = made;
    const answer = await this.#ask({ method: "read", ...this.#call(type, "read"), id, state, oldInputs });
    return answer === null ? undefined : { type, ...(answer as Omit<Made, "type">) };
  }

  async import(type: string, id: string): Promise<Made | undefined> {
    const answer = await this.#ask({ method: "read", ...this.#call(type, "import"), id, state: {} });
    return answer === null ? undefined : { type, ...(answer as Omit<Made, "type">) };
  }

  async delete(made: Made): Promise<void> {
    const { type, id, outputs: state } = made;
    await this.#ask({ method: "delete", ...this.#call(type, "gone"), id, state });
  }

  async invoke(token: string, args: Properties = {}): Promise<Properties> {
    return (await this.#ask({ method: "invoke", config: this.config, token, args })) as Properties;
  }

  #call(type: string, name: string): { config: ProviderConfig; type: string; name: string; urn: string } {
    return { config: this.config, type, name, urn: `urn:pulumi:test::test::${type}::${name}` };
  }

  #update(made: Made, inputs: Properties) {
    const { type, id, outputs: state, inputs: oldInputs } = made;
    return { ...this.#call(type, "made"), id, state, oldInputs, inputs, ignoreChanges: [] as string[] };
  }

  async #ask(request: Parameters<AwsService["provide"]>[0]): Promise<unknown> {
    const answer: ProviderAnswer | undefined = await this.service.provide(request, { gone: never });
    if (answer?.error !== undefined) {
      throw new Refusal(answer.error.message, answer.error.code, answer.error.created);
    }
    return answer?.result;
  }
}

export const types = {
  vpc: "aws:ec2/vpc:Vpc",
  subnet: "aws:ec2/subnet:Subnet",
  internetGateway: "aws:ec2/internetGateway:InternetGateway",
  egressOnlyGateway: "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
  internetGatewayAttachment: "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment",
  routeTable: "aws:ec2/routeTable:RouteTable",
  routeTableAssociation: "aws:ec2/routeTableAssociation:RouteTableAssociation",
  route: "aws:ec2/route:Route",
  eip: "aws:ec2/eip:Eip",
  eipAssociation: "aws:ec2/eipAssociation:EipAssociation",
  natGateway: "aws:ec2/natGateway:NatGateway",
  peering: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
  accepter: "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
  peeringOptions: "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions",
  securityGroup: "aws:ec2/securityGroup:SecurityGroup",
  defaultSecurityGroup: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
  ingressRule: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  egressRule: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
  instance: "aws:ec2/instance:Instance",
  networkAcl: "aws:ec2/networkAcl:NetworkAcl",
  networkAclAssociation: "aws:ec2/networkAclAssociation:NetworkAclAssociation",
  vpcEndpoint: "aws:ec2/vpcEndpoint:VpcEndpoint",
  endpointRouteTable: "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
  flowLog: "aws:ec2/flowLog:FlowLog",
  logGroup: "aws:cloudwatch/logGroup:LogGroup",
  iamRole: "aws:iam/role:Role",
  iamRolePolicy: "aws:iam/rolePolicy:RolePolicy",
  iamRolePolicyAttachment: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  iamInstanceProfile: "aws:iam/instanceProfile:InstanceProfile",
  dbSubnetGroup: "aws:rds/subnetGroup:SubnetGroup",
  hostedZone: "aws:route53/zone:Zone",
  zoneAssociation: "aws:route53/zoneAssociation:ZoneAssociation",
  record: "aws:route53/record:Record",
  resolverEndpoint: "aws:route53/resolverEndpoint:ResolverEndpoint",
  resolverRule: "aws:route53/resolverRule:ResolverRule",
  resolverRuleAssociation: "aws:route53/resolverRuleAssociation:ResolverRuleAssociation",
} as const;

export const ami = "ami-0123456789abcdef0";

/** A VPC with a gateway, a public subnet and a group: what most tests begin with. */
export interface World {
  readonly vpc: Made;
  readonly gateway: Made;
  readonly subnet: Made;
  readonly table: Made;
  readonly group: Made;
}

export async function makeWorld(cloud: TestCloud, region = "us-west-2", second = 0): Promise<World> {
  const vpc = await cloud.create(types.vpc, {
    region,
    cidrBlock: `10.${second}.0.0/16`,
    enableDnsHostnames: true,
  });
  const vpcId = vpc.id;
  const gateway = await cloud.create(types.internetGateway, { region, vpcId });
  const subnet = await cloud.create(types.subnet, { region, vpcId, cidrBlock: `10.${second}.1.0/24` });
  const table = await cloud.create(types.routeTable, { region, vpcId });
  const group = await cloud.create(types.securityGroup, { region, vpcId, name: "web" });
  return { vpc, gateway, subnet, table, group };
}

export function instanceInputs(world: World, more: Properties = {}): Properties {
  return {
    region: world.vpc.outputs.region,
    ami,
    instanceType: "t3.micro",
    subnetId: world.subnet.id,
    vpcSecurityGroupIds: [world.group.id],
    ...more,
  };
}

/** The refusal of something that must be refused. */
export async function refusalOf(attempt: Promise<unknown>): Promise<Refusal> {
  const result = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(result instanceof Refusal)) {
    throw result instanceof Error ? result : new Error("nothing was refused");
  }
  return result;
}

export async function inWorld(
  work: (cloud: TestCloud, world: World) => Promise<void>,
  quotas: Partial<Quotas> = {},
): Promise<void> {
  using cloud = new TestCloud(quotas);
  await work(cloud, await makeWorld(cloud));
}

/** Creates, and expects AWS's refusal. */
export async function refuses(
  cloud: TestCloud,
  type: string,
  inputs: Properties,
  code: string,
  message: string | RegExp,
): Promise<void> {
  const before = cloud.service.store.revision;
  const refusal = await refusalOf(cloud.create(type, inputs));
  expect(refusal.code).toBe(code);
  expect(refusal.message).toMatch(message);
  expect(cloud.service.store.revision).toBe(before);
}

/** The parts of a region's description, in the order in which they are written. */
export const describedNames: readonly string[] = [
  "vpcs",
  "subnets",
  "route-tables",
  "internet-gateways",
  "egress-only-internet-gateways",
  "nat-gateways",
  "network-acls",
  "security-groups",
  "security-group-rules",
  "instances",
  "network-interfaces",
  "addresses",
  "vpc-peering-connections",
  "vpc-endpoints",
  "prefix-lists",
  "flow-logs",
  "log-groups",
  "db-subnet-groups",
  "resolver-endpoints",
  "resolver-endpoint-addresses",
  "resolver-rules",
  "resolver-rule-associations",
  "user-data",
];
