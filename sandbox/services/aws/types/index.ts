/** Every resource type that the simulated AWS has, by its token. */
import type { ResourceType } from "../table.ts";
import { dbSubnetGroup } from "./db-subnet-group.ts";
import { defaultSecurityGroup } from "./default-security-group.ts";
import { egressOnlyInternetGateway } from "./egress-only-internet-gateway.ts";
import { eipAssociation } from "./eip-association.ts";
import { eip } from "./eip.ts";
import { flowLog } from "./flow-log.ts";
import { hostedZoneAssociation } from "./hosted-zone-association.ts";
import { hostedZone } from "./hosted-zone.ts";
import { iamInstanceProfile } from "./iam-instance-profile.ts";
import { iamRolePolicyAttachment } from "./iam-role-policy-attachment.ts";
import { iamRole, iamRolePolicy } from "./iam-role.ts";
import { instance } from "./instance.ts";
import { internetGatewayAttachment } from "./internet-gateway-attachment.ts";
import { internetGateway } from "./internet-gateway.ts";
import { logGroup } from "./log-group.ts";
import { natGateway } from "./nat-gateway.ts";
import { networkAclAssociation } from "./network-acl-association.ts";
import { networkAcl } from "./network-acl.ts";
import { peeringConnectionOptions } from "./peering-connection-options.ts";
import { resolverEndpoint } from "./resolver-endpoint.ts";
import { resolverRule, resolverRuleAssociation } from "./resolver-rule.ts";
import { routeTableAssociation } from "./route-table-association.ts";
import { routeTable } from "./route-table.ts";
import { route } from "./route.ts";
import { route53Record } from "./route53-record.ts";
import { securityGroupEgressRule, securityGroupIngressRule } from "./security-group-rule.ts";
import { securityGroup } from "./security-group.ts";
import { subnet } from "./subnet.ts";
import { vpcEndpointRouteTableAssociation } from "./vpc-endpoint-route-table-association.ts";
import { vpcEndpoint } from "./vpc-endpoint.ts";
import { vpcPeeringConnectionAccepter } from "./vpc-peering-connection-accepter.ts";
import { vpcPeeringConnection } from "./vpc-peering-connection.ts";
import { vpc } from "./vpc.ts";

export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  [
    vpc,
    subnet,
    internetGateway,
    internetGatewayAttachment,
    egressOnlyInternetGateway,
    routeTable,
    routeTableAssociation,
    route,
    eip,
    eipAssociation,
    natGateway,
    vpcPeeringConnection,
    vpcPeeringConnectionAccepter,
    peeringConnectionOptions,
    securityGroup,
    defaultSecurityGroup,
    securityGroupIngressRule,
    securityGroupEgressRule,
    instance,
    networkAcl,
    networkAclAssociation,
    vpcEndpoint,
    vpcEndpointRouteTableAssociation,
    dbSubnetGroup,
    flowLog,
    logGroup,
    iamRole,
    iamRolePolicy,
    hostedZone,
    hostedZoneAssociation,
    route53Record,
    resolverEndpoint,
    resolverRule,
    resolverRuleAssociation,
    iamRolePolicyAttachment,
    iamInstanceProfile,
  ].map((type) => [type.token, type]),
);
