import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import type { Tags } from "./tags.ts";

/**
 * The AWS resources of this program, as the SDK has them, except that `region` is required and, where the type can
 * be tagged, `Name` and `site` are too. One provider process serves every region, so its own default region must
 * never decide where something is made: components create AWS resources through this module only, and
 * `registerAwsConventions` refuses at run time whatever came another way.
 */
type Regional<C> = C extends new (name: string, args: infer A, opts?: pulumi.CustomResourceOptions) => infer R
  ? new (name: string, args: RegionalArgs<NonNullable<A>>, opts?: pulumi.CustomResourceOptions) => R
  : never;

type RegionalArgs<A> = Omit<A, "region" | "tags"> & {
  readonly region: string;
} & ("tags" extends keyof A ? { readonly tags: Tags } : unknown);

/** What AWS has once for all regions names none; of its tags `site` is the region for which it is there. */
type Global<C> = C extends new (name: string, args: infer A, opts?: pulumi.CustomResourceOptions) => infer R
  ? new (name: string, args: GlobalArgs<NonNullable<A>>, opts?: pulumi.CustomResourceOptions) => R
  : never;

type GlobalArgs<A> = Omit<A, "tags"> & ("tags" extends keyof A ? { readonly tags: Tags } : unknown);

export const DefaultSecurityGroup: Regional<typeof aws.ec2.DefaultSecurityGroup> =
  aws.ec2.DefaultSecurityGroup;
export const EgressOnlyInternetGateway: Regional<typeof aws.ec2.EgressOnlyInternetGateway> =
  aws.ec2.EgressOnlyInternetGateway;
export const Eip: Regional<typeof aws.ec2.Eip> = aws.ec2.Eip;
export const EipAssociation: Regional<typeof aws.ec2.EipAssociation> = aws.ec2.EipAssociation;
export const FlowLog: Regional<typeof aws.ec2.FlowLog> = aws.ec2.FlowLog;
export const Instance: Regional<typeof aws.ec2.Instance> = aws.ec2.Instance;
export const InstanceProfile: Global<typeof aws.iam.InstanceProfile> = aws.iam.InstanceProfile;
export const InternetGateway: Regional<typeof aws.ec2.InternetGateway> = aws.ec2.InternetGateway;
export const LogGroup: Regional<typeof aws.cloudwatch.LogGroup> = aws.cloudwatch.LogGroup;
export const NatGateway: Regional<typeof aws.ec2.NatGateway> = aws.ec2.NatGateway;
export const NetworkAcl: Regional<typeof aws.ec2.NetworkAcl> = aws.ec2.NetworkAcl;
export const NetworkAclAssociation: Regional<typeof aws.ec2.NetworkAclAssociation> =
  aws.ec2.NetworkAclAssociation;
export const PeeringConnectionOptions: Regional<typeof aws.ec2.PeeringConnectionOptions> =
  aws.ec2.PeeringConnectionOptions;
export const Record: Global<typeof aws.route53.Record> = aws.route53.Record;
export const ResolverEndpoint: Regional<typeof aws.route53.ResolverEndpoint> = aws.route53.ResolverEndpoint;
export const ResolverRule: Regional<typeof aws.route53.ResolverRule> = aws.route53.ResolverRule;
export const ResolverRuleAssociation: Regional<typeof aws.route53.ResolverRuleAssociation> =
  aws.route53.ResolverRuleAssociation;
export const Role: Global<typeof aws.iam.Role> = aws.iam.Role;
export const RolePolicy: Global<typeof aws.iam.RolePolicy> = aws.iam.RolePolicy;
export const RolePolicyAttachment: Global<typeof aws.iam.RolePolicyAttachment> = aws.iam.RolePolicyAttachment;
export const Route: Regional<typeof aws.ec2.Route> = aws.ec2.Route;
export const RouteTable: Regional<typeof aws.ec2.RouteTable> = aws.ec2.RouteTable;
export const RouteTableAssociation: Regional<typeof aws.ec2.RouteTableAssociation> =
  aws.ec2.RouteTableAssociation;
export const SecurityGroup: Regional<typeof aws.ec2.SecurityGroup> = aws.ec2.SecurityGroup;
export const SecurityGroupEgressRule: Regional<typeof aws.vpc.SecurityGroupEgressRule> =
  aws.vpc.SecurityGroupEgressRule;
export const SecurityGroupIngressRule: Regional<typeof aws.vpc.SecurityGroupIngressRule> =
  aws.vpc.SecurityGroupIngressRule;
export const Subnet: Regional<typeof aws.ec2.Subnet> = aws.ec2.Subnet;
export const SubnetGroup: Regional<typeof aws.rds.SubnetGroup> = aws.rds.SubnetGroup;
export const Vpc: Regional<typeof aws.ec2.Vpc> = aws.ec2.Vpc;
export const VpcEndpoint: Regional<typeof aws.ec2.VpcEndpoint> = aws.ec2.VpcEndpoint;
export const VpcEndpointRouteTableAssociation: Regional<typeof aws.ec2.VpcEndpointRouteTableAssociation> =
  aws.ec2.VpcEndpointRouteTableAssociation;
export const VpcPeeringConnection: Regional<typeof aws.ec2.VpcPeeringConnection> =
  aws.ec2.VpcPeeringConnection;
export const VpcPeeringConnectionAccepter: Regional<typeof aws.ec2.VpcPeeringConnectionAccepter> =
  aws.ec2.VpcPeeringConnectionAccepter;
export const Zone: Global<typeof aws.route53.Zone> = aws.route53.Zone;
export const ZoneAssociation: Global<typeof aws.route53.ZoneAssociation> = aws.route53.ZoneAssociation;
