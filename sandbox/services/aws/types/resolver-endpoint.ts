/** aws_route53_resolver_endpoint, from internal/service/route53resolver/endpoint.go. Outbound ones alone. */
import { fromTagList } from "../ec2/account.ts";
import { during, unless } from "../errors.ts";
import { isObject, objects, text, texts, requiredText, type Json, type Properties } from "../json.ts";
import {
  associateAddress,
  createEndpoint,
  deleteEndpoint,
  disassociateAddress,
  renameEndpoint,
  tagEndpoint,
  type AddressRequest,
} from "../route53resolver/endpoints.ts";
import type { Context, ResourceType, Table } from "../table.ts";
import { isIpv4Address, oneOf } from "../validators.ts";
import { isResolverName } from "./names.ts";

/** One of several values of which the sandbox has only one. */
function only(simulated: string, ...others: readonly string[]) {
  return (value: Json, name: string): string | undefined =>
    oneOf(simulated, ...others)(value, name) ??
    (value === simulated ? undefined : `the sandbox's AWS has no ${name} of ${JSON.stringify(value)}`);
}

/** helper/schema, MinItems and MaxItems. */
function between(least: number, most: number) {
  return (value: Json, name: string): string | undefined => {
    const count = Array.isArray(value) ? value.length : 0;
    if (count < least) {
      return `Not enough list items. Attribute ${name} requires ${least} item minimum, but config has only ${count} declared`;
    }
    return count > most
      ? `Too many list items. Attribute ${name} supports ${most} item maximum, but config has ${count} declared`
      : undefined;
  };
}

const metrics = "metrics of the resolver";

const properties: Table = {
  arn: { kind: "text", mode: "computed" },
  direction: {
    kind: "text",
    mode: "required",
    replaces: true,
    validate: only("OUTBOUND", "INBOUND", "INBOUND_DELEGATION"),
  },
  hostVpcId: { kind: "text", mode: "computed" },
  ipAddresses: {
    kind: "object-set",
    mode: "required",
    upstream: "ip_address",
    validate: between(2, 10),
    same: sameAddresses,
    properties: {
      ip: { kind: "text", mode: "optional-computed", validate: isIpv4Address },
      ipId: { kind: "text", mode: "computed" },
      ipv6: { kind: "text", mode: "optional-computed", notSimulated: "IPv6 in VPCs" },
      subnetId: { kind: "text", mode: "required" },
    },
  },
  name: { kind: "text", mode: "optional", validate: isResolverName },
  protocols: {
    kind: "set",
    mode: "optional-computed",
    validate: (value, name) =>
      Array.isArray(value) && value.every((each) => each === "Do53")
        ? undefined
        : `the sandbox's AWS has no ${name} but Do53`,
  },
  resolverEndpointType: {
    kind: "text",
    mode: "optional-computed",
    validate: only("IPV4", "IPV6", "DUALSTACK"),
  },
  rniEnhancedMetricsEnabled: { kind: "bool", mode: "optional-computed", notSimulated: metrics },
  securityGroupIds: { kind: "set", mode: "required", replaces: true, validate: between(1, 64) },
  targetNameServerMetricsEnabled: { kind: "bool", mode: "optional-computed", notSimulated: metrics },
};

function requestsOf(properties: Properties): (AddressRequest & { readonly ipId: string })[] {
  return objects(properties, "ipAddresses").map((each) => ({
    subnetId: requiredText(each, "subnetId"),
    ip: text(each, "ip"),
    ipId: text(each, "ipId") ?? "",
  }));
}

/** Which of those that are wanted are there; one without an address takes any of its subnet that is left. */
function match(there: ReturnType<typeof requestsOf>, wanted: readonly AddressRequest[]) {
  const left = [...there];
  const missing: AddressRequest[] = [];
  const exactFirst = [...wanted].sort((a, b) => Number(a.ip === undefined) - Number(b.ip === undefined));
  for (const each of exactFirst) {
    const at = left.findIndex(
      ({ subnetId, ip }) => subnetId === each.subnetId && (each.ip === undefined || ip === each.ip),
    );
    if (at < 0) missing.push(each);
    else left.splice(at, 1);
  }
  return { missing, left };
}

function sameAddresses(before: Json | undefined, after: Json | undefined): boolean {
  const all = [before, after].flatMap((value) => (Array.isArray(value) ? value : []));
  if (!all.every(isObject)) return false;
  const [there, wanted] = [before, after].map((value) => requestsOf({ ipAddresses: value }));
  const { missing, left } = match(there ?? [], wanted ?? []);
  return missing.length === 0 && left.length === 0;
}

function create({ ec2, tags }: Context, inputs: Properties): string {
  const input = {
    name: text(inputs, "name") ?? "",
    addresses: requestsOf(inputs),
    securityGroupIds: texts(inputs, "securityGroupIds"),
  };
  return during("creating Route53 Resolver Endpoint", () => createEndpoint(ec2, input, tags)).Id;
}

function read({ ec2 }: Context, id: string): Properties | undefined {
  const endpoint = ec2.get("resolver-endpoints", id);
  return (
    endpoint && {
      arn: endpoint.Arn,
      direction: endpoint.Direction,
      hostVpcId: endpoint.HostVPCId,
      ipAddresses: endpoint.Addresses.map(({ Ip, IpId, SubnetId }) => ({
        ip: Ip,
        ipId: IpId,
        subnetId: SubnetId,
      })),
      name: endpoint.Name,
      protocols: endpoint.Protocols,
      resolverEndpointType: endpoint.ResolverEndpointType,
      rniEnhancedMetricsEnabled: false,
      securityGroupIds: endpoint.SecurityGroupIds,
      tagsAll: fromTagList(endpoint.Tags),
      targetNameServerMetricsEnabled: false,
    }
  );
}

export const resolverEndpoint: ResourceType = {
  token: "aws:route53/resolverEndpoint:ResolverEndpoint",
  upstream: {
    resource: "aws_route53_resolver_endpoint",
    file: "internal/service/route53resolver/endpoint.go",
    sdk: "sdkv2",
  },
  properties,
  tagged: true,
  setTags: ({ ec2, tags }, id) => {
    tagEndpoint(ec2, id, tags);
  },
  autoName: "name",
  create,
  read,
  update: ({ ec2 }, id, { before, after, changed }) => {
    if (changed.has("name")) {
      during(`updating Route53 Resolver Endpoint (${id})`, () => {
        renameEndpoint(ec2, id, text(after, "name") ?? "");
      });
    }
    if (changed.has("ipAddresses")) {
      const { missing, left } = match(requestsOf(before), requestsOf(after));
      // New ones first, so that there are never less than two.
      for (const request of missing) {
        during(`associating Route53 Resolver Endpoint (${id}) IP address`, () => {
          associateAddress(ec2, id, request);
        });
      }
      for (const { ipId } of left) {
        during(`disassociating Route53 Resolver Endpoint (${id}) IP address`, () => {
          disassociateAddress(ec2, id, ipId);
        });
      }
    }
    return undefined;
  },
  delete: ({ ec2 }, id) => {
    during(`deleting Route53 Resolver Endpoint (${id})`, () =>
      unless(["ResourceNotFoundException"], () => {
        deleteEndpoint(ec2, id);
      }),
    );
  },
};
