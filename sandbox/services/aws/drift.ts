/** Changes behind Pulumi's back, as somebody makes them in AWS's console: by the same rules, but in no state. */
import { checkInputs } from "./check.ts";
import { Ec2 } from "./ec2/account.ts";
import { findAssociation } from "./ec2/route-tables.ts";
import { ProviderError } from "./errors.ts";
import { isObject, type Json, type Properties } from "./json.ts";
import { Provider } from "./provider.ts";
import { findType } from "./types/find.ts";
import type { Quotas } from "./quotas.ts";
import { findRegion } from "./regions.ts";
import type { Records } from "./store.ts";

export interface DriftRequest {
  readonly region: string;
  readonly action: "delete" | "modify" | "create";
  /**
   * Of what is deleted or modified: AWS's id (`vpc-…`, `sgr-…`, `rtbassoc-…`), `rtb-…_10.0.0.0/8` for a route,
   * `igw-…:vpc-…` for the attachment of a gateway, `Z…:vpc-…:REGION` for that of a zone, `Z…_NAME_TYPE` for a record.
   */
  readonly id?: string;
  /** Of what is created (`aws:ec2/vpc:Vpc`), and of what has an id that does not tell its type. */
  readonly type?: string;
  /** Properties by Pulumi's names: the whole resource, or what changes about it. */
  readonly set?: Properties;
}

export function applyDrift(records: Records, quotas: Quotas, request: DriftRequest): { id: string } {
  const { region, action } = request;
  if (findRegion(region) === undefined) {
    throw new ProviderError(`Invalid AWS Region: ${region}`);
  }
  const provider = new Provider(records, quotas);
  const config = { region };
  if (action === "create") {
    const call = { config, type: request.type ?? "", name: "drift" };
    const inputs = checked(call.type, {}, request.set ?? {}, region);
    return { id: provider.create({ ...call, inputs }).id };
  }
  if (request.id === undefined) {
    throw new ProviderError(`drift needs the id of what it is to ${action}`);
  }
  const found = findRegion(region);
  const ec2 = found && new Ec2(records, found, quotas);
  const type = request.type ?? typeOf(ec2, request.id);
  const call = { config, type, name: "drift" };
  const current = provider.read({
    ...call,
    id: importId(ec2, request.id),
    state: {},
    oldInputs: undefined,
  });
  if (current === undefined) {
    throw new ProviderError(`there is no ${request.id} in ${region}`);
  }
  if (action === "delete") {
    provider.delete({ ...call, id: current.id, state: current.outputs });
    return { id: current.id };
  }
  const update = {
    ...call,
    state: current.outputs,
    oldInputs: current.inputs,
    inputs: checked(
      type,
      { ...keptDefaults(type, current.outputs), ...current.inputs },
      request.set ?? {},
      region,
    ),
  };
  const { replaces } = provider.diff(update);
  if (replaces.length > 0) {
    throw new ProviderError(`${replaces.join(", ")} of ${request.id} cannot change in place`);
  }
  return { id: provider.update({ ...update, id: current.id }).id };
}

/** An import leaves out what is false, which would become its default again if that is true. */
function keptDefaults(type: string, outputs: Properties): Properties {
  const withDefault = Object.entries(findType(type).properties).filter(
    ([name, property]) => property.default !== undefined && outputs[name] !== undefined,
  );
  return Object.fromEntries(withDefault.map(([name]) => [name, outputs[name]]));
}

/**
 * What is there has been taken already, and reading it tells also of what can be asked for nowhere: only what is set is
 * judged.
 */
function checked(type: string, there: Properties, set: Properties, region: string): Properties {
  const { inputs, failures } = checkInputs(findType(type), {
    name: "drift",
    olds: {},
    news: { ...there, ...set },
    providerRegion: region,
    randomSeed: undefined,
  });
  const own = failures.filter(({ property }) => {
    const [name = ""] = property.split(/[.[]/);
    return !Object.hasOwn(there, name) || Object.hasOwn(set, name);
  });
  if (own.length > 0) {
    throw new ProviderError(own.map((failure) => failure.reason).join("\n"));
  }
  return inputs;
}

const typesByPrefix: Readonly<Record<string, string>> = {
  vpc: "aws:ec2/vpc:Vpc",
  subnet: "aws:ec2/subnet:Subnet",
  eigw: "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
  igw: "aws:ec2/internetGateway:InternetGateway",
  rtb: "aws:ec2/routeTable:RouteTable",
  rtbassoc: "aws:ec2/routeTableAssociation:RouteTableAssociation",
  eipalloc: "aws:ec2/eip:Eip",
  eipassoc: "aws:ec2/eipAssociation:EipAssociation",
  nat: "aws:ec2/natGateway:NatGateway",
  acl: "aws:ec2/networkAcl:NetworkAcl",
  aclassoc: "aws:ec2/networkAclAssociation:NetworkAclAssociation",
  fl: "aws:ec2/flowLog:FlowLog",
  vpce: "aws:ec2/vpcEndpoint:VpcEndpoint",
  pcx: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
  sg: "aws:ec2/securityGroup:SecurityGroup",
  i: "aws:ec2/instance:Instance",
  "rslvr-out": "aws:route53/resolverEndpoint:ResolverEndpoint",
  "rslvr-rr": "aws:route53/resolverRule:ResolverRule",
  "rslvr-rrassoc": "aws:route53/resolverRuleAssociation:ResolverRuleAssociation",
};

/** Ids of Route 53 begin with that of the zone, which has no hyphen. */
function typeOfZone(id: string): string {
  if (id.includes(":")) return "aws:route53/zoneAssociation:ZoneAssociation";
  return id.includes("_") ? "aws:route53/record:Record" : "aws:route53/zone:Zone";
}

/** The resource type that an id belongs to. */
function typeOf(ec2: Ec2 | undefined, id: string): string {
  if (/^Z[0-9A-Z]+(?:[:_]|$)/.test(id)) return typeOfZone(id);
  if (id.includes("_")) {
    return "aws:ec2/route:Route";
  }
  if (id.includes(":")) {
    return "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment";
  }
  const prefix = /^(rslvr-[a-z]+|[a-z]+)-/.exec(id)?.[1] ?? "";
  if (prefix === "sgr") {
    const egress = ec2?.get("security-group-rules", id)?.IsEgress === true;
    return egress
      ? "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
      : "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
  }
  const type = typesByPrefix[prefix];
  if (type === undefined) {
    throw new ProviderError(`${JSON.stringify(id)} is not the id of anything that can drift`);
  }
  return type;
}

/** The form of the id that an import takes. */
function importId(ec2: Ec2 | undefined, id: string): string {
  const association = ec2 && id.startsWith("rtbassoc-") ? findAssociation(ec2, id)?.association : undefined;
  return association === undefined
    ? id
    : `${association.SubnetId ?? association.GatewayId ?? ""}/${association.RouteTableId}`;
}

/** @throws Error with what is wrong about a request. */
export function parseDrift(body: Json): DriftRequest {
  if (!isObject(body)) {
    throw new Error("a drift is an object {region, action, id?, type?, set?}");
  }
  const { region, action, id, type, set } = body;
  if (typeof region !== "string") {
    throw new Error("region is missing");
  }
  if (action !== "delete" && action !== "modify" && action !== "create") {
    throw new Error("action must be delete, modify or create");
  }
  return {
    region,
    action,
    ...(typeof id === "string" ? { id } : {}),
    ...(typeof type === "string" ? { type } : {}),
    ...(isObject(set) ? { set } : {}),
  };
}
