/** aws_vpc_endpoint, from internal/service/ec2/vpc_endpoint.go. */
import { fromTagList } from "../ec2/account.ts";
import {
  createVpcEndpoint,
  deleteVpcEndpoint,
  modifyVpcEndpoint,
  prefixListOf,
} from "../ec2/vpc-endpoints.ts";
import { during, unless } from "../errors.ts";
import { requiredText, text, texts, type Properties } from "../json.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { isJson, oneOf, sameDocument } from "../validators.ts";

const interfaces = "endpoints with interfaces";
const networks = ["resourceConfigurationArn", "serviceName", "serviceNetworkArn"] as const;
const othersThan = (name: string): string[] => networks.filter((other) => other !== name);

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  autoAccept: { kind: "bool", mode: "optional" },
  cidrBlocks: { kind: "list", mode: "computed" },
  dnsEntries: { kind: "objects", mode: "computed", upstream: "dns_entry" },
  dnsOptions: { kind: "object", mode: "optional-computed", notSimulated: interfaces },
  ipAddressType: { kind: "text", mode: "optional-computed", notSimulated: "IPv6 in VPCs" },
  networkInterfaceIds: { kind: "set", mode: "computed" },
  ownerId: { kind: "text", mode: "computed" },
  policy: { kind: "text", mode: "optional-computed", validate: isJson, same: sameDocument },
  prefixListId: { kind: "text", mode: "computed" },
  privateDnsEnabled: { kind: "bool", mode: "optional-computed", notSimulated: interfaces },
  requesterManaged: { kind: "bool", mode: "computed" },
  resourceConfigurationArn: {
    kind: "text",
    mode: "optional",
    replaces: true,
    conflictsWith: othersThan("resourceConfigurationArn"),
    notSimulated: "VPC Lattice",
  },
  routeTableIds: { kind: "set", mode: "optional-computed" },
  securityGroupIds: { kind: "set", mode: "optional-computed", notSimulated: interfaces },
  serviceName: {
    kind: "text",
    mode: "optional",
    replaces: true,
    conflictsWith: othersThan("serviceName"),
  },
  serviceNetworkArn: {
    kind: "text",
    mode: "optional",
    replaces: true,
    conflictsWith: othersThan("serviceNetworkArn"),
    notSimulated: "VPC Lattice",
  },
  serviceRegion: {
    kind: "text",
    mode: "optional-computed",
    replaces: true,
    notSimulated: "services of other regions",
  },
  state: { kind: "text", mode: "computed" },
  subnetConfigurations: {
    kind: "object-set",
    mode: "optional-computed",
    upstream: "subnet_configuration",
    notSimulated: interfaces,
  },
  subnetIds: { kind: "set", mode: "optional-computed", notSimulated: interfaces },
  vpcEndpointType: {
    kind: "text",
    mode: "optional",
    replaces: true,
    default: "Gateway",
    validate: (value, name) =>
      oneOf("Interface", "Gateway", "GatewayLoadBalancer", "Resource", "ServiceNetwork")(value, name) ??
      (value === "Gateway" ? undefined : `the sandbox's AWS has no ${interfaces}`),
  },
  vpcId: { kind: "text", mode: "required", replaces: true },
};

function create({ ec2, tags }: Context, inputs: Properties): string {
  const serviceName = text(inputs, "serviceName");
  return during(`creating EC2 VPC Endpoint (${serviceName ?? ""})`, () =>
    createVpcEndpoint(ec2, {
      vpcId: requiredText(inputs, "vpcId"),
      serviceName,
      policy: text(inputs, "policy"),
      routeTableIds: texts(inputs, "routeTableIds"),
      tags,
    }),
  ).VpcEndpointId;
}

function read({ ec2 }: Context, id: string, prior: Properties): Properties | undefined {
  const endpoint = ec2.get("vpc-endpoints", id);
  if (endpoint === undefined) return undefined;
  const list = prefixListOf(ec2, endpoint);
  const policy = text(prior, "policy");
  return {
    arn: ec2.arn(`vpc-endpoint/${id}`),
    cidrBlocks: list.Cidrs,
    dnsEntries: [],
    ipAddressType: endpoint.IpAddressType,
    ownerId: endpoint.OwnerId,
    // The state keeps its own spelling of what means the same (verify.SecondJSONUnlessEquivalent).
    policy: sameDocument(policy, endpoint.PolicyDocument) ? policy : endpoint.PolicyDocument,
    prefixListId: list.PrefixListId,
    privateDnsEnabled: endpoint.PrivateDnsEnabled,
    requesterManaged: endpoint.RequesterManaged,
    routeTableIds: endpoint.RouteTableIds,
    serviceName: endpoint.ServiceName,
    serviceRegion: endpoint.ServiceRegion,
    state: endpoint.State,
    tagsAll: fromTagList(endpoint.Tags),
    vpcEndpointType: endpoint.VpcEndpointType,
    vpcId: endpoint.VpcId,
  };
}

export const vpcEndpoint: ResourceType = {
  token: "aws:ec2/vpcEndpoint:VpcEndpoint",
  upstream: { resource: "aws_vpc_endpoint", file: "internal/service/ec2/vpc_endpoint.go", sdk: "sdkv2" },
  properties,
  tagged: true,
  create,
  read,
  update: ({ ec2 }, id, { before, after, changed }) => {
    const [old, wanted] = [texts(before, "routeTableIds"), texts(after, "routeTableIds")];
    const tables = changed.has("routeTableIds")
      ? {
          addRouteTableIds: wanted.filter((table) => !old.includes(table)),
          removeRouteTableIds: old.filter((table) => !wanted.includes(table)),
        }
      : {};
    const policy = text(after, "policy");
    const document = changed.has("policy") ? { policy, resetPolicy: policy === undefined } : {};
    during(`updating EC2 VPC Endpoint (${id})`, () => {
      modifyVpcEndpoint(ec2, id, { ...tables, ...document });
    });
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting EC2 VPC Endpoint (${id})`, () =>
      unless(["InvalidVpcEndpointId.NotFound"], () => {
        deleteVpcEndpoint(ec2, id);
      }),
    );
  },
};
