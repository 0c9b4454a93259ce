import * as pulumi from "@pulumi/pulumi";

import { urnHash } from "./tags.ts";

/** What the conventions need to know of a resource's type. */
interface TypeFacts {
  /** Whether AWS can tag it, and with it whether the three common tags are set. */
  readonly taggable: boolean;
  /** True for what AWS has once per account: such a resource has no region. */
  readonly global: boolean;
}

const taggable: TypeFacts = { taggable: true, global: false };
const global: TypeFacts = { taggable: true, global: true };
const globalUntaggable: TypeFacts = { taggable: false, global: true };
const untaggable: TypeFacts = { taggable: false, global: false };

/**
 * Every AWS type that the program may create, by Pulumi type token. A new type is entered here before it is used:
 * one that is missing is refused, because nobody has said yet whether it has a region and tags.
 */
const knownTypes: ReadonlyMap<string, TypeFacts> = new Map([
  ["aws:cloudwatch/logGroup:LogGroup", taggable],
  ["aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", taggable],
  ["aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway", taggable],
  ["aws:ec2/eip:Eip", taggable],
  ["aws:ec2/eipAssociation:EipAssociation", untaggable],
  ["aws:ec2/flowLog:FlowLog", taggable],
  ["aws:ec2/instance:Instance", taggable],
  ["aws:ec2/internetGateway:InternetGateway", taggable],
  ["aws:ec2/natGateway:NatGateway", taggable],
  ["aws:ec2/networkAcl:NetworkAcl", taggable],
  ["aws:ec2/networkAclAssociation:NetworkAclAssociation", untaggable],
  ["aws:ec2/peeringConnectionOptions:PeeringConnectionOptions", untaggable],
  ["aws:ec2/route:Route", untaggable],
  ["aws:ec2/routeTable:RouteTable", taggable],
  ["aws:ec2/routeTableAssociation:RouteTableAssociation", untaggable],
  ["aws:ec2/securityGroup:SecurityGroup", taggable],
  ["aws:ec2/subnet:Subnet", taggable],
  ["aws:ec2/vpc:Vpc", taggable],
  ["aws:ec2/vpcEndpoint:VpcEndpoint", taggable],
  ["aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation", untaggable],
  ["aws:ec2/vpcPeeringConnection:VpcPeeringConnection", taggable],
  ["aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter", taggable],
  ["aws:iam/instanceProfile:InstanceProfile", global],
  ["aws:iam/role:Role", global],
  ["aws:iam/rolePolicy:RolePolicy", globalUntaggable],
  ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", globalUntaggable],
  ["aws:rds/subnetGroup:SubnetGroup", taggable],
  ["aws:route53/record:Record", globalUntaggable],
  ["aws:route53/resolverEndpoint:ResolverEndpoint", taggable],
  ["aws:route53/resolverRule:ResolverRule", taggable],
  ["aws:route53/resolverRuleAssociation:ResolverRuleAssociation", untaggable],
  ["aws:route53/zone:Zone", global],
  ["aws:route53/zoneAssociation:ZoneAssociation", globalUntaggable],
  ["aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", taggable],
  ["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", taggable],
]);

export interface AwsConventions {
  readonly owner: string;
  readonly stack: string;
}

/**
 * Applies the conventions to every AWS resource that the stack creates from now on: refuses one without a literal
 * region, of an unknown type, or without `Name` and `site` where it can be tagged, and adds the common tags. Call it
 * once, before the first resource.
 *
 * The transformation runs in this process; the engine's own transforms would cost a round trip per resource.
 */
export function registerAwsConventions(conventions: AwsConventions): void {
  pulumi.runtime.registerStackTransformation((resource) => {
    if (!resource.type.startsWith("aws:")) return undefined;
    const props: unknown = resource.props;
    const checked = applyConventions(conventions, {
      type: resource.type,
      name: resource.name,
      props: isRecord(props) ? props : {},
      urn: independent(pulumi.createUrn(resource.name, resource.type, resource.opts.parent)),
    });
    return { props: checked, opts: resource.opts };
  });
}

/**
 * The output's value without its dependencies. A URN comes from the parent's, so as an output it depends on the
 * parent, which for a component means on all its children: the resource would wait for itself.
 */
function independent(urn: pulumi.Output<string>): Promise<string> {
  return new Promise((resolve) => {
    urn.apply(resolve);
  });
}

interface AwsResource {
  readonly type: string;
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly urn: pulumi.Input<string>;
}

/** The properties with the common tags added; throws where a convention is broken. */
export function applyConventions(
  conventions: AwsConventions,
  resource: AwsResource,
): Record<string, unknown> {
  const { type, name, props } = resource;
  const facts = knownTypes.get(type);
  if (facts === undefined) {
    throw new Error(
      `${type} "${name}": not a known AWS type. Enter it in components/aws/conventions.ts, saying whether it can ` +
        `be tagged and whether it is global, and in components/aws/regional.ts.`,
    );
  }
  if (!facts.global && (typeof props.region !== "string" || props.region === "")) {
    throw new Error(
      `${type} "${name}": no region. Every AWS resource names its region; the provider's default never decides.`,
    );
  }
  if (!facts.taggable) return { ...props };
  const urn = pulumi.output(resource.urn).apply(urnHash);
  const tagged = (tags: unknown, what = ""): Record<string, unknown> => {
    if (!isRecord(tags) || typeof tags.Name !== "string" || typeof tags.site !== "string") {
      throw new Error(`${type} "${name}": the tags Name and site${what} are missing.`);
    }
    return { ...tags, owner: conventions.owner, stack: conventions.stack, urn };
  };
  const { rootBlockDevice: volume } = props;
  return {
    ...props,
    tags: tagged(props.tags),
    // AWS makes an instance's volume along with it, and tags it only if asked to.
    ...(isRecord(volume)
      ? { rootBlockDevice: { ...volume, tags: tagged(volume.tags, " of its root volume") } }
      : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
